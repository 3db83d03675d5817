"""Weighted sums of models: those of every group of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.weighted import weighted_model
from ..similarity import Method
from ..words import counted
from .model_list import Model


@dataclass(frozen=True)
class WeightedSum:
    """The models of a block added up with weights, tested on raters and clips that had no part in the fit."""

    block: str
    models: tuple[str, ...]
    weights: tuple[float, ...]
    cross_validated: float
    equal_weights: float


def weighted_sums(
    table: Floats,
    models: Sequence[Model],
    blocks: Mapping[str, list[Model]],
    comparator: Method,
    seed: int,
    remarks: list[str],
) -> list[WeightedSum]:
    """Every block of several models, and all models where these are more than one block.

    `table` (R, P) are the raters' RDMs; one row is tested over other clips alone.
    """
    several = {name: mine for name, mine in blocks.items() if len(mine) > 1}
    if len(models) > 1 and not any(len(mine) == len(models) for mine in several.values()):
        several["all models"] = list(models)
    sums = []
    for name, mine in several.items():
        used = [model for model in mine if model.rdm.min() >= 0]
        if len(used) < len(mine):
            remarks.append(
                f"Weighted sum of {name}: without {counted(len(mine) - len(used), 'model')} with negative values."
            )
        if len(used) < 2:
            continue
        try:
            fit = weighted_model(
                table,
                np.array([one.rdm for one in used]),
                method=comparator,
                rater_folds=4 if len(table) > 1 else 1,
                rng=np.random.default_rng(seed),
            )
        except ValueError as error:
            remarks.append(f"Weighted sum of {name}: {error}.")
            continue
        names = tuple(model.name for model in used)
        sums.append(WeightedSum(name, names, tuple(fit.weights.tolist()), fit.cross_validated, fit.equal_weights))
    if sums and len(table) == 1:
        remarks.append("Weighted sums were tested on other clips alone: there is one RDM, and nobody left to test on.")
    return sums
