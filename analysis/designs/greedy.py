"""What the greedy designs share: pairs of one item out of a condensed vector, and fair choices among equals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats, Ints
from ..rdm import n_items_of, pair_index

# Sums of the same terms in another order differ in the last digits; values this close (relatively) are a tie.
TIE = 1e-10


def pairs_of(item: int, n_items: int) -> Ints:
    """Condensed indices of the pairs of `item` with each item, (n,): a row of the square matrix without the matrix.

    The item's own place holds the index of some pair, because there is none to put there.
    """
    index = pair_index(np.full(n_items, item), np.arange(n_items), n_items)
    index[item] = 0
    return index


def items_of_pairs(pairs: Ints, n_items: int) -> tuple[Ints, Ints]:
    """The lower and the higher item of each condensed pair index, same shape."""
    item = np.arange(n_items)
    starts = n_items * item - item * (item + 1) // 2
    low = np.searchsorted(starts, pairs, side="right") - 1
    return low, pairs - starts[low] + low + 1


def random_pair(allowed: NDArray[np.bool_], *, rng: np.random.Generator) -> list[int]:
    """The two items of a random one of the pairs marked in `allowed`, (P,) bool."""
    pair = rng.choice(np.flatnonzero(allowed), size=1)
    low, high = items_of_pairs(pair, n_items_of(allowed.size))
    return [int(low[0]), int(high[0])]


def best_item(gains: Floats, priority: Ints) -> int:
    """The item with the largest of the gains (n,), none negative; of equals, the one of lowest priority."""
    equals = np.flatnonzero(gains >= gains.max() * (1 - TIE))
    return int(equals[np.argmin(priority[equals])])
