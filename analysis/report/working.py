"""How each rater worked, from the bundle's trials, moves and plays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrangement import Floats
from analysis.formats.bundle import Bundle, Trial
from analysis.quality import GroupQuality, ParticipantQuality, group_quality, odd_even_correlation
from analysis.results import rater_quality, trial_work


@dataclass(frozen=True, eq=False)
class Working:
    """Quality of the raters of `raters`: by rater their own, `odd_even` (R,) with themselves, and against the group."""

    raters: tuple[str, ...]
    each: dict[str, ParticipantQuality]
    odd_even: Floats
    group: GroupQuality


def working(bundle: Bundle, trials: dict[str, list[Trial]], raters: tuple[str, ...], table: Floats) -> Working:
    """Quality of each rater with the RDMs `table` (R, P), over the trials that entered them.

    Where a rater has no moves or plays at all, they were not recorded: what depends on them is left open.
    """
    moves, watched = _events(bundle)
    return Working(
        raters=raters,
        each={rater: _quality(trials[rater], moves, watched) for rater in raters},
        odd_even=np.array(
            [
                odd_even_correlation([trial.arrangement for trial in trials[rater]], len(bundle.names))
                for rater in raters
            ]
        ),
        group=group_quality(table),
    )


def _events(bundle: Bundle) -> tuple[dict[str, list[int]], dict[str, set[int]]]:
    """By trial key: the item of each drop into the arena in order, and the items played to their end."""
    place = {name: index for index, name in enumerate(bundle.names)}
    moves: dict[str, list[tuple[int, int]]] = {}
    watched: dict[str, set[int]] = {}
    for row in bundle.rows("moves"):
        if row["x"] is not None:
            moves.setdefault(row["trial_key"], []).append((row["sequence"], place[row["clip"]]))
    for row in bundle.rows("plays"):
        items = watched.setdefault(row["trial_key"], set())
        if row["completed"]:
            items.add(place[row["clip"]])
    # Plays from before a page was loaded again are not on record; that the clip was watched is.
    for row in bundle.rows("placements"):
        if row.get("watched") == "yes":
            watched.setdefault(row["trial_key"], set()).add(place[row["clip"]])
    return {key: [item for _, item in sorted(found)] for key, found in moves.items()}, watched


def _quality(trials: list[Trial], moves: dict[str, list[int]], watched: dict[str, set[int]]) -> ParticipantQuality:
    keys = [trial.row["trial_key"] for trial in trials]
    return rater_quality(
        [
            trial_work(trial.row, trial.arrangement, trial.seats, moves.get(key, []), watched.get(key))
            for key, trial in zip(keys, trials, strict=True)
        ]
    )
