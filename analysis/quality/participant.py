"""One participant's trials as a whole: medians over trials, repeats, and the flags that follow from stated limits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Arrangement
from ..words import counted, percent
from .repeats import Repeats, repeat_reliability
from .trial import TrialQuality, trial_quality


@dataclass(frozen=True)
class Limits:
    """Where a value becomes a flag. They say "look here", and nothing about who is to be excluded."""

    seconds_per_item: float = 1.0
    seconds_per_move: float = 0.4
    watched: float = 0.5
    never_moved_again: float = 0.98
    hull_area: float = 0.05
    spread: float = 0.4
    stacked: float = 0.5
    on_a_line: float = 0.98
    by_seat: float = 0.9


# A value below (above) its limit is flagged; the sentence is what the experimenter reads.
LOW = {
    "seconds_per_item": "took {value:.1f} s for each clip",
    "seconds_per_move": "moved a clip every {value:.1f} s",
    "watched": "watched {share} of the clips to the end before Done",
    "hull_area": "used {share} of the arena",
    "spread": "crowded the clips: {share} of the possible spread over the arena",
}
HIGH = {
    "never_moved_again": "left {share} of the clips where they were first dropped",
    "stacked": "stacked {share} of the clips on others",
    "on_a_line": "put the clips on a line: {share} of the variance lies on one axis",
    "by_seat": "put the clips near where they waited: the positions follow the seats with a correlation of {value:.2f}",
}
# In smaller trials a line or a small hull is no sign of anything.
MIN_ITEMS = 4


@dataclass(frozen=True)
class Flag:
    """A value beyond its limit, and the sentence that says so."""

    name: str
    value: float
    limit: float
    sentence: str


@dataclass(frozen=True)
class ParticipantQuality:
    """`trials` in the order given; `medians` by name over trials of at least 4 items, None where not measured."""

    trials: tuple[TrialQuality, ...]
    medians: dict[str, float | None]
    repeats: Repeats
    flags: tuple[Flag, ...]


def participant_quality(
    arrangements: Sequence[Arrangement],
    *,
    seconds: Sequence[float] | None = None,
    moves: Sequence[Sequence[int]] | None = None,
    watched: Sequence[Collection[int]] | None = None,
    seats: Sequence[ArrayLike] | None = None,
    item_size: float | None = None,
    repeats: Sequence[tuple[int, int]] | None = None,
    limits: Limits | None = None,
) -> ParticipantQuality:
    """How a participant worked: values, and flags for the experimenter to judge. Nobody is excluded here.

    Parameters
    ----------
    arrangements
        The participant's trials in order, T of them.
    seconds, moves, watched, seats
        One entry for each trial, as in `trial_quality`; each may be left out.
    item_size
        Diameter of an item in the arena, in arena diameters.
    repeats
        As in `repeat_reliability`.
    limits
        Where values become flags.

    Raises
    ------
    ValueError
        When an input does not have one entry for each trial, or a trial's entry is refused by `trial_quality`.
    """
    limits = Limits() if limits is None else limits
    n_trials = len(arrangements)
    given = {"seconds": seconds, "moves": moves, "watched": watched, "seats": seats}
    for name, entries in given.items():
        if entries is not None and len(entries) != n_trials:
            raise ValueError(
                f"{name} must have one entry for each of the {counted(n_trials, 'trial')}, got {len(entries)}"
            )
    trials = tuple(
        trial_quality(
            trial,
            seconds=None if seconds is None else seconds[number],
            moves=None if moves is None else moves[number],
            watched=None if watched is None else watched[number],
            seats=None if seats is None else seats[number],
            item_size=item_size,
        )
        for number, trial in enumerate(arrangements)
    )
    medians = {field.name: _median(trials, field.name) for field in fields(Limits)}
    repeated = repeat_reliability(arrangements, repeats)
    return ParticipantQuality(trials, medians, repeated, tuple(_flags(medians, repeated, limits)))


def _median(trials: tuple[TrialQuality, ...], name: str) -> float | None:
    values = [getattr(trial, name) for trial in trials if trial.n_items >= MIN_ITEMS]
    values = [value for value in values if value is not None]
    return float(np.median(values)) if values else None


def _flags(medians: dict[str, float | None], repeats: Repeats, limits: Limits) -> list[Flag]:
    flags = []
    for name, value in medians.items():
        if value is None:
            continue
        limit = getattr(limits, name)
        if value < limit if name in LOW else value > limit:
            flags.append(Flag(name, value, limit, (LOW | HIGH)[name].format(value=value, share=percent(value))))
    if repeats.consistent is False:
        sentence = f"repeated trials do not agree: mean r = {repeats.mean:.2f}, p = {repeats.p:.3f}"
        flags.append(Flag("repeats", repeats.p, 0.05, sentence))
    return flags
