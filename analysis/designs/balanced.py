"""Designs that need no model of the answers: every pair equally often, random sets, and all items each time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from analysis.arrangement import Ints
from analysis.rdm import n_items_of, n_pairs, pairs_within, to_square


def pair_counts(item_sets: Iterable[Ints], n_items: int) -> Ints:
    """In how many of the sets each pair stands together, (n_items(n_items-1)/2,)."""
    counts = np.zeros(n_pairs(n_items), dtype=np.int64)
    for items in item_sets:
        counts[pairs_within(np.asarray(items, dtype=np.int64), n_items)] += 1
    return counts


def balanced(
    counts: Ints | NDArray[np.float64],
    size: int,
    *,
    within: Ints | NDArray[np.float64] | None = None,
    rng: np.random.Generator,
) -> Ints:
    """A set of `size` items whose pairs were seen least, (min(size, n),), in the order in which they were chosen.

    Starts from the least seen pair and adds the item with the smallest sum of counts with the set; ties are broken by
    the smallest counts in `within` (for a cohort: what this participant has seen), then at random.

    Parameters
    ----------
    counts : (P,) int or float
        How often each pair was seen, or any measure of what is known of it.
    within : (P,) int or float, optional
        A second measure, which decides between pairs that `counts` holds equal.
    """
    n = n_items_of(counts.size)
    size = min(size, n)
    order = rng.permutation(n)
    if size < 2:
        return np.asarray(order[:size], dtype=np.int64)
    matrix = to_square(counts.astype(np.float64))[np.ix_(order, order)]
    second = np.zeros_like(matrix) if within is None else to_square(within.astype(np.float64))[np.ix_(order, order)]
    row, col = np.triu_indices(n, 1)
    pair = int(np.lexsort((second[row, col], matrix[row, col]))[0])
    chosen = [int(row[pair]), int(col[pair])]
    free = np.ones(n, dtype=bool)
    free[chosen] = False
    total, total_second = matrix[:, chosen].sum(axis=1), second[:, chosen].sum(axis=1)
    while len(chosen) < size:
        candidates = np.flatnonzero(free)
        best = int(candidates[np.lexsort((total_second[candidates], total[candidates]))[0]])
        chosen.append(best)
        free[best] = False
        total, total_second = total + matrix[:, best], total_second + second[:, best]
    return np.asarray(order[chosen], dtype=np.int64)


def random_items(n_items: int, size: int, *, rng: np.random.Generator) -> Ints:
    """`size` of the items at random, without repetition, (min(size, n_items),)."""
    return np.asarray(rng.permutation(n_items)[:size], dtype=np.int64)
