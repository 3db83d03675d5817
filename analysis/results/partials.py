"""Models with others held constant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.partial import curved, partial_tests
from ..models.partition import explained_by, partial_correlation
from ..similarity import Method
from .joint_rdms import JointRDMs
from .model_list import Model

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Partial:
    """One model with another block held constant: mean over raters with its interval, p of the pool."""

    model: str
    correlation: float
    low: float
    high: float
    p: float
    p_max: float


def partials_of(
    table: Floats,
    others: Sequence[Model],
    held: Sequence[Model],
    method: Method,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    joint: JointRDMs | None,
    report: Progress,
    remarks: list[str],
) -> tuple[Partial, ...]:
    """The `others` with those of `held` held constant; adds to the remarks what cannot be computed.

    `table` (R, P) are the raters' RDMs, or the one of `joint`.
    """
    controls = np.array([model.rdm for model in held])
    chosen = []
    for model in others:
        if _is_explained(model.rdm, controls):
            remarks.append(f"{model.name} follows from what is held constant.")
        else:
            chosen.append(model)
    if not chosen:
        return ()
    try:
        tested = partial_tests(
            table,
            np.array([model.rdm for model in chosen]),
            controls,
            method=method,
            n_permutations=n_permutations,
            level=level,
            rng=np.random.default_rng(seed),
            n_jobs=jobs,
            progress=lambda done, of: report("Permuting what is left of the models", done / of),
        )
    except ValueError as error:
        remarks.append(f"Partial correlations are not computed: {error}.")
        return ()
    correlations = tested.correlations
    if joint is not None:
        correlations = tuple(
            joint.coefficient(partial_correlation(joint.rows, model.rdm, controls, method=method), level)
            for model in chosen
        )
    return tuple(
        Partial(model.name, one.value, *one.interval, p=float(p), p_max=float(p_max))
        for model, one, p, p_max in zip(chosen, correlations, tested.p, tested.p_max, strict=True)
    )


def _is_explained(rdm: Floats, controls: Floats) -> bool:
    centred = rdm - rdm.mean()
    rest = centred - explained_by(centred, curved(controls, rdm.size))
    return bool(rest @ rest <= 1e-10 * (centred @ centred))
