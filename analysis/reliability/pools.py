"""Correlations between pools of raters: halves, one rater and all the others, groups of any size."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from ..arrangement import Floats
from ..pooling import standardise
from ..similarity import MIN_PAIRS

# Numbers in each array of one step of a chunked computation: small enough for a processor's cache.
CHUNK = 100_000


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


def between_pools(rdms: Floats, one: Floats, two: Floats) -> Floats:
    """Pearson r between two pools of raters, (K,), over the pairs of clips that both pools saw.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    one, two : (K, R) float
        Row k has ones at the raters of the k-th pool, zeros elsewhere.

    Returns
    -------
    (K,) float
        NaN where the pools share fewer than 3 pairs, or one of them does not vary over these.
    """
    scaled = standardise(rdms, "pearson")
    if np.isfinite(scaled).all():
        # The correlation of sums of z-scored vectors follows from the raters' correlations alone.
        agreement = scaled @ scaled.T / scaled.shape[1]
        first, second = one @ agreement, two @ agreement
        return _ratio((first * two).sum(axis=1), (first * one).sum(axis=1), (second * two).sum(axis=1))
    here = np.isfinite(scaled).astype(np.float64)
    z = np.where(here > 0, scaled, 0.0)
    out = np.full(len(one), np.nan)
    step = max(1, CHUNK // scaled.shape[1])
    for start in range(0, len(one), step):
        part = slice(start, start + step)
        n_one, n_two = one[part] @ here, two[part] @ here
        both = (n_one * n_two > 0).astype(np.float64)
        a, b = one[part] @ z, two[part] @ z
        a *= both / np.maximum(n_one, 1.0)
        b *= both / np.maximum(n_two, 1.0)
        n = both.sum(axis=1)
        mean_a, mean_b = a.sum(axis=1) / np.maximum(n, 1.0), b.sum(axis=1) / np.maximum(n, 1.0)
        # z-scores have means near 0 over any pairs, so that nothing is lost by subtracting sums of squares.
        r = _ratio(
            np.einsum("kp,kp->k", a, b) - n * mean_a * mean_b,
            np.einsum("kp,kp->k", a, a) - n * mean_a**2,
            np.einsum("kp,kp->k", b, b) - n * mean_b**2,
        )
        out[part] = np.where(n >= MIN_PAIRS, r, np.nan)
    return out


def _ratio(across: Floats, first: Floats, second: Floats) -> Floats:
    defined = (first > 1e-12) & (second > 1e-12)
    return np.where(defined, across / np.sqrt(np.where(defined, first * second, 1.0)), np.nan)
