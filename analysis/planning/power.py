"""How often a study with so many raters tells two models apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy

from ..arrangement import Floats
from ..inference.scores import prepare, sample_of_items
from ..rdm import n_items_of, upper_triangle
from ..similarity import Method, similarity
from .curve import Expected

# Who a test speaks of: other raters and other clips, or other raters with these clips.
Resample = Literal["both", "raters"]
# Random draws of the test's own error for each pair of models and number of raters.
DRAWS = 200


@dataclass(frozen=True, eq=False)
class Contest:
    """Two models against simulated raters: the parts that make up the test of their difference.

    Attributes
    ----------
    difference : float
        Mean over raters of a rater's similarity to the first model less that to the second.
    by_rater : float
        Variance of that difference over raters, with these clips.
    by_items : float
        Variance over draws of clips that all raters share.
    by_both : float
        Variance over draws of clips that each rater has for itself.
    n_items : int
    """

    difference: float
    by_rater: float
    by_items: float
    by_both: float
    n_items: int


def contests(rdms: Floats, pairs: Floats, *, method: Method, n_boot: int, rng: np.random.Generator) -> list[Contest]:
    """Each pair of models against the same raters.

    Parameters
    ----------
    rdms : (S, P) float
        NaN = not seen; at least 3 raters.
    pairs : (M, 2, P) float
        The models, two by two.
    method
        Comparator.
    n_boot
        Draws of the clips, with replacement, as `compare_models` makes them.
    """
    n_raters, n_items = len(rdms), n_items_of(rdms.shape[1])
    models = pairs.reshape(-1, rdms.shape[1])
    differences = _differences(similarity(rdms, models, method=method))
    data = prepare(rdms, models, method)
    row, col = upper_triangle(n_items)
    drawn = []
    for _ in range(n_boot):
        items = rng.multinomial(n_items, np.full(n_items, 1 / n_items)).astype(np.float64)
        drawn.append(_differences(sample_of_items(data, items[row] * items[col]).similarities))
    # A draw of few different clips can leave a rater's similarity undefined; such draws do not count.
    table = np.array(drawn)
    defined = np.isfinite(table).all(axis=(1, 2))
    table = table[defined] if defined.sum() >= 2 else np.where(np.isfinite(table), table, np.nanmean(differences))
    together = np.var(table.mean(axis=1), axis=0, ddof=1)
    alone = np.mean(np.var(table, axis=0, ddof=1), axis=0)
    shared = np.maximum((n_raters * together - alone) / (n_raters - 1), 0.0)
    return [
        Contest(
            float(np.nanmean(differences[:, m])),
            float(np.nanvar(differences[:, m], ddof=1)),
            float(shared[m]),
            float(max(alone[m] - shared[m], 0.0)),
            n_items,
        )
        for m in range(len(pairs))
    ]


def _differences(similarities: Floats) -> Floats:
    """(S, 2M) -> (S, M): the first less the second of each two models."""
    return np.asarray(similarities[:, 0::2] - similarities[:, 1::2])


def without_noise(worlds: Sequence[Sequence[Contest]], n_raters: int) -> list[list[Contest]]:
    """The contests with differences drawn together by as much as chance in so few simulated raters has spread them.

    The mean of S raters' differences holds the variance `by_rater` / S beside what the clips and models bring. Left in,
    it would count as real differences between models that are equally good.
    """
    differences = [one.difference for each in worlds for one in each]
    noise = float(np.mean([one.by_rater for each in worlds for one in each])) / n_raters
    total = float(np.var(differences, ddof=1)) if len(differences) > 1 else 0.0
    kept = float(np.sqrt(max(1 - noise / total, 0.0))) if total > 0 else 0.0
    middle = float(np.mean(differences))
    return [[replace(one, difference=middle + kept * (one.difference - middle)) for one in each] for each in worlds]


def chance_to_tell(
    contest: Contest, n_raters: int, *, resample: Resample, alpha: float, rng: np.random.Generator
) -> float:
    """How often R raters, at least 2, give a difference with p < alpha (two-sided), with these clips and models.

    The test is that of `compare_models`: the difference over its standard error, by Student's t. For "raters" the
    variance is V_r, that by raters, which each study estimates for itself, with R - 1 degrees of freedom. For "both" it
    is V_r + V_s - V_rs, not below V_r or V_s: V_s is the variance by clips, V_rs what both hold; min(R, n) - 1 degrees.
    """
    n = contest.n_items
    items = n / (n - 1)
    variance = contest.by_rater / n_raters * rng.chisquare(n_raters - 1, DRAWS) / (n_raters - 1)
    degrees = n_raters - 1
    if resample == "both":
        by_both = items * contest.by_both / n_raters
        by_items = items * contest.by_items + by_both
        variance = np.maximum(variance + by_items - by_both, np.maximum(variance, by_items))
        degrees = min(n_raters, n) - 1
    limit = scipy.stats.t.ppf(1 - alpha / 2, degrees) * np.sqrt(variance)
    error = np.sqrt(contest.by_rater / n_raters)
    if error <= 0:
        return float(np.mean(abs(contest.difference) > limit))
    above = scipy.stats.norm.sf((limit - contest.difference) / error)
    below = scipy.stats.norm.cdf((-limit - contest.difference) / error)
    return float(np.mean(above + below))


def expected_power(
    worlds: Sequence[Sequence[Contest]],
    n_raters: int,
    *,
    resample: Resample,
    alpha: float,
    level: float,
    rng: np.random.Generator,
) -> Expected:
    """Power with R raters: the mean over simulated groups, and how well so few of them know it."""
    each = np.array(
        [
            np.mean([chance_to_tell(one, n_raters, resample=resample, alpha=alpha, rng=rng) for one in world])
            for world in worlds
        ]
    )
    mean = float(each.mean())
    reach = float(scipy.stats.t.ppf((1 + level) / 2, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)))
    return Expected(mean, max(mean - reach, 0.0), min(mean + reach, 1.0))
