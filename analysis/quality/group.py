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


def robust_z(r: Floats) -> Floats:
    """How many robust standard deviations each correlation (R,) lies from their median, on Fisher's z."""
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    robust = np.full(r.size, np.nan)
    defined = np.isfinite(z)
    if defined.sum() > 2:
        median = np.median(z[defined])
        spread = MAD_TO_SD * np.median(np.abs(z[defined] - median))
        if spread > 1e-12:
            robust[defined] = (z[defined] - median) / spread
    return robust


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
    robust = robust_z(r)
    alpha = np.full(n_raters, np.nan)
    if n_raters > 2:
        without = 1 - np.eye(n_raters)
        counts = raters_per_pair(table) - np.isfinite(table)
        seen = counts > 0
        k = seen.sum(axis=1) / np.where(seen, 1 / np.maximum(counts, 1), 0.0).sum(axis=1)
        alpha = variance_ratios(table, without, k)["cronbach_alpha"]
    return GroupQuality(r, robust, alpha, robust < OUTLIER)
