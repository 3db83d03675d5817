"""Which model explains the raters best: scores, the noise ceiling, and tests, by bootstrap over raters and items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..noise_ceiling import NoiseCeiling, noise_ceiling
from ..pooling import pool
from ..rdm import n_items_of, upper_triangle
from ..similarity import Method, check_rdms, similarity
from .adjust import Correction, adjust
from .bootstrap import Resample, bootstrap, corrected_variances
from .chunks import Progress
from .scores import prepare


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """M models against R raters.

    Attributes
    ----------
    names : tuple of M str
    method, resample : str
    by_rater : (R, M) float
        Similarity of each model to each rater.
    similarity : (M,) float
        Mean over raters.
    standard_error : (M,) float
        Corrected bootstrap standard error.
    interval : (M, 2) float
        Student's t interval of `similarity`.
    p_above_zero : (M,) float
        One-sided test of `similarity` > 0, adjusted over models.
    ceiling : NoiseCeiling
    p_below_ceiling : (M,) float
        One-sided test of `similarity` below the lower bound of the ceiling, paired over the same samples, adjusted over
        models. A model in or above the ceiling's band is not below it: the true model comes out significant in at most
        about alpha of studies (in fewer, since the lower bound lies below what it reaches).
    difference : (M, M) float
        similarity[i] - similarity[j].
    difference_error : (M, M) float
        Its corrected standard error, paired over the same samples.
    p_difference : (M, M) float
        Two-sided test of the difference, adjusted over pairs of models; NaN on the diagonal.
    share_best : (M,) float
        Share of the samples in which each model scores highest (copies that score the same share it); they add up to 1.
    degrees_of_freedom : int
    correction : str
    n_boot, n_defined : int
        Samples drawn, and those in which every model's score was defined; only these count.
    level : float
    """

    names: tuple[str, ...]
    method: str
    resample: str
    by_rater: Floats
    similarity: Floats
    standard_error: Floats
    interval: Floats
    p_above_zero: Floats
    ceiling: NoiseCeiling
    p_below_ceiling: Floats
    difference: Floats
    difference_error: Floats
    p_difference: Floats
    share_best: Floats
    degrees_of_freedom: int
    correction: str
    n_boot: int
    n_defined: int
    level: float


def compare_models(
    rdms: ArrayLike,
    models: ArrayLike,
    *,
    method: Method = "rho_a",
    names: Sequence[str] | None = None,
    resample: Resample = "both",
    n_boot: int = 1000,
    correction: Correction = "fdr",
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> ModelComparison:
    """Compare model RDMs with the raters' RDMs, and the models with each other.

    This is the dual bootstrap of Schütt et al. (2023): raters and items are resampled, separately and together, and the
    three variances are combined (`analysis.inference.bootstrap.corrected_variances`).

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; each rater is compared over the pairs it saw.
    models : (M, P) float
        Complete.
    method
        "rho_a" and "tau_a" do not favour models that predict ties, as categories do; "tau_a" takes far longer.
    names
        Of the models; "model 0", "model 1", ... when left out.
    resample
        "both" to speak about other raters and other items, "raters" for these items only, "items" for these raters.
        With "raters" the items are fixed, and so are chance likenesses of a model to what all raters share: 14 to 29 %
        of models that have nothing to do with the raters come out significant at .05. Use it to compare models on these
        very items, never to show that a model is related at all: for that "both", or `mantel`.
    n_boot
        Bootstrap samples.
    correction
        "fdr", "holm", "bonferroni" or "none", over the models, or over the pairs of models.
    level
        Coverage of the intervals.
    rng
        A generator seeded with 0 when left out. The same seed gives the same numbers wherever the work is done.
    n_jobs
        Processes on this machine; -1 for all cores.
    dask_address
        Address of a Dask scheduler that does the work instead.
    progress
        Called as progress(samples done, samples in all).

    Raises
    ------
    ValueError
        When shapes, names or options do not fit; when a model is constant or has a missing pair; when a rater is
        constant, or a value out of range (`check_rdms`); when raters are
        resampled but there is one only, or items but there are fewer than 4; when a model's similarity to every rater
        is undefined; or when more than half of the samples leave a score undefined.

    References
    ----------
    Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), Statistical inference on representational geometries, eLife 12,
    e82566. Nili et al. (2014), PLoS Computational Biology 10, e1003553.
    """
    table, predictions, labels = _checked(rdms, models, names)
    if np.isnan(pool(table, method)).all():
        raise ValueError("no rater's RDM varies")
    n_raters, n_items = len(table), n_items_of(table.shape[1])
    _check_options(resample, n_raters, n_items, n_boot=n_boot, level=level)
    rng = np.random.default_rng(0) if rng is None else rng

    by_rater = similarity(table, predictions, method=method)
    means = _means(by_rater, labels)
    _check_raters(table)
    ceiling = noise_ceiling(table, method=method)
    data = prepare(table, predictions, method)
    drawn = bootstrap(data, resample, n_boot, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    n_models = len(labels)
    dof = {"both": min(n_raters, n_items), "raters": n_raters, "items": n_items}[resample] - 1
    among_models, n_defined = _covariances(drawn[:, :n_models])
    if n_defined < max(2, n_boot / 2):
        raise ValueError(f"only {n_defined} of {n_boot} samples leave all scores defined: too few items or pairs")

    def error(contrasts: Floats, covariances: Floats) -> Floats:
        """Standard errors (C,) of contrasts (C, K) between scores with covariance matrices (S, K, K)."""
        variances = corrected_variances(covariances, contrasts, n_raters, n_items, resample)
        return np.asarray(np.sqrt(np.maximum(variances, 0.0)))

    each = np.eye(n_models)
    standard_error = error(each, among_models)
    reach = scipy.stats.t.ppf((1 + level) / 2, dof) * standard_error
    p_ceiling = np.full(n_models, np.nan)
    # A sample with copies of one rater only has models' scores but no lower ceiling: the samples are chosen apart.
    with_ceiling, n_with_ceiling = _covariances(drawn[:, : n_models + 1])
    if n_with_ceiling >= max(2, n_boot / 2):
        below = np.hstack([each, -np.ones((n_models, 1))])
        ratio = _ratio(means - ceiling.lower, error(below, with_ceiling))
        p_ceiling = adjust(np.asarray(scipy.stats.t.cdf(ratio, dof), dtype=np.float64), correction)
    i, j = upper_triangle(n_models)
    difference = means[:, None] - means[None]
    difference_error, p_difference = np.zeros((n_models, n_models)), np.full((n_models, n_models), np.nan)
    if i.size:
        errors = error(each[i] - each[j], among_models)
        difference_error[i, j] = difference_error[j, i] = errors
        p_pairs = adjust(_two_sided(difference[i, j], errors, dof), correction)
        p_difference[i, j] = p_difference[j, i] = p_pairs
    return ModelComparison(
        names=labels,
        method=method,
        resample=resample,
        by_rater=by_rater,
        similarity=means,
        standard_error=standard_error,
        interval=np.stack([means - reach, means + reach], axis=1),
        p_above_zero=adjust(scipy.stats.t.sf(_ratio(means, standard_error), dof), correction),
        ceiling=ceiling,
        p_below_ceiling=p_ceiling,
        difference=difference,
        difference_error=difference_error,
        p_difference=p_difference,
        share_best=_share_best(drawn[:, :n_models, 0]),
        degrees_of_freedom=dof,
        correction=correction,
        n_boot=n_boot,
        n_defined=n_defined,
        level=level,
    )


def _checked(rdms: ArrayLike, models: ArrayLike, names: Sequence[str] | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    table, predictions = check_rdms(rdms), check_rdms(models, "models", row="model")
    if table.shape[1] != predictions.shape[1]:
        raise ValueError(f"the raters' RDMs have {table.shape[1]} pairs, the models {predictions.shape[1]}")
    labels = tuple(f"model {m}" for m in range(len(predictions))) if names is None else tuple(names)
    if len(labels) != len(predictions) or len(set(labels)) != len(labels):
        raise ValueError(f"names must hold one different name for each of the {len(predictions)} models")
    for name, row in zip(labels, predictions, strict=True):
        if np.isnan(row).any():
            raise ValueError(f"{name} has {int(np.isnan(row).sum())} missing pairs; a model predicts all of them")
        if np.ptp(row) <= 1e-12 * np.abs(row).max():
            raise ValueError(f"{name} is constant: it predicts nothing")
    return table, predictions, labels


def _check_options(resample: str, n_raters: int, n_items: int, *, n_boot: int, level: float) -> None:
    if resample not in ("both", "raters", "items"):
        raise ValueError(f"resample must be both, raters or items, got {resample!r}")
    if n_boot < 2 or not 0 < level < 1:
        raise ValueError("n_boot must be at least 2, and level must lie between 0 and 1")
    if n_raters < 2 and resample != "items":
        raise ValueError("a single rater cannot be resampled: use resample='items'")
    if n_items < 4 and resample != "raters":
        raise ValueError(f"{n_items} items are too few to resample: use resample='raters'")


def _check_raters(table: Floats) -> None:
    """A constant rater would drop out of the means without a word, and of some measures only."""
    spread = np.nanmax(table, axis=1) - np.nanmin(table, axis=1)
    constant = np.flatnonzero(spread <= 1e-12 * np.nanmax(np.abs(table), axis=1))
    if constant.size:
        raise ValueError(f"rdms: rater {int(constant[0])} is constant and says nothing about any model; leave it out")


def _means(by_rater: Floats, names: tuple[str, ...]) -> Floats:
    defined = np.isfinite(by_rater)
    undefined = np.flatnonzero(~defined.any(axis=0))
    if undefined.size:
        raise ValueError(f"{names[undefined[0]]} has no defined similarity to any rater")
    return np.asarray(np.where(defined, by_rater, 0.0).sum(axis=0) / defined.sum(axis=0), dtype=np.float64)


def _covariances(drawn: Floats) -> tuple[Floats, int]:
    """Covariance matrices (S, K, K) of the scores over the samples that leave all of them defined, and how many do."""
    defined = np.isfinite(drawn).all(axis=(1, 2))
    kept = drawn[defined]
    centred = kept - kept.mean(axis=0) if len(kept) else kept
    products = np.einsum("bks,bls->skl", centred, centred, optimize=True)
    return np.asarray(products / max(len(kept) - 1, 1)), len(kept)


def _share_best(drawn: Floats) -> Floats:
    kept = drawn[np.isfinite(drawn).all(axis=1)]
    highest = kept >= kept.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((highest / highest.sum(axis=1, keepdims=True)).mean(axis=0), dtype=np.float64)


def _ratio(difference: Floats, error: Floats) -> Floats:
    """Differences over their errors; 0 where both are 0 to rounding, as for a model against its own copy."""
    same = error <= 1e-12
    value = difference / np.where(same, 1.0, error)
    certain = np.where(np.abs(difference) <= 1e-12, 0.0, np.copysign(np.inf, difference))
    return np.asarray(np.where(same, certain, value), dtype=np.float64)


def _two_sided(difference: Floats, error: Floats, dof: int) -> Floats:
    return np.asarray(2 * scipy.stats.t.sf(np.abs(_ratio(difference, error)), dof), dtype=np.float64)
