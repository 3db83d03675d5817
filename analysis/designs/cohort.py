"""Trials over a cohort: the next participant gets what all participants together have seen least."""

from __future__ import annotations

import numpy as np

from ..arrangement import Ints
from ..rdm import n_items_of
from .balanced import balanced, n_tied
from .registry import MIN_ITEMS
from .selection import default_size


def next_items_cohort(
    counts: Ints, *, own_counts: Ints | None = None, size: int | None = None, rng: np.random.Generator
) -> Ints:
    """Items of the next trial of one participant among many, (m,), ascending.

    A pure function of the counts and the generator's state. It is safe when many participants ask at once, provided
    that the counts hold every trial from the moment it is assigned, finished or not: whoever asks next is then steered
    away from it. Leave out trials whose participant has gone, and their pairs are given out again. Counts only add up,
    so the order in which trials are recorded does not matter.

    Parameters
    ----------
    counts : (P,) int
        In how many trials of all participants each pair was assigned (`pair_counts`).
    own_counts : (P,) int, optional
        The same for this participant alone: of pairs that the cohort has seen equally often, those come first that the
        participant has not seen.
    size
        Items in a trial; default: `default_size` of the number of items.

    Raises
    ------
    ValueError
        When the counts do not fit each other or are negative, or `size` is below 3.
    """
    n_items = n_items_of(counts.size)
    if own_counts is not None and own_counts.size != counts.size:
        raise ValueError(f"counts has {counts.size} pairs, own_counts {own_counts.size}")
    if (counts < 0).any() or (own_counts is not None and (own_counts < 0).any()):
        raise ValueError("counts must not be negative")
    if size is not None and size < MIN_ITEMS:
        raise ValueError(f"size must be at least {MIN_ITEMS}, got {size}")
    m = default_size(n_items) if size is None else min(size, n_items)
    return np.sort(balanced(counts, m, within=own_counts, tied=n_tied(m), rng=rng))
