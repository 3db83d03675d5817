"""Do raters differ in kind, or only by noise: their agreement compared with how well each agrees with itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, with_nan
from ..similarity import check_rdms, similarity
from ..words import counted
from .coefficients import mean_over_pairs
from .report import Coefficient, with_interval


def agreement_without_noise(rdms: ArrayLike, own_reliability: ArrayLike, *, level: float = 0.95) -> Coefficient:
    """Mean over pairs of raters of r_ab / sqrt(reliability_a reliability_b): 1 when raters differ by noise only.

    Below 1 they differ in kind. A single quotient can exceed 1, because all three numbers carry noise.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    own_reliability : (R,) float
        Each rater's reliability, for RDMs as noisy as those given: for example Spearman-Brown of the correlation
        between the RDMs of odd and even trials by the same estimator. With that of a less accurate one, raters who
        differ in kind seem to agree (`individual_test` needs no reliability). NaN or not above 0 = unknown, and the
        rater is left out.
    level
        Coverage of the interval over raters (the jackknife, as in `reliability`).

    Returns
    -------
    Coefficient
        NaN with its reason when fewer than two raters have a known reliability.

    Raises
    ------
    ValueError
        When there is not one reliability for each rater, one exceeds 1, or a rater has no pair at all.

    References
    ----------
    Spearman (1904), The proof and measurement of association between two things (the correction for attenuation).
    """
    table = check_rdms(rdms)
    own = with_nan(own_reliability)
    if own.shape != (len(table),):
        raise ValueError(
            f"own_reliability must hold one number for each of the {counted(len(table), 'rater')}, got {own.shape}"
        )
    if (own > 1).any():
        raise ValueError(f"the reliability of rater {int(np.flatnonzero(own > 1)[0])} exceeds 1")
    known = np.isfinite(own) & (own > 0)
    n_known = int(known.sum())
    if n_known < 2:
        return Coefficient(float("nan"), reason="fewer than two raters have a known reliability of their own")
    quotients: Floats = similarity(table[known]) / np.sqrt(np.outer(own[known], own[known]))
    weights = np.vstack([np.ones(n_known), 1 - np.eye(n_known)])
    left_out = (
        f"left out: {counted(len(table) - n_known, 'rater')} without a known reliability"
        if n_known < len(table)
        else None
    )
    return with_interval(mean_over_pairs(quotients, weights), level, "difference", left_out)
