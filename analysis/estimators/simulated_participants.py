"""Participants who are like a real one: known dissimilarities, placed in the same sets of items.

What they must be like is found from the data: three summaries of a session (how much trials disagree about a pair, how
spread out the estimated dissimilarities are, and how much the average departs from the fitted model) depend on three
properties of a participant (noise of the hand, spread of the true dissimilarities, and their part that no
low-dimensional model holds). The properties are moved until simulated sessions have the summaries of the real one
(indirect inference: Gourieroux, Monfort & Renault 1993).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ..arrangement import Arrangement, Floats
from ..rdm import n_pairs, scale_to_rms, upper_triangle
from .latent import DESIGN_MAX_ITER, LatentFit, fit_latent
from .stress import Batch, differences
from .trials import Trials, usable_trials

PILOT_ROUNDS = 8
PILOT_DRAWS = 4
LAYOUT_STEPS = 60
# Two trials are compared where they share so many pairs.
SHARED_PAIRS = 6


class Participant(NamedTuple):
    """Properties of simulated participants: sd of a coordinate in a layout of extent 1; factor on the estimated
    dissimilarities' departures from their mean; sd, at RMS 1, of what is added to each dissimilarity at random."""

    noise: float
    spread: float
    own: float


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


def shared_pairs(trials: Trials) -> Floats:
    """For each two trials the number of pairs that both hold, (T(T-1)/2,) in condensed order."""
    n_trials = trials.sizes.size
    shape = (n_trials, n_pairs(trials.n_items))
    held = csr_array((np.ones(trials.pair.size), (trials.trial, trials.pair)), shape=shape)
    return (held @ held.T).toarray()[upper_triangle(n_trials)]


def contradiction(trials: Trials, fit: LatentFit) -> float:
    """How strongly trials depart from the fit alike or oppositely: logarithm of the mean squared correlation of two
    trials' departures over the pairs that both hold, weighted by their number.

    Noise makes departures that have nothing to do with each other. Somebody who arranges by category in some trials and
    by another feature in others makes two kinds of trials, alike within a kind and opposed between them. NaN where no
    two trials share enough pairs.
    """
    departure = trials.relative_distance() / fit.average.scale[trials.trial] - fit.rdm[trials.pair]
    n_trials = trials.sizes.size
    size = np.sqrt(np.bincount(trials.trial, departure**2) / np.bincount(trials.trial))
    shape = (n_trials, fit.rdm.size)
    place = (trials.trial, trials.pair)
    relative = csr_array((departure / np.maximum(size, 1e-12)[trials.trial], place), shape=shape)
    first, second = np.triu_indices(n_trials, 1)
    shared = shared_pairs(trials)
    alike = (relative @ relative.T).toarray()[first, second]
    enough = shared >= SHARED_PAIRS
    if not enough.any():
        return np.nan
    shared, alike = shared[enough], alike[enough]
    return float(np.log(max(np.sum(alike**2 / shared) / shared.sum(), 1e-12)))


def pilot(trials: Trials, batches: list[Batch], model: Floats, target: Floats, rng: np.random.Generator) -> Participant:
    """The participant whose sessions have the summaries `target`: mean of the later half of a bounded search."""
    noise, spread, own_variance = 0.1, 1.0, 0.01
    path = []
    for _ in range(PILOT_ROUNDS):
        rows = []
        for _ in range(PILOT_DRAWS):
            participant = Participant(noise, spread, np.sqrt(own_variance))
            simulated = session_like(trials, batches, truth_like(model, participant, rng), noise, rng)
            rows.append(summaries(simulated, fit_latent(simulated, max_iter=DESIGN_MAX_ITER)))
        scatter, width, _ = target - np.mean(rows, axis=0)
        # A participant's own part adds to the misfit nearly what its variance is.
        missing = np.exp(target[2]) - np.mean(np.exp([row[2] for row in rows]))
        noise = float(np.clip(noise * np.exp(scatter / 2), 0.01, 0.4))
        spread = float(np.clip(spread * np.exp(width), 0.1, 1.5))
        own_variance = float(np.clip(own_variance + missing, 1e-4, 0.1))
        path.append((noise, spread, own_variance))
    noise, spread, own_variance = np.mean(path[PILOT_ROUNDS // 2 :], axis=0)
    return Participant(noise, spread, np.sqrt(own_variance))


def truth_like(model: Floats, participant: Participant, rng: np.random.Generator) -> Floats:
    """A participant's dissimilarities, (P,), RMS 1: like the model's, but for their spread and a part of their own."""
    mean = model.mean()
    truth = mean + participant.spread * (model - mean) + participant.own * rng.normal(size=model.size)
    return scale_to_rms(np.maximum(truth, 0.02))


def session_like(trials: Trials, batches: list[Batch], truth: Floats, noise: float, rng: np.random.Generator) -> Trials:
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
