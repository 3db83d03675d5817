"""p values over permutations: of each statistic by itself, and against the largest of all."""

from __future__ import annotations

import numpy as np

from ..arrangement import Floats


def permutation_p(observed: Floats, null: Floats, *, two_sided: bool) -> tuple[Floats, Floats]:
    """p of K statistics (K,) over B permutations (B, K), and against the largest of all; (1 + as large) / (1 + B).

    For both, each statistic is put on the scale of its own permutations (mean 0, sd 1); two-sided is how far it is from
    their mean. A statistic that is undefined has no p; a permutation that leaves one undefined counts as its mean.
    """
    every = np.vstack([observed, null])
    defined = np.isfinite(every)
    count = np.maximum(defined.sum(axis=0), 1)
    mean = np.where(defined, every, 0.0).sum(axis=0) / count
    apart = np.where(defined, every - mean, 0.0)
    spread = np.sqrt((apart**2).sum(axis=0) / count)
    scaled = np.where(spread > 1e-12, apart / np.where(spread > 1e-12, spread, 1.0), 0.0)
    if two_sided:
        scaled = np.abs(scaled)
    finite = np.isfinite(observed)
    p = (1 + (scaled[1:] >= scaled[0] - 1e-9).sum(axis=0)) / len(every)
    p_max = (1 + (scaled[1:].max(axis=1, initial=-np.inf)[:, None] >= scaled[0] - 1e-9).sum(axis=0)) / len(every)
    return np.where(finite, p, np.nan), np.where(finite, p_max, np.nan)
