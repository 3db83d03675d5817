"""What raters' ratings of clips come to: each clip's mean, how far raters agree, and how far each agrees with itself.

A table of ratings is (R, C): a row each rater, a column each clip, NaN where a rater did not rate the clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrangement import Floats, Ints, with_nan
from .reliability import Coefficient
from .reliability.coefficients import krippendorff_alpha, variance_ratios
from .reliability.pools import between_pools, splits
from .reliability.report import spearman_brown, with_interval
from .reliability.without_each import split_half
from .similarity import check_size

NAN = float("nan")
ALONE = "agreement needs at least two raters"
# Halvings of the raters, and of those that are left when one is out; beyond that many raters these take too long.
MAX_SPLITS, SPLITS_WITHOUT_ONE, MAX_RATERS_WITHOUT_ONE = 1000, 200, 50
TOO_MANY = f"no interval: it is computed for up to {MAX_RATERS_WITHOUT_ONE} raters"
TOO_LITTLE = "no two raters have rated enough clips in common, or nobody's ratings vary"


@dataclass(frozen=True, eq=False)
class ScaleRatings:
    """Of a scale: each clip's mean, standard deviation (n - 1; NaN below two raters) and number of raters, each (C,).

    `icc_2_k` is the reliability of the means, `icc_2_1` that of a single rater; `raters_per_clip` is the harmonic mean,
    the k of the first. `cronbach_alpha` is ICC(3,k), and `split_half_corrected` the correlation of the means of two
    halves of the raters, brought to all of them (Spearman-Brown). `self_r` is Pearson's r between the first and the
    second time that a rater rated the same clip, over all raters' `n_repeats` such clips; `self_difference` is the mean
    absolute difference of both.
    """

    mean: Floats
    sd: Floats
    n: Ints
    icc_2_1: Coefficient
    icc_2_k: Coefficient
    cronbach_alpha: Coefficient
    split_half_corrected: Coefficient
    krippendorff_alpha: Coefficient
    raters_per_clip: float
    self_r: float
    self_difference: float
    n_repeats: int


@dataclass(frozen=True, eq=False)
class ChoiceRatings:
    """Of a choice: how many raters chose what for each clip, (C, K), and Krippendorff's alpha for kinds.

    `self_same` is the share of repeats in which a rater chose the same again.
    """

    counts: Ints
    krippendorff_alpha: Coefficient
    self_same: float
    n_repeats: int

    @property
    def most(self) -> list[int | None]:
        """The choice of most raters for each clip; None where nobody chose, or two were chosen equally often."""
        best = self.counts.max(axis=1)
        is_one = (best > 0) & ((self.counts == best[:, None]).sum(axis=1) == 1)
        return [int(row.argmax()) if one else None for row, one in zip(self.counts, is_one, strict=True)]


def scale_ratings(table: ArrayLike, repeats: ArrayLike = (), *, level: float = 0.95) -> ScaleRatings:
    """Summarise ratings on a scale.

    Parameters
    ----------
    table : (R, C) float
        Ratings, NaN where there is none.
    repeats : (M, 2) float
        The first and the second rating of each clip that a rater rated twice.
    level
        Coverage of the intervals, which are the jackknife's over raters.

    Raises
    ------
    ValueError
        When the table has not two dimensions, or a rating is infinite, or too large or small to compute with.
    """
    values = _checked(table)
    n = np.isfinite(values).sum(axis=0).astype(np.int64)
    total = np.where(np.isfinite(values), values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 0, total.sum(axis=0) / np.maximum(n, 1), NAN)
        squares = np.where(np.isfinite(values), (values - mean) ** 2, 0.0).sum(axis=0)
        sd = np.where(n > 1, np.sqrt(squares / np.maximum(n - 1, 1)), NAN)
    rated = values[np.isfinite(values).any(axis=1)]
    k = round(float((n > 0).sum() / (1.0 / n[n > 0]).sum()), 12) if (n > 0).any() else NAN
    names = ("icc_2_1", "icc_2_k", "cronbach_alpha", "krippendorff_alpha")
    coefficients = dict.fromkeys((*names, "split_half_corrected"), Coefficient(NAN, reason=ALONE))
    if len(rated) > 1:
        weights = np.vstack([np.ones(len(rated)), 1 - np.eye(len(rated))])
        ratios = variance_ratios(rated, weights, k) | {"krippendorff_alpha": krippendorff_alpha(rated, weights)}
        coefficients = {name: with_interval(ratios[name], level, "ratio", undefined=TOO_LITTLE) for name in names}
        coefficients["split_half_corrected"] = spearman_brown(_split_half(rated, level))
    pairs = with_nan(repeats).reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    varies = len(pairs) > 2 and bool((pairs.std(axis=0) > 0).all())
    return ScaleRatings(
        mean=mean,
        sd=sd,
        n=n,
        raters_per_clip=k,
        self_r=float(np.corrcoef(pairs[:, 0], pairs[:, 1]).item(1)) if varies else NAN,
        self_difference=float(np.abs(pairs[:, 0] - pairs[:, 1]).mean()) if len(pairs) else NAN,
        n_repeats=len(pairs),
        **coefficients,
    )


def choice_ratings(table: ArrayLike, n_choices: int, repeats: ArrayLike = (), *, level: float = 0.95) -> ChoiceRatings:
    """Summarise choices; `table` (R, C) and `repeats` (M, 2) hold the choice's number from 0, NaN where there is none.

    Raises
    ------
    ValueError
        As `scale_ratings`, and when a choice is none of them.
    """
    values = _checked(table)
    if (beyond := values[~np.isnan(values) & ~np.isin(values, np.arange(n_choices))]).size:
        raise ValueError(f"a choice is {beyond[0]:g}, and there are {n_choices}, numbered from 0")
    # (R, C, K): 1 where the rater chose it.
    chosen = (values[:, :, None] == np.arange(n_choices)).astype(np.float64)
    rated = chosen[np.isfinite(values).any(axis=1)]
    alpha = Coefficient(NAN, reason=ALONE)
    if len(rated) > 1:
        weights = np.vstack([np.ones(len(rated)), 1 - np.eye(len(rated))])
        alpha = with_interval(_alpha_of_kinds(rated, weights), level, "ratio", undefined=TOO_LITTLE)
    pairs = with_nan(repeats).reshape(-1, 2)
    pairs = pairs[np.isfinite(pairs).all(axis=1)]
    return ChoiceRatings(
        counts=chosen.sum(axis=0).astype(np.int64),
        krippendorff_alpha=alpha,
        self_same=float((pairs[:, 0] == pairs[:, 1]).mean()) if len(pairs) else NAN,
        n_repeats=len(pairs),
    )


def _split_half(rated: Floats, level: float) -> Coefficient:
    rng = np.random.default_rng(0)
    halves = splits(len(rated), MAX_SPLITS, rng)
    if len(rated) > MAX_RATERS_WITHOUT_ONE:
        r = between_pools(rated, halves, 1 - halves)
        defined = r[np.isfinite(r)]
        return (
            Coefficient(float(defined.mean()), reason=TOO_MANY) if defined.size else Coefficient(NAN, reason=TOO_LITTLE)
        )
    values = split_half(rated, halves, min(SPLITS_WITHOUT_ONE, len(halves)), rng)
    return with_interval(values, level, "correlation", undefined=TOO_LITTLE)


def _checked(table: ArrayLike) -> Floats:
    values = with_nan(table)
    if values.ndim != 2:
        raise ValueError(f"a table of ratings must have shape (raters, clips), got {values.shape}")
    if np.isinf(values).any():
        raise ValueError("a rating is infinite")
    check_size(values, "the table of ratings")
    return values


def _alpha_of_kinds(chosen: Floats, weights: Floats) -> Floats:
    """Krippendorff's alpha with the nominal metric, (B,), for the raters of each row of `weights` (B, R).

    Each clip that two raters or more have rated is a unit (Hayes & Krippendorff, 2007).
    """
    alpha = np.full(len(weights), NAN)
    for row, weight in enumerate(weights):
        counts = np.tensordot(weight, chosen, axes=1)
        counts = counts[counts.sum(axis=1) > 1]
        each, total = counts.sum(axis=1), counts.sum(axis=0)
        n = total.sum()
        if n == 0:
            continue
        observed = ((each**2 - (counts**2).sum(axis=1)) / (each - 1)).sum() / n
        expected = (n**2 - (total**2).sum()) / (n * (n - 1))
        if expected > 0:
            alpha[row] = 1 - observed / expected
    return alpha
