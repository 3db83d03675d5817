"""Iterative inverse MDS (Kriegeskorte & Mur 2012, second procedure), for comparison with studies that used it.

It drifts along directions that two-dimensional arrangements cannot see: with placement noise it gets worse with more
trials. Use another method unless you must match published work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Floats
from ..rdm import scale_to_rms
from .stress import batches_by_size, differences
from .trials import Trials
from .weighted_average import weighted_average

MAX_ROUNDS = 1000
STEP = 0.2
TOLERANCE = 1e-3
# The first prediction starts at the placements; each later one at the one before, to which it is close.
FIRST_STEPS = 100
STEPS = 5


@dataclass(frozen=True, eq=False)
class InverseMDS:
    """`rdm` (P,) is the estimate of the least error among all rounds, NaN where unseen; `error` is that error.

    The error is the root mean square, over placed pairs, of actual minus predicted distance, in units of the RDM.
    """

    rdm: Floats
    error: float
    n_iter: int
    converged: bool


def inverse_mds(trials: Trials) -> InverseMDS:
    """Move the dissimilarities until their two-dimensional arrangements match those that were made.

    Starts from the weighted average at RMS 1. Each round predicts every trial's arrangement by metric-stress MDS,
    scales the actual distances to the predicted ones, and moves each dissimilarity by 0.2 of its mean residual, not
    below 0. Stops at an RMS move below 1e-3, or after 1000 rounds.
    """
    times_seen = trials.seen()
    seen = times_seen > 0
    rdm = np.where(seen, scale_to_rms(weighted_average(trials).rdm), 0.0)
    batches = batches_by_size(trials)
    placed = [differences(*batch.placed)[2] for batch in batches]
    norms = [np.sqrt(np.sum(distance**2, axis=1, keepdims=True)) for distance in placed]
    best, least = rdm, np.inf
    converged, rounds = False, 0
    while not converged and rounds < MAX_ROUNDS:
        steps = STEPS if rounds else FIRST_STEPS
        rounds += 1
        total, squares = np.zeros(rdm.size), 0.0
        for number, batch in enumerate(batches):
            x, y = batch.predict(rdm, steps)
            batches[number] = replace(batch, start=(x, y))
            predicted = differences(x, y)[2]
            residual = placed[number] * (np.sqrt(np.sum(predicted**2, axis=1, keepdims=True)) / norms[number])
            residual -= predicted
            squares += float(np.vdot(residual, residual))
            total += np.bincount(batch.pairs.ravel(), residual.ravel(), rdm.size)
        error = np.sqrt(squares / trials.pair.size)
        if error < least:
            best, least = rdm, error
        updated = np.maximum(rdm + STEP * total / np.maximum(times_seen, 1), 0.0)
        converged = bool(np.sqrt(np.mean((updated - rdm)[seen] ** 2)) < TOLERANCE)
        rdm = updated
    return InverseMDS(rdm=np.where(seen, best, np.nan), error=float(least), n_iter=rounds, converged=converged)
