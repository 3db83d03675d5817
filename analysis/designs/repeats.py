"""Repeated trials, from which the reliability within a participant is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..arrangement import Ints
from .registry import MIN_ITEMS


def choose_repeat(
    item_sets: Sequence[Ints],
    *,
    repeats: Collection[int] = (),
    repeated: Collection[int] = (),
    gap: int = 3,
    max_items: int | None = None,
    rng: np.random.Generator,
) -> int | None:
    """Which earlier trial to show again: its index in `item_sets`, or None when none is fit.

    Drawn at random from the trials of at least three items that are neither a repeat nor repeated already, with at
    least `gap` other trials since, so that the participant does not copy a layout from memory.

    Parameters
    ----------
    item_sets
        Items of the participant's trials so far, oldest first, repeats included.
    repeats
        Indices of the trials that were repeats.
    repeated
        Indices of the trials that were shown again.
    gap
        Trials that must lie in between.
    max_items
        No larger trial is repeated; default: no bound.

    Raises
    ------
    ValueError
        When `gap` is negative.
    """
    if gap < 0:
        raise ValueError(f"gap must not be negative, got {gap}")
    largest = np.inf if max_items is None else max_items
    fit = [
        trial
        for trial, items in enumerate(item_sets[: max(len(item_sets) - gap, 0)])
        if trial not in repeats and trial not in repeated and MIN_ITEMS <= len(items) <= largest
    ]
    return int(rng.choice(fit)) if fit else None
