"""The reference estimate: the evidence-weighted average of trials on a common scale (Kriegeskorte & Mur 2012)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..evidence import evidence_weights
from ..rdm import n_pairs
from .trials import Trials

MAX_ROUNDS = 1000
TOLERANCE = 1e-8


@dataclass(frozen=True, eq=False)
class WeightedAverage:
    """`rdm` (P,) with a sum of squares of 1, NaN where unseen; whether the rounds reached the tolerance."""

    rdm: Floats
    n_iter: int
    converged: bool


def weighted_average(trials: Trials, distance: Floats | None = None) -> WeightedAverage:
    """Scale each trial to the present estimate, average with the evidence as weights, and repeat.

    `distance` (N,) replaces the trials' own distances (the precision-weighted estimate starts from relative ones).
    Stops at a squared change of at most 1e-8, or after 1000 rounds.

    Source: Kriegeskorte & Mur (2012), Frontiers in Psychology 3:245, "weighted average".
    """
    d = trials.distance if distance is None else distance
    pair, trial = trials.among_seen(), trials.trial
    weights = evidence_weights(d)
    weighted = weights * d
    total = np.bincount(pair, weights)
    norm = np.sqrt(np.bincount(trial, d**2))

    rdm = np.bincount(pair, d) / np.bincount(pair)
    rdm /= np.linalg.norm(rdm)
    converged, rounds = False, 0
    while not converged and rounds < MAX_ROUNDS:
        rounds += 1
        scale = np.sqrt(np.bincount(trial, rdm[pair] ** 2)) / norm
        updated = np.bincount(pair, weighted * scale[trial]) / total
        updated /= np.linalg.norm(updated)
        converged = bool(np.sum((updated - rdm) ** 2) <= TOLERANCE)
        rdm = updated
    of_all = np.full(n_pairs(trials.n_items), np.nan)
    of_all[trials.pair] = rdm[pair]
    return WeightedAverage(rdm=of_all, n_iter=rounds, converged=converged)
