"""How far an RDM may be from the participant's own dissimilarities: standard errors, and correlation with the truth.

Resampling trials cannot say it: an arrangement in the plane distorts dissimilarities in the same way each time, and a
model shrinks them in the same way each time. So whole participants are simulated who have an RDM like the estimated one
and place the same sets of items, and the same estimator is run on them; how far it is from their RDM is then known.

What such participants must be like is found from the data: three summaries of a session (how much trials disagree about
a pair, how spread out the estimated dissimilarities are, and how much the average departs from the fitted model) depend
on three properties of a participant (noise of the hand, spread of the true dissimilarities, and their part that no
low-dimensional model holds). First the properties are moved until simulated sessions have the summaries of the real one
(indirect inference: Gourieroux, Monfort & Renault 1993); then participants are drawn around them, and errors and
correlations regressed on the summaries to the real session's (approximate Bayesian computation with regression
adjustment: Beaumont, Zhang & Balding 2002). So uncertainty about the properties themselves is in the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from analysis.arrangement import Arrangement, Floats
from analysis.estimators.latent import DESIGN_MAX_ITER, LatentFit, fit_latent
from analysis.estimators.stress import Batch, batches_by_size, differences
from analysis.estimators.trials import Trials, pair_components, usable_trials
from analysis.rdm import scale_to_rms

MIN_ITEMS = 12
MIN_TRIALS = 5
PILOT_ROUNDS = 8
PILOT_DRAWS = 4
DRAWS = 60
LAYOUT_STEPS = 60
LEVEL = 0.95
# Simulated participants' own part is unstructured, which no real one's is: a model catches less of it, and their
# squared errors came out larger than those of sessions with known truths, by 1 / 0.8 over six kinds of truth.
STRUCTURED = 0.8
# The same for the squared ratio of error to signal in the correlation with the truth, and the sd of Fisher's z that is
# left: how the simulated participants differ from those of any one kind of truth. Both were found in 324 participants
# (six truths, 20 and 40 items, two designs); docs/benchmarks/coverage.md has the coverage in others.
STRUCTURED_R = 0.71
BETWEEN_TRUTHS = 0.09
# Spread of the draws around the pilot's noise and spread (sd of the logarithm).
NOISE_JITTER = 0.1
SPREAD_JITTER = 0.15
# Weight of the mean over pairs in each pair's squared error, in draws.
SHRINKAGE = 10
# Noise of the hand beyond which intervals hold the truth too seldom.
LOUDEST = 0.165
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


class Participant(NamedTuple):
    """Properties of simulated participants: sd of a coordinate in a layout of extent 1; factor on the estimated
    dissimilarities' departures from their mean; sd, at RMS 1, of what is added to each dissimilarity at random."""

    noise: float
    spread: float
    own: float


class Refusal(NamedTuple):
    """Why no interval is given: a sentence for whoever reads the results."""

    reason: str


def uncertainty(
    trials: Trials, estimator: Estimator, *, slow: Estimator | None = None, rng: np.random.Generator
) -> Uncertainty | Refusal:
    """Standard errors and the correlation with the truth for one participant's estimate.

    `estimator` is run on each simulated session. Where it only stands in for a slow one, that is run on a few of the
    sessions beside it, and the errors and correlations are corrected by the mean difference.

    A refusal is returned where the intervals are not known to hold: fewer than 12 items, fewer than 5 trials,
    few pairs in two trials, trials without a common scale, or a hand noisier than LOUDEST.
    """
    reason = too_little(trials)
    if reason is not None:
        return Refusal(reason)
    batches = batches_by_size(trials)
    observed = fit_latent(trials, max_iter=DESIGN_MAX_ITER)
    model = scale_to_rms(observed.rdm)
    target = summaries(trials, observed)

    participant = _pilot(trials, batches, model, target, rng)
    if participant.noise > LOUDEST:
        return Refusal(
            f"repeated pairs differ as if placed with a noise of {participant.noise:.2f} of the arrangement's extent; "
            f"intervals are known to hold up to {LOUDEST}"
        )
    rows, errors, correlations, corrections = [], [], [], []
    for number in range(DRAWS):
        drawn = Participant(
            noise=participant.noise * np.exp(NOISE_JITTER * rng.normal()),
            spread=participant.spread * np.exp(SPREAD_JITTER * rng.normal()),
            own=rng.uniform(0.5, 1.5) * participant.own,
        )
        truth = _truth(model, drawn, rng)
        simulated = _session(trials, batches, truth, drawn.noise, rng)
        fit = fit_latent(simulated, max_iter=DESIGN_MAX_ITER)
        squared, z = _error(estimator(simulated, fit), truth)
        rows.append(summaries(simulated, fit) - target)
        errors.append(squared)
        correlations.append(z)
        if slow is not None and number % SLOW_EVERY == 0:
            slow_squared, slow_z = _error(slow(simulated, fit), truth)
            corrections.append((np.log(np.nanmean(slow_squared) / np.nanmean(squared)), slow_z - z))
    per_pair = np.mean(errors, axis=0)
    pattern = (DRAWS * per_pair / np.nanmean(per_pair) + SHRINKAGE) / (DRAWS + SHRINKAGE)
    more_error, more_z = np.mean(corrections, axis=0) if corrections else (0.0, 0.0)
    size, _ = _at_target(np.array(rows), np.log(np.nanmean(errors, axis=1)))
    centre, half = _at_target(np.array(rows), np.array(correlations))
    # The ratio of signal to noise, r / sqrt(1 - r**2), is sinh(z).
    centre = float(np.arcsinh(np.sinh(centre + more_z) / np.sqrt(STRUCTURED_R)))
    half = float(np.hypot(half, ndtri((1 + LEVEL) / 2) * BETWEEN_TRUTHS))
    return Uncertainty(
        standard_error=np.sqrt(STRUCTURED * np.exp(size + more_error) * pattern),
        correlation_with_truth=Interval(*(float(np.tanh(z)) for z in (centre, centre - half, centre + half))),
    )


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


