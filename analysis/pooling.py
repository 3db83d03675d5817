"""Several raters' RDMs as one: the pool that fits a measure best, and how many raters saw each pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .arrangement import Floats, Ints
from .rdm import n_pairs
from .similarity import Method, check_method, check_rdms, ranks


def raters_per_pair(rdms: ArrayLike) -> Ints:
    """Number of raters who saw each pair, (P,) int, of `rdms` (R, P) with NaN for a missing pair."""
    return np.asarray(np.isfinite(check_rdms(rdms)).sum(axis=0), dtype=np.int64)


def seen_by_anybody(rdms: Floats) -> Floats:
    """The same rows without the pairs that nobody saw, (R, Q), where these are most of all; else as they are.

    Agreement rests on the other pairs alone. Where each rater saw one of many sets of clips, few pairs are left. Pairs
    that nobody saw may be at the end, so that it is still a table of RDMs of some number of items.
    """
    seen = np.flatnonzero(np.isfinite(rdms).any(axis=0))
    if 2 * seen.size > rdms.shape[1]:
        return rdms
    n_items = 2
    while n_pairs(n_items) < seen.size:
        n_items += 1
    kept = np.full((len(rdms), n_pairs(n_items)), np.nan)
    kept[:, : seen.size] = rdms[:, seen]
    return kept


def standardise(rdms: Floats, method: Method) -> Floats:
    """Each rater's row on the common scale that pooling for `method` wants, over the rater's own pairs; same shape.

    Pearson: mean 0, sd 1. Cosine: root mean square 1. Rank measures: ranks, stretched to those of the rater who saw
    most pairs, so that nobody weighs less for having seen fewer. A row without any spread (zero, for cosine) says
    nothing about which pairs are alike: it becomes NaN and is not pooled.
    """
    check_method(method)
    if method == "cosine":
        rms = np.sqrt(np.nanmean(rdms * rdms, axis=1, keepdims=True))
        return rdms / np.where(rms > 0, rms, np.nan)
    centred = rdms - np.nanmean(rdms, axis=1, keepdims=True)
    spread = np.sqrt(np.nanmean(centred * centred, axis=1, keepdims=True))
    spread[spread <= 1e-12 * np.nanmax(np.abs(rdms), axis=1, keepdims=True)] = np.nan
    if method == "pearson":
        return np.asarray(centred / spread)
    count = np.isfinite(rdms).sum(axis=1, keepdims=True)
    return np.asarray(ranks(rdms) * (count.max() / count) + 0.0 * spread)


def pool(rdms: ArrayLike, method: Method = "pearson") -> Floats:
    """The group's RDM: the mean of the standardised rows over the raters who saw the pair (Nili et al. 2014).

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    method
        What the pool will be compared by: z-scored rows for "pearson", unit rows for "cosine", ranks for "spearman",
        "rho_a" and "tau_a".

    Returns
    -------
    (P,) float
        NaN where no rater saw the pair. The scale is that of the standardised rows: z, root mean square 1, or ranks.

    Raises
    ------
    ValueError
        When the method is unknown, or a rater has no pair at all.
    """
    return without_rounding(mean_present(standardise(check_rdms(rdms), method)), method)


def mean_present(rows: Floats) -> Floats:
    """Mean over the rows that hold a value, per column; NaN where none does."""
    present = np.isfinite(rows)
    count = present.sum(axis=0)
    total = np.where(present, rows, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def without_rounding(pooled: Floats, method: Method) -> Floats:
    """The pool without what rounding made of equal values.

    Means of ranks are rounded, so that equal ones are equal. Where raters cancel each other out, z-scores and unit rows
    leave residues at rounding level, which would pass for a pattern: they become 0.
    """
    if method in ("pearson", "cosine"):
        return np.where(np.abs(pooled) < 1e-13, 0.0, pooled)
    return np.round(pooled, 8)


def pools_without_each(rdms: Floats, method: Method) -> Floats:
    """Row r is the pool of all the other raters, (R, P); NaN where none of them saw the pair."""
    standardised = standardise(rdms, method)
    present = np.isfinite(standardised)
    filled = np.where(present, standardised, 0.0)
    count = present.sum(axis=0) - present
    total = filled.sum(axis=0) - filled
    return without_rounding(np.where(count > 0, total / np.maximum(count, 1), np.nan), method)
