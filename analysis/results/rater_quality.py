"""How each rater worked, from what was recorded of their trials, and against the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrangement import Arrangement
from ..estimators import RDMEstimate
from ..quality import GroupQuality, ParticipantQuality, participant_quality


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


Row = Mapping[str, Any]


def trials_work(
    trials: Iterable[Row],
    placements: Iterable[Row],
    moves: Iterable[Row],
    plays: Iterable[Row],
    items: Mapping[str, int],
) -> list[TrialWork]:
    """The records of trials, in their order, out of their rows in the bundle's tables; `items` by clip's name."""
    placed: dict[str, list[Row]] = defaultdict(list)
    watched: dict[str, set[int]] = {}
    drops: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in moves:
        if row["x"] is not None:
            drops[row["trial_key"]].append((row["sequence"], items[row["clip"]]))
    for row in plays:
        seen = watched.setdefault(row["trial_key"], set())
        if row["completed"]:
            seen.add(items[row["clip"]])
    for row in placements:
        placed[row["trial_key"]].append(row)
        # Plays from before a page was loaded again are not on record; that the clip was watched is.
        if row.get("watched") == "yes":
            watched.setdefault(row["trial_key"], set()).add(items[row["clip"]])
    return [
        _trial_work(row, placed[row["trial_key"]], drops[row["trial_key"]], watched.get(row["trial_key"]), items)
        for row in trials
    ]


def _trial_work(
    row: Row,
    placed: Sequence[Row],
    drops: Iterable[tuple[int, int]],
    watched: AbstractSet[int] | None,
    items: Mapping[str, int],
) -> TrialWork:
    duration, hidden = row["duration_ms"], row["hidden_ms"] or 0.0
    size, diameter = row["item_size_px"], row["arena_diameter_px"]
    return TrialWork(
        Arrangement([items[place["clip"]] for place in placed], [(place["x"], place["y"]) for place in placed]),
        None if duration is None else (duration - hidden) / 1000,
        tuple(place["seat"] for place in placed),
        [item for _, item in sorted(drops)],
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


def uncertainty_rows(estimates: Mapping[str, RDMEstimate]) -> Iterator[dict[str, Any]]:
    """Further rows: how well each rater's RDM is known, where that was asked for and can be told."""
    for rater, estimate in estimates.items():
        if (known := estimate.correlation_with_truth) is not None:
            ends = ("", "_low", "_high")
            for end, value in zip(ends, known, strict=True):
                yield {
                    "participant": rater,
                    "index": f"correlation_with_truth{end}",
                    "value": value,
                    "flagged": False,
                }


def group_quality_rows(raters: Sequence[str], group: GroupQuality) -> Iterator[dict[str, Any]]:
    """Further rows: each rater against the others."""
    for place, rater in enumerate(raters):
        outlier = bool(group.outlier[place])
        for name, value, out in (
            ("robust_z", group.robust_z[place], outlier),
            ("alpha_if_deleted", group.alpha_if_deleted[place], False),
        ):
            yield {"participant": rater, "index": name, "value": float(value), "flagged": out}
