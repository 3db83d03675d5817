"""Do raters differ in kind: is a rater more like itself than like others, once its noise is taken into account?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..similarity import check_rdms, similarity
from .report import Coefficient, with_interval

MIN_RATERS = 4
ROUNDS = 200


@dataclass(frozen=True, eq=False)
class IndividualTest:
    """Halves of each rater's trials against one another.

    Attributes
    ----------
    within : float
        Mean correlation of the two halves of one rater.
    expected : float
        What it would be if raters differed by noise alone.
    by_rater : (R,) float
        Each rater's own less what is expected of it.
    difference : Coefficient
        The mean of these, with the jackknife's interval over raters.
    agreement : Coefficient
        `expected` over `within`, with the same: how far two raters agree when noise is taken out; 1 when they differ by
        noise alone. It can exceed 1. NaN, with the reason, where halves of one rater do not agree.
    p : float
        One-sided, over permutations of whose second half is whose: (1 + at least as large) / (1 + permutations).
    n_permutations : int
    """

    within: float
    expected: float
    by_rater: Floats
    difference: Coefficient
    agreement: Coefficient
    p: float
    n_permutations: int


def individual_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    n_permutations: int = 5000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
) -> IndividualTest:
    """Test whether the halves of one rater are more alike than those of two raters (Charest et al. 2014).

    Halves that show one RDM with noise of their own correlate by the root of the product of their reliabilities, so
    one factor for each first and each second half explains the correlations of different raters. Without these factors
    raters with little noise would make the mean within raters larger, also where all see the same. What is left of the
    correlations is compared within and between raters, by dealing out the second halves again.

    Parameters
    ----------
    first, second : (R, P) float
        RDMs of halves of each rater's trials, NaN = missing pair.
    n_permutations, level, rng
        As in `mantel`.

    Raises
    ------
    ValueError
        With fewer than 4 raters, shapes that differ, no permutations, a level that does not lie between 0 and 1, or
        when two halves share too few pairs to be compared.

    References
    ----------
    Charest, Kievit, Schmitz, Deca & Kriegeskorte (2014), PNAS 111, 14565-14570. Spearman (1904).
    """
    one, two = check_rdms(first, "first"), check_rdms(second, "second")
    if n_permutations < 1:
        raise ValueError("n_permutations must be at least 1")
    if one.shape != two.shape:
        raise ValueError(f"the halves have the shapes {one.shape} and {two.shape}")
    n_raters = len(one)
    if n_raters < MIN_RATERS:
        raise ValueError(f"the test needs at least {MIN_RATERS} raters with two halves, there are {n_raters}")
    similarities = similarity(one, two)
    if np.isnan(similarities).any():
        rater, other = np.argwhere(np.isnan(similarities))[0]
        raise ValueError(f"the halves of raters {rater} and {other} share too few pairs, or do not vary")
    rest = similarities - _by_noise(similarities)
    own = np.diag(rest)
    rng = np.random.default_rng(0) if rng is None else rng
    dealt = rng.permuted(np.tile(np.arange(n_raters), (n_permutations, 1)), axis=1)
    null = rest[np.arange(n_raters), dealt].mean(axis=1)
    p = (1 + int((null >= own.mean() - 1e-12).sum())) / (1 + n_permutations)
    values = np.array([own.mean(), *((own.sum() - own) / (n_raters - 1))])
    within = float(np.diag(similarities).mean())
    return IndividualTest(
        within=within,
        expected=within - float(own.mean()),
        by_rater=own,
        difference=with_interval(values, level, "difference"),
        agreement=_agreement(similarities, level),
        p=p,
        n_permutations=n_permutations,
    )


def _agreement(similarities: Floats, level: float) -> Coefficient:
    """What noise alone leads to expect within raters as a share of what there is, of all raters and without each."""
    everyone = np.arange(len(similarities))
    shares = []
    for kept in (everyone, *(np.delete(everyone, rater) for rater in everyone)):
        mine = similarities[np.ix_(kept, kept)]
        within = np.trace(mine)
        shares.append(np.trace(_by_noise(mine)) / within if within > 0 else np.nan)
    return with_interval(np.array(shares), level, "difference", undefined="the halves of raters' trials do not agree")


def _by_noise(similarities: Floats) -> Floats:
    """The correlations that different raters' halves lead to expect, a_i b_j, by alternating least squares."""
    off = 1 - np.eye(len(similarities))
    a = b = np.full(len(similarities), np.sqrt(max(float((similarities * off).sum() / off.sum()), 1e-6)))
    for _ in range(ROUNDS):
        before = a
        a = ((similarities * off) @ b) / np.maximum(off @ b**2, 1e-12)
        b = ((similarities * off).T @ a) / np.maximum(off @ a**2, 1e-12)
        if np.abs(a - before).max() < 1e-10:
            break
    return np.outer(a, b)
