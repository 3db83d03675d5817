"""Read files of the Meadows platform: a participant's session (tree.json) and RDMs (1D.mat)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.arrangement import Arrangement, Floats
from analysis.formats.enclosing_circle import enclosing_circle
from analysis.formats.matlab import load
from analysis.formats.rdm_set import RDMSet
from analysis.rdm import n_pairs


@dataclass(frozen=True, eq=False)
class MeadowsTask:
    """One multi-arrangement task of one participant.

    Attributes
    ----------
    name : name of the task
    names : names of the stimuli; a trial's items are indices into them
    arrangements : the trials, in arena units (centre 0, diameter 1)
    times_ms : (T, 2) float, start and end of each trial in milliseconds since 1970; NaN where the file does not say
    min_evidence : (T,) float, the least evidence of a pair after each trial as the platform logged it, in the unit of
        the file; NaN where the file does not say
    rdm : (P,) float, the platform's own RDM, or None
    """

    name: str
    names: tuple[str, ...]
    arrangements: tuple[Arrangement, ...]
    times_ms: Floats
    min_evidence: Floats
    rdm: Floats | None


def read_tree(file: str | Path) -> list[MeadowsTask]:
    """The multi-arrangement tasks of a tree.json file, in the file's order.

    Files since 2021 hold a list of `tasks`, with an arena of radius 1 around (0, 0): positions are halved. The layout
    of 2017 is one bare task whose arena lies elsewhere, and whose distances are in the unit in which its evidence was
    computed: its positions are moved so that the smallest circle around all of them is centred on (0, 0), and are not
    rescaled.

    Raises
    ------
    ValueError
        Naming the file, the task and the trial, when the file is not JSON, holds no such task, or a trial does not fit.
    """
    try:
        tree = json.loads(Path(file).read_bytes())
    except ValueError as error:
        raise ValueError(f"{file}: not a JSON file ({error})") from error
    if not isinstance(tree, dict):
        raise ValueError(f"{file}: not a Meadows tree: the file must hold an object")
    wrapped = isinstance(tree.get("tasks"), list)
    tasks = [
        _read_task(task, f"{file}: task {number}", bare=not wrapped)
        for number, task in enumerate(tree["tasks"] if wrapped else [tree])
        if isinstance(task, dict) and _get(task, "task").get("task_type") == "multiarrange"
    ]
    if not tasks:
        raise ValueError(f"{file}: holds no multi-arrangement task")
    return tasks


def _read_task(task: dict[str, Any], where: str, *, bare: bool) -> MeadowsTask:
    try:
        stimuli = [(str(stimulus["id"]), str(stimulus["name"])) for stimulus in task["stimuli"]]
        place = {identity: index for index, (identity, _) in enumerate(stimuli)}
        trials = list(task["trials"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{where}: stimuli or trials are missing or malformed ({error})") from error
    arrangements, times, least = [], [], []
    for number, trial in enumerate(trials):
        try:
            items = [place[str(position["id"])] for position in trial["positions"]]
            places = [(float(position["x"]), float(position["y"])) for position in trial["positions"]]
            arrangements.append(Arrangement(np.array(items, dtype=np.int64), places))
            times.append(_times(trial))
            least.append(float(trial["min_evidence"]) if trial.get("min_evidence") is not None else np.nan)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"{where}, trial {number}: {type(error).__name__}: {error}") from error
    if bare:
        everything = np.concatenate([trial.positions for trial in arrangements]) if arrangements else np.zeros((0, 2))
        center = enclosing_circle(everything)[0] if len(everything) else np.zeros(2)
        arrangements = [Arrangement(trial.items, trial.positions - center) for trial in arrangements]
    else:
        arrangements = [Arrangement(trial.items, trial.positions / 2) for trial in arrangements]
    rdm = None
    if task.get("rdm") is not None:
        rdm = np.array([np.nan if value is None else value for value in task["rdm"]], dtype=np.float64)
        if rdm.shape != (n_pairs(len(stimuli)),):
            raise ValueError(f"{where}: rdm has {rdm.size} values for {len(stimuli)} stimuli")
    name = str(_get(task, "task").get("name", ""))
    names = tuple(name for _, name in stimuli)
    times_ms = np.array(times, dtype=np.float64).reshape(len(trials), 2)
    return MeadowsTask(name, names, tuple(arrangements), times_ms, np.array(least, dtype=np.float64), rdm)


def _get(task: dict[str, Any], key: str) -> dict[str, Any]:
    value = task.get(key)
    return value if isinstance(value, dict) else {}


def _times(trial: dict[str, Any]) -> tuple[float, float]:
    """Start and end of a trial in epoch milliseconds: fields of the old layout, ends of the new layout's log."""
    if log := trial.get("log"):
        return float(log[0][0]), float(log[-1][0])
    return float(trial.get("start", np.nan)), float(trial.get("end", np.nan))


def read_1d_mat(file: str | Path) -> RDMSet:
    """The RDMs of a 1D.mat file of one participant (rater: the participant's name, from the file's name) or of many.

    Raises
    ------
    ValueError
        When the variables are missing, sizes do not fit, or participants have different stimuli.
    """
    data = load(file)
    if "rdmutv" in data and "stimuli" in data:
        parts = Path(file).name.split("_")
        rater = parts[-3] if len(parts) >= 3 else ""
        return RDMSet(data["rdmutv"], _names(data["stimuli"]), [rater])
    raters = [key.removeprefix("rdmutv_") for key in data if key.startswith("rdmutv_")]
    if not raters or any(f"stimuli_{rater}" not in data for rater in raters):
        raise ValueError(
            f"{file}: needs the variables stimuli and rdmutv, or stimuli_NAME and rdmutv_NAME for each NAME"
        )
    names = _names(data[f"stimuli_{raters[0]}"])
    for rater in raters:
        if _names(data[f"stimuli_{rater}"]) != names:
            raise ValueError(f"{file}: the stimuli of {rater} are not those of {raters[0]}, or in another order")
    rows = [np.ravel(data[f"rdmutv_{rater}"]) for rater in raters]
    return RDMSet(np.array(rows, dtype=np.float64), names, [rater.replace("_", "-") for rater in raters])


def _names(stimuli: Any) -> list[str]:
    return [str(name).rstrip() for name in np.ravel(stimuli)]
