"""Which model explains the RDM of all raters' trials best, where raters saw the pairs between them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints, with_nan
from ..noise_ceiling import NoiseCeiling
from ..rdm import n_items_of, upper_triangle
from ..similarity import Method
from .adjust import Correction
from .chunks import Progress, run_chunks
from .compare import checked_models
from .conclusions import ModelComparison, conclusions
from .scores import Data, prepare, sample_of_items

NO_CEILING = "there is none, because the raters shared the pairs: others have seen too few of those that a rater saw"


def compare_joint(
    rdm: ArrayLike,
    without: ArrayLike,
    models: ArrayLike,
    *,
    method: Method = "rho_a",
    names: Sequence[str] | None = None,
    n_boot: int = 1000,
    correction: Correction = "fdr",
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> ModelComparison:
    """Compare model RDMs with one RDM that was estimated from the trials of all raters.

    A single rater saw too few pairs to be compared with a model. Raters are resampled in G groups, to the first order:
    a sample in which group g is drawn m_g times has the score of all raters plus the sum over g of (m_g - 1) times the
    influence of g, which is (G - 1)/G times how far the score without g lies below the mean of the G scores without one
    (the jackknife). Items are resampled as in `compare_models`, which also gives the three variances and their
    correction.

    Parameters
    ----------
    rdm : (P,) float
        NaN = a pair that nobody saw; models are compared over the others.
    without : (G, P) float
        The RDM of all raters but those of one group; groups are of (about) equal size. With fewer than two rows only
        the items are resampled.
    models : (M, P) float
        Complete.

    Returns
    -------
    ModelComparison
        `by_rater` has one row, that of `rdm`. There is no noise ceiling.

    Raises
    ------
    ValueError
        As `compare_models`.

    References
    ----------
    Efron & Tibshirani (1993), An introduction to the bootstrap, chapters 11 and 20. Schütt et al. (2023), eLife 12,
    e82566.
    """
    whole, predictions, labels = checked_models(rdm, models, names)
    if len(whole) != 1:
        raise ValueError(f"one RDM is wanted, got {len(whole)}")
    n_items = n_items_of(whole.shape[1])
    if n_items < 4:
        raise ValueError(f"{n_items} items are too few to be resampled")
    if n_boot < 2 or not 0 < level < 1:
        raise ValueError("n_boot must be at least 2, and level must lie between 0 and 1")
    left_out = with_nan(without).reshape(-1, whole.shape[1])
    several = len(left_out) > 1
    seen = np.isfinite(whole[0])
    if np.ptp(whole[0, seen]) <= 1e-12 * np.abs(whole[0, seen]).max():
        raise ValueError("the RDM does not vary")
    rows = np.vstack([whole, left_out])[:, seen] if several else whole[:, seen]
    data = prepare(rows, predictions[:, seen], method)
    means = sample_of_items(data, np.ones(int(seen.sum()))).similarities[0]
    if (undefined := np.flatnonzero(~np.isfinite(means))).size:
        raise ValueError(f"{labels[undefined[0]]} has no defined similarity to the RDM")
    task = partial(_draw, data, n_items, np.asarray(np.flatnonzero(seen), dtype=np.int64))
    drawn = run_chunks(
        task,
        n_boot,
        np.random.default_rng(0) if rng is None else rng,
        n_jobs=n_jobs,
        dask_address=dask_address,
        progress=progress,
    )
    return conclusions(
        labels,
        method,
        "both" if several else "items",
        means[None],
        means,
        NoiseCeiling(np.nan, np.nan, NO_CEILING),
        drawn,
        n_raters=max(len(left_out), 1),
        n_items=n_items,
        correction=correction,
        level=level,
    )


def _draw(data: Data, n_items: int, seen: Ints, rng: np.random.Generator, n_draws: int) -> Floats:
    """Scores of samples, (n_draws, M, S): of groups and items, of groups, of items; or of items alone."""
    row, col = (axis[seen] for axis in upper_triangle(n_items))
    n_groups = len(data.rdms) - 1
    whole = sample_of_items(data, np.ones(row.size)).similarities
    out = np.full((n_draws, len(data.models), 3 if n_groups else 1), np.nan)
    for sample in out:
        items = rng.multinomial(n_items, np.full(n_items, 1 / n_items)).astype(np.float64)
        weights = items[row] * items[col]
        # A sample of copies of one item has no pair.
        of_items = sample_of_items(data, weights).similarities if weights.any() else np.full(whole.shape, np.nan)
        if not n_groups:
            sample[:, 0] = of_items[0]
            continue
        groups = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups)).astype(np.float64)
        sample[:] = np.stack([_with_groups(of_items, groups), _with_groups(whole, groups), of_items[0]], axis=1)
    return out


def _with_groups(scores: Floats, drawn: Floats) -> Floats:
    """The scores (M,) of a sample in which each group was drawn so often (G,), from those of all and without each."""
    without = scores[1:]
    influence = (len(drawn) - 1) / len(drawn) * (without.mean(axis=0) - without)
    return np.asarray(scores[0] + (drawn - 1) @ influence)
