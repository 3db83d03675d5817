"""Repeated trials, from which the reliability within a participant is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from ..arrangement import Ints
from .registry import MIN_ITEMS

# A repeat follows every four trials.
TRIALS_BETWEEN_REPEATS = 4


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


def repeat_due(
    item_sets: Sequence[Ints],
    repeat_of: Sequence[int | None],
    wanted: int,
    *,
    at_end: bool,
    rng: np.random.Generator,
) -> int | None:
    """Which earlier trial a session shows again now, as an index in `item_sets`; None when none is due or fit.

    One comes after every four trials, and those that are still missing come at the end.

    Parameters
    ----------
    item_sets
        Items of the participant's trials so far, oldest first, repeats included.
    repeat_of
        For each of them the index of the trial that it repeated, None for an ordinary one.
    wanted
        Repeats of the whole session.
    at_end
        Whether the session would end now.
    """
    repeated = [index for index in repeat_of if index is not None]
    if len(repeated) >= wanted:
        return None
    if not at_end and len(item_sets) < TRIALS_BETWEEN_REPEATS * (len(repeated) + 1) + len(repeated):
        return None
    repeats = [place for place, index in enumerate(repeat_of) if index is not None]
    return choose_repeat(item_sets, repeats=repeats, repeated=repeated, rng=rng)
