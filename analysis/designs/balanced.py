"""Designs that need no model of the answers: every pair equally often, random sets, and all items each time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Ints
from ..rdm import n_items_of, n_pairs, pairs_within
from .greedy import pairs_of, random_pair


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
    priority = rng.permutation(n)
    if min(size, n) < 2:
        return np.asarray(priority[:size], dtype=np.int64)
    second = np.zeros(counts.size) if within is None else within
    least = counts == counts.min()
    chosen = random_pair(least & (second == second[least].min()), rng=rng)
    free = np.ones(n, dtype=bool)
    free[chosen] = False
    first, last = (pairs_of(item, n) for item in chosen)
    total, total_second = counts[first] + counts[last], second[first] + second[last]
    while len(chosen) < min(size, n):
        candidates = np.flatnonzero(free)
        best = int(candidates[np.lexsort((priority[candidates], total_second[candidates], total[candidates]))[0]])
        chosen.append(best)
        free[best] = False
        pairs = pairs_of(best, n)
        total, total_second = total + counts[pairs], total_second + second[pairs]
    return np.array(chosen, dtype=np.int64)


def random_items(n_items: int, size: int, *, rng: np.random.Generator) -> Ints:
    """`size` of the items at random, without repetition, (min(size, n_items),)."""
    return np.asarray(rng.permutation(n_items)[:size], dtype=np.int64)
