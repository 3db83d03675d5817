"""A participant against the others: agreement with the group, and what the group's reliability is without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrangement import Floats
from ..noise_ceiling import leave_one_out
from ..pooling import raters_per_pair
from ..reliability.coefficients import variance_ratios
from ..similarity import check_rdms

# Scales the median absolute deviation to the standard deviation of normal data.
MAD_TO_SD = 1.4826
OUTLIER = -3.0


@dataclass(frozen=True, eq=False)
class GroupQuality:
    """Each rater against the rest, (R,) each; NaN where undefined.

    Attributes
    ----------
    leave_one_out : correlation with the pool of the others.
    robust_z : how many robust standard deviations that lies from the raters' median, on Fisher's z.
    alpha_if_deleted : Cronbach's alpha of the others.
    outlier : robust_z below -3.
    """

    leave_one_out: Floats
    robust_z: Floats
    alpha_if_deleted: Floats
    outlier: NDArray[np.bool_]


def group_quality(rdms: ArrayLike) -> GroupQuality:
    """Hold each rater against the others. Raters are flagged, not left out.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.

    Raises
    ------
    ValueError
        When a rater has no pair at all.
    """
    table = check_rdms(rdms)
    n_raters = len(table)
    r = leave_one_out(table)
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    robust = np.full(n_raters, np.nan)
    defined = np.isfinite(z)
    if defined.sum() > 2:
        median = np.median(z[defined])
        spread = MAD_TO_SD * np.median(np.abs(z[defined] - median))
        if spread > 1e-12:
            robust[defined] = (z[defined] - median) / spread
    alpha = np.full(n_raters, np.nan)
    for rater in range(n_raters) if n_raters > 2 else ():
        others = np.delete(table, rater, axis=0)
        counts = raters_per_pair(others)
        k = float((counts > 0).sum() / np.sum(1.0 / counts[counts > 0]))
        alpha[rater] = variance_ratios(others, np.ones((1, n_raters - 1)), k)["cronbach_alpha"][0]
    return GroupQuality(r, robust, alpha, robust < OUTLIER)
