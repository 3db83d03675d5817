"""Posterior variance, fixed size: the trial that is expected to lower the RDM's uncertainty most.

After each trial the latent configuration is fitted again. A pair whose precision is W has the posterior variance
V = 1 / (W + 10). A trial of m items shows its dissimilarities with the precision
p = 1 / (2 s2 M**2 + r2 (1 - 3/m) + 1e-4): M is the largest fitted dissimilarity among its items, because participants
use the whole arena and so magnify small ones; s2 is the variance of a placement, r2 that of what two dimensions cannot
show. Each pair's variance then falls by V**2 p / (1 + V p).
"""

from __future__ import annotations

import numpy as np

from ..arrangement import Floats, Ints
from ..estimators.latent import fit_latent
from ..estimators.trials import Trials
from ..rdm import n_items_of
from .greedy import TIE, best_item, pairs_of, random_pair

PRIOR_PRECISION = 10.0
# The noise found in a few trials can be far off; outside these bounds it would make the design extreme.
PLACEMENT_VARIANCE = (0.0025, 0.04)
MIN_MISFIT_VARIANCE = 0.002
BASE_VARIANCE = 1e-4
# More of them cost the server time and make no better RDM (docs/benchmarks/choosing.md).
FIT_ITERATIONS = 15


def posterior_variance(
    trials: Trials, size: int, *, rng: np.random.Generator, fit_iterations: int = FIT_ITERATIONS
) -> Ints:
    """A set of `size` items chosen greedily from the pair of largest variance on, (min(size, n),), in order of choice.

    `trials` are the participant's usable trials of at least 4 items in all; ties are broken at random. The fit starts
    from the trials alone, not from an earlier fit, so that the choice follows from them; `fit_iterations` bound it.
    """
    fit = fit_latent(trials, max_iter=fit_iterations)
    return choose_by_variance(
        fit.rdm,
        fit.average.precision,
        size,
        placement_variance=float(np.clip(fit.average.placement_variance, *PLACEMENT_VARIANCE)),
        misfit_variance=max(fit.average.misfit_variance, MIN_MISFIT_VARIANCE),
        rng=rng,
    )


def choose_by_variance(
    rdm: Floats,
    precision: Floats,
    size: int,
    *,
    placement_variance: float,
    misfit_variance: float,
    rng: np.random.Generator,
) -> Ints:
    """The greedy choice from fitted dissimilarities (P,), complete and of RMS about 1, and their precision (P,)."""
    n = n_items_of(precision.size)
    squared_rdm, variance = rdm**2, 1 / (precision + PRIOR_PRECISION)
    priority = rng.permutation(n)
    chosen = random_pair(variance >= variance.max() * (1 - TIE), rng=rng)
    pairs = np.stack([pairs_of(item, n) for item in chosen])
    # Row k holds the pairs of the k-th chosen item with all items; what is at items of the set is never used.
    rows = variance[pairs]
    inside = rows[0, chosen[1:]]
    first, second = squared_rdm[pairs]
    maximum, farthest = first[chosen[1]], np.maximum(first, second)
    free = np.ones(n, dtype=bool)
    free[chosen] = False
    while len(chosen) < min(size, n):
        m = len(chosen) + 1
        largest = np.maximum(maximum, farthest)
        noise = 2 * placement_variance * largest + misfit_variance * max(1 - 3 / m, 0.0) + BASE_VARIANCE
        # V**2 p / (1 + V p) with p = 1 / noise, summed over the pairs of the set with each candidate in it.
        gain = (inside**2 / (noise[:, None] + inside)).sum(axis=1) + (rows**2 / (noise + rows)).sum(axis=0)
        best = best_item(np.where(free, gain, -1.0), priority)
        inside = np.concatenate([inside, rows[:, best]])
        maximum = largest[best]
        chosen.append(best)
        free[best] = False
        pairs_of_best = pairs_of(best, n)
        rows = np.vstack([rows, variance[pairs_of_best]])
        farthest = np.maximum(farthest, squared_rdm[pairs_of_best])
    return np.array(chosen, dtype=np.int64)
