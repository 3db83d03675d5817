"""Precision-weighted average: each trial counts by how finely it could show its distances.

A trial of few or similar items is zoomed in: the same slip of the hand is a smaller error in dissimilarity. The weights
follow this zoom, the same for all pairs of a trial; weights by the observed distance itself would favour whatever noise
made larger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from ..arrangement import Floats
from ..rdm import n_pairs, scale_to_rms
from .trials import Trials
from .weighted_average import weighted_average

MAX_ROUNDS = 500
MIN_ROUNDS = 7
FIRST_NOISE_ROUND = 4
# In a few small sessions the variances would go round in circles for ever.
LAST_NOISE_ROUND = 20
MIN_NOISE_TRIALS = 5
TOLERANCE = 1e-8
# A pair that one trial decides almost alone has no residual to learn from.
MAX_LEVERAGE = 0.9
# Variance that no trial goes below, in squared units of an RDM of RMS 1.
BASE_VARIANCE = 1e-4


@dataclass(frozen=True, eq=False)
class PrecisionWeighted:
    """The average and its noise model.

    `rdm` (P,) has an RMS of 1 and is NaN where unseen; `precision` (P,) is the sum of 1/variance over the trials that
    hold a pair, 0 where unseen. `placement_variance` (s2) is the variance of a coordinate in a trial scaled to a
    largest distance of 1, `misfit_variance` (r2) that of what two dimensions cannot show, in squared units of the rdm.
    `scale` (T,) turns units of the rdm into the unit of each trial, `variance` (T,) is that of a distance in rdm units.
    """

    rdm: Floats
    precision: Floats
    placement_variance: float
    misfit_variance: float
    scale: Floats
    variance: Floats
    n_iter: int
    converged: bool


def precision_weighted(trials: Trials) -> PrecisionWeighted:
    """Alternate between the trials' scales, the average weighted by their precision, and two noise variances.

    At most 500 rounds; some ten as a rule. The noise variances are found by non-negative least squares of the trials'
    squared residuals, from the fourth round to the twentieth, if at least five trials share pairs with others.
    """
    d = trials.relative_distance()
    pair, trial = trials.among_seen(), trials.trial
    squares = np.bincount(trial, d**2)
    flatness = _flatness(trials)

    start = scale_to_rms(weighted_average(trials, d).rdm)
    rdm = start[~np.isnan(start)]
    s2, r2 = 0.01, 0.02
    converged, rounds = False, 0
    while not converged and rounds < MAX_ROUNDS:
        rounds += 1
        scale = np.sqrt(squares / np.bincount(trial, (rdm**2)[pair]))
        variance = 2 * s2 / scale**2 + r2 * flatness + BASE_VARIANCE
        aligned, of_placed = d / scale[trial], variance[trial]
        precision = np.bincount(pair, 1 / of_placed)
        updated = np.bincount(pair, aligned / of_placed) / precision
        if FIRST_NOISE_ROUND <= rounds <= LAST_NOISE_ROUND:
            estimated = _noise(trials, aligned - updated[pair], 1 / (of_placed * precision[pair]), scale, variance)
            if estimated is not None:
                s2 = float(np.clip((s2 + estimated[0]) / 2, 2e-4, 0.1))
                r2 = float(np.clip((r2 + estimated[1]) / 2, 1e-4, 0.3))
        updated /= np.sqrt(np.mean(updated**2))
        change = np.mean((updated - rdm) ** 2)
        converged = bool(change < TOLERANCE) and rounds >= MIN_ROUNDS
        rdm = updated
    of_all, precision_of_all = np.full(n_pairs(trials.n_items), np.nan), np.zeros(n_pairs(trials.n_items))
    of_all[trials.pair], precision_of_all[trials.pair] = rdm[pair], precision[pair]
    return PrecisionWeighted(
        rdm=of_all,
        precision=precision_of_all,
        placement_variance=s2,
        misfit_variance=r2,
        scale=scale,
        variance=variance,
        n_iter=rounds,
        converged=converged,
    )


def _noise(
    trials: Trials, residual: Floats, leverage: Floats, scale: Floats, variance: Floats
) -> tuple[float, float] | None:
    """Placement and misfit variance that the residuals (N,) show, or None when too few trials overlap with others.

    `leverage` (N,) is the share of a pair's value that comes from this one placement.
    """
    shared = leverage < MAX_LEVERAGE
    of_trial = trials.trial[shared]
    count = np.bincount(of_trial, minlength=scale.size)
    square = np.bincount(of_trial, residual[shared] ** 2 / (1 - leverage[shared]), scale.size)
    rows = count >= 3
    if rows.sum() < MIN_NOISE_TRIALS:
        return None
    weight = np.sqrt(np.minimum(count[rows], 30)) / variance[rows]
    design = np.column_stack([2 / scale[rows] ** 2, _flatness(trials)[rows]])
    placement, misfit = nnls(design * weight[:, None], square[rows] / count[rows] * weight)[0]
    return placement, misfit


def _flatness(trials: Trials) -> Floats:
    """Share of the dissimilarities' misfit in two dimensions that a trial of this size shows, (T,): three items fit."""
    return np.asarray(np.maximum(1 - 3 / trials.sizes, 0.0))
