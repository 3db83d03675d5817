"""Read files of the Meadows platform: sessions of one participant or of all (tree.json), and RDMs (1D.mat)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Arrangement, Floats
from ..rdm import n_pairs
from ..words import counted
from .enclosing_circle import enclosing_circle
from .json_file import read_json
from .mat_variables import load
from .matlab import texts
from .npz import as_numbers
from .rdm_set import RDMSet

# Clips that still wait beside the arena of radius 1 lie somewhat outside; pixels lie far beyond this.
FARTHEST = 2.0


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
    tree = read_json(file)
    if not isinstance(tree, dict):
        raise ValueError(f"{file}: not a Meadows tree: the file must hold an object")
    tasks = tasks_of(tree, str(file))
    if not tasks:
        raise ValueError(f"{file}: holds no multi-arrangement task")
    return tasks


def read_all_trees(file: str | Path, tree: dict[str, Any] | None = None) -> dict[str, list[MeadowsTask]]:
    """The multi-arrangement tasks of all participants in one file: by nickname, in the file's order.

    Its root has a participant's data under each nickname: either all tasks, as in the file of one participant (or by
    the tasks' names), or the one task that the file is of. Participants without a multi-arrangement task have none.

    Raises
    ------
    ValueError
        As `read_tree`, and when nobody has such a task.
    """
    tree = read_json(file) if tree is None else tree
    if not is_tree_of_many(tree):
        raise ValueError(f"{file}: not a Meadows file of all participants: its root must have them by their nicknames")
    tasks = {name: tasks_of(one, f"{file}: {name}") for name, one in tree.items()}
    if not any(tasks.values()):
        raise ValueError(f"{file}: holds no multi-arrangement task")
    return tasks


def is_tree(tree: Any) -> bool:
    """Whether a JSON value looks like what one participant gave on the platform."""
    if not isinstance(tree, dict):
        return False
    return isinstance(tree.get("tasks"), list | dict) or _is_arranging(tree)


def is_tree_of_many(tree: Any) -> bool:
    """Whether a JSON value looks like the data of several participants of the platform."""
    return isinstance(tree, dict) and not is_tree(tree) and len(tree) > 0 and all(is_tree(one) for one in tree.values())


def _is_arranging(task: Any) -> bool:
    """Whether this is a multi-arrangement task; in the layout by names only its contents say so."""
    if not isinstance(task, dict):
        return False
    if "task_type" in _get(task, "task"):
        return bool(task["task"]["task_type"] == "multiarrange")
    trials = task.get("trials")
    return isinstance(trials, list) and "stimuli" in task and any("positions" in _dict(one) for one in trials)


def tasks_of(tree: dict[str, Any], where: str) -> list[MeadowsTask]:
    """The multi-arrangement tasks in what one participant gave; `where` begins messages."""
    tasks = tree.get("tasks")
    if isinstance(tasks, dict):
        named = [(str(name), task) for name, task in tasks.items()]
    else:
        named = [("", task) for task in tasks] if isinstance(tasks, list) else [("", tree)]
    bare = not isinstance(tasks, list | dict)
    return [
        _read_task(task, f"{where}: task {name or number}", bare=bare and not _has_log(task), name=name)
        for number, (name, task) in enumerate(named, start=1)
        if _is_arranging(task)
    ]


def _has_log(task: dict[str, Any]) -> bool:
    """Whether trials have the log of files since 2021, whose arena has a radius of 1."""
    trials = task.get("trials")
    return isinstance(trials, list) and any("log" in _dict(trial) for trial in trials)


def _read_task(task: dict[str, Any], where: str, *, bare: bool, name: str = "") -> MeadowsTask:
    try:
        stimuli = [(str(stimulus["id"]), str(stimulus["name"])) for stimulus in task["stimuli"]]
        place = {identity: index for index, (identity, _) in enumerate(stimuli)}
        trials = list(task["trials"])
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{where}: must have a list of stimuli, each with an id and a name, and one of trials"
        ) from error
    for number, label in enumerate(("id", "name")):
        seen = [stimulus[number] for stimulus in stimuli]
        if twice := [one for one in seen if seen.count(one) > 1]:
            raise ValueError(f"{where}: two stimuli have the {label} {twice[0]!r}")
    arrangements, times, least = [], [], []
    for number, trial in enumerate(trials, start=1):
        try:
            items = [_item(place, position["id"]) for position in trial["positions"]]
            places = [(_number(position["x"], "x"), _number(position["y"], "y")) for position in trial["positions"]]
            if not bare and any(max(abs(x), abs(y)) > FARTHEST for x, y in places):
                raise ValueError("a position lies far outside the arena of radius 1: the unit is another")
            arrangements.append(Arrangement(np.array(items, dtype=np.int64), places))
            times.append(_times(trial))
            least.append(_number(trial.get("min_evidence"), "min_evidence", or_none=True))
        except KeyError as error:
            raise ValueError(f"{where}, trial {number}: has no {error.args[0]!r}") from error
        except ValueError as error:
            raise ValueError(f"{where}, trial {number}: {error}") from error
        except (TypeError, IndexError, AttributeError) as error:
            raise ValueError(
                f"{where}, trial {number}: must have a list of positions, each with id, x and y, and a log that begins "
                "each entry with a time"
            ) from error
    if bare:
        everything = np.concatenate([trial.positions for trial in arrangements]) if arrangements else np.zeros((0, 2))
        center = enclosing_circle(everything)[0] if len(everything) else np.zeros(2)
        arrangements = [Arrangement(trial.items, trial.positions - center) for trial in arrangements]
    else:
        arrangements = [Arrangement(trial.items, trial.positions / 2) for trial in arrangements]
    rdm = None
    if task.get("rdm") is not None:
        if not isinstance(task["rdm"], list):
            raise ValueError(f"{where}: rdm must be a list of numbers")
        try:
            rdm = np.array([_number(value, "rdm", or_none=True) for value in task["rdm"]], dtype=np.float64)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        if rdm.shape != (n_pairs(len(stimuli)),):
            raise ValueError(f"{where}: rdm has {counted(rdm.size, 'value')} for {len(stimuli)} stimuli")
    name = name or str(_get(task, "task").get("name", ""))
    names = tuple(name for _, name in stimuli)
    times_ms = np.array(times, dtype=np.float64).reshape(len(trials), 2)
    return MeadowsTask(name, names, tuple(arrangements), times_ms, np.array(least, dtype=np.float64), rdm)


def _get(task: dict[str, Any], key: str) -> dict[str, Any]:
    return _dict(task.get(key))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _times(trial: dict[str, Any]) -> tuple[float, float]:
    """Start and end of a trial in epoch milliseconds: fields of the old layout, ends of the new layout's log."""
    if log := trial.get("log"):
        return _number(log[0][0], "log"), _number(log[-1][0], "log")
    return _number(trial.get("start"), "start", or_none=True), _number(trial.get("end"), "end", or_none=True)


