"""The package `multiarrangement`, measured in the same run: fetched for the benchmark, never a part of the project.

Version 1.0.5. Its adaptive mode needs a window, a folder of clips, OpenCV and pandas, so the loop of its
`AdaptiveMultiarrangementExperiment` is written out here with its default settings; each computation is the package's.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from analysis.arrangement import Arrangement
from analysis.rdm import to_condensed
from analysis.simulate import Behaviour, place_items

VERSION = "1.0.5"
FOLDER = Path(__file__).resolve().parents[1] / "instance" / "bench" / f"multiarrangement-{VERSION}"


class RivalMissingError(RuntimeError):
    """The package could not be fetched; the message says why."""


def load() -> Any:
    """The package's module of selection and estimation, installed on first use without its dependencies.

    Raises
    ------
    RivalMissingError
        When pip cannot fetch it.
    """
    if not (FOLDER / "multiarrangement").is_dir():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(FOLDER)]
        done = subprocess.run([*command, f"multiarrangement=={VERSION}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RivalMissingError(f"multiarrangement {VERSION} could not be installed: {reason}")
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("multiarrangement.adaptive.lift_weakest")


def adaptive_session(
    rdm: np.ndarray, n_items: int, *, placements: int, behaviour: Behaviour, inverse_mds: bool, rng: np.random.Generator
) -> tuple[np.ndarray, int]:
    """The rival's RDM (P,) after a session in its adaptive mode, and the number of placements of the session.

    The first trial shows all items; after each trial the RDM is estimated and (by default) refined by inverse MDS, and
    the next items are chosen from it. Stops with the trial that comes nearest to `placements`.
    """
    package = load()
    items, trials, used = list(range(n_items)), [], 0
    while True:
        trial = place_items(rdm, np.array(items), behaviour=behaviour, rng=rng)
        trials.append(as_trial(package, trial))
        used += len(items)
        estimate, _ = package.estimate_rdm_weighted_average(n_items, trials, weight_mode="k2012")
        evidence = package.compute_evidence_matrix(n_items, trials, D_reference=estimate, weight_mode="max")
        if inverse_mds:
            estimate = package.refine_rdm_inverse_mds(estimate, trials, max_iter=15, tol=1e-4, step_c=0.3)
        chosen = package.select_next_subset_lift_weakest(
            estimate, evidence, utility_exponent=10.0, time_cost_exponent=1.5, min_size=3, max_size=n_items
        )
        if set(chosen) == set(items) and len(chosen) < n_items:
            # The package adds an item rather than show the same set twice.
            chosen = [*chosen, next(item for item in range(n_items) if item not in chosen)]
        items = [int(item) for item in chosen]
        if used + len(items) / 2 >= placements:
            return to_condensed(estimate), used


def as_trial(package: Any, trial: Arrangement) -> Any:
    """An arrangement as the package's own type, with the arena that it needs to know its unit."""
    positions = {int(item): (float(x), float(y)) for item, (x, y) in zip(trial.items, trial.positions, strict=True)}
    return package.TrialArrangement(
        subset=trial.items.tolist(), positions=positions, arena_center=(0.0, 0.0), arena_radius=0.5
    )
