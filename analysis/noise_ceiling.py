"""The noise ceiling: how well the best possible model could do, given how much the raters differ (Nili et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrangement import Floats
from .pooling import pool, pools_without_each
from .similarity import Method, check_rdms, similarity
from .words import counted


@dataclass(frozen=True)
class NoiseCeiling:
    """Bounds on the mean similarity that the true model would reach; `reason` says why when they are NaN.

    Each bound's interval is NaN unless it was asked for (`ceiling_with_interval`), and then `no_interval` says why.
    """

    lower: float
    upper: float
    reason: str | None = None
    lower_interval: tuple[float, float] = (float("nan"), float("nan"))
    upper_interval: tuple[float, float] = (float("nan"), float("nan"))
    no_interval: str | None = None


def leave_one_out(rdms: ArrayLike, method: Method = "pearson") -> Floats:
    """Similarity of each rater with the pool of all the others, (R,); NaN where it is undefined.

    That is: a single rater, a constant RDM, or fewer than 3 pairs shared with the others.

    Raises
    ------
    ValueError
        When the method is unknown, or a rater has no pair at all.
    """
    table = check_rdms(rdms)
    others = pools_without_each(table, method)
    return np.array([_with_pool(row, rest, method) for row, rest in zip(table, others, strict=True)])


def _with_pool(row: Floats, pooled: Floats, method: Method) -> float:
    if np.isnan(pooled).all():
        return float("nan")
    return float(similarity(row, pooled, method=method)[0, 0])


def noise_ceiling(rdms: ArrayLike, *, method: Method = "pearson", names: Sequence[str] | None = None) -> NoiseCeiling:
    """Upper: mean over raters of the similarity with the pool of all; lower: with the pool of all but that rater.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; each rater is compared over the pairs that the pool shares.
    method
        "pearson", "spearman", "rho_a", "tau_a" or "cosine"; raters are pooled as `pool` does for that measure. For
        "tau_a" the mean of ranks is close to the best pool, but not exactly it.
    names
        Of the raters, for the reason; "rater 0", "rater 1", ... when left out.

    Returns
    -------
    NoiseCeiling
        NaN with a reason for a single rater. Raters without a defined similarity (constant RDMs) are left out by name.

    Raises
    ------
    ValueError
        When the method is unknown, a rater has no pair at all, a value is out of range (`check_rdms`), or there is not
        one name for each rater.

    References
    ----------
    Nili et al. (2014), A toolbox for representational similarity analysis, PLoS Computational Biology 10, e1003553.
    """
    table = check_rdms(rdms)
    labels = [f"rater {r}" for r in range(len(table))] if names is None else list(names)
    if len(labels) != len(table):
        raise ValueError(f"names must hold one name for each of the {counted(len(table), 'rater')}, got {len(labels)}")
    lower = leave_one_out(table, method)
    if len(table) < 2:
        return NoiseCeiling(float("nan"), float("nan"), "a noise ceiling needs at least two raters")
    pooled = pool(table, method)
    if np.isnan(pooled).all():
        return NoiseCeiling(float("nan"), float("nan"), "no rater's RDM varies")
    upper = similarity(table, pooled, method=method)[:, 0]
    defined = np.isfinite(lower) & np.isfinite(upper)
    if not defined.any():
        cancel = np.isfinite(lower).any() or np.isfinite(similarity(table)[np.triu_indices(len(table), 1)]).any()
        reason = (
            "the raters' RDMs cancel each other out, so that their pool does not vary"
            if cancel
            else "no rater shares 3 pairs with the others and varies over them"
        )
        return NoiseCeiling(float("nan"), float("nan"), reason)
    left_out = np.flatnonzero(~defined)
    reason_left = f"left out, because undefined: {', '.join(labels[r] for r in left_out)}" if left_out.size else None
    return NoiseCeiling(float(lower[defined].mean()), float(upper[defined].mean()), reason_left)
