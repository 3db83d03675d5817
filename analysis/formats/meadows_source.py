"""Raters of the Meadows platform's tree.json files, of one participant or of all, with their arrangements."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Arrangement
from .meadows import is_tree, read_all_trees, tasks_of
from .placement_table import EDGE
from .source import Source, SourceRater

KIND = "sessions of the Meadows platform"


def meadows_source(file: str | Path, tree: dict[str, Any], *, task: str | None = None) -> Source:
    """The raters of a tree.json file of one participant or of all, with their arrangements in one task.

    Items are those of all participants, by name, in the order of the first. Trials with a stimulus outside the arena,
    and participants without a trial, are left out and named in the remarks.

    Parameters
    ----------
    task
        The task's name; None where the file has one.

    Raises
    ------
    ValueError
        As `read_tree`; also when there are several tasks and none, or no such task, is named.
    """
    everybody = {participant_of(file): tasks_of(tree, str(file))} if is_tree(tree) else read_all_trees(file, tree)
    tasks = list(dict.fromkeys(one.name for theirs in everybody.values() for one in theirs))
    if not tasks:
        raise ValueError(f"{file}: holds no multi-arrangement task")
    if task is None and len(tasks) > 1:
        raise ValueError(f"{file}: holds several tasks: {', '.join(tasks)}; say which is meant (task NAME)")
    if task is not None and task not in tasks:
        raise ValueError(f"{file}: holds no task {task!r}, but {', '.join(tasks)}")
    chosen = tasks[0] if task is None else task
    names: dict[str, int] = {}
    raters, remarks = [], []
    for name, theirs in everybody.items():
        matches = [one for one in theirs if one.name == chosen]
        if len(matches) > 1:
            raise ValueError(f"{file}: {name} did the task {chosen!r} {len(matches)} times")
        if not matches or not matches[0].arrangements:
            remarks.append(f"{name} has no trial and is left out.")
            continue
        for stimulus in matches[0].names:
            names.setdefault(stimulus, len(names))
        place = np.array([names[stimulus] for stimulus in matches[0].names], dtype=np.int64)
        trials, times = [], []
        for number, (trial, pair) in enumerate(zip(matches[0].arrangements, matches[0].times_ms, strict=True), start=1):
            far = np.hypot(*trial.positions.T) > EDGE
            if far.any():
                stimulus = matches[0].names[trial.items[int(np.argmax(far))]]
                remarks.append(f"Trial {number} of {name} is left out: {stimulus} lies outside the arena.")
                continue
            trials.append(Arrangement(place[trial.items], trial.positions))
            times.append((_moment(pair[0]), _moment(pair[1])))
        if trials:
            raters.append(SourceRater(name, tuple(trials), tuple(times)))
        else:
            remarks.append(f"{name} has no trial that can be used and is left out.")
    try:
        return Source(KIND, tuple(names), tuple(raters), tuple(remarks))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error


def participant_of(file: str | Path) -> str:
    """The participant's nickname in the platform's file names, or "participant 1" where a file is called otherwise."""
    parts = Path(file).stem.split("_")
    if len(parts) < 6 or parts[0] != "Meadows":
        return "participant 1"
    return parts[-3] if parts[-2].isdigit() else parts[-2]


def _moment(epoch_ms: float) -> datetime | None:
    try:
        return None if np.isnan(epoch_ms) else datetime.fromtimestamp(float(epoch_ms) / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