def _error(found: Floats, truth: Floats) -> tuple[Floats, float]:
    """Squared differences of `found` (P,), NaN where missing, from `truth` at the same scale; Fisher's z of their r."""
    present = np.isfinite(found)
    squared = (scale_to_rms(found) - scale_to_rms(np.where(present, truth, np.nan))) ** 2
    return squared, float(np.arctanh(min(np.corrcoef(found[present], truth[present])[0, 1], 0.99999)))


def summaries(trials: Trials, fit: LatentFit) -> Floats:
    """What tells a participant's noise, spread and unmodelled part: logarithms of three figures, (3,).

    The variance between trials of the same pair; the standard deviation of the fitted dissimilarities over their mean;
    the mean square of average minus fit, weighted by precision.
    """
    average = fit.average
    aligned = trials.relative_distance() / average.scale[trials.trial]
    times = trials.seen()
    mean = np.bincount(trials.pair, aligned, times.size) / np.maximum(times, 1)
    again = times[trials.pair] > 1
    apart = (aligned - mean[trials.pair])[again]
    scatter = apart @ apart / np.sum(1 - 1 / times[trials.pair[again]])
    seen = times > 0
    precision = average.precision[seen]
    misfit = precision @ (average.rdm - fit.rdm)[seen] ** 2 / precision.sum()
    return np.log(np.maximum([scatter, fit.rdm.std() / fit.rdm.mean(), misfit], 1e-12))


def _pilot(
    trials: Trials, batches: list[Batch], model: Floats, target: Floats, rng: np.random.Generator
) -> Participant:
    """The participant whose sessions have the summaries `target`: mean of the later half of a bounded search."""
    noise, spread, own_variance = 0.1, 1.0, 0.01
    path = []
    for _ in range(PILOT_ROUNDS):
        found = []
        for _ in range(PILOT_DRAWS):
            participant = Participant(noise, spread, np.sqrt(own_variance))
            simulated = _session(trials, batches, _truth(model, participant, rng), noise, rng)
            found.append(summaries(simulated, fit_latent(simulated, max_iter=DESIGN_MAX_ITER)))
        scatter, width, _ = target - np.mean(found, axis=0)
        # A participant's own part adds to the misfit nearly what its variance is.
        missing = np.exp(target[2]) - np.mean(np.exp([row[2] for row in found]))
        noise = float(np.clip(noise * np.exp(scatter / 2), 0.01, 0.4))
        spread = float(np.clip(spread * np.exp(width), 0.1, 1.5))
        own_variance = float(np.clip(own_variance + missing, 1e-4, 0.1))
        path.append((noise, spread, own_variance))
    noise, spread, own_variance = np.mean(path[PILOT_ROUNDS // 2 :], axis=0)
    return Participant(noise, spread, np.sqrt(own_variance))


def _truth(model: Floats, participant: Participant, rng: np.random.Generator) -> Floats:
    """A participant's dissimilarities, (P,), RMS 1: like the model's, but for their spread and a part of their own."""
    mean = model.mean()
    truth = mean + participant.spread * (model - mean) + participant.own * rng.normal(size=model.size)
    return scale_to_rms(np.maximum(truth, 0.02))


def _session(trials: Trials, batches: list[Batch], truth: Floats, noise: float, rng: np.random.Generator) -> Trials:
    """The same sets of items placed by a participant with the dissimilarities `truth` (P,).

    The layouts are minima of stress near the real ones, with noise; each trial has the extent of the real one, so that
    the evidence of its pairs stays what it was.
    """
    placed: dict[int, Arrangement] = {}
    for batch in batches:
        x, y = batch.predict(truth, LAYOUT_STEPS)
        extent = differences(x, y)[2].max(axis=1)
        positions = np.stack([x, y], axis=-1) / extent[:, None, None]
        positions += noise * rng.normal(size=positions.shape)
        for number, layout in zip(batch.numbers, positions, strict=True):
            items = trials.arrangements[number].items
            drawn = Arrangement(items, layout)
            factor = trials.extent[number] / drawn.distances().max()
            placed[int(number)] = Arrangement(items, layout * factor)
    return usable_trials([placed[number] for number in range(len(placed))], trials.n_items)


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
