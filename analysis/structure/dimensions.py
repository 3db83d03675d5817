"""How many dimensions a map needs: predict raters who had no part in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..pooling import pool
from ..similarity import check_rdms, similarity
from .mds import MDS, distances, mds


@dataclass(frozen=True, eq=False)
class Dimensionality:
    """Cross-validated fit of maps of 1, 2, ... dimensions.

    Attributes
    ----------
    correlations : (max_dims, R) float
        r of each rater's RDM with the distances of the map made from raters of the other folds.
    stress : (max_dims,) float
        Stress of the map of all raters.
    best : int
        Dimensions with the largest mean correlation.
    simplest : int
        Fewest dimensions whose mean correlation lies within one standard error (of the paired differences) of the best.
    """

    correlations: Floats
    stress: Floats
    best: int
    simplest: int


def dimensionality(
    rdms: ArrayLike, *, max_dims: int = 6, n_folds: int = 5, rng: np.random.Generator | None = None
) -> Dimensionality:
    """Number of MDS dimensions, by cross-validation over raters.

    Stress always falls with more dimensions; how well a map predicts other raters does not.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; dissimilarities not negative.
    n_folds
        The raters are dealt into this many folds, or each is one of its own when there are fewer.
    rng
        Deals the folds; a generator seeded with 0 when left out.

    Raises
    ------
    ValueError
        With fewer than two raters, when a rater's similarity to a map is undefined, or for what `mds` refuses.
    """
    table = check_rdms(rdms)
    n_raters = len(table)
    if n_raters < 2 or n_folds < 2 or max_dims < 1:
        raise ValueError("dimensionality needs at least two raters, two folds and one dimension")
    rng = np.random.default_rng(0) if rng is None else rng
    fold = rng.permutation(n_raters) % min(n_folds, n_raters)
    correlations = np.full((max_dims, n_raters), np.nan)
    for held_out in np.unique(fold):
        group = pool(table[fold != held_out], "cosine")
        if np.isnan(group).all():
            raise ValueError("dimensionality needs raters in every fold whose dissimilarities are not 0 everywhere")
        for dims in range(1, max_dims + 1):
            model = distances(_map(group, dims).positions)
            correlations[dims - 1, fold == held_out] = similarity(table[fold == held_out], model)[:, 0]
    if np.isnan(correlations).any():
        rater = int(np.argwhere(np.isnan(correlations))[0, 1])
        raise ValueError(f"rater {rater} has no defined correlation with a map of the others")
    means = correlations.mean(axis=1)
    best = int(means.argmax())
    behind = correlations[best] - correlations
    within = behind.mean(axis=1) <= behind.std(axis=1, ddof=1) / np.sqrt(n_raters)
    everyone = pool(table, "cosine")
    stress = np.array([_map(everyone, dims).stress for dims in range(1, max_dims + 1)])
    return Dimensionality(correlations, stress, best + 1, int(np.flatnonzero(within)[0]) + 1)


def _map(rdm: Floats, dims: int) -> MDS:
    # On a line a single start is not to be trusted.
    return mds(rdm, dims, tolerance=1e-5, n_starts=10 if dims == 1 else 1)
