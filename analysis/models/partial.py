"""What a model explains when others are held constant, tested over permutations; and its correlation without noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..inference.chunks import Progress, run_chunks
from ..pooling import pool
from ..rdm import n_items_of, pair_index, upper_triangle
from ..reliability import Coefficient
from ..reliability.report import with_interval
from ..similarity import Method, check_rdms, ranks, similarity
from ..words import counted
from .partition import partial_correlation

# Fewer pairs for each control, square and product leave too little to test, and more of these take too long.
PAIRS_PER_COLUMN, MAX_COLUMNS = 4, 30


@dataclass(frozen=True, eq=False)
class PartialTest:
    """M models, controls held constant.

    Attributes
    ----------
    correlations : tuple of M Coefficient
        Mean over raters of the partial correlation, with the jackknife's interval over raters, for these clips.
    p : (M,) float
        One-sided, for the raters' pool: (1 + permutations at least as large) / (1 + permutations).
    p_max : (M,) float
        The same against the largest of all models in each permutation: holds the family-wise error rate.
    n_permutations : int
    """

    correlations: tuple[Coefficient, ...]
    p: Floats
    p_max: Floats
    n_permutations: int


def partial_tests(
    rdms: ArrayLike,
    models: ArrayLike,
    controls: ArrayLike,
    *,
    method: Method = "pearson",
    n_permutations: int = 5000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> PartialTest:
    """Partial correlations of each model with the raters, tested by double semi-partialing.

    What the controls leave of a model is permuted (rows and columns together), what they explain of the permuted is
    taken out again, and the rest is correlated with what they leave of the raters' pool. Permuting the raters' RDM
    itself would break its relation to the controls too, and reject too often. For the test the controls' squares and
    products are held constant too: distances in a space of several features are no plane over the distances in some of
    them, and what a plane leaves is alike in raters and models that share nothing else.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    models : (M, P) float
    controls : (C, P) float
    method
        "pearson" or "spearman". Controls that are held constant in ranks leave more of what they explain: 8 to 15 % of
        models that share nothing but the controls with the raters are then significant at .05, in place of 3 to 7 %.
    rng, n_jobs, dask_address, progress
        As in `compare_models`.

    Raises
    ------
    ValueError
        As `partial_correlation`; when the controls leave nothing of a model, or nothing of the raters' pool.

    References
    ----------
    Dekker, Krackhardt & Snijders (2007), Psychometrika 72, 563-581.
    """
    table = check_rdms(rdms)
    predictions, held = check_rdms(models, "models", row="model"), check_rdms(controls, "controls", row="control")
    each = np.array([partial_correlation(table, model, held, method=method) for model in predictions])
    undefined = np.flatnonzero(np.isnan(each).all(axis=1))
    if undefined.size:
        raise ValueError(f"the controls leave nothing of model {int(undefined[0])}, or raters saw too few pairs")
    group = pool(table, method)
    seen = np.isfinite(group)
    if method == "spearman":
        predictions, held = ranks(predictions), ranks(held)
        group = ranks(group[None])[0]
    held = curved(held, int(seen.sum()))
    basis = _basis(held[:, seen])
    rest = _without(group[seen][None], basis)[0]
    if not rest @ rest > 1e-12 * np.var(group[seen]) * seen.sum():
        raise ValueError("the controls leave nothing of the raters' RDMs")
    left = _without(predictions, _basis(held))
    nothing = (left**2).sum(axis=1) <= 1e-10 * predictions.var(axis=1) * predictions.shape[1]
    if nothing.any():
        raise ValueError(f"the controls leave nothing of model {int(np.flatnonzero(nothing)[0])}")
    rng = np.random.default_rng(0) if rng is None else rng
    observed = _correlations(_without(left[:, seen], basis), rest)
    task = partial(_permute, left, rest, basis, seen)
    null = run_chunks(task, n_permutations, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    every = np.vstack([observed, null])
    spread = every.std(axis=0)
    scaled = (every - every.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    p = (1 + (null >= observed - 1e-12).sum(axis=0)) / (1 + n_permutations)
    p_max = (1 + (scaled[1:].max(axis=1)[:, None] >= scaled[0] - 1e-9).sum(axis=0)) / (1 + n_permutations)
    return PartialTest(tuple(_over_raters(row, level) for row in each), p, p_max, n_permutations)


def curved(controls: Floats, n_pairs: int) -> Floats:
    """The controls (C, P), their squares and products of two; the controls alone where they are many or pairs few."""
    n_controls = len(controls)
    columns = n_controls * (n_controls + 3) // 2
    if columns > MAX_COLUMNS or n_pairs < PAIRS_PER_COLUMN * (1 + columns):
        return controls
    centred = controls - controls.mean(axis=1, keepdims=True)
    centred = centred / np.abs(centred).max(axis=1, keepdims=True).clip(1e-300)
    one, two = np.triu_indices(n_controls)
    return np.vstack([controls, centred[one] * centred[two]])


def _basis(controls: Floats) -> Floats:
    """Orthonormal columns (p, k) that span the constant and the controls."""
    varies = np.ptp(controls, axis=1) > 1e-12 * np.abs(controls).max(axis=1)
    centred = controls[varies] - controls[varies].mean(axis=1, keepdims=True)
    columns = np.vstack([np.ones(controls.shape[1]), centred]).T
    u, s, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
    return np.asarray(u[:, s > 1e-10 * s[0]])


def _without(rows: Floats, basis: Floats) -> Floats:
    return np.asarray(rows - (rows @ basis) @ basis.T)


def _correlations(rows: Floats, target: Floats) -> Floats:
    size = np.linalg.norm(rows, axis=-1) * np.linalg.norm(target)
    return np.asarray(rows @ target / np.where(size > 0, size, np.inf))


def _permute(left: Floats, rest: Floats, basis: Floats, seen: Floats, rng: np.random.Generator, n_draws: int) -> Floats:
    n_items = n_items_of(left.shape[1])
    row, col = upper_triangle(n_items)
    out = np.empty((n_draws, len(left)))
    for draw in range(n_draws):
        order = rng.permutation(n_items)
        moved = left[:, pair_index(order[row], order[col], n_items)[seen]]
        out[draw] = _correlations(_without(moved, basis), rest)
    return out


def _over_raters(values: Floats, level: float) -> Coefficient:
    defined = values[np.isfinite(values)]
    total = defined.sum()
    without = (total - defined) / (defined.size - 1) if defined.size > 1 else np.full(1, np.nan)
    left_out = (
        f"left out: {counted(values.size - defined.size, 'rater')} with too few pairs"
        if defined.size < values.size
        else None
    )
    return with_interval(np.array([defined.mean(), *without]), level, "difference", left_out)


def correlation_without_noise(rdms: ArrayLike, models: ArrayLike, *, level: float = 0.95) -> tuple[Coefficient, ...]:
    """Pearson's correlation of each model with what raters share, the noise of single raters taken out.

    mean r(rater, model) / sqrt(mean r(rater, other rater)): with raters who see one thing and add noise of their own,
    the correlation of the model with that thing (Spearman 1904). What is a rater's own for good counts as noise.
    Intervals over raters are the jackknife's, for these clips; a quotient can exceed 1.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    models : (M, P) float

    Returns
    -------
    tuple of M Coefficient
        NaN with its reason where raters do not agree (a mean correlation not above 0), or there are fewer than two.
    """
    table, predictions = check_rdms(rdms), check_rdms(models, "models", row="model")
    with_models, between = similarity(table, predictions), similarity(table)
    # The data, and without each rater.
    kept = np.vstack([np.ones(len(table)), 1 - np.eye(len(table))])
    own = np.triu(np.isfinite(between), 1)
    pairs = np.einsum("kr,rs,ks->k", kept, own, kept, optimize=True)
    sums = np.einsum("kr,rs,ks->k", kept, np.where(own, between, 0.0), kept, optimize=True)
    agreed = np.where(pairs > 0, sums / np.maximum(pairs, 1), np.nan)
    here = np.isfinite(with_models)
    count = kept @ here
    means = np.where(count > 0, kept @ np.where(here, with_models, 0.0) / np.maximum(count, 1), np.nan)
    quotients = means / np.sqrt(np.where(agreed > 0, agreed, np.nan))[:, None]
    reason = "fewer than two raters" if len(table) < 2 else "the raters do not agree"
    return tuple(with_interval(column, level, "difference", undefined=reason) for column in quotients.T)
