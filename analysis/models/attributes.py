"""Attributes of the clips: are clips that differ in an attribute put further apart than clips that share it?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints, with_nan
from ..inference.chunks import Progress, run_chunks
from ..pooling import standardise
from ..rdm import n_items_of, upper_triangle, with_ties
from ..reliability import Coefficient
from ..reliability.report import with_interval
from ..similarity import check_rdms

Labels = Sequence[Hashable | None]


@dataclass(frozen=True, eq=False)
class AttributeEffects:
    """A attributes, R raters; an effect is in standard deviations of the dissimilarities.

    Attributes
    ----------
    names : tuple of A str
    effects : tuple of A Coefficient
        Mean over raters of mean(between) - mean(within), with an interval over raters.
    by_rater : (R, A) float
        NaN where a rater saw no pair within, or none between, or does not vary.
    p : (A,) float
        Two-sided, over permutations of the clips' labels: (1 + at least as large) / (1 + permutations).
    p_max : (A,) float
        The same against the largest of all attributes in each permutation: holds the family-wise error rate.
    n_permutations : int
    """

    names: tuple[str, ...]
    effects: tuple[Coefficient, ...]
    by_rater: Floats
    p: Floats
    p_max: Floats
    n_permutations: int


def attribute_effects(
    rdms: ArrayLike,
    attributes: Mapping[str, Labels],
    *,
    n_permutations: int = 5000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> AttributeEffects:
    """z-score each rater's RDM over its pairs; mean over pairs that differ less mean over pairs that share the label.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    attributes
        By name one label for each clip; None, NaN or "" = not known: the clip's pairs are left out for this attribute.
    n_permutations
        Permutations of the known labels among their clips, the same for all attributes where they are all known.
    level, rng, n_jobs, dask_address, progress
        As in `compare_models`.

    Raises
    ------
    ValueError
        When an attribute does not have one label per clip, when no rater's dissimilarities vary, when one leaves
        no pair within or none between in any rater's RDM, or when the options are out of range.
    """
    z = standardise(check_rdms(rdms), "pearson")
    n_items = n_items_of(z.shape[1])
    if np.isnan(z).all():
        raise ValueError("the dissimilarities of no rater vary, so no attribute can have an effect")
    if not attributes:
        raise ValueError("there are no attributes")
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    labels = np.array([_coded(name, values, n_items) for name, values in attributes.items()])
    by_rater = np.array([_effects(z, one[None])[0] for one in labels]).T
    undefined = np.flatnonzero(np.isnan(by_rater).all(axis=0))
    if undefined.size:
        name = list(attributes)[undefined[0]]
        raise ValueError(f"attribute {name!r} leaves no pairs within or none between its labels")
    rng = np.random.default_rng(0) if rng is None else rng
    task = partial(_permute, z, labels)
    null = run_chunks(task, n_permutations, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    observed = _mean_over_raters(by_rater)
    every = np.vstack([observed, np.where(np.isfinite(null), null, 0.0)])
    spread = every.std(axis=0)
    scaled = np.abs((every - every.mean(axis=0)) / np.where(spread > 0, spread, 1.0))
    p = (1 + (scaled[1:] >= scaled[0] - 1e-9).sum(axis=0)) / (1 + n_permutations)
    p_max = (1 + (scaled[1:].max(axis=1)[:, None] >= scaled[0] - 1e-9).sum(axis=0)) / (1 + n_permutations)
    effects = tuple(_with_interval(column[np.isfinite(column)], level) for column in by_rater.T)
    return AttributeEffects(tuple(attributes), effects, by_rater, p, p_max, n_permutations)


def between_less_within(rdms: ArrayLike, attributes: Mapping[str, Labels]) -> Floats:
    """Each attribute's effect in each RDM, (R, A), without a test; NaN where it is undefined.

    Parameters
    ----------
    rdms, attributes
        As in `attribute_effects`.

    Raises
    ------
    ValueError
        When an attribute does not have one label per clip.
    """
    z = standardise(check_rdms(rdms), "pearson")
    n_items = n_items_of(z.shape[1])
    return np.array([_effects(z, _coded(name, values, n_items)[None])[0] for name, values in attributes.items()]).T


@dataclass(frozen=True, eq=False)
class MeanEffects:
    """Effects of A attributes, averaged over several sets of clips that other raters arranged.

    Attributes
    ----------
    names : tuple of A str
    effects : (A,) float
        Mean over the sets of their effects.
    intervals : (A, 2) float
        Student's t over the sets, so for other clips and raters of the kind; NaN for a single set.
    p : (A,) float
        Two-sided: the sets' permutation tests as signed z, added up (Stouffer).
    n_sets : int
    """

    names: tuple[str, ...]
    effects: Floats
    intervals: Floats
    p: Floats
    n_sets: int


def mean_effects(sets: Sequence[AttributeEffects], *, level: float = 0.95) -> MeanEffects:
    """Average the effects of several sets of clips, each arranged by raters of its own.

    Raises
    ------
    ValueError
        When there is no set, the sets differ in their attributes, or level is not between 0 and 1.
    """
    if not sets or any(one.names != sets[0].names for one in sets):
        raise ValueError("effects to be averaged must be of the same attributes")
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    of_sets = np.array([[effect.value for effect in one.effects] for one in sets])
    mean = of_sets.mean(axis=0)
    n_sets = len(sets)
    reach = np.full(mean.shape, np.nan)
    if n_sets > 1:
        reach = scipy.stats.t.ppf((1 + level) / 2, n_sets - 1) * of_sets.std(axis=0, ddof=1) / np.sqrt(n_sets)
    z = np.sign(of_sets) * scipy.stats.norm.isf(np.array([one.p for one in sets]) / 2)
    p = 2 * scipy.stats.norm.sf(np.abs(z.sum(axis=0)) / np.sqrt(n_sets))
    return MeanEffects(sets[0].names, mean, np.stack([mean - reach, mean + reach], axis=1), p, n_sets)


def attribute_rdm(values: ArrayLike, *, kind: str = "category") -> Floats:
    """Model RDM of an attribute, (P,): 0 or 1 for "category", the absolute difference for "number".

    Raises
    ------
    ValueError
        When `kind` is neither, there is not one value for each clip, a number is not finite, or a category is not known
        (None, NaN or "").
    """
    if np.ndim(values) != 1:
        raise ValueError(f"there must be one value for each clip, got the shape {np.shape(values)}")
    if kind == "category":
        codes = _coded("category", list(values), len(values))  # type: ignore[arg-type]
        row, col = upper_triangle(codes.size)
        if (unknown := np.flatnonzero(codes < 0)).size:
            raise ValueError(f"clip {int(unknown[0])} has no value; a model predicts all pairs")
        return np.asarray(codes[row] != codes[col], dtype=np.float64)
    if kind != "number":
        raise ValueError(f"kind must be category or number, got {kind!r}")
    numbers = with_nan(values)
    if not np.isfinite(numbers).all():
        raise ValueError("numbers must be finite")
    row, col = upper_triangle(numbers.size)
    return with_ties(np.abs(numbers[row] - numbers[col]))


def _coded(name: str, values: Labels, n_items: int) -> Ints:
    if len(values) != n_items:
        raise ValueError(f"attribute {name!r} has {len(values)} labels for {n_items} clips")
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(one, len(codes)) if _is_known(one) else -1 for one in values], dtype=np.int64)


def _is_known(value: Hashable) -> bool:
    """NaN, which tables have where a cell is empty, is not equal to itself, and pandas' NA is neither equal nor not."""
    try:
        return value is not None and value != "" and bool(value == value)  # noqa: PLR0124
    except TypeError:
        return False


