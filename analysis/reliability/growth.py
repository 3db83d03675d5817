"""How agreement grows with the number of raters, and how many raters a target takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints
from ..similarity import check_rdms, similarity
from ..words import counted
from .coefficients import mean_over_pairs
from .orders import in_order
from .pools import ScaledRows, scaled_rows
from .report import Coefficient, with_interval

# Orders of the raters that are drawn again without each rater: enough for an interval.
ORDERS_WITHOUT_ONE = 50


@dataclass(frozen=True)
class GrowthCurve:
    """Agreement by number of raters m (see `growth`); each tuple holds one coefficient for each entry of `sizes`."""

    sizes: tuple[int, ...]
    rater_with_pool: tuple[Coefficient, ...]
    between_pools: tuple[Coefficient, ...]
    reliability_of_mean: tuple[Coefficient, ...]


@dataclass(frozen=True)
class RatersNeeded:
    """Raters for each pair of clips; `interval` follows from the interval of the mean correlation.

    It ends at infinity when that one reaches 0. `n` is None, with the reason, when no number of raters would do.
    """

    n: int | None
    interval: tuple[float, float]
    reason: str | None = None


def growth(
    rdms: ArrayLike,
    *,
    sizes: Sequence[int] | None = None,
    n_draws: int = 200,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> GrowthCurve:
    """Agreement as a function of the number of raters m.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair. At least two raters.
    sizes
        The numbers of raters m, from 1 to R - 1; all of them when left out.
    n_draws
        Random orders of the raters; each gives one draw for every m.
    level
        Coverage of the intervals over raters (the jackknife, as in `reliability`).
    rng
        A generator seeded with 0 when left out.

    Returns
    -------
    GrowthCurve
        `rater_with_pool`: mean r of a rater with the pool of m others. `between_pools`: mean r between the pools of two
        groups of m raters without a common member, NaN with its reason for m > R / 2. `reliability_of_mean`: what the
        mean pairwise r predicts for that (Spearman-Brown): m r / (1 + (m - 1) r).

    Raises
    ------
    ValueError
        With fewer than two raters, when a rater has no pair at all, or when an option is out of range.
    """
    table = check_rdms(rdms)
    n_raters = len(table)
    if n_raters < 2:
        raise ValueError("a growth curve needs at least two raters")
    sizes = tuple(range(1, n_raters) if sizes is None else sizes)
    if not all(1 <= m < n_raters for m in sizes):
        raise ValueError(f"sizes must lie between 1 and {n_raters - 1}, got {sizes}")
    if n_draws < 1 or not 0 < level < 1:
        raise ValueError("n_draws must be at least 1, and level must lie between 0 and 1")
    rng = np.random.default_rng(0) if rng is None else rng
    orders = rng.permuted(np.tile(np.arange(n_raters), (n_draws, 1)), axis=1)
    pairwise = _pairwise(table, level)
    with_pool, between = (
        tuple(_point(*groups, of_size, n_raters, level) for groups, of_size in zip(sized, values.T, strict=True))
        for sized, values in _mean_correlations(scaled_rows(table), orders, sizes)
    )
    predicted = tuple(_predicted(pairwise, m) for m in sizes)
    return GrowthCurve(sizes, with_pool, between, predicted)


def raters_needed(rdms: ArrayLike, target: float, *, level: float = 0.95) -> RatersNeeded:
    """How many raters each pair of clips needs for the mean of the raters to reach a reliability of `target`.

    Spearman-Brown turned around: n = target (1 - r) / (r (1 - target)), r the mean pairwise correlation, rounded up.

    Raises
    ------
    ValueError
        When the target does not lie between 0 and 1, or a rater has no pair at all.
    """
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1, got {target}")
    table = check_rdms(rdms)
    if len(table) < 2:
        return RatersNeeded(None, (float("nan"),) * 2, "agreement needs at least two raters")
    r = _pairwise(table, level)
    if np.isnan(r.value):
        return RatersNeeded(None, (float("nan"),) * 2, r.reason)
    if r.value <= 0:
        return RatersNeeded(None, (float("nan"),) * 2, "the mean correlation of two raters is not above 0")
    fewest, most = (_needed(limit, target) for limit in r.interval[::-1])
    return RatersNeeded(int(_needed(r.value, target)), (fewest, most), r.reason)


def raters_for(reliability: Coefficient, n_raters: int, target: float) -> RatersNeeded:
    """How many raters a target takes, out of the reliability that the mean of the raters so far has.

    Spearman-Brown turned around: N = n target (1 - R) / (R (1 - target)), rounded up, where R is the reliability of the
    mean of n raters, such as `split_half_corrected`; as long as those to come see as many pairs as those so far. The
    interval follows from that of R, and ends at infinity where that one reaches 0.

    Raises
    ------
    ValueError
        When the target does not lie between 0 and 1.
    """
    if not 0 < target < 1:
        raise ValueError(f"target must lie between 0 and 1, got {target}")
    if np.isnan(reliability.value):
        return RatersNeeded(None, (float("nan"),) * 2, reliability.reason)
    if reliability.value <= 0:
        return RatersNeeded(None, (float("nan"),) * 2, "the reliability so far is not above 0")
    fewest, most = (_needed(limit, target, n_raters) for limit in reliability.interval[::-1])
    return RatersNeeded(int(_needed(reliability.value, target, n_raters)), (fewest, most), reliability.reason)


def _needed(r: float, target: float, n_raters: int = 1) -> float:
    if np.isnan(r):
        return float("nan")
    if r <= 0:
        return float("inf")
    # Rounding error must not turn a whole number into the next one.
    return float(max(1.0, np.ceil(n_raters * target * (1 - r) / (r * (1 - target)) - 1e-9)))


def _pairwise(table: Floats, level: float) -> Coefficient:
    weights = np.vstack([np.ones(len(table)), 1 - np.eye(len(table))])
    return with_interval(mean_over_pairs(similarity(table), weights), level, "correlation")


def _predicted(r: Coefficient, m: int) -> Coefficient:
    """Spearman-Brown of the mean pairwise r and of its limits; for more than one rater it is defined above 0 only."""
    if m == 1 or np.isnan(r.value):
        return r
    if r.value <= 0:
        return Coefficient(float("nan"), reason="the mean correlation of two raters is not above 0")
    low, high = (m * limit / (1 + (m - 1) * limit) for limit in np.maximum(r.interval, 0.0))
    return Coefficient(m * r.value / (1 + (m - 1) * r.value), (float(low), float(high)), r.reason)


def _mean_correlations(
    rows: ScaledRows, orders: Ints, sizes: Sequence[int]
) -> Iterator[tuple[list[tuple[int, int]], Floats]]:
    """First of one rater with the pool of m others, then of two pools of m: the groups' sizes, and mean r (1 + R, S).

    Row 0 is of all raters, row 1 + r of those without rater r. There the same orders serve, with r taken out, so that
    chance in the draws does not pass for spread; some of the orders are enough.
    """
    n_raters = rows.n_raters
    groups = [[(1, m) for m in sizes], [(m, m) for m in sizes]]
    ends = np.array(groups)
    one, two = ends[..., 0], ends.sum(axis=2)
    total, defined = np.zeros((2, 1 + n_raters, *one.shape))
    for draw, order in enumerate(orders):
        for row, r in enumerate(in_order(rows, order, one, two, each=draw < ORDERS_WITHOUT_ONE)):
            total[row] += np.where(np.isfinite(r), r, 0.0)
            defined[row] += np.isfinite(r)
    mean = np.where(defined > 0, total / np.maximum(defined, 1.0), np.nan)
    for kind, sized in enumerate(groups):
        yield sized, mean[:, kind]


def _point(n_one: int, n_two: int, values: Floats, n_raters: int, level: float) -> Coefficient:
    """The coefficient of pools of so many raters, `values` (1 + R,) of all raters and without each."""
    if n_one + n_two > n_raters:
        return Coefficient(
            float("nan"), reason=f"two groups of {n_one} and {n_two} need more than {counted(n_raters, 'rater')}"
        )
    if n_raters > 2 and n_one + n_two == n_raters:
        return Coefficient(float(values[0]), reason="an interval needs one rater more than the groups hold")
    return with_interval(values, level, "correlation")
