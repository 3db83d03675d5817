"""Correction of p values for many tests."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats

Correction = Literal["fdr", "holm", "bonferroni", "none"]
CORRECTIONS: tuple[Correction, ...] = get_args(Correction)


def adjust(p_values: ArrayLike, correction: Correction) -> Floats:
    """Adjusted p values, same shape; NaN stays NaN and counts as no test.

    "fdr" holds the false discovery rate (Benjamini & Hochberg 1995), "holm" and "bonferroni" the family-wise error rate
    (Holm 1979 is never the weaker of the two).

    Raises
    ------
    ValueError
        When the correction is unknown or a p value does not lie between 0 and 1.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction must be one of {', '.join(CORRECTIONS)}, got {correction!r}")
    out = np.array(p_values, dtype=np.float64)
    tested = np.isfinite(out)
    p = out[tested]
    if ((p < 0) | (p > 1)).any():
        raise ValueError("p values must lie between 0 and 1")
    if correction == "fdr" and p.size:
        out[tested] = scipy.stats.false_discovery_control(p, method="bh")
    elif correction == "holm":
        order = np.argsort(p)
        steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
        holm = np.empty_like(p)
        holm[order] = np.minimum(steps, 1.0)
        out[tested] = holm
    elif correction == "bonferroni":
        out[tested] = np.minimum(p * p.size, 1.0)
    return out
