"""Splitting the raters into halves, and leaving one out: correlations between pools of raters."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from analysis.arrangement import Floats
from analysis.pooling import standardise
from analysis.reliability.coefficients import CHUNK
from analysis.similarity import similarity


def splits(n_raters: int, max_splits: int, rng: np.random.Generator) -> Floats:
    """Halves of the raters as rows of zeros and ones, (K, R): all of them up to `max_splits`, else that many at random.

    Of an odd number of raters one half has one rater fewer.
    """
    half = n_raters // 2
    mirrored = n_raters % 2 == 0
    n_splits = comb(n_raters, half) // (2 if mirrored else 1)
    if n_splits > max_splits:
        return (rng.permuted(np.tile(np.arange(n_raters), (max_splits, 1)), axis=1) < half).astype(np.float64)
    # With equal halves the first rater stays in the first half, or each split would come twice.
    chosen = combinations(range(1, n_raters), half - 1) if mirrored else combinations(range(n_raters), half)
    rows = np.array([(0, *rest) if mirrored else rest for rest in chosen], dtype=np.int64)
    halves = np.zeros((n_splits, n_raters))
    np.put_along_axis(halves, rows, 1.0, axis=1)
    return halves


def half_correlations(rdms: Floats, halves: Floats) -> Floats:
    """Pearson r between the pools of the two halves, (K,), over the pairs that both halves saw; NaN where undefined."""
    scaled = standardise(rdms, "pearson")
    if np.isfinite(scaled).all():
        whole: Floats = split_half(similarity(rdms, method="pearson")[None], halves)[0]
        return whole
    here = np.isfinite(scaled).astype(np.float64)
    x = np.where(here > 0, scaled, 0.0)
    out = np.full(len(halves), np.nan)
    step = max(1, CHUNK // rdms.shape[1])
    for start in range(0, len(halves), step):
        one = halves[start : start + step]
        n_one, n_two = one @ here, (1 - one) @ here
        both = (n_one > 0) & (n_two > 0)
        a = np.where(both, one @ x / np.maximum(n_one, 1.0), 0.0)
        b = np.where(both, (1 - one) @ x / np.maximum(n_two, 1.0), 0.0)
        out[start : start + step] = _row_correlations(a, b, both)
    return out


def _row_correlations(a: Floats, b: Floats, here: NDArray[np.bool_]) -> Floats:
    n = here.sum(axis=1, keepdims=True)
    a = np.where(here, a - a.sum(axis=1, keepdims=True) / np.maximum(n, 1), 0.0)
    b = np.where(here, b - b.sum(axis=1, keepdims=True) / np.maximum(n, 1), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray(np.where((n[:, 0] > 2) & np.isfinite(r), r, np.nan), dtype=np.float64)


# Correlations between sums of z-scored vectors follow from the raters' correlations, whatever the number of pairs.


def split_half(agreement: Floats, halves: Floats) -> Floats:
    """Correlation between the sums of two halves, (B, K), for the (R, R) correlation matrices in `agreement`."""
    with_first = halves @ agreement
    first = (with_first * halves).sum(axis=-1)
    across = with_first.sum(axis=-1) - first
    second = agreement.sum(axis=(1, 2))[:, None] - first - 2 * across
    with np.errstate(divide="ignore", invalid="ignore"):
        r = across / np.sqrt(first * second)
    return np.where(np.isfinite(r), r, np.nan)


def with_the_others(agreement: Floats) -> Floats:
    """Correlation of each rater with the sum of the others, (B, R), for the correlation matrices in `agreement`."""
    diagonal = np.einsum("brr->br", agreement)
    across = agreement.sum(axis=2) - diagonal
    others = agreement.sum(axis=(1, 2))[:, None] - 2 * across - diagonal
    with np.errstate(divide="ignore", invalid="ignore"):
        r = across / np.sqrt(diagonal * others)
    return np.where(np.isfinite(r), r, np.nan)


def resampled_agreement(agreement: Floats, weights: Floats) -> Floats:
    """Correlation matrices of bootstrap samples of raters, (B, R, R).

    Two copies of a rater correlate as two different raters of that sample do on average, or the sample would look more
    reliable than any group of different raters; so does a pair of raters whose correlation is undefined.
    """
    n = len(agreement)
    members = np.repeat(np.tile(np.arange(n), len(weights)), weights.astype(np.int64).ravel()).reshape(len(weights), n)
    out = agreement[members[:, :, None], members[:, None, :]]
    out[members[:, :, None] == members[:, None, :]] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.isfinite(out).sum(axis=(1, 2))
        typical = np.nansum(out, axis=(1, 2)) / np.where(count > 0, count, np.nan)
    out = np.where(np.isfinite(out), out, typical[:, None, None])
    out[:, np.arange(n), np.arange(n)] = 1.0
    return out
