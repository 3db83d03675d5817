"""The Mantel test: is an RDM more like a model than it would be if the items' names meant nothing?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..pooling import pool
from ..rdm import n_items_of, pair_index, upper_triangle
from ..similarity import Method, check_rdms, product_similarity, ranks, similarity
from .chunks import Progress, run_chunks


@dataclass(frozen=True, eq=False)
class MantelTest:
    """M models against the group's RDM.

    Attributes
    ----------
    similarity : (M,) float
        Similarity of the raters' pool with each model.
    p : (M,) float
        One-sided, (1 + permutations at least as similar) / (1 + permutations).
    p_max : (M,) float
        The same against the largest of all models in each permutation: holds the family-wise error rate.
    n_permutations : int
    """

    similarity: Floats
    p: Floats
    p_max: Floats
    n_permutations: int


def mantel(
    rdms: ArrayLike,
    models: ArrayLike,
    *,
    method: Method = "rho_a",
    n_permutations: int = 10_000,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> MantelTest:
    """Permute the items (rows and columns together) of the group's RDM against each model.

    For the largest of the models, each model's similarity is first put on the scale of its own permutations (mean 0,
    sd 1), or a model with few levels could never be the largest.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; pooled as `pool` does for the method.
    models : (M, P) float
        Complete.
    rng, n_jobs, dask_address, progress
        As in `compare_models`.

    Raises
    ------
    ValueError
        When shapes or options do not fit, a model has a missing pair, or a similarity is undefined (a constant model).

    References
    ----------
    Mantel (1967), Cancer Research 27, 209-220. Westfall & Young (1993), Resampling-based multiple testing.
    """
    table, predictions = check_rdms(rdms), check_rdms(models, "models", row="model")
    if table.shape[1] != predictions.shape[1]:
        raise ValueError(f"the raters' RDMs have {table.shape[1]} pairs, the models {predictions.shape[1]}")
    if np.isnan(predictions).any():
        raise ValueError(f"model {int(np.argwhere(np.isnan(predictions))[0, 0])} has missing pairs")
    group = pool(table, method)
    if np.isnan(group).all():
        raise ValueError("no rater's RDM varies")
    observed = similarity(group, predictions, method=method)[0]
    if np.isnan(observed).any():
        raise ValueError(f"model {int(np.flatnonzero(np.isnan(observed))[0])} has no defined similarity to the raters")
    rng = np.random.default_rng(0) if rng is None else rng
    if method in ("spearman", "rho_a") and np.isfinite(group).all():
        # Ranks move with the items, and need not be computed again.
        group, predictions = ranks(group[None])[0], ranks(predictions)
    task = partial(_permute, group, predictions, method)
    null = run_chunks(task, n_permutations, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    every = np.vstack([observed, null])
    centre, spread = every.mean(axis=0), every.std(axis=0)
    scaled = (every - centre) / np.where(spread > 0, spread, 1.0)
    largest = scaled[1:].max(axis=1)
    # A permutation that changes nothing must count as equal in spite of rounding.
    p = (1 + (null >= observed - 1e-12).sum(axis=0)) / (1 + n_permutations)
    p_max = (1 + (largest[:, None] >= scaled[0] - 1e-9).sum(axis=0)) / (1 + n_permutations)
    return MantelTest(observed, p, p_max, n_permutations)


def _permute(group: Floats, models: Floats, method: Method, rng: np.random.Generator, n_draws: int) -> Floats:
    n_items = n_items_of(group.size)
    row, col = upper_triangle(n_items)
    orders = rng.permuted(np.tile(np.arange(n_items), (n_draws, 1)), axis=1)
    moved = group[pair_index(orders[:, row], orders[:, col], n_items)]
    if method in ("pearson", "cosine") or (method != "tau_a" and np.isfinite(group).all()):
        return product_similarity(moved, models, method)
    return similarity(moved, models, method=method)
