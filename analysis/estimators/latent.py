"""Latent configuration: a model of all dissimilarities, fitted to the precision-weighted average of the trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array

from ..arrangement import Floats
from ..rdm import to_square, upper_triangle
from .configuration import MIN_DISTANCE, Configuration, classical_start
from .precision_weighted import PrecisionWeighted, precision_weighted
from .trials import Trials

RIDGE = 30.0
# The ridge is at most this share of the mean precision of an item: what was placed once, without noise, outweighs it.
RIDGE_SHARE = 0.03
MAX_DIMENSIONS = 8
MAX_ITER = 500
DESIGN_MAX_ITER = 60
# Relative change of the loss; coarser, flat directions (an item never seen) end where rounding sends them.
TOLERANCE = 1e-11
# Below this share of pairs seen, the fit goes over these alone.
SPARSE_BELOW = 0.25


@dataclass(frozen=True, eq=False)
class LatentFit:
    """A fitted configuration with the average that it was fitted to; `rdm` (P,) holds all pairs, seen or not.

    `converged` is False when the fit or that average stopped at its bound, or the fit's line search gave up.
    """

    rdm: Floats
    configuration: Configuration
    average: PrecisionWeighted
    n_iter: int
    converged: bool


def fit_latent(
    trials: Trials,
    *,
    start: Configuration | None = None,
    average: PrecisionWeighted | None = None,
    max_dimensions: int = MAX_DIMENSIONS,
    max_iter: int = MAX_ITER,
) -> LatentFit:
    """Fit a configuration in min(max_dimensions, n-2) dimensions to the precision-weighted average of the trials.

    Minimises 1/2 sum W (y - distance)**2 and a ridge towards the mean point and the mean uniqueness, by L-BFGS.
    The weight of the ridge is RIDGE, or less in a session so small that it would outweigh the placements.

    Within a design loop pass the configuration of the last fit as `start` and `max_iter=DESIGN_MAX_ITER`. The precision
    W is `fit.average.precision`, the noise variances s2 and r2 are `fit.average.placement_variance` and
    `fit.average.misfit_variance`; `fit.rdm` is in the unit of `fit.average.rdm`, whose RMS is 1.
    """
    average = precision_weighted(trials) if average is None else average
    start = classical_start(average.rdm, min(max_dimensions, trials.n_items - 2)) if start is None else start
    ridge = min(RIDGE, RIDGE_SHARE * 2.0 * float(average.precision.sum()) / trials.n_items)
    few = np.mean(average.precision > 0) < SPARSE_BELOW
    misfit = (misfit_of_seen_pairs if few else misfit_of_all_pairs)(average, start)

    def objective(flat: Floats) -> tuple[float, Floats]:
        """Misfit plus ridge at a flat vector of parameters, and the gradient by that vector."""
        configuration = start.with_flat(flat)
        loss, slope = misfit(configuration)
        penalty, ridge_slope = configuration.ridge(ridge)
        return loss + penalty, slope + ridge_slope

    minimum = minimize(
        objective,
        start.flat(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter, "maxfun": 2 * max_iter, "ftol": TOLERANCE},
    )
    configuration = start.with_flat(minimum.x)
    converged = bool(minimum.success) and average.converged
    return LatentFit(configuration.distances(), configuration, average, int(minimum.nit), converged)


Misfit = Callable[[Configuration], tuple[float, Floats]]


def misfit_of_all_pairs(average: PrecisionWeighted, start: Configuration) -> Misfit:
    """1/2 sum W (y - distance)**2 and its gradient by the flat vector, over (n, n) matrices."""
    target = to_square(np.where(average.precision > 0, average.rdm, 0.0))
    weight = to_square(average.precision)

    def misfit(configuration: Configuration) -> tuple[float, Floats]:
        """The weighted misfit of a configuration, and its gradient by the flat vector."""
        distance = configuration.matrix()
        residual = distance - target
        pull = weight * residual
        # The matrices hold each pair twice.
        loss = 0.25 * float(np.vdot(pull, residual))
        pull /= np.maximum(distance, MIN_DISTANCE, out=distance)
        return loss, configuration.gradient(pull)

    return misfit


def misfit_of_seen_pairs(average: PrecisionWeighted, start: Configuration) -> Misfit:
    """The same, over the seen pairs alone: much faster where most pairs of many items are unseen."""
    n = start.unique.size
    seen = np.flatnonzero(average.precision)
    row, col = (index[seen] for index in upper_triangle(n))
    target, weight = average.rdm[seen], average.precision[seen]
    first = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n))])

    def misfit(configuration: Configuration) -> tuple[float, Floats]:
        """The weighted misfit of a configuration, and its gradient by the flat vector."""
        points, unique = configuration.points, configuration.unique
        apart = points[row] - points[col]
        distance = np.sqrt(np.einsum("pk,pk->p", apart, apart) + unique[row] ** 2 + unique[col] ** 2)
        residual = distance - target
        pull = weight * residual
        loss = 0.5 * float(pull @ residual)
        pull /= np.maximum(distance, MIN_DISTANCE)
        # Condensed order is by rows, so the pairs are a sparse upper triangle as they are.
        upper = csr_array((pull, col, first), shape=(n, n))
        strength = np.bincount(row, pull, n) + np.bincount(col, pull, n)
        slope = strength[:, None] * points - upper @ points - upper.T @ points
        return loss, np.concatenate([slope.ravel(), strength * unique])

    return misfit
