"""How each rater worked, from what was recorded of their trials, and against the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arrangement import Arrangement
from analysis.quality import GroupQuality, ParticipantQuality, participant_quality


@dataclass(frozen=True, eq=False)
class TrialWork:
    """What was recorded of one trial.

    `seconds` at work, the seat of each item, the item of each drop in order, the items that were played to their end,
    and the width of an item in arena diameters; `seconds`, a seat, `watched` and `item_size` are None where they were
    not recorded.
    """

    arrangement: Arrangement
    seconds: float | None
    seats: tuple[int | None, ...]
    drops: Sequence[int]
    watched: AbstractSet[int] | None
    item_size: float | None


def trial_work(
    row: Mapping[str, Any],
    arrangement: Arrangement,
    seats: Sequence[int | None],
    drops: Sequence[int],
    watched: AbstractSet[int] | None,
) -> TrialWork:
    """The record of a trial out of its row in the bundle's table "trials"."""
    duration, hidden = row["duration_ms"], row["hidden_ms"] or 0.0
    size, diameter = row["item_size_px"], row["arena_diameter_px"]
    return TrialWork(
        arrangement,
        None if duration is None else (duration - hidden) / 1000,
        tuple(seats),
        drops,
        watched,
        size / diameter if size and diameter else None,
    )


def rater_quality(trials: Sequence[TrialWork]) -> ParticipantQuality:
    """How a rater worked over the trials that enter the RDM.

    Where a rater has no drops or plays at all, they were not recorded: what depends on them is left open.
    """
    seconds = [trial.seconds for trial in trials if trial.seconds is not None]
    sizes = [trial.item_size for trial in trials if trial.item_size is not None]
    played = any(trial.watched is not None for trial in trials)
    return participant_quality(
        [trial.arrangement for trial in trials],
        seconds=seconds if seconds and len(seconds) == len(trials) else None,
        moves=[trial.drops for trial in trials] if any(trial.drops for trial in trials) else None,
        watched=[trial.watched or set() for trial in trials] if played else None,
        seats=None if any(None in trial.seats for trial in trials) else [np.array(trial.seats) for trial in trials],
        item_size=float(np.median(sizes)) if sizes else None,
    )


def quality_rows(rater: str, quality: ParticipantQuality) -> Iterator[dict[str, Any]]:
    """Rows of the bundle's table "quality": every index that was measured, and whether it is beyond its limit."""
    flagged = {flag.name for flag in quality.flags}
    measured = {name: value for name, value in quality.medians.items() if value is not None}
    if quality.repeats.trials:
        measured["repeats"] = quality.repeats.mean
    for name, value in measured.items():
        yield {"participant": rater, "index": name, "value": value, "flagged": name in flagged}


def group_quality_rows(raters: Sequence[str], group: GroupQuality) -> Iterator[dict[str, Any]]:
    """Further rows: each rater against the others."""
    for place, rater in enumerate(raters):
        outlier = bool(group.outlier[place])
        for name, value, out in (
            ("robust_z", group.robust_z[place], outlier),
            ("alpha_if_deleted", group.alpha_if_deleted[place], False),
        ):
            yield {"participant": rater, "index": name, "value": float(value), "flagged": out}
