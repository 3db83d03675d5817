"""Latent configuration: a model of all dissimilarities, fitted to the precision-weighted average of the trials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from analysis.arrangement import Floats
from analysis.estimators.configuration import SMALLEST, Configuration, classical_start
from analysis.estimators.precision_weighted import PrecisionWeighted, precision_weighted
from analysis.estimators.trials import Trials
from analysis.rdm import to_square

RIDGE = 30.0
MAX_DIMENSIONS = 8
MAX_ITER = 500
DESIGN_MAX_ITER = 60
# Relative change of the loss; coarser, flat directions (an item never seen) end where rounding sends them.
TOLERANCE = 1e-11


@dataclass(frozen=True, eq=False)
class LatentFit:
    """A fitted configuration with the average that it was fitted to; `rdm` (P,) holds all pairs, seen or not."""

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
    ridge: float = RIDGE,
    max_iter: int = MAX_ITER,
) -> LatentFit:
    """Fit a configuration in min(max_dimensions, n-2) dimensions to the precision-weighted average of the trials.

    Minimises 1/2 sum W (y - distance)**2 and a ridge towards the mean point and the mean uniqueness, by L-BFGS.

    Within a design loop pass the configuration of the last fit as `start` and `max_iter=DESIGN_MAX_ITER`. The precision
    W is `fit.average.precision`, the noise variances s2 and r2 are `fit.average.placement_variance` and
    `fit.average.misfit_variance`; `fit.rdm` is in the unit of `fit.average.rdm`, whose RMS is 1.
    """
    average = precision_weighted(trials) if average is None else average
    start = classical_start(average.rdm, min(max_dimensions, trials.n_items - 2)) if start is None else start
    seen = average.precision > 0
    target = to_square(np.where(seen, average.rdm, 0.0))
    weight = to_square(average.precision)

    def objective(flat: Floats) -> tuple[float, Floats]:
        configuration = start.with_flat(flat)
        distance = configuration.matrix()
        residual = distance - target
        pull = weight * residual
        # The matrices hold each pair twice.
        loss = 0.25 * float(np.vdot(pull, residual))
        pull /= np.maximum(distance, SMALLEST, out=distance)
        penalty, slope = configuration.ridge(ridge)
        slope += configuration.gradient(pull)
        return loss + penalty, slope

    found = minimize(
        objective,
        start.flat(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": max_iter, "maxfun": 2 * max_iter, "ftol": TOLERANCE},
    )
    configuration = start.with_flat(found.x)
    return LatentFit(configuration.distances(), configuration, average, int(found.nit), bool(found.success))