def _effects(z: Floats, labels: Ints) -> Floats:
    """Between less within for each assignment of labels (K, n), (K, R); NaN where a rater has no pair of one kind."""
    row, col = upper_triangle(labels.shape[1])
    one, two = labels[:, row], labels[:, col]
    known = (one >= 0) & (two >= 0)
    here = np.isfinite(z).astype(np.float64)
    filled = np.where(here > 0, z, 0.0)
    means = []
    for pairs in (known & (one != two), known & (one == two)):
        chosen = pairs.astype(np.float64)
        count = chosen @ here.T
        means.append(np.where(count > 0, chosen @ filled.T / np.where(count > 0, count, 1.0), np.nan))
    return np.asarray(means[0] - means[1])


def _mean_over_raters(by_rater: Floats) -> Floats:
    defined = np.isfinite(by_rater)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, by_rater, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _permute(z: Floats, labels: Ints, rng: np.random.Generator, n_draws: int) -> Floats:
    n_items = labels.shape[1]
    orders = rng.permuted(np.tile(np.arange(n_items), (n_draws, 1)), axis=1)
    out = np.empty((n_draws, len(labels)))
    for column, one in enumerate(labels):
        known = np.flatnonzero(one >= 0)
        # The order of the known clips in a permutation of all is a permutation of the known ones.
        drawn = orders[np.isin(orders, known)].reshape(n_draws, known.size)
        moved = np.full((n_draws, n_items), -1)
        moved[:, known] = one[drawn]
        out[:, column] = _mean_over_raters(_effects(z, moved).T)
    return out


def _with_interval(effects: Floats, level: float) -> Coefficient:
    n_raters = effects.size
    without = (effects.sum() - effects) / max(n_raters - 1, 1)
    return with_interval(np.append(effects.mean(), without), level, "difference")
