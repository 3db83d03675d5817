"""Known RDMs that benchmarks simulate participants from: made ones, and those of people."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from analysis.rdm import to_condensed
from analysis.simulate import make_truth, part_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = DATA / "92_behavRDMs.mat"


@cache
def real_raters() -> np.ndarray:
    """RDMs of 16 people, (16, 4186)."""
    table = loadmat(REAL, squeeze_me=True)["rdms_behav_92"]
    return np.array([to_condensed(np.asarray(row["RDM"], dtype=float)) for row in table])


def truth_of(kind: str, n_items: int, rng: np.random.Generator) -> np.ndarray:
    """A known RDM of a kind, (P,) or (S, P) for one of several strategies; `real` is some items of some person."""
    if kind != "real":
        return make_truth(kind, n_items, rng=rng)
    raters = real_raters()
    return part_of(raters[int(rng.integers(len(raters)))], n_items, rng=rng)
