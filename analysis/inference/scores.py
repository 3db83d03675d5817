"""Scores of one bootstrap sample: each model's mean similarity to the raters, and the noise ceiling, with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Floats, Ints
from ..pooling import without_rounding
from ..similarity import Method
from .weighted import agreement, codes, one_with_many, ranks_of_codes, ranks_of_values, row_by_row

SUMS = ("pearson", "cosine")
RANKS = ("spearman", "rho_a")


@dataclass(frozen=True, eq=False)
class Data:
    """Raters' RDMs (R, P), NaN = missing, and models (M, P).

    Without missing pairs also both stacked (R + M, P): centred for "pearson", as codes for rank measures.
    """

    rdms: Floats
    models: Floats
    method: Method
    complete: bool
    stacked: Floats
    codes: Ints
    n_codes: int


def prepare(rdms: Floats, models: Floats, method: Method) -> Data:
    """Work out once what every sample needs."""
    stacked = np.vstack([rdms, models])
    if method == "pearson":
        stacked -= np.nanmean(stacked, axis=1, keepdims=True)
    coded = codes(stacked)
    n_codes = int(coded.max()) + 1
    coded += np.arange(len(coded))[:, None] * n_codes
    return Data(rdms, models, method, bool(np.isfinite(rdms).all()), stacked, coded, n_codes)


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample of items: the similarities (R, M) under its weights, and what its noise ceilings are made of.

    `between_raters` (R, R) where sums of products give the ceilings; else the raters' rows on the scale for pooling
    (R, p), NaN = missing or without spread, over the pairs `kept` that the sample holds.
    """

    data: Data
    weights: Floats
    kept: NDArray[np.bool_]
    similarities: Floats
    between_raters: Floats | None
    scaled: Floats | None


def sample_of_items(data: Data, w: Floats) -> Sample:
    """The sample in which pair q occurs w_q times, w (P,)."""
    n_raters = len(data.rdms)
    if data.method in SUMS and data.complete:
        table = agreement(data.stacked, w, data.method)
        return Sample(data, w, w > 0, table[:n_raters, n_raters:], table[:n_raters, :n_raters], None)
    kept = w > 0
    w = w[kept]
    if data.method in RANKS and data.complete:
        ranked = ranks_of_codes(data.codes[:, kept], w, data.n_codes)
        similarities = agreement(ranked - (w.sum() + 1) / 2, w, data.method)[:n_raters, n_raters:]
        spread = np.ptp(ranked[:n_raters], axis=1, keepdims=True)
        scaled = ranked[:n_raters] + np.where(spread > 0, 0.0, np.nan)
        return Sample(data, w, kept, similarities, None, scaled)
    rdms, models = data.rdms[:, kept], data.models[:, kept]
    here = np.isfinite(rdms)
    rows = [one_with_many(x[on], models[:, on], w[on], data.method) for x, on in zip(rdms, here, strict=True)]
    return Sample(data, w, kept, np.array(rows), None, _standardise(rdms, w, data.method))


def _standardise(rdms: Floats, w: Floats, method: Method) -> Floats:
    """As `analysis.pooling.standardise`, with weights; all NaN for a rater without spread."""
    out = np.full(rdms.shape, np.nan)
    most = (np.isfinite(rdms) @ w).max()
    for row, x in zip(out, rdms, strict=True):
        on = np.isfinite(x)
        if not on.any() or (method != "cosine" and np.ptp(x[on]) == 0):
            continue
        if method == "pearson":
            centred = x[on] - np.average(x[on], weights=w[on])
            row[on] = centred / np.sqrt(np.average(centred**2, weights=w[on]))
        elif method == "cosine":
            rms = np.sqrt(np.average(x[on] ** 2, weights=w[on]))
            row[on] = x[on] / (rms if rms > 0 else np.nan)
        else:
            row[on] = ranks_of_values(x[None, on], w[on])[0] * (most / w[on].sum())
    return out