def _item(place: dict[str, int], identity: Any) -> int:
    if str(identity) not in place:
        raise ValueError(f"the stimulus {identity!r} is not among the task's stimuli")
    return place[str(identity)]


def _number(value: Any, label: str, *, or_none: bool = False) -> float:
    """A finite JSON number; with `or_none` NaN for null."""
    if value is None and or_none:
        return np.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e300:
        raise ValueError(f"{label} must be a number, got {value!r}")
    return float(value)


def read_1d_mat(file: str | Path) -> RDMSet:
    """The RDMs of a 1D.mat file of one participant (rater: the participant's name, from the file's name) or of many.

    Raises
    ------
    ValueError
        Naming the file, when the variables are missing or of another kind, sizes do not fit, or participants have
        different stimuli.
    """
    data = load(file)
    if "rdmutv" in data and "stimuli" in data:
        parts = Path(file).name.split("_")
        rater = parts[-3] if len(parts) >= 3 else ""
        return _rdms(file, data, {rater: "rdmutv"}, texts(data["stimuli"], f"{file}: stimuli"))
    raters = [key.removeprefix("rdmutv_") for key in data if key.startswith("rdmutv_")]
    if not raters or any(f"stimuli_{rater}" not in data for rater in raters):
        raise ValueError(
            f"{file}: needs the variables stimuli and rdmutv, or stimuli_NAME and rdmutv_NAME for each NAME"
        )
    lists = {rater: texts(data[f"stimuli_{rater}"], f"{file}: stimuli_{rater}") for rater in raters}
    for rater in raters:
        if lists[rater] != lists[raters[0]]:
            raise ValueError(f"{file}: the stimuli of {rater} are not those of {raters[0]}, or in another order")
    return _rdms(file, data, {rater.replace("_", "-"): f"rdmutv_{rater}" for rater in raters}, lists[raters[0]])


def _rdms(file: str | Path, data: dict[str, Any], keys: dict[str, str], names: list[str]) -> RDMSet:
    rows = []
    for key in keys.values():
        try:
            row = as_numbers(data[key])
        except ValueError as error:
            raise ValueError(f"{file}: {key}: {error}") from error
        # A square has a value for each pair as well, but in another place.
        if row.size != n_pairs(len(names)) or max(row.shape) != row.size:
            shape = " x ".join(map(str, row.shape))
            raise ValueError(f"{file}: {key}: must be 1 x {n_pairs(len(names))} for {len(names)} stimuli, got {shape}")
        rows.append(row.ravel())
    try:
        return RDMSet(np.array(rows), names, list(keys))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
