"""The report on agreement: every coefficient side by side, with its interval, or with the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, t

from analysis.arrangement import Floats
from analysis.noise_ceiling import leave_one_out
from analysis.pooling import raters_per_pair
from analysis.reliability.coefficients import CHUNK, krippendorff_alpha, mean_over_pairs, variance_ratios
from analysis.reliability.halves import half_correlations, resampled_agreement, split_half, splits, with_the_others
from analysis.similarity import check_rdms, similarity

# Splits of each bootstrap sample: its members are in random order, so that few splits stand for all.
SPLITS_PER_RESAMPLE = 100
NO_INTERVAL = (float("nan"), float("nan"))


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
    n_boot: int
    level: float


COEFFICIENTS = tuple(name for name, kind in Reliability.__annotations__.items() if kind == "Coefficient")


def reliability(
    rdms: ArrayLike,
    *,
    n_boot: int = 1000,
    level: float = 0.95,
    max_splits: int = 10_000,
    rng: np.random.Generator | None = None,
) -> Reliability:
    """All coefficients of agreement between raters, with intervals from a bootstrap over raters.

    Parameters
    ----------
    rdms : (R, P) float
        One condensed RDM per rater, NaN = missing pair. Two raters are always compared over the pairs that both saw.
    n_boot
        Bootstrap samples of raters; 0 leaves the intervals out.
    level
        Coverage of the intervals.
    max_splits
        Up to this many halvings are all used; above it, this many are drawn.
    rng
        Drives the draws; a generator seeded with 0 when left out, so that the same data give the same numbers.

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

    Without missing pairs these are the textbook coefficients exactly. A bootstrap sample holds some raters twice: a
    rater is never paired with itself, and where a pool of raters is needed its copies count as raters who agree as much
    as two different raters of that sample do. The limits are percentiles, widened for few raters (Hesterberg 2015).

    Raises
    ------
    ValueError
        When a rater has no pair at all, a value is infinite, or an option is out of range. A single rater is no error:
        every coefficient is then NaN and says why.

    References
    ----------
    McGraw & Wong (1996), Psychological Methods 1, 30-46. Hayes & Krippendorff (2007), Communication Methods and
    Measures 1, 77-89. Hesterberg (2015), The American Statistician 69, 371-386.
    """
    table = check_rdms(rdms)
    if n_boot < 0 or not 0 < level < 1 or max_splits < 1:
        raise ValueError("n_boot must not be negative, level must lie between 0 and 1, max_splits must be at least 1")
    rng = np.random.default_rng(0) if rng is None else rng
    n_raters = len(table)
    counts = raters_per_pair(table)
    seen = counts[counts > 0]
    k = round(float(seen.size / np.sum(1.0 / seen)), 12)
    halves = splits(n_raters, max_splits, rng) if n_raters > 1 else np.empty((0, n_raters))
    coefficients = _coefficients(table, k, halves, n_boot=n_boot, level=level, rng=rng)
    return Reliability(
        **coefficients,
        n_raters=n_raters,
        n_pairs_seen=int(seen.size),
        raters_per_pair=k,
        n_splits=len(halves),
        n_boot=n_boot,
        level=level,
    )


def _coefficients(
    table: Floats, k: float, halves: Floats, *, n_boot: int, level: float, rng: np.random.Generator
) -> dict[str, Coefficient]:
    n_raters = len(table)
    if n_raters < 2:
        return dict.fromkeys(COEFFICIENTS, Coefficient(float("nan"), reason="agreement needs at least two raters"))
    # Two raters have one pair: every bootstrap sample that holds it gives the same value.
    copies = rng.multinomial(n_raters, np.full(n_raters, 1 / n_raters), size=n_boot if n_raters > 2 else 0)
    weights = np.vstack([np.ones(n_raters), copies]).astype(np.float64)
    why_none = _why_no_interval(n_raters, n_boot)

    def report(sampled: Floats, value: float | None = None, left_out: str | None = None) -> Coefficient:
        return _coefficient(sampled, value, left_out, level=level, n_raters=n_raters, why_none=why_none)

    tables = {method: similarity(table, method=method) for method in ("pearson", "spearman", "tau_a")}
    found = {
        f"pairwise_{method}": report(mean_over_pairs(agreement, weights), left_out=_undefined_pairs(agreement))
        for method, agreement in tables.items()
    }
    each = leave_one_out(table)
    by_others, by_halves = _pooled(tables["pearson"], weights, halves, rng)
    found["leave_one_out"] = report(by_others, _mean(each), _undefined_raters(each))
    found["split_half"] = report(by_halves, _mean(half_correlations(table, halves)), _undefined_raters(each))
    found["split_half_corrected"] = _spearman_brown(found["split_half"])
    found |= {name: report(values) for name, values in variance_ratios(table, weights, k).items()}
    found["krippendorff_alpha"] = report(krippendorff_alpha(table, weights))
    return found


def _pooled(agreement: Floats, weights: Floats, halves: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Mean leave-one-out and mean split-half correlation of the data, then of each bootstrap sample, (1 + B,) each.

    Both follow from the raters' correlations; where pairs are missing that is not exact, and `_coefficient` moves the
    bootstrap to the exact value.
    """
    n = len(agreement)
    some = splits(n, SPLITS_PER_RESAMPLE, rng)
    others, half = np.empty(len(weights)), np.empty(len(weights))
    step = max(1, CHUNK // (n * max(n, len(some))))
    for start in range(0, len(weights), step):
        sample = resampled_agreement(agreement, weights[start : start + step])
        others[start : start + step] = with_the_others(sample).mean(axis=1)
        half[start : start + step] = split_half(sample, some).mean(axis=1)
    whole = resampled_agreement(agreement, np.ones((1, n)))
    half[0] = split_half(whole, halves).mean()
    return others, half


def _coefficient(
    sampled: Floats, value: float | None, left_out: str | None, *, level: float, n_raters: int, why_none: str | None
) -> Coefficient:
    """`sampled` holds the coefficient of the data, then of the bootstrap samples; `value` replaces the first."""
    estimate, boot = float(sampled[0]), sampled[1:]
    if value is not None and np.isfinite(value) and np.isfinite(estimate):
        # Fisher's z keeps what is moved between -1 and 1.
        boot = np.tanh(_fisher_z(boot) + _fisher_z(value) - _fisher_z(estimate))
    estimate = estimate if value is None else value
    if not np.isfinite(estimate):
        return Coefficient(float("nan"), reason="no two raters share enough pairs over which both of them vary")
    boot = boot[np.isfinite(boot)]
    if why_none or boot.size < 0.5 * (len(sampled) - 1):
        return Coefficient(estimate, reason=why_none or "most bootstrap samples leave the coefficient undefined")
    tail = norm.cdf(np.sqrt(n_raters / (n_raters - 1)) * t.ppf((1 - level) / 2, n_raters - 1))
    low, high = np.quantile(boot, [tail, 1 - tail])
    return Coefficient(estimate, (float(low), float(high)), left_out)


def _spearman_brown(split: Coefficient) -> Coefficient:
    """Reliability of all raters together, out of the correlation of two halves."""
    if not split.value > 0:
        reason = split.reason if np.isnan(split.value) else "the split-half correlation is not above 0"
        return Coefficient(float("nan"), reason=reason)
    low, high = (2 * r / (1 + r) for r in np.maximum(split.interval, 0.0))
    return Coefficient(2 * split.value / (1 + split.value), (float(low), float(high)), split.reason)


def _why_no_interval(n_raters: int, n_boot: int) -> str | None:
    if n_raters < 3:
        return "an interval over raters needs at least three raters"
    return "no bootstrap was asked for" if n_boot == 0 else None


def _undefined_pairs(agreement: Floats) -> str | None:
    missing = int(np.isnan(agreement[np.triu_indices(len(agreement), 1)]).sum())
    return f"left out: {missing} pairs of raters who share fewer than 3 pairs or do not vary" if missing else None


def _undefined_raters(each: Floats) -> str | None:
    missing = np.flatnonzero(np.isnan(each))
    return (
        f"left out: rater {', '.join(map(str, missing))}, without variation or shared pairs" if missing.size else None
    )


def _mean(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if defined.size else float("nan")


def _fisher_z(r: Floats | float) -> Floats:
    return np.asarray(np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)), dtype=np.float64)
