"""Bootstrap over raters, items, and both, and the variance that follows from it (Schütt et al. 2023)."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from ..arrangement import Floats
from ..rdm import n_items_of, upper_triangle
from .chunks import Progress, run_chunks
from .scores import Data, sample_of_items, scores

Resample = Literal["both", "raters", "items"]


def bootstrap(
    data: Data,
    resample: Resample,
    n_boot: int,
    rng: np.random.Generator,
    *,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> Floats:
    """Scores of bootstrap samples, (B, M + 2, S): the models' mean similarities, then the lower and the upper ceiling.

    The last axis holds the samples of both, of raters alone and of items alone (the same draws) for "both"; else only
    the one that was asked for. NaN where a score is undefined in a sample.
    """
    task = partial(_draw, data, resample)
    return run_chunks(task, n_boot, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)


def _draw(data: Data, resample: Resample, rng: np.random.Generator, n_draws: int) -> Floats:
    n_raters, n_items = len(data.rdms), n_items_of(data.rdms.shape[1])
    row, col = upper_triangle(n_items)
    whole = sample_of_items(data, np.ones(row.size)) if resample != "items" else None
    everyone = np.ones((1, n_raters))
    out = []
    for _ in range(n_draws):
        # Both are always drawn, so that the three kinds of sample are made of the same draws.
        items = rng.multinomial(n_items, np.full(n_items, 1 / n_items)).astype(np.float64)
        raters = rng.multinomial(n_raters, np.full(n_raters, 1 / n_raters))[None].astype(np.float64)
        by_raters = [] if whole is None else [scores(whole, raters)]
        by_items = []
        if resample != "raters":
            weights = items[row] * items[col]
            members = np.vstack([raters, everyone]) if resample == "both" else everyone
            # A sample of copies of one item has no pair.
            nothing = np.full((len(members), len(data.models) + 2), np.nan)
            by_items = [scores(sample_of_items(data, weights), members) if weights.any() else nothing]
        drawn = np.vstack(by_raters + by_items)
        out.append(drawn[[1, 0, 2]] if resample == "both" else drawn)
    return np.array(out).transpose(0, 2, 1)


def corrected_variances(
    covariances: Floats, contrasts: Floats, n_raters: int, n_items: int, resample: Resample
) -> Floats:
    """Variances of contrasts between scores, (C,), from covariance matrices of bootstrap scores (S, K, K).

    For "both", with V_rs, V_r and V_s the bootstrap variances over both, raters and items, R raters and n items:
    R/(R-1) V_r + n/(n-1) V_s - nR/((n-1)(R-1)) (V_rs - V_r - V_s), kept between the larger of the first two terms and
    V_rs (Schütt et al. 2023, eLife 12, e82566): the plain bootstrap over both counts part of the noise twice. For one
    factor: n/(n-1) times its bootstrap variance.
    """
    raw = np.einsum("ck,skl,cl->sc", contrasts, covariances, contrasts, optimize=True)
    by_raters, by_items = n_raters / max(n_raters - 1, 1), n_items / (n_items - 1)
    if resample == "raters":
        return np.asarray(by_raters * raw[0])
    if resample == "items":
        return np.asarray(by_items * raw[0])
    both, r, s = raw
    estimate = by_raters * r + by_items * s - by_raters * by_items * (both - r - s)
    return np.asarray(np.minimum(np.maximum(estimate, np.maximum(by_raters * r, by_items * s)), both))
