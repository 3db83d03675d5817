"""Write files that scripts for the Meadows platform (and rsatoolbox's loader) read: tree.json and 1D.mat."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import nullcontext
from io import SEEK_END
from pathlib import Path, PurePath
from typing import IO, Any, cast

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Arrangement, check_arrangements
from ..evidence import evidence_weights
from ..rdm import n_pairs, pairs_within
from ..words import counted
from .mat_matrix import write_matrix
from .rdm_rows import RDMS, RDMs

# Radii of the arena in our unit, its diameter.
RADII = 2


def one_task_name(experiment: str, version: str, participant: str, task_index: int) -> str:
    """File name of the RDM of one participant and task; the index counts from 1."""
    parts = _checked(experiment=experiment, version=version, participant=participant)
    return f"Meadows_{parts[0]}_v_v{parts[1]}_{parts[2]}_{task_index}_1D.mat"


def all_participants_name(experiment: str, version: str, task: str) -> str:
    """File name of the RDMs of all participants in one task."""
    parts = _checked(experiment=experiment, version=version, task=task)
    if task.isdigit():
        raise ValueError(f"task must not be a number, or the file is taken for one participant's, got {task!r}")
    return f"Meadows_{parts[0]}_v_v{parts[1]}_{parts[2]}_1D.mat"


def tree_name(experiment: str, version: str, participant: str) -> str:
    """File name of one participant's whole session; loaders refuse it unless the participant is a `petname`."""
    parts = _checked(experiment=experiment, version=version, participant=participant)
    return f"Meadows_{parts[0]}_v_v{parts[1]}_{parts[2]}_tree.json"


def _checked(**parts: str) -> list[str]:
    """The parts of a file name, which loaders split on `_` and on the one dot."""
    for label, part in parts.items():
        if not part or re.search(r"[_./\\\x00]", part):
            raise ValueError(f"{label} must not be empty or hold _ . / or \\, got {part!r}")
    return list(parts.values())


def write_1d_mat(file: str | Path | IO[bytes], rdms: RDMs, called: Sequence[str] | None = None) -> None:
    """Write RDMs under Meadows' names: `stimuli`, `rdmutv` for one rater, `stimuli_RATER`, `rdmutv_RATER` for several.

    NaN marks a missing pair. Several raters must have names of the kind of `petname`, their own or those that they are
    `called`; - becomes _ in the variables. One rater's RDM is in memory at a time.

    Raises
    ------
    ValueError
        When a stimulus has no extension, or does not differ from another without it, or a rater's name does not fit.
    """
    from scipy.io import savemat

    _check_stems([name.split(".")[0] for name in rdms.names], rdms.names)
    if bare := [name for name in rdms.names if "." not in name]:
        raise ValueError(f"names must have an extension, because loaders cut it off; {bare[0]!r} has none")
    stimuli = np.array(rdms.names)
    suffixes = [""]
    if len(rdms.raters) > 1:
        suffixes = [f"_{rater.replace('-', '_')}" for rater in called or rdms.raters]
        for rater in called or rdms.raters:
            if not re.fullmatch(r"[A-Za-z0-9]+-[A-Za-z0-9]+", rater):
                raise ValueError(f"raters must have names like able-fly, got {rater!r}")
    with open(file, "w+b") if isinstance(file, str | Path) else nullcontext(file) as out:
        savemat(cast(Any, out), {f"stimuli{suffix}": stimuli for suffix in suffixes}, do_compression=True)
        out.seek(0, SEEK_END)
        for suffix, row in zip(suffixes, rdms.rows(RDMS), strict=True):
            write_matrix(out, f"rdmutv{suffix}", (1, row.size), [row[:, np.newaxis]])


