"""What follows from the scores of bootstrap samples: intervals of models' scores, tests, and which is best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from ..arrangement import Floats
from ..noise_ceiling import NoiseCeiling
from ..rdm import upper_triangle
from ..similarity import Method
from .adjust import Correction, adjust
from .bootstrap import Resample, corrected_variances


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


def conclusions(
    labels: tuple[str, ...],
    method: Method,
    resample: Resample,
    by_rater: Floats,
    means: Floats,
    ceiling: NoiseCeiling,
    drawn: Floats,
    *,
    n_raters: int,
    n_items: int,
    correction: Correction,
    level: float,
) -> ModelComparison:
    """What follows for M models from their `means` (M,) and the scores of bootstrap samples.

    `drawn` is as `bootstrap` gives it, (B, M + 1 or more, S) with the lower ceiling after the models; of M columns it
    has none.

    Raises
    ------
    ValueError
        When more than half of the samples leave a score undefined.
    """
    n_models, n_boot = len(labels), len(drawn)
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
    if drawn.shape[1] > n_models and n_with_ceiling >= max(2, n_boot / 2):
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
