"""Shares of an RDM's variance that predictors explain alone and together; correlations with others held constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..pooling import pool
from ..similarity import MIN_PAIRS, check_rdms, ranks

# 2**10 regressions take a moment; nobody reads a table with more parts.
MAX_PREDICTORS = 10


@dataclass(frozen=True)
class VariancePartition:
    """Adjusted R2 of each subset of predictors, and what it is made of; keys are sorted tuples of names.

    `adjusted_r2[subset]` is the share that the subset explains together; `parts[subset]` the share that all of the
    subset explain and no others do (a part can come out below 0: its predictors explain more together than apart).
    """

    adjusted_r2: dict[tuple[str, ...], float]
    parts: dict[tuple[str, ...], float]
    n_pairs: int


def variance_partition(rdms: ArrayLike, predictors: Mapping[str, ArrayLike]) -> VariancePartition:
    """Partition the variance of the raters' pooled RDM over predictors.

    Adjusted R2 = 1 - (1 - R2)(P - 1)/(P - p - 1) with P pairs and p columns, for every subset of the predictors; then
    inclusion and exclusion. Over several sets of clips: once for each set, then `mean_partition`.

    Parameters
    ----------
    rdms : (R, P) or (P,) float
        NaN = missing pair; raters are pooled as z-scores.
    predictors
        By name an RDM (P,), or several that belong together (k, P).

    Raises
    ------
    ValueError
        When there are no predictors or more than 10, shapes do not fit, a predictor has missing pairs, no rater's
        dissimilarities vary, or there are not more pairs than columns.
    """
    group = pool(check_rdms(rdms), "pearson")
    if not 1 <= len(predictors) <= MAX_PREDICTORS:
        raise ValueError(f"there must be 1 to {MAX_PREDICTORS} predictors, got {len(predictors)}")
    present = np.isfinite(group)
    blocks = {}
    for name, values in predictors.items():
        block = check_rdms(values, name, row="row")
        if block.shape[1] != group.size or np.isnan(block).any():
            raise ValueError(f"predictor {name!r} must have {group.size} pairs and none missing")
        blocks[name] = block[:, present]
    target = group[present]
    if not target.size:
        raise ValueError("the dissimilarities of no rater vary, so there is nothing to explain")
    if target.size <= sum(len(block) for block in blocks.values()) + 1:
        raise ValueError(f"{target.size} pairs are too few for so many predictors")
    if np.ptp(target) == 0:
        raise ValueError("the RDM does not vary")
    names = sorted(blocks)
    subsets = [subset for size in range(1, len(names) + 1) for subset in combinations(names, size)]
    r2 = {subset: _adjusted_r2(target, np.vstack([blocks[name] for name in subset])) for subset in subsets}
    return VariancePartition(r2, {subset: _part(r2, names, subset) for subset in subsets}, int(target.size))


def mean_partition(partitions: Sequence[VariancePartition]) -> VariancePartition:
    """Mean over sets of clips; `n_pairs` is their sum.

    Raises
    ------
    ValueError
        When there is none, or their predictors differ.
    """
    if not partitions or any(one.parts.keys() != partitions[0].parts.keys() for one in partitions):
        raise ValueError("partitions to be averaged must be of the same predictors")
    keys = partitions[0].parts
    return VariancePartition(
        {key: float(np.mean([one.adjusted_r2[key] for one in partitions])) for key in keys},
        {key: float(np.mean([one.parts[key] for one in partitions])) for key in keys},
        sum(one.n_pairs for one in partitions),
    )


def _adjusted_r2(target: Floats, columns: Floats) -> float:
    centred = target - target.mean()
    residual = centred - explained_by(centred, columns)
    r2 = 1 - float(residual @ residual) / float(centred @ centred)
    return 1 - (1 - r2) * (target.size - 1) / (target.size - len(columns) - 1)


def explained_by(rows: Floats, predictors: Floats) -> Floats:
    """What a regression on predictors (K, P) and a constant explains of rows (..., P) that have mean 0.

    Predictors are brought to one size first, or a small one beside a large one would count as rounding error.
    """
    centred = predictors - predictors.mean(axis=1, keepdims=True)
    varies = np.ptp(predictors, axis=1) > 1e-12 * np.abs(predictors).max(axis=1)
    columns = centred[varies].T
    columns = columns / np.linalg.norm(columns, axis=0)
    return np.asarray((columns @ np.linalg.lstsq(columns, rows.T, rcond=1e-10)[0]).T)


def _part(r2: dict[tuple[str, ...], float], names: list[str], subset: tuple[str, ...]) -> float:
    rest = [name for name in names if name not in subset]
    total = 0.0
    for size in range(len(subset) + 1):
        for taken in combinations(subset, size):
            total += (-1) ** (size + 1) * r2.get(tuple(sorted([*rest, *taken])), 0.0)
    return total


def partial_correlation(rdms: ArrayLike, model: ArrayLike, controls: ArrayLike, *, method: str = "spearman") -> Floats:
    """Correlation of each rater's RDM with a model when controls are held constant, (R,).

    Residuals of the rater's and of the model's pairs after a regression on the controls are correlated; for "spearman"
    all of them are turned to ranks first, over the pairs that the rater saw.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    model : (P,) float
    controls : (C, P) float
    method
        "spearman" or "pearson".

    Returns
    -------
    (R,) float
        NaN where a rater has too few pairs, or nothing is left of the rater or the model once the controls are out.

    Raises
    ------
    ValueError
        When shapes do not fit, the model or a control has missing pairs, or the method is another.
    """
    table = check_rdms(rdms)
    one, held_constant = check_rdms(model, "model", row="row"), check_rdms(controls, "controls", row="row")
    for rows in (one, held_constant):
        if rows.shape[1] != table.shape[1] or np.isnan(rows).any():
            raise ValueError(f"model and controls must have {table.shape[1]} pairs and none missing")
    if len(one) != 1:
        raise ValueError(f"expected one model, got {len(one)}")
    fixed = np.vstack([one, held_constant])
    if method not in ("spearman", "pearson"):
        raise ValueError(f"method must be spearman or pearson, got {method!r}")
    out = np.full(len(table), np.nan)
    for rater, row in enumerate(table):
        present = np.isfinite(row)
        if present.sum() < len(fixed) + MIN_PAIRS:
            continue
        rows = np.vstack([row[present], fixed[:, present]])
        rows = ranks(rows) if method == "spearman" else rows
        rows = rows - rows.mean(axis=1, keepdims=True)
        left = rows[:2] - explained_by(rows[:2], rows[2:])
        if all(side @ side > 1e-12 * (whole @ whole) for side, whole in zip(left, rows[:2], strict=True)):
            out[rater] = left[0] @ left[1] / np.sqrt((left[0] @ left[0]) * (left[1] @ left[1]))
    return out
