"""How far an RDM may be from the participant's own dissimilarities: standard errors, and correlation with the truth.

Resampling trials cannot say it: an arrangement in the plane distorts dissimilarities in the same way each time, and a
model shrinks them in the same way each time. So whole participants are simulated who have an RDM like the estimated one
and place the same sets of items, and the same estimator is run on them; how far it is from their RDM is then known.

What such participants must be like is found from the data (`simulated_participants`). Participants are drawn around
that, and errors and correlations regressed on their sessions' summaries to the real session's (approximate Bayesian
computation with regression adjustment: Beaumont, Zhang & Balding 2002). So uncertainty about their properties is in the
result.

Two things that simulation cannot know are added. Planar arrangements hide a part of some kinds of dissimilarities:
trees and arcs have the layouts of other, simpler dissimilarities. So the lower end of the correlation allows for a
hidden part, and for a larger one where trials are too small to show that they follow two strategies. And a session
that is not like the simulated ones gets no interval, but the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from ..arrangement import Floats
from ..rdm import scale_to_rms
from .latent import DESIGN_MAX_ITER, LatentFit, fit_latent
from .simulated_participants import (
    SHARED_PAIRS,
    Participant,
    contradiction,
    pilot,
    session_like,
    shared_pairs,
    summaries,
    truth_like,
)
from .stress import batches_by_size
from .trials import Trials, pair_components

MIN_ITEMS = 12
MIN_TRIALS = 5
DRAWS = 60
LEVEL = 0.95
# The constants below were set on 183 participants of ten kinds of truth (docs/benchmarks/coverage.md), none of them a
# city block or made of features: these two were kept to test what came out.
#
# The sd of what planar arrangements may hide of the true dissimilarities, at RMS 1: from nothing to this. The second
# value is for trials too small to tell whether somebody follows two strategies: where less than this share of the
# pairs of trials can be compared.
HIDDEN = 0.16
HIDDEN_UNTESTED = 0.34
TESTED_SHARE = 0.5
# How much more or less a kind of truth is recovered than what is simulated, in Fisher's z: the middle, and the sds
# below it and above it. Below, most is in the hidden part.
SHIFT = 0.05
BELOW = 0.1
ABOVE = 0.25
# Squared errors are as simulated where true dissimilarities have this sd at RMS 1 or more. Where all are nearly equal
# (a tree, many dimensions) they are larger, in proportion, up to a bound.
TYPICAL_SPREAD = 0.38
MAX_FACTOR = 3.0
# A session is unlike the simulated ones when a summary lies so many of their sds from their mean, or its trials depart
# from the fit alike or oppositely (`contradiction`) by so many.
UNLIKE = 2.0
CONTRADICTORY = 3.0
# Spread of the draws around the pilot's noise and spread (sd of the logarithm).
NOISE_JITTER = 0.1
SPREAD_JITTER = 0.15
# Weight of the mean over pairs in each pair's squared error, in draws.
SHRINKAGE = 10
# Noise of the hand beyond which intervals hold the truth too seldom, and below which nothing was tried.
MAX_NOISE = 0.165
MIN_NOISE = 0.03
# One in so many sessions is also estimated by a slow method that a quicker one stands in for.
SLOW_EVERY = 6


class Interval(NamedTuple):
    """A value with its 95 % interval."""

    value: float
    lower: float
    upper: float


# Takes trials and their latent fit; returns the RDM (P,), NaN where it has none.
Estimator = Callable[[Trials, LatentFit], Floats]


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """`standard_error` (P,) of the estimate at RMS 1 over its pairs; its Pearson correlation with the truth."""

    standard_error: Floats
    correlation_with_truth: Interval


class Refusal(NamedTuple):
    """Why no interval is given: a sentence for whoever reads the results."""

    reason: str


def uncertainty(
    trials: Trials, estimator: Estimator, *, slow: Estimator | None = None, rng: np.random.Generator
) -> Uncertainty | Refusal:
    """Standard errors and the correlation with the truth for one participant's estimate.

    `estimator` is run on each simulated session. Where it only stands in for a slow one, that is run on a few of the
    sessions beside it, and the errors and correlations are corrected by the mean difference.

    A refusal is returned where the intervals are not known to hold: fewer than 12 items, fewer than 5 trials, few pairs
    in two trials, trials without a common scale, a hand noisier than MAX_NOISE or steadier than MIN_NOISE, and trials
    that are not like those of any simulated participant.
    """
    reason = too_little(trials)
    if reason is not None:
        return Refusal(reason)
    batches = batches_by_size(trials)
    observed = fit_latent(trials, max_iter=DESIGN_MAX_ITER)
    model = scale_to_rms(observed.rdm)
    target = summaries(trials, observed)
    participant = pilot(trials, batches, model, target, rng)
    reason = noise_out_of_range(participant.noise)
    if reason is not None:
        return Refusal(reason)
    rows, opposed, errors, correlations, spreads, corrections = [], [], [], [], [], []
    for number in range(DRAWS):
        drawn = Participant(
            noise=participant.noise * np.exp(NOISE_JITTER * rng.normal()),
            spread=participant.spread * np.exp(SPREAD_JITTER * rng.normal()),
            own=rng.uniform(0.5, 1.5) * participant.own,
        )
        truth = truth_like(model, drawn, rng)
        simulated = session_like(trials, batches, truth, drawn.noise, rng)
        fit = fit_latent(simulated, max_iter=DESIGN_MAX_ITER)
        squared, z = _error(estimator(simulated, fit), truth)
        rows.append(summaries(simulated, fit) - target)
        opposed.append(contradiction(simulated, fit))
        errors.append(squared)
        correlations.append(z)
        spreads.append(truth.std())
        if slow is not None and number % SLOW_EVERY == 0:
            slow_squared, slow_z = _error(slow(simulated, fit), truth)
            corrections.append((np.log(np.nanmean(slow_squared) / np.nanmean(squared)), slow_z - z))
    reason = unlike(np.array(rows), np.array(opposed) - contradiction(trials, observed))
    if reason is not None:
        return Refusal(reason)
    per_pair = np.mean(errors, axis=0)
    pattern = (DRAWS * per_pair / np.nanmean(per_pair) + SHRINKAGE) / (DRAWS + SHRINKAGE)
    more_error, more_z = np.mean(corrections, axis=0) if corrections else (0.0, 0.0)
    size, _ = _at_target(np.array(rows), np.log(np.nanmean(errors, axis=1)))
    centre, half = _at_target(np.array(rows), np.array(correlations))
    spread = float(np.mean(spreads))
    factor = np.clip(TYPICAL_SPREAD / spread, 1.0, MAX_FACTOR)
    tested = np.mean(shared_pairs(trials) >= SHARED_PAIRS) >= TESTED_SHARE
    hidden = (HIDDEN if tested else HIDDEN_UNTESTED) / spread
    return Uncertainty(
        standard_error=np.sqrt(factor * np.exp(size + more_error) * pattern),
        correlation_with_truth=_correlation(centre + more_z + SHIFT, half, hidden),
    )


def _correlation(centre: float, half: float, hidden: float) -> Interval:
    """The correlation with the truth from its simulated Fisher's z, the half-width of that, and the sd of what may be
    hidden over that of the truths."""
    reach = ndtri((1 + LEVEL) / 2)
    lowest = np.tanh(centre - np.hypot(half, reach * BELOW))
    # What is hidden is unrelated to the estimate, and part of the truth's variance.
    lower = min(lowest, lowest / np.hypot(1, hidden))
    upper = np.tanh(centre + np.hypot(half, reach * ABOVE))
    return Interval(float(np.tanh(centre)), float(lower), float(upper))


def too_little(trials: Trials) -> str | None:
    """What the trials lack for intervals that are known to hold; None when they lack nothing."""
    if trials.n_items < MIN_ITEMS:
        return f"{trials.n_items} items; intervals are known to hold from {MIN_ITEMS} items"
    if trials.sizes.size < MIN_TRIALS:
        return f"{trials.sizes.size} usable trials; intervals are known to hold from {MIN_TRIALS}"
    if pair_components(trials).max() > 0:
        return "the trials fall into groups that share no pair, so their dissimilarities have no common scale"
    repeated = int((trials.seen()[trials.pair] > 1).sum())
    if repeated < MIN_TRIALS * 3:
        return f"{repeated} placements of pairs that are in several trials; noise needs {MIN_TRIALS * 3} to be known"
    return None


def noise_out_of_range(noise: float) -> str | None:
    """Why a noise of the hand is not one that intervals were tried with; None when it is."""
    if MIN_NOISE <= noise <= MAX_NOISE:
        return None
    return (
        f"repeated pairs differ as if placed with a noise of {noise:.2f} of the arrangement's extent; "
        f"intervals are known to hold from {MIN_NOISE} to {MAX_NOISE}"
    )


def unlike(rows: Floats, opposed: Floats) -> str | None:
    """How the trials differ from all simulated ones; None when they do not.

    `rows` (K, 3) and `opposed` (K,) are the simulated sessions' summaries and contradictions, less the real one's.
    """
    away = np.abs(rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-12)
    if away.max() > UNLIKE:
        what = ("disagreement between trials", "spread of the dissimilarities", "misfit of the model")[away.argmax()]
        return f"no simulated participant's trials are like these in the {what}, so their errors say nothing here"
    if -opposed.mean() > CONTRADICTORY * max(opposed.std(), 0.05):
        return "trials contradict each other more than noise explains: perhaps they followed several strategies"
    return None


def _error(rdm: Floats, truth: Floats) -> tuple[Floats, float]:
    """Squared differences of `rdm` (P,), NaN where missing, from `truth` at the same scale; Fisher's z of their r."""
    present = np.isfinite(rdm)
    squared = (scale_to_rms(rdm) - scale_to_rms(np.where(present, truth, np.nan))) ** 2
    return squared, float(np.arctanh(min(np.corrcoef(rdm[present], truth[present])[0, 1], 0.99999)))


def _at_target(differences_to_target: Floats, values: Floats) -> tuple[float, float]:
    """Prediction of `values` (K,) where the summaries' differences to the target (K, 3) are 0, and the half-width of
    its 95 % interval, by linear regression."""
    n_draws, n_summaries = differences_to_target.shape
    design = np.column_stack([np.ones(n_draws), differences_to_target])
    coefficients, *_ = np.linalg.lstsq(design, values)
    freedom = n_draws - n_summaries - 1
    variance = np.sum((values - design @ coefficients) ** 2) / freedom
    leverage = np.linalg.pinv(design.T @ design)[0, 0]
    return float(coefficients[0]), float(stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(variance * (1 + leverage)))