def scores(sample: Sample, rater_weights: Floats) -> Floats:
    """Models' means and the two ceilings (V, M + 2), for raters counting as in each row of rater_weights (V, R)."""
    means = _mean_over_raters(sample.similarities, rater_weights)
    if sample.between_raters is not None:
        return np.hstack([means, _ceilings_from_products(sample.between_raters, rater_weights)])
    return np.hstack([means, [_ceiling(sample, m) for m in rater_weights]])


def _mean_over_raters(values: Floats, rater_weights: Floats) -> Floats:
    defined = np.isfinite(values)
    count = rater_weights @ defined
    return np.where(count > 0, rater_weights @ np.where(defined, values, 0.0) / np.maximum(count, 1e-300), np.nan)


def _ceilings_from_products(between: Floats, rater_weights: Floats) -> Floats:
    """The correlation with a sum of z-scored (or unit) rows follows from the raters' similarities alone."""
    defined = np.isfinite(np.diag(between))
    g = np.where(defined[:, None] & defined[None], between, 0.0)
    m = np.where(defined, rater_weights, 0.0)
    own = m * np.diag(g)
    with_all = m @ g
    all_squared = (with_all * m).sum(axis=1, keepdims=True)
    others_squared = all_squared - 2 * m * with_all + m * own
    with np.errstate(divide="ignore", invalid="ignore"):
        lower = np.where(others_squared > 1e-12, (with_all - own) / np.sqrt(others_squared), np.nan)
        upper = np.where(all_squared > 1e-12, with_all / np.sqrt(all_squared), np.nan)
    both = np.isfinite(lower) & np.isfinite(upper) & (m > 0)
    count = (m * both).sum(axis=1)
    sums = [(m * np.where(both, bound, 0.0)).sum(axis=1) for bound in (lower, upper)]
    return np.where(count > 0, np.array(sums) / np.maximum(count, 1e-300), np.nan).T


def _ceiling(sample: Sample, m: Floats) -> Floats:
    """Lower and upper ceiling; the lower pool leaves out all copies of the rater that is compared with it."""
    assert sample.scaled is not None
    method, w = sample.data.method, sample.weights
    here = np.isfinite(sample.scaled)
    if method in RANKS and here.all() and (m > 0).sum() > 1:
        return _ceiling_of_ranks(sample.scaled, w, m, method)
    filled = np.where(here, sample.scaled, 0.0)
    total, count = m @ filled, m @ here
    members = np.flatnonzero((m > 0) & here.any(axis=1))
    own = m[members, None]
    left = count - own * here[members]
    # Where nobody else saw a pair there is no lower pool.
    pools = np.where(left > 0, (total - own * filled[members]) / np.where(left > 0, left, 1.0), np.nan)
    everyone = np.where(count > 0, total / np.where(count > 0, count, 1.0), np.nan)
    pools, everyone = without_rounding(pools, method), without_rounding(everyone, method)
    bounds = np.array([_bounds(sample, int(r), pool, everyone) for r, pool in zip(members, pools, strict=True)])
    bounds = bounds.reshape(members.size, 2)
    defined = np.isfinite(bounds).all(axis=1)
    weight = m[members][defined]
    return weight @ bounds[defined] / weight.sum() if defined.any() else np.full(2, np.nan)


def _ceiling_of_ranks(ranked: Floats, w: Floats, m: Floats, method: Method) -> Floats:
    """The same without missing pairs, all raters at once. Sums of ranks are in the order of their means."""
    members = m > 0
    mine = ranked[members]
    total = m @ ranked
    pools = ranks_of_values(np.vstack([total - m[members, None] * mine, total]), w)
    lower = row_by_row(mine, pools[:-1], w, method)
    upper = row_by_row(mine, np.broadcast_to(pools[-1], mine.shape), w, method)
    weight = m[members] / m[members].sum()
    return np.array([weight @ lower, weight @ upper])


def _bounds(sample: Sample, rater: int, others: Floats, everyone: Floats) -> tuple[float, float]:
    x = sample.data.rdms[rater, sample.kept]
    bounds = []
    for pooled in (others, everyone):
        on = np.isfinite(x) & np.isfinite(pooled)
        bounds.append(float(one_with_many(x[on], pooled[None, on], sample.weights[on], sample.data.method)[0]))
    return bounds[0], bounds[1]
