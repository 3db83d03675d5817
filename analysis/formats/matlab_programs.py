"""Read files of the MATLAB programs of Kriegeskorte and Mur: after a trial, at the end, or a saved workspace.

They keep the distances of each trial, in arena diameters, and no positions but those of the last trial. Distances
between points of a plane determine the points up to rotation, reflection and place, so arrangements are made from them.
Distances that do not fit in a plane are refused. Items have no names in these files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Arrangement, Floats
from ..rdm import n_items_of, pairs_within, to_square
from ..words import counted
from .enclosing_circle import enclosing_circle
from .matlab import numbers_of
from .rdm_set import RDMSet
from .rdm_stacks import numbered
from .source import Source, SourceRater, source_of_rdms

DISTANCES = "distMatsForAllTrials_ltv"
# The estimate's name in the programs of 2008 and 2012, and in those of 2015.
ESTIMATES = ("estimate_dissimMat_ltv", "estimate_RDM_ltv")
KIND = "data of the MATLAB programs of Kriegeskorte and Mur"
RECOVERED = (
    "The file holds the distances of each trial; its arrangements were made from these, and are known up to rotation, "
    "reflection and place in the arena."
)
UNNAMED = "The file names no items: they are numbered in its order."
# Share of the largest distance by which distances may differ from those in a plane. MATLAB saves all digits.
PLANE = 1e-6


def is_original(variables: Mapping[str, Any]) -> bool:
    """Whether these variables are those of the MATLAB programs."""
    return any(name in variables for name in (DISTANCES, *ESTIMATES)) or "story" in variables


def read_original(file: str | Path, variables: Mapping[str, Any], names: Sequence[str] = ()) -> Source:
    """The rater of a file: with arrangements where it holds the distances of trials, else with its estimate.

    Parameters
    ----------
    variables
        Of the file, as `mat_variables.load` gives them.
    names
        Of the items in the file's order; numbers without them.

    Raises
    ------
    ValueError
        Naming the file and the variable, when sizes do not fit each other, or distances do not fit in a plane.
    """
    story = _story(file, variables)
    holding = {**variables, **story}
    rater = _rater(file, variables)
    remarks = [] if names else [UNNAMED]
    if DISTANCES not in holding:
        key = next((name for name in ESTIMATES if name in holding), None)
        if key is None:
            raise ValueError(f"{file}: story holds no {DISTANCES}, and there is no estimate beside it")
        rdm = numbers_of(holding[key], f"{file}: {key}").ravel()
        n = _items(rdm.size, f"{file}: {key}")
        items = _names(names, n, file)
        remarks.append("It holds the estimate alone, without the trials.")
        return source_of_rdms(KIND, RDMSet(rdm, items, [rater]), remarks)
    distances = _distances(numbers_of(holding[DISTANCES], f"{file}: {DISTANCES}"), f"{file}: {DISTANCES}")
    n = _items(distances.shape[1], f"{file}: {DISTANCES}")
    for key in ESTIMATES:
        if key in holding and np.size(holding[key]) not in (0, distances.shape[1]):
            raise ValueError(
                f"{file}: {key} has {counted(np.size(holding[key]), 'value')}, {DISTANCES} {distances.shape[1]}"
            )
    trials = tuple(
        arrangement_of_distances(row, f"{file}: {DISTANCES}, trial {number}")
        for number, row in enumerate(distances, start=1)
    )
    times = _times(file, holding, len(trials))
    return Source(KIND, tuple(_names(names, n, file)), (SourceRater(rater, trials, times),), (RECOVERED, *remarks))


def arrangement_of_distances(row: Floats, where: str) -> Arrangement:
    """The arrangement with these distances (P,), NaN where a pair was not in the trial; its circle is around (0, 0).

    Raises
    ------
    ValueError
        When the pairs that are there are not those of a set of items, or no points of a plane have these distances.
    """
    square = to_square(row)
    present = np.isfinite(square).sum(axis=1) > 1
    items = np.flatnonzero(present)
    if not len(items):
        raise ValueError(f"{where}: holds no distance")
    inner = square[np.ix_(items, items)]
    if not np.isfinite(inner).all():
        raise ValueError(f"{where}: some pairs of its items have no distance")
    if (inner < 0).any():
        raise ValueError(f"{where}: a distance is negative")
    centering = np.eye(len(items)) - 1 / len(items)
    values, vectors = np.linalg.eigh(-centering @ inner**2 @ centering / 2)
    positions = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
    arrangement = Arrangement(items, positions)
    largest = float(inner.max())
    if np.abs(arrangement.distances() - row[pairs_within(items, len(square))]).max(initial=0) > PLANE * max(
        largest, 1e-12
    ):
        raise ValueError(f"{where}: no points of a plane have these distances, so they cannot be a trial's placements")
    return Arrangement(items, positions - enclosing_circle(positions)[0])


def _story(file: str | Path, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the struct `story`."""
    story = variables.get("story")
    if story is None:
        return {}
    names = getattr(getattr(story, "dtype", None), "names", None)
    if not names or np.size(story) != 1:
        raise ValueError(f"{file}: story must be a single struct")
    one = np.ravel(story)[0]
    return {name: one[name] for name in names}


def _rater(file: str | Path, variables: Mapping[str, Any]) -> str:
    """The subject, from the options in the file or from its name: SUBJECT_session1_trial7.mat."""
    options: Any = variables.get("options")
    fields = getattr(getattr(options, "dtype", None), "names", None) or ()
    if "subjectInitials" in fields and np.size(options) == 1:
        text = "".join(map(str, np.ravel(np.ravel(options)[0]["subjectInitials"])))
        if text.strip():
            return text.strip()
    return Path(file).stem.split("_session")[0] or "rater 1"


def _distances(array: Floats, where: str) -> Floats:
    """1 x pairs x trials as trials x pairs; MATLAB drops the last dimension when there is one trial."""
    if array.ndim not in (2, 3) or array.shape[0] != 1:
        raise ValueError(f"{where}: must be 1 x pairs x trials, got {' x '.join(map(str, array.shape))}")
    return array.reshape(array.shape[1], -1).T


def _items(pairs: int, where: str) -> int:
    try:
        return n_items_of(pairs)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _names(names: Sequence[str], n: int, file: str | Path) -> list[str]:
    if names and len(names) != n:
        raise ValueError(f"{file}: has {counted(n, 'item')}, and {counted(len(names), 'name was', 'names were')} given")
    return list(names) or numbered(n, "item")


def _times(
    file: str | Path, holding: Mapping[str, Any], n_trials: int
) -> tuple[tuple[datetime | None, datetime | None], ...]:
    """Start and end of each trial, as MATLAB's clock (year, month, day, hour, minute, second) has them.

    The clock is local and the file does not say where: it is taken for UTC, which leaves durations right.
    """
    columns = []
    for key in ("trialStartTimes", "trialStopTimes"):
        if key not in holding:
            return ((None, None),) * n_trials
        rows = numbers_of(holding[key], f"{file}: {key}")
        if rows.shape != (n_trials, 6):
            raise ValueError(f"{file}: {key}: must be {n_trials} x 6, got {' x '.join(map(str, rows.shape))}")
        columns.append([_moment(row, f"{file}: {key}") for row in rows.tolist()])
    return tuple(zip(*columns, strict=True))


def _moment(clock: Sequence[float], where: str) -> datetime:
    *whole, seconds = clock
    try:
        moment = datetime(*(int(value) for value in whole), tzinfo=UTC)  # type: ignore[arg-type, misc]
        return moment.fromtimestamp(moment.timestamp() + seconds, tz=UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{where}: holds no time ({error})") from error
