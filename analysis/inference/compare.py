"""Which model explains the raters best: scores, the noise ceiling, and tests, by bootstrap over raters and items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..noise_ceiling import noise_ceiling
from ..pooling import pool
from ..rdm import n_items_of
from ..similarity import Method, check_rdms, similarity
from .adjust import Correction
from .bootstrap import Resample, bootstrap
from .chunks import Progress
from .conclusions import ModelComparison, conclusions
from .scores import prepare


def compare_models(
    rdms: ArrayLike,
    models: ArrayLike,
    *,
    method: Method = "rho_a",
    names: Sequence[str] | None = None,
    resample: Resample = "both",
    n_boot: int = 1000,
    correction: Correction = "fdr",
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> ModelComparison:
    """Compare model RDMs with the raters' RDMs, and the models with each other.

    This is the dual bootstrap of Schütt et al. (2023): raters and items are resampled, separately and together, and the
    three variances are combined (`analysis.inference.bootstrap.corrected_variances`).

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; each rater is compared over the pairs it saw.
    models : (M, P) float
        Complete.
    method
        "rho_a" and "tau_a" do not favour models that predict ties, as categories do; "tau_a" takes far longer.
    names
        Of the models; "model 0", "model 1", ... when left out.
    resample
        "both" to speak about other raters and other items, "raters" for these items only, "items" for these raters.
        With "raters" the items are fixed, and so are chance likenesses of a model to what all raters share: 14 to 29 %
        of models that have nothing to do with the raters come out significant at .05. Use it to compare models on these
        very items, never to show that a model is related at all: for that "both", or `mantel`.
    n_boot
        Bootstrap samples.
    correction
        "fdr", "holm", "bonferroni" or "none", over the models, or over the pairs of models.
    level
        Coverage of the intervals.
    rng
        A generator seeded with 0 when left out. The same seed gives the same numbers wherever the work is done.
    n_jobs
        Processes on this machine; -1 for all cores.
    dask_address
        Address of a Dask scheduler that does the work instead.
    progress
        Called as progress(samples done, samples in all).

    Raises
    ------
    ValueError
        When shapes, names or options do not fit; when a model is constant or has a missing pair; when a rater is
        constant, or a value out of range (`check_rdms`); when raters are
        resampled but there is one only, or items but there are fewer than 4; when a model's similarity to every rater
        is undefined; or when more than half of the samples leave a score undefined.

    References
    ----------
    Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), Statistical inference on representational geometries, eLife 12,
    e82566. Nili et al. (2014), PLoS Computational Biology 10, e1003553.
    """
    table, predictions, labels = checked_models(rdms, models, names)
    if np.isnan(pool(table, method)).all():
        raise ValueError("no rater's RDM varies")
    n_raters, n_items = len(table), n_items_of(table.shape[1])
    _check_options(resample, n_raters, n_items, n_boot=n_boot, level=level)
    rng = np.random.default_rng(0) if rng is None else rng

    by_rater = similarity(table, predictions, method=method)
    means = _means(by_rater, labels)
    _check_raters(table)
    ceiling = noise_ceiling(table, method=method)
    data = prepare(table, predictions, method)
    drawn = bootstrap(data, resample, n_boot, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    return conclusions(
        labels,
        method,
        resample,
        by_rater,
        means,
        ceiling,
        drawn,
        n_raters=n_raters,
        n_items=n_items,
        correction=correction,
        level=level,
    )


def checked_models(
    rdms: ArrayLike, models: ArrayLike, names: Sequence[str] | None
) -> tuple[Floats, Floats, tuple[str, ...]]:
    """RDMs (R, P) and complete models (M, P) that vary, with their names.

    Raises
    ------
    ValueError
        As `compare_models` about shapes, names, and models.
    """
    table, predictions = check_rdms(rdms), check_rdms(models, "models", row="model")
    if table.shape[1] != predictions.shape[1]:
        raise ValueError(f"the raters' RDMs have {table.shape[1]} pairs, the models {predictions.shape[1]}")
    labels = tuple(f"model {m}" for m in range(len(predictions))) if names is None else tuple(names)
    if len(labels) != len(predictions) or len(set(labels)) != len(labels):
        raise ValueError(f"names must hold one different name for each of the {len(predictions)} models")
    for name, row in zip(labels, predictions, strict=True):
        if np.isnan(row).any():
            raise ValueError(f"{name} has {int(np.isnan(row).sum())} missing pairs; a model predicts all of them")
        if np.ptp(row) <= 1e-12 * np.abs(row).max():
            raise ValueError(f"{name} is constant: it predicts nothing")
    return table, predictions, labels


def _check_options(resample: str, n_raters: int, n_items: int, *, n_boot: int, level: float) -> None:
    if resample not in ("both", "raters", "items"):
        raise ValueError(f"resample must be both, raters or items, got {resample!r}")
    if n_boot < 2 or not 0 < level < 1:
        raise ValueError("n_boot must be at least 2, and level must lie between 0 and 1")
    if n_raters < 2 and resample != "items":
        raise ValueError("a single rater cannot be resampled: use resample='items'")
    if n_items < 4 and resample != "raters":
        raise ValueError(f"{n_items} items are too few to resample: use resample='raters'")


def _check_raters(table: Floats) -> None:
    """A constant rater would drop out of the means without a word, and of some measures only."""
    spread = np.nanmax(table, axis=1) - np.nanmin(table, axis=1)
    constant = np.flatnonzero(spread <= 1e-12 * np.nanmax(np.abs(table), axis=1))
    if constant.size:
        raise ValueError(f"rdms: rater {int(constant[0])} is constant and says nothing about any model; leave it out")


def _means(by_rater: Floats, names: tuple[str, ...]) -> Floats:
    defined = np.isfinite(by_rater)
    undefined = np.flatnonzero(~defined.any(axis=0))
    if undefined.size:
        raise ValueError(f"{names[undefined[0]]} has no defined similarity to any rater")
    return np.asarray(np.where(defined, by_rater, 0.0).sum(axis=0) / defined.sum(axis=0), dtype=np.float64)
