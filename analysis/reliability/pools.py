"""Correlations between pools of raters: halves, one rater and all the others, groups of any size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats, Ints
from ..pooling import standardise
from ..similarity import MIN_PAIRS

# Numbers in each array of one step of a chunked computation: small enough for a processor's cache.
CHUNK = 100_000
# Parts of the pairs; where there would be more, raters did not see the pairs in groups.
MAX_PARTS = 100


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
    return between(scaled_rows(rdms), one, two)


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the pairs, and the z-scored rows of the raters who saw any of them.

    `raters` (r,) are in rising order, `z` (r, p) is 0 for a missing pair, and `here` (r, p) 1 at those that are there.
    """

    raters: Ints
    z: Floats
    here: Floats


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """Raters' z-scored rows, ready to be pooled.

    Where no pair is missing, `agreement` holds the raters' correlations, (R, R), from which those of pools follow. Else
    it is None, and `parts` hold all pairs that anybody saw: sums over pairs are sums over parts, and raters who saw
    nothing of a part, as those of another set of clips, cost nothing there.
    """

    n_raters: int
    agreement: Floats | None
    parts: tuple[Part, ...] = ()


def scaled_rows(rdms: Floats) -> ScaledRows:
    """The raters' rows, ready to be pooled again and again."""
    scaled = standardise(rdms, "pearson")
    here = np.isfinite(scaled)
    if here.all():
        return ScaledRows(len(scaled), scaled @ scaled.T / scaled.shape[1])
    parts = []
    for raters, pairs in pairs_of_groups(here):
        own = here[np.ix_(raters, pairs)]
        z = np.where(own, scaled[np.ix_(raters, pairs)], 0.0)
        parts.append(Part(raters, z, own.astype(np.float64)))
    return ScaledRows(len(scaled), None, tuple(parts))


def pairs_of_groups(here: NDArray[np.bool_]) -> list[tuple[Ints, Ints]]:
    """The pairs that anybody saw, in parts that few raters saw: the raters (r,) and the pairs (p,) of each.

    Pairs go with others that nearly the same raters saw. Where that saves less than half of the work, all are one part.
    """
    seen = np.flatnonzero(here.any(axis=0))
    n_raters = len(here)
    whole = [(np.flatnonzero(here.any(axis=1)), seen)]
    patterns, pattern_of = np.unique(np.packbits(here[:, seen], axis=0), axis=1, return_inverse=True)
    who = np.unpackbits(patterns, axis=0, count=n_raters).T.astype(bool)
    sizes = who.sum(axis=1)
    group_of, unions = np.zeros(len(who), dtype=np.int64), np.zeros((0, n_raters), dtype=bool)
    for pattern in np.argsort(-sizes, kind="stable"):
        size, union = sizes[pattern], unions.sum(axis=1)
        shared = (unions & who[pattern]).sum(axis=1)
        fits = (2 * shared >= size) & ((union <= n_raters // 2) | (union <= 2 * size))
        if fits.any():
            group = int(np.argmin(np.where(fits, union - shared, n_raters)))
            unions[group] |= who[pattern]
        elif len(unions) < MAX_PARTS:
            group = len(unions)
            unions = np.vstack([unions, who[pattern]])
        else:
            return whole
        group_of[pattern] = group
    if len(unions) == 0:
        return []
    pairs = [seen[group_of[pattern_of.ravel()] == group] for group in range(len(unions))]
    work = sum(int(union.sum()) * part.size for union, part in zip(unions, pairs, strict=True))
    if 2 * work > n_raters * seen.size:
        return whole
    return [(np.flatnonzero(union), part) for union, part in zip(unions, pairs, strict=True)]


def between(rows: ScaledRows, one: Floats, two: Floats) -> Floats:
    """`between_pools` of rows that are scaled already."""
    if rows.agreement is not None:
        # The correlation of sums of z-scored vectors follows from the raters' correlations alone.
        first, second = one @ rows.agreement, two @ rows.agreement
        return ratio((first * two).sum(axis=1), (first * one).sum(axis=1), (second * two).sum(axis=1))
    sums = np.zeros((6, len(one)))
    for part in rows.parts:
        # Pools that differ in others alone are the same here.
        pools = np.hstack([one[:, part.raters], two[:, part.raters]])
        different, which = np.unique(np.packbits(pools > 0, axis=1), axis=0, return_inverse=True)
        pools = np.unpackbits(different, axis=1, count=pools.shape[1]).astype(np.float64)
        terms = np.empty((6, len(pools)))
        for chunk in in_chunks(len(pools), part.z.shape[1]):
            a, b = np.hsplit(pools[chunk], 2)
            terms[:, chunk] = moments(a @ part.z, a @ part.here, b @ part.z, b @ part.here)
        sums += terms[:, which.ravel()]
    return correlation(sums)


def in_chunks(n_rows: int, n_columns: int, largest: int = CHUNK) -> Iterator[slice]:
    """Parts of the rows, so that each with all its columns holds at most `largest` numbers."""
    step = max(1, largest // n_columns)
    for start in range(0, n_rows, step):
        yield slice(start, start + step)


def moments(sum_one: Floats, n_one: Floats, sum_two: Floats, n_two: Floats) -> Floats:
    """What the correlation of two pools follows from, (6, K): sums over their pairs, which may be taken part by part.

    Parameters
    ----------
    sum_one, n_one, sum_two, n_two : (K, P) float
        For each pair of clips the sum of a pool's z-scores, and the number of its raters who saw it.
    """
    both = (n_one > 0) & (n_two > 0)
    a = np.divide(sum_one, n_one, out=np.zeros(both.shape), where=both)
    b = np.divide(sum_two, n_two, out=np.zeros(both.shape), where=both)
    squares = [np.einsum("kp,kp->k", x, y) for x, y in ((a, b), (a, a), (b, b))]
    return np.array([both.sum(axis=1), a.sum(axis=1), b.sum(axis=1), *squares])


def correlation(sums: Floats) -> Floats:
    """Pearson r, (K,), out of `moments`; NaN with fewer than 3 pairs, or without variation."""
    n, a, b, ab, aa, bb = sums
    mean_a, mean_b = a / np.maximum(n, 1.0), b / np.maximum(n, 1.0)
    # z-scores have means near 0 over any pairs, so that nothing is lost by subtracting sums of squares.
    r = ratio(ab - n * mean_a * mean_b, aa - n * mean_a**2, bb - n * mean_b**2)
    return np.where(n >= MIN_PAIRS, r, np.nan)


def ratio(across: Floats, first: Floats, second: Floats) -> Floats:
    """The correlation of sums with these products; NaN where one of them does not vary."""
    defined = (first > 1e-12) & (second > 1e-12)
    return np.where(defined, across / np.sqrt(np.where(defined, first * second, 1.0)), np.nan)
