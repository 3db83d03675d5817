"""Coefficients of agreement as functions of which raters count, so that one formula serves the data and the jackknife.

`weights` is always (B, R): row b has a one for each rater of the b-th group, and a zero for each who is left out.
"""

from __future__ import annotations

import numpy as np

from ..arrangement import Floats
from ..similarity import ranks
from .pools import CHUNK


def mean_over_pairs(values: Floats, weights: Floats) -> Floats:
    """Mean of a symmetric (R, R) table over the pairs of different raters, (B,); NaN entries are left out."""
    off_diagonal = values.copy()
    np.fill_diagonal(off_diagonal, np.nan)
    defined = np.isfinite(off_diagonal)
    total = np.einsum("br,rs,bs->b", weights, np.where(defined, off_diagonal, 0.0), weights, optimize=True)
    count = np.einsum("br,rs,bs->b", weights, defined.astype(np.float64), weights, optimize=True)
    return np.where(count > 0, total / np.maximum(count, 1.0), np.nan)


def variance_ratios(rdms: Floats, weights: Floats, k: float | Floats) -> dict[str, Floats]:
    """Cronbach's alpha, ICC(2,1), ICC(2,k), ICC(3,k), Kendall's W, each (B,), for a mean of `k` raters, one or (B,)."""
    here = np.isfinite(rdms).astype(np.float64)
    shared = here @ here.T
    variance, covariance, means = _moments(rdms, here, shared)
    v, c = _mean(variance, weights), mean_over_pairs(covariance, weights)
    m, n = mean_over_pairs(means, weights), mean_over_pairs(np.where(shared > 1, shared, np.nan), weights)
    rank_variance, rank_covariance, _ = _moments(ranks(rdms) / here.sum(axis=1, keepdims=True), here, shared)
    w, d = _mean(rank_variance, weights), mean_over_pairs(rank_covariance, weights)
    # The variance of the raters' sum. Where they cancel each other out, what is left of it is rounding error.
    total = v + (k - 1) * c
    total = np.where(total > 1e-9 * v, total, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = k * c / total
        ratios = {
            "cronbach_alpha": alpha,
            "icc_2_1": c / (v + m - (v - c) / n),
            "icc_2_k": k * c / (total + m - (v - c) / n),
            "icc_3_k": alpha,
            "kendall_w": (w + (k - 1) * d) / (k * w),
        }
    return {name: np.where(np.isfinite(value), value, np.nan) for name, value in ratios.items()}


def _moments(rdms: Floats, here: Floats, shared: Floats) -> tuple[Floats, Floats, Floats]:
    """Variance of each row (R,), covariance of two rows and half the squared difference of their means (R, R).

    The last two are over the pairs that both rows hold; NaN where they hold fewer than two in common.
    """
    x = np.where(here > 0, rdms - np.nanmean(rdms), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(shared > 1, (x @ here.T) / shared, np.nan)
        covariance = np.where(shared > 1, (x @ x.T - shared * mean * mean.T) / (shared - 1), np.nan)
        variance = np.diag(covariance).copy()
    return variance, covariance, (mean - mean.T) ** 2 / 2


def _mean(values: Floats, weights: Floats) -> Floats:
    defined = np.isfinite(values)
    count = weights @ defined
    return np.where(count > 0, weights @ np.where(defined, values, 0.0) / np.maximum(count, 1.0), np.nan)


def krippendorff_alpha(rdms: Floats, weights: Floats) -> Floats:
    """Krippendorff's alpha with the interval metric, (B,): 1 - observed / expected squared difference.

    Each pair of clips is a unit; it counts by its number of ratings, and not at all when fewer than two raters saw it.
    """
    here = np.isfinite(rdms).astype(np.float64)
    x = np.where(here > 0, rdms - np.nanmean(rdms), 0.0)
    alpha = np.full(len(weights), np.nan)
    step = max(1, CHUNK // rdms.shape[1])
    for start in range(0, len(weights), step):
        w = weights[start : start + step]
        ratings, total, square = w @ here, w @ x, w @ (x * x)
        pairings = ratings**2 - ratings
        used = pairings > 0
        ratings, total, square = (np.where(used, part, 0.0) for part in (ratings, total, square))
        within = 2 * (ratings * square - total**2) / np.where(used, pairings, 1.0)
        n = ratings.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            observed = (ratings * within).sum(axis=1) / n
            expected = 2 * (n * square.sum(axis=1) - total.sum(axis=1) ** 2) / (n * (n - 1))
            alpha[start : start + step] = np.where(expected > 0, 1 - observed / expected, np.nan)
    return alpha
