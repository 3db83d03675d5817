"""Reliability and accuracy of the group's RDM by number of raters, with a band for one study of that size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..similarity import similarity

# More raters than this are "more than this".
MAX_RATERS = 2000


@dataclass(frozen=True, eq=False)
class World:
    """One simulated group of S raters who share a truth: what the curves are made of.

    Attributes
    ----------
    pairwise : float
        Mean correlation of two raters' RDMs.
    with_truth : float
        Mean correlation of a rater's RDM with the truth.
    rater_variance, pair_variance : float
        Covariance of two correlations that share a rater, and variance of one: the variance of the mean of R raters'
        correlations is (4 (R - 2) rater_variance + 2 pair_variance) / (R (R - 1)) (Hoeffding 1948).
    own : (S,) float
        Each rater's mean correlation with the others, less `pairwise`.
    own_truth : (S,) float
        Each rater's correlation with the truth, less `with_truth`.
    """

    pairwise: float
    with_truth: float
    rater_variance: float
    pair_variance: float
    own: Floats
    own_truth: Floats


def world_of(rdms: ArrayLike, truth: ArrayLike) -> World:
    """What one simulated group says, from its RDMs (S, P), NaN = not seen, and the truth (P,); S at least 3.

    Raises
    ------
    ValueError
        When no two raters can be compared: they share too few pairs, or do not vary.
    """
    table = np.asarray(rdms, dtype=np.float64)
    between = similarity(table)
    np.fill_diagonal(between, np.nan)
    here = np.isfinite(between)
    to_truth = similarity(table, np.asarray(truth, dtype=np.float64))[:, 0]
    if not here.any() or not np.isfinite(to_truth).any():
        raise ValueError("the simulated raters share too few pairs of clips for their RDMs to be compared")
    mean, with_truth = float(between[here].mean()), float(np.nanmean(to_truth))
    away = np.where(here, between - mean, 0.0)
    # Sums over pairs of correlations that share a rater: (row sum)^2 less the squares themselves.
    shared = (away.sum(axis=1) ** 2 - (away**2).sum(axis=1)).sum()
    count = (here.sum(axis=1) ** 2 - here.sum(axis=1)).sum()
    pair_variance = float((away**2).sum() / here.sum())
    # A mean that was estimated from the same values lies too near to them; one correction is enough.
    rater_variance = max(float(shared / count), 0.0) if count else 0.0
    of_mean = variance_of_mean(len(table), rater_variance, pair_variance)
    rows = np.where(here.any(axis=1), away.sum(axis=1) / np.maximum(here.sum(axis=1), 1), 0.0)
    return World(
        mean,
        with_truth,
        rater_variance + of_mean,
        pair_variance + of_mean,
        rows,
        np.where(np.isfinite(to_truth), to_truth - with_truth, 0.0),
    )


def variance_of_mean(n_raters: int, rater_variance: float, pair_variance: float) -> float:
    """Variance of the mean correlation of all pairs of `n_raters` raters, at least 2."""
    return (4 * (n_raters - 2) * rater_variance + 2 * pair_variance) / (n_raters * (n_raters - 1))


@dataclass(frozen=True)
class Expected:
    """A figure expected of a study, and the band in which that of one study lies (at the curve's level)."""

    value: float
    low: float
    high: float


def raters_of_pair(n_raters: int, seen: float) -> float:
    """Harmonic mean number of raters behind a pair that was seen, where each sees a pair with chance `seen`."""
    if seen >= 1:
        return float(n_raters)
    k = np.arange(1, n_raters + 1)
    chance = scipy.stats.binom.pmf(k, n_raters, seen)
    total = float(chance.sum())
    # Where nobody sees anything the few who do are alone.
    return float(total / (chance / k).sum()) if total > 0 else 1.0


def expected_reliability(worlds: Sequence[World], n_raters: int, *, seen: float, level: float) -> Expected:
    """Reliability of the mean of R raters: the corrected split-half correlation that a study of R raters would find.

    Spearman-Brown, k r / (1 + (k - 1) r), r the mean correlation of two raters and k the raters behind a pair. The band
    holds the spread between truths and that between groups of R raters, on the scale of Fisher's z; where a group's r
    would be below 0 the reliability is 0.
    """
    k = raters_of_pair(n_raters, seen)
    middle, reach = _pairwise_spread(worlds, n_raters, level)
    values = [_spearman_brown(float(np.tanh(z)), k) for z in (middle, middle - reach, middle + reach)]
    return Expected(*values)


def expected_pairwise(worlds: Sequence[World], n_raters: int, *, level: float) -> Expected:
    """Mean correlation of two raters' RDMs in a study of R raters."""
    middle, reach = _pairwise_spread(worlds, n_raters, level)
    return Expected(*(float(np.tanh(z)) for z in (middle, middle - reach, middle + reach)))


def expected_accuracy(worlds: Sequence[World], n_raters: int, *, seen: float, level: float) -> Expected:
    """Correlation of the mean of R raters' RDMs with the truth: t sqrt(k) / sqrt(1 + (k - 1) r).

    t is the mean correlation of a rater with the truth, r and k as in `expected_reliability`.
    """
    k = raters_of_pair(n_raters, seen)
    accuracies, within = [], []
    for world in worlds:
        r = max(world.pairwise, 0.0)
        # A group's r and t are noisy, so that this can exceed 1: only the mean and its band are held below it.
        accuracy = float(world.with_truth * np.sqrt(k / (1 + (k - 1) * r)))
        accuracies.append(accuracy)
        # How far each rater moves the logarithm of the accuracy; t and r move together, which keeps the sum small.
        moved = world.own_truth / world.with_truth - (k - 1) / (1 + (k - 1) * r) * world.own
        within.append(float(np.var(moved, ddof=1)) * accuracy**2)
    each = float(np.mean(within))
    middle, reach = prediction(np.array(accuracies), each / n_raters, level, already=each / len(worlds[0].own))
    return Expected(*(min(max(value, -1.0), 1.0) for value in (middle, middle - reach, middle + reach)))


@dataclass(frozen=True)
class Needed:
    """Raters needed for a reliability; None where more than `MAX_RATERS` would be.

    `low` raters reach it if all goes well, `high` raters reach it in all but few studies: the ends of the band.
    """

    value: int | None
    low: int | None
    high: int | None


def raters_for(worlds: Sequence[World], target: float, *, seen: float, level: float) -> Needed:
    """The least numbers of raters at which the expected reliability, and the ends of its band, reach the target.

    Raises
    ------
    ValueError
        When the target does not lie between 0 and 1.
    """
    if not 0 < target < 1:
        raise ValueError(f"the wanted reliability must lie between 0 and 1, got {target}")

    def least(end: str) -> int | None:
        """Found by halving: each end rises with the number of raters."""

        def reached(n: int) -> bool:
            """Whether this end is at the target with n raters."""
            return bool(getattr(expected_reliability(worlds, n, seen=seen, level=level), end) >= target)

        if not reached(MAX_RATERS):
            return None
        below, enough = 1, MAX_RATERS
        while enough - below > 1:
            middle = (below + enough) // 2
            below, enough = (below, middle) if reached(middle) else (middle, enough)
        return enough

    return Needed(least("value"), least("high"), least("low"))


def _pairwise_spread(worlds: Sequence[World], n_raters: int, level: float) -> tuple[float, float]:
    """Mean over worlds of Fisher's z of the mean correlation, and how far away that of R raters may lie."""
    r = np.array([world.pairwise for world in worlds])
    rater, pair = (float(np.mean([getattr(world, name) for world in worlds])) for name in _VARIANCES)
    slope = 1 / (1 - float(np.mean(r)) ** 2)
    own = variance_of_mean(len(worlds[0].own), rater, pair) * slope**2
    return prediction(np.arctanh(r), variance_of_mean(n_raters, rater, pair) * slope**2, level, already=own)


_VARIANCES = ("rater_variance", "pair_variance")


def prediction(accuracies: Floats, within: float, level: float, *, already: float = 0.0) -> tuple[float, float]:
    """The mean over worlds (W,), and Student's reach around it for a new world with variance `within` of its own.

    `already` is the part of the spread between the worlds that comes from how many raters each has.
    """
    n = len(accuracies)
    between = float(np.var(accuracies, ddof=1))
    variance = max(between - already, 0.0) + between / n + within
    return float(np.mean(accuracies)), float(scipy.stats.t.ppf((1 + level) / 2, n - 1) * np.sqrt(variance))


def _spearman_brown(r: float, k: float) -> float:
    return k * r / (1 + (k - 1) * r) if r > 0 else 0.0