def write_tree(
    file: str | Path,
    *,
    task_name: str,
    names: Sequence[str],
    arrangements: Sequence[Arrangement],
    times_ms: ArrayLike,
    rdm: ArrayLike,
) -> None:
    """Write `tree_text` into a file."""
    text = tree_text(task_name=task_name, names=names, arrangements=arrangements, times_ms=times_ms, rdm=rdm)
    Path(file).write_text(text, encoding="utf-8")


def tree_text(
    *,
    task_name: str,
    names: Sequence[str],
    arrangements: Sequence[Arrangement],
    times_ms: ArrayLike,
    rdm: ArrayLike,
) -> str:
    """One rater's session as a tree.json of one task, arena of radius 1; names lose their extension, as there.

    `min_evidence` of a trial is the least evidence of a pair so far, in the platform's unit: squared distances in radii
    (`pair_evidence` counts in diameters).

    Parameters
    ----------
    times_ms : (T, 2), start and end of each trial in milliseconds since 1970
    rdm : (P,), without missing pairs: the format has no sign for one that its loaders take

    Raises
    ------
    ValueError
        When names, times, trials and rdm do not fit each other, or a pair is missing from the RDM.
    """
    stems = [PurePath(name).stem for name in names]
    _check_stems(stems, names)
    trials = check_arrangements(arrangements, len(names))
    times = np.asarray(times_ms, dtype=np.float64)
    if times.shape != (len(trials), 2):
        raise ValueError(f"times_ms must have shape ({len(trials)}, 2), got {times.shape}")
    vector = np.asarray(rdm, dtype=np.float64)
    if vector.shape != (n_pairs(len(names)),):
        raise ValueError(f"rdm must have shape ({n_pairs(len(names))},) for {len(names)} items, got {vector.shape}")
    if not np.isfinite(vector).all():
        missing = int(np.count_nonzero(~np.isfinite(vector)))
        raise ValueError(
            f"rdm lacks {counted(missing, 'pair')}, and tree.json has no way to say so: write 1D.mat, which has"
        )
    ids = [f"{index:024x}" for index in range(len(names))]
    stimuli = [{"id": ids[i], "name": stems[i], "type": "video", "size": 1} for i in range(len(names))]
    # Evidence there is counted in the file's own unit, the arena's radius, with the same floor of 0.2.
    evidence = np.zeros(vector.size)
    written = []
    for trial, ends in zip(trials, times.tolist(), strict=True):
        evidence[pairs_within(trial.items, len(names))] += evidence_weights(RADII * trial.distances())
        written.append(_trial(trial, ids, stems, ends, float(evidence.min(initial=np.inf))))
    task = {
        "status": "finished",
        "task": {"name": task_name, "task_type": "multiarrange"},
        "stimuli": stimuli,
        "trials": written,
        "rdm": (vector / (np.linalg.norm(vector) or 1.0)).tolist(),
        "next_trial_stimuli": [],
        "qualification": None,
    }
    return json.dumps({"token": None, "tasks": [task]}, allow_nan=False)


def _trial(trial: Arrangement, ids: list[str], stems: list[str], ends: list[float], least: float) -> dict[str, Any]:
    start, end = map(int, ends)
    positions = [
        {
            "id": ids[item],
            "index": item,
            "name": stems[item],
            "x": RADII * x,
            "y": RADII * y,
            "category": None,
            "type": "video",
        }
        for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
    ]
    placed = [[end, "placed", {"id": p["id"], "x": p["x"], "y": p["y"], "cat": None}] for p in positions]
    return {
        "intent": "Finish",
        "log": [[start, "logStarted", {}], *placed, [end, "finish", {}]],
        "positions": positions,
        "annotations": [],
        "min_evidence": least if np.isfinite(least) else 0.0,
    }


def _check_stems(stems: Sequence[str], names: Sequence[str]) -> None:
    if len(set(stems)) != len(stems):
        twice = next(name for name, stem in zip(names, stems, strict=True) if list(stems).count(stem) > 1)
        raise ValueError(f"names must differ before the dot, because loaders cut the rest off; {twice!r} does not")
