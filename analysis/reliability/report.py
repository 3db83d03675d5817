"""The report on agreement: every coefficient side by side, with its interval, or with the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..pooling import raters_per_pair
from ..similarity import check_rdms, similarity
from ..words import counted
from .coefficients import krippendorff_alpha, mean_over_pairs, variance_ratios
from .pools import splits
from .without_each import leave_one_out, split_half

# Splits of the raters that are left when one is out: enough for an interval.
SPLITS_WITHOUT_ONE = 500
NO_INTERVAL = (float("nan"), float("nan"))
TOO_LITTLE_SHARED = "no two raters share enough pairs over which both of them vary"
CANCEL = "the raters' RDMs cancel each other out, so that their mean does not vary"


@dataclass(frozen=True)
class Coefficient:
    """A coefficient with its interval over raters; `reason` says why one of them is NaN, or what was left out."""

    value: float
    interval: tuple[float, float] = NO_INTERVAL
    reason: str | None = None


@dataclass(frozen=True)
class Reliability:
    """Agreement between raters (see `reliability`).

    `raters_per_pair` is the harmonic mean over the pairs that anybody saw, the k of each reliability of the mean.
    """

    pairwise_pearson: Coefficient
    pairwise_spearman: Coefficient
    pairwise_tau_a: Coefficient
    leave_one_out: Coefficient
    split_half: Coefficient
    split_half_corrected: Coefficient
    cronbach_alpha: Coefficient
    icc_2_1: Coefficient
    icc_2_k: Coefficient
    icc_3_k: Coefficient
    krippendorff_alpha: Coefficient
    kendall_w: Coefficient
    n_raters: int
    n_pairs_seen: int
    raters_per_pair: float
    n_splits: int
    level: float


COEFFICIENTS = tuple(name for name, kind in Reliability.__annotations__.items() if kind == "Coefficient")


def reliability(
    rdms: ArrayLike,
    *,
    level: float = 0.95,
    max_splits: int = 10_000,
    rng: np.random.Generator | None = None,
    names: Sequence[str] | None = None,
) -> Reliability:
    """All coefficients of agreement between raters, each with an interval over raters.

    Parameters
    ----------
    rdms : (R, P) float
        One condensed RDM per rater, NaN = missing pair. Two raters are always compared over the pairs that both saw.
        Alpha, the ICCs and Krippendorff's alpha see the size of an RDM: with missing pairs bring each row to a root
        mean square of 1 first (`analysis.rdm.scale_to_rms`), or raters who saw few pairs count for most.
    level
        Coverage of the intervals.
    max_splits
        Up to this many halvings are all used; above it, this many are drawn. With missing pairs the time goes with
        halvings x pairs: for hundreds of clips some hundreds of halvings are enough.
    rng
        Draws the halvings; a generator seeded with 0 when left out, so that the same data give the same numbers.
    names
        Of the raters, for the reasons; "rater 0", "rater 1", ... when left out.

    Notes
    -----
    With v the mean variance of a rater's RDM, c the mean covariance of two raters' RDMs, m the variance of the raters'
    means, k the raters per pair and n the pairs that two raters share:

    * Cronbach's alpha = ICC(3,k) = k c / (v + (k - 1) c), raters as items and pairs as cases;
    * ICC(2,1) = c / (v + m - (v - c) / n) and ICC(2,k) = k c / (v + (k - 1) c + m - (v - c) / n) (McGraw & Wong 1996);
    * Kendall's W = (v + (k - 1) c) / (k v) over ranks, which corrects for ties;
    * Krippendorff's alpha (interval metric) = 1 - observed / expected squared difference;
    * split-half: mean r between the pools of two halves of the raters; corrected: 2r / (1 + r), for r > 0 only;
    * leave-one-out: mean r of a rater with the pool of the others.

    Without missing pairs these are the textbook coefficients exactly. The intervals come from the jackknife: each rater
    is left out once, and the spread of what remains gives the standard error, with Student's t for R - 1 degrees of
    freedom, on a scale without bounds (Fisher's z for correlations, log(1 - x) for the others). No rater is ever paired
    with itself, as happens in a bootstrap over raters, and the coverage holds down to three raters. With few
    raters, or one who stands apart, intervals of alpha and the ICCs can reach far below -1: `analysis.results` shows
    none that is wider than its measure's range.

    Raises
    ------
    ValueError
        When a rater has no pair at all, a value is infinite or too large or small to compute with (`check_rdms`), an
        option is out of range, or there is not one name for each rater. A single rater is no error: every coefficient
        is then NaN and says why.

    References
    ----------
    McGraw & Wong (1996), Psychological Methods 1, 30-46. Hayes & Krippendorff (2007), Communication Methods and
    Measures 1, 77-89. Arvesen (1969), Annals of Mathematical Statistics 40, 2076-2100 (the jackknife of U-statistics).
    """
    table = check_rdms(rdms)
    if not 0 < level < 1 or max_splits < 1:
        raise ValueError("level must lie between 0 and 1, max_splits must be at least 1")
    rng = np.random.default_rng(0) if rng is None else rng
    n_raters = len(table)
    labels = rater_labels(names, n_raters)
    counts = raters_per_pair(table)
    seen = counts[counts > 0]
    k = round(float(seen.size / np.sum(1.0 / seen)), 12)
    if n_raters > 1:
        halves = splits(n_raters, max_splits, rng)
        coefficients = _coefficients(table, k, halves, level=level, rng=rng, names=labels)
    else:
        halves = np.empty((0, 1))
        alone = Coefficient(float("nan"), reason="agreement needs at least two raters")
        coefficients = dict.fromkeys(COEFFICIENTS, alone)
    return Reliability(
        **coefficients,
        n_raters=n_raters,
        n_pairs_seen=int(seen.size),
        raters_per_pair=k,
        n_splits=len(halves),
        level=level,
    )


def rater_labels(names: Sequence[str] | None, n_raters: int) -> tuple[str, ...]:
    """The raters' names, or "rater 0", "rater 1", ... without any.

    Raises
    ------
    ValueError
        When there is not one name for each rater.
    """
    if names is None:
        return tuple(f"rater {r}" for r in range(n_raters))
    if len(names) != n_raters:
        raise ValueError(f"names must hold one name for each of the {counted(n_raters, 'rater')}, got {len(names)}")
    return tuple(names)


def _coefficients(
    table: Floats, k: float, halves: Floats, *, level: float, rng: np.random.Generator, names: tuple[str, ...]
) -> dict[str, Coefficient]:
    n_raters = len(table)
    # The first row is the data, row 1 + r the data without rater r.
    weights = np.vstack([np.ones(n_raters), 1 - np.eye(n_raters)])
    agreements = {method: similarity(table, method=method) for method in ("pearson", "spearman", "tau_a")}
    others, alone = leave_one_out(table)
    values = {f"pairwise_{method}": mean_over_pairs(agreement, weights) for method, agreement in agreements.items()}
    values["leave_one_out"] = others
    values["split_half"] = split_half(table, halves, min(SPLITS_WITHOUT_ONE, len(halves)), rng)
    values |= variance_ratios(table, weights, k) | {"krippendorff_alpha": krippendorff_alpha(table, weights)}
    missing = _undefined_pairs(agreements["pearson"])
    remarks = {f"pairwise_{method}": _undefined_pairs(agreement) for method, agreement in agreements.items()}
    remarks |= dict.fromkeys(("leave_one_out", "split_half"), _undefined_raters(alone, agreements["pearson"], names))
    comparable = missing is None or np.isfinite(agreements["pearson"][np.triu_indices(n_raters, 1)]).any()
    coefficients = {
        name: with_interval(
            each,
            level,
            "correlation" if name in remarks else "ratio",
            remarks.get(name),
            undefined=CANCEL if comparable else TOO_LITTLE_SHARED,
            names=names,
        )
        for name, each in values.items()
    }
    coefficients["split_half_corrected"] = spearman_brown(coefficients["split_half"])
    return coefficients


SCALES: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "correlation": (lambda r: np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)), np.tanh),
    "difference": (lambda x: x, lambda y: y),
    "ratio": (lambda x: np.log(np.maximum(1 - x, 1e-12)), lambda y: 1 - np.exp(y)),
}


def with_interval(
    values: Floats,
    level: float,
    scale: str,
    left_out: str | None = None,
    *,
    undefined: str = TOO_LITTLE_SHARED,
    names: Sequence[str] | None = None,
) -> Coefficient:
    """The coefficient of the data, `values[0]`, with the jackknife's interval out of those without each rater.

    `scale` is "correlation", "ratio" (at most 1, without a lower bound) or "difference" (without bounds). `undefined`
    is the reason where the coefficient is NaN, `names` are the raters'.

    Raises
    ------
    ValueError
        When the level does not lie between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level}")
    estimate, without, n_raters = float(values[0]), values[1:], len(values) - 1
    if not np.isfinite(estimate):
        return Coefficient(float("nan"), reason=undefined)
    if n_raters < 3:
        return Coefficient(estimate, reason="an interval over raters needs at least three raters")
    if not np.isfinite(without).all():
        vital = rater_labels(names, n_raters)[int(np.flatnonzero(~np.isfinite(without))[0])]
        return Coefficient(estimate, reason=f"no interval: without {vital} the coefficient is undefined")
    there, back = SCALES[scale]
    moved = there(without)
    error = np.sqrt((n_raters - 1) / n_raters * np.sum((moved - moved.mean()) ** 2))
    reach = scipy.stats.t.ppf((1 + level) / 2, n_raters - 1) * error
    with np.errstate(over="ignore"):
        low, high = (float(end) for end in np.sort(back(there(values[:1]) + np.array([-reach, reach]))))
    return Coefficient(estimate, (low, high), left_out)


