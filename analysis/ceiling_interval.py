"""How far other raters of the same kind would move a noise ceiling: the jackknife over raters, of both bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from .arrangement import Floats, Ints
from .noise_ceiling import NoiseCeiling
from .pooling import standardise, without_rounding
from .reliability.report import Coefficient, with_interval
from .similarity import MIN_PAIRS, Method, check_rdms, tau_a
from .words import counted

# Raters are left out one by one, or where there are more than this, in so many groups of nearly equal size.
GROUPS = 20
# What a value of a rater costs in each group, in seconds: ranks are sorted, tau-a is computed row by row.
RANK_SECONDS, TAU_SECONDS, TAU_ROW_SECONDS = 2e-7, 2e-6, 1e-3
# Beyond this an interval is left out, with the reason. Pearson and cosine are never refused.
MAX_SECONDS = 4.0


def ceiling_with_interval(
    ceiling: NoiseCeiling, rdms: ArrayLike, *, method: Method = "pearson", level: float = 0.95
) -> NoiseCeiling:
    """The ceiling `ceiling` of these RDMs (R, P) with an interval of each bound, or with the reason why there is none.

    Each rater is left out once (each of GROUPS groups of raters, rater r in group r modulo GROUPS, where there are
    more) and both bounds recomputed, pools and all. The intervals are symmetric in Fisher's z.
    """
    if not np.isfinite([ceiling.lower, ceiling.upper]).all():
        return ceiling
    table = check_rdms(rdms)
    groups = np.arange(len(table)) % min(len(table), GROUPS)
    n_groups = int(groups.max()) + 1
    seen = np.isfinite(table)
    if seconds(method, (len(table), int(seen.sum(axis=1).max())), n_groups) > MAX_SECONDS:
        size = f"{counted(len(table), 'rater')} and {counted(int(seen.any(axis=0).sum()), 'pair')}"
        return replace(ceiling, no_interval=f"no interval: for {size} it would take too long with this measure")
    ends: list[Coefficient] = []
    without = np.array(list(_without_each_group(table, method, groups)))
    for bound, values in ((ceiling.lower, without[:, 0]), (ceiling.upper, without[:, 1])):
        ends.append(with_interval(np.array([bound, *values]), level, "correlation"))
    reason = next((end.reason for end in ends if end.reason is not None), None)
    return replace(ceiling, lower_interval=ends[0].interval, upper_interval=ends[1].interval, no_interval=reason)


def seconds(method: Method, shape: tuple[int, ...], n_groups: int) -> float:
    """About how long an interval takes; 0 for the measures that are always computed."""
    rows, pairs = shape[0] * n_groups, shape[1]
    if method == "tau_a":
        return 2 * rows * (TAU_ROW_SECONDS + TAU_SECONDS * pairs)
    return rows * pairs * RANK_SECONDS if method in ("spearman", "rho_a") else 0.0


def _without_each_group(table: Floats, method: Method, groups: Ints) -> Iterator[tuple[float, float]]:
    """Lower and upper bound without the raters of each group; NaN where they are not defined."""
    scaled = standardise(table, method)
    present = np.isfinite(scaled)
    filled = np.where(present, scaled, 0.0)
    # Each rater is compared over their own pairs, (R, most pairs of a rater): others are at the ends, as missing.
    seen = np.isfinite(table)
    own = np.argsort(~seen, axis=1, kind="stable")[:, : int(seen.sum(axis=1).max())]
    rows, own_values, own_counts = (np.take_along_axis(full, own, axis=1) for full in (table, filled, present))
    for group in range(int(groups.max()) + 1):
        kept = groups != group
        total, count = (full[kept].sum(axis=0)[own[kept]] for full in (filled, present))
        lower = _row_by_row(rows[kept], _mean(total - own_values[kept], count - own_counts[kept], method), method)
        upper = _row_by_row(rows[kept], _mean(total, count, method), method)
        defined = np.isfinite(lower) & np.isfinite(upper)
        if defined.any():
            yield float(lower[defined].mean()), float(upper[defined].mean())
        else:
            yield float("nan"), float("nan")


def _mean(total: Floats, count: Floats, method: Method) -> Floats:
    return without_rounding(np.where(count > 0, total / np.maximum(count, 1), np.nan), method)


def _row_by_row(rows: Floats, pools: Floats, method: Method) -> Floats:
    """Similarity of each row with its own pool, (R,), as `similarity` has it."""
    both = np.isfinite(rows) & np.isfinite(pools)
    n = both.sum(axis=1)
    if method == "tau_a":
        pairs = zip(rows, pools, both, strict=True)
        return np.array([tau_a(x[b], y[b]) if b.sum() >= MIN_PAIRS else np.nan for x, y, b in pairs])
    if method in ("spearman", "rho_a"):
        rows, pools = (np.asarray(scipy.stats.rankdata(np.where(both, x, np.inf), axis=1)) for x in (rows, pools))
    x, y = np.where(both, rows, 0.0), np.where(both, pools, 0.0)
    sizes = (x * x).sum(axis=1), (y * y).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if method != "cosine":
            x, y = (np.where(both, one - (one.sum(axis=1) / n)[:, None], 0.0) for one in (x, y))
        xy, xx, yy = (x * y).sum(axis=1), (x * x).sum(axis=1), (y * y).sum(axis=1)
        if method == "rho_a":
            return np.where(n >= MIN_PAIRS, 12 * xy / (n**3 - n), np.nan)
        varies = (xx > 1e-13 * sizes[0]) & (yy > 1e-13 * sizes[1])
        return np.where((n >= MIN_PAIRS) & varies, xy / np.sqrt(xx * yy), np.nan)
