"""Models against raters, or against the RDM of all their trials: how, and what the bootstrap draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..arrangement import Floats
from ..inference.compare import compare_models
from ..inference.compare_joint import compare_joint
from ..inference.conclusions import ModelComparison
from ..similarity import Method
from .joint_rdms import JointRDMs
from .model_list import Model
from .model_parts import AskedParts

LEVEL = 0.95
N_BOOT = 1000
N_PERMUTATIONS = 5000
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ModelOptions:
    """How models are compared; `comparator` is one of `similarity`'s methods, `parts` what is wanted beside scores."""

    comparator: Method = "rho_a"
    n_boot: int = N_BOOT
    n_permutations: int = N_PERMUTATIONS
    seed: int = 0
    jobs: int = 1
    parts: AskedParts = field(default_factory=AskedParts)


@dataclass(frozen=True, eq=False)
class Against:
    """What models are compared with: RDMs of raters, or the one of `joint`; and what the bootstrap draws."""

    table: Floats
    joint: JointRDMs | None
    resample: str | None


def what_is_drawn(n_raters: int, n_clips: int) -> str | None:
    """What the bootstrap draws: both, or the one of which there are enough; None when neither is enough."""
    if n_raters == 0:
        return None
    if n_clips < 4:
        return "raters" if n_raters > 1 else None
    return "both" if n_raters > 1 else "items"


def compared(
    models: Sequence[Model],
    against: Against,
    options: ModelOptions,
    remarks: list[str],
    report: Progress,
    what: str,
) -> ModelComparison | None:
    """The models against the raters; None where they cannot be compared, which is added to the remarks."""
    if not models:
        return None
    if against.resample is None or (against.joint is not None and against.resample == "raters"):
        remarks.append("Models are not compared: there are too few raters and clips.")
        return None
    rdms = np.array([model.rdm for model in models])
    common: dict[str, Any] = {
        "method": options.comparator,
        "names": [model.name for model in models],
        "n_boot": options.n_boot,
        "level": LEVEL,
        "rng": np.random.default_rng(options.seed),
        "n_jobs": options.jobs,
        "progress": lambda done, of: report(what, done / of),
    }
    try:
        if against.joint is not None:
            return compare_joint(against.joint.rdm, against.joint.without, rdms, **common)
        return compare_models(against.table, rdms, resample=against.resample, **common)  # type: ignore[arg-type]
    except ValueError as error:
        remarks.append(f"Models are not compared: {error}.")
        return None