def spearman_brown(split: Coefficient) -> Coefficient:
    """Reliability of all raters together, out of the correlation of two halves."""
    if not split.value > 0:
        reason = split.reason if np.isnan(split.value) else "the split-half correlation is not above 0"
        return Coefficient(float("nan"), reason=reason)
    low, high = (2 * r / (1 + r) for r in np.maximum(split.interval, 0.0))
    return Coefficient(2 * split.value / (1 + split.value), (float(low), float(high)), split.reason)


def _undefined_pairs(agreement: Floats) -> str | None:
    missing = int(np.isnan(agreement[np.triu_indices(len(agreement), 1)]).sum())
    return (
        f"left out: {counted(missing, 'pair')} of raters who share fewer than 3 pairs or do not vary"
        if missing
        else None
    )


def _undefined_raters(each: Floats, between: Floats, names: tuple[str, ...]) -> str | None:
    """Who has no correlation with the pool of the others (R,), and why, out of the raters' correlations (R, R)."""
    missing = np.flatnonzero(np.isnan(each))
    if not missing.size:
        return None
    apart = np.array([np.isfinite(np.delete(between[rater], rater)).any() for rater in missing])
    reasons = [
        f"{', '.join(names[rater] for rater in raters)} ({why})"
        for raters, why in (
            (missing[~apart], "no variation, or too few pairs shared with the others"),
            (missing[apart], "the others cancel each other out"),
        )
        if raters.size
    ]
    return f"left out: {'; '.join(reasons)}"
