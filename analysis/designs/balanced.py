"""Designs that need no model of the answers: every pair equally often, random sets, and all items each time."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Ints
from ..rdm import n_items_of, n_pairs, pairs_within, upper_triangle
from .greedy import pairs_of, random_pair

# Share of a trial's pairs that are repeated while others are unseen; with more, too few new ones are seen.
TIED_SHARE = 0.04


def pair_counts(item_sets: Iterable[Ints], n_items: int) -> Ints:
    """How many of the sets hold each pair, (n_items(n_items-1)/2,)."""
    counts = np.zeros(n_pairs(n_items), dtype=np.int64)
    for items in item_sets:
        counts[pairs_within(np.asarray(items, dtype=np.int64), n_items)] += 1
    return counts


def n_tied(size: int) -> int:
    """How many items of a trial repeat pairs with one another, so that trials share a scale: those of about one pair in
    thirty (4 of 20), and none in a trial of fewer than 8, in which they would take the place of new ones.
    """
    pairs = TIED_SHARE * size * (size - 1) / 2
    return int((1 + math.sqrt(1 + 8 * pairs)) / 2)


def balanced(
    counts: Ints | NDArray[np.float64],
    size: int,
    *,
    within: Ints | NDArray[np.float64] | None = None,
    tied: int = 0,
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
    tied
        So many items, the first included, are to be seen with one another already, as far as there are such: a set that
        shares pairs with earlier ones is on one scale with them.
    """
    n = n_items_of(counts.size)
    priority = rng.permutation(n)
    if min(size, n) < 2:
        return np.asarray(priority[:size], dtype=np.int64)
    second = np.zeros(counts.size) if within is None else within
    shown = _shown_items(counts, n) if tied > 1 else np.ones(n, dtype=bool)
    least = counts == counts.min()
    if shown.any() and not shown.all():
        row, col = upper_triangle(n)
        least &= shown[row] | shown[col]
    chosen = random_pair(least & (second == second[least].min()), rng=rng)
    chosen.sort(key=lambda item: not shown[item])
    free = np.ones(n, dtype=bool)
    free[chosen] = False
    first, last = (pairs_of(item, n) for item in chosen)
    total, total_second = counts[first] + counts[last], second[first] + second[last]
    seen_with_tied = free & (counts[first] > 0)
    while len(chosen) < min(size, n):
        # The second item makes the pair that is seen least: of the others, the first `tied` - 1 go with the first.
        tying = len(chosen) <= tied and bool(seen_with_tied.any())
        candidates = np.flatnonzero(seen_with_tied if tying else free)
        best = int(candidates[np.lexsort((priority[candidates], total_second[candidates], total[candidates]))[0]])
        chosen.append(best)
        free[best] = False
        pairs = pairs_of(best, n)
        seen_with_tied &= free & (counts[pairs] > 0)
        total, total_second = total + counts[pairs], total_second + second[pairs]
    return np.array(chosen, dtype=np.int64)


def _shown_items(counts: Ints | NDArray[np.float64], n_items: int) -> NDArray[np.bool_]:
    """Which items are in some pair that was seen, (n_items,)."""
    shown = np.zeros(n_items, dtype=bool)
    for items in upper_triangle(n_items):
        shown[items[counts > 0]] = True
    return shown


def random_items(n_items: int, size: int, *, rng: np.random.Generator) -> Ints:
    """`size` of the items at random, without repetition, (min(size, n_items),)."""
    return np.asarray(rng.permutation(n_items)[:size], dtype=np.int64)
