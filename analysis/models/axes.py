"""Axes of attributes in spaces of clips: how alike one axis is in two spaces, and two axes are in one space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrangement import Floats, Ints, with_nan
from ..clip_sets import centred, orders_within
from ..inference.chunks import Progress, run_chunks
from ..inference.largest import permutation_p
from ..pooling import mean_present, standardise
from ..rdm import n_items_of, to_condensed, to_square
from ..reliability import Coefficient
from ..reliability.report import with_interval
from ..similarity import check_rdms, check_size
from ..words import counted
from .space import MIN_OTHERS, between_axes, places_along

# Splits of the raters into halves that the reliability of an axis is the mean of.
N_SPLITS = 20
# Distances that are moved at once: bounds the memory that permutations take.
AT_ONCE = 500_000


def congruence(a: ArrayLike, b: ArrayLike) -> Floats:
    """Tucker's coefficient of congruence of every row of `a` with every row of `b`, (A, B), between -1 and 1.

    sum(a b) / sqrt(sum(a²) sum(b²)): unlike a correlation, it does not take the means out. NaN where a row is zero.

    Raises
    ------
    ValueError
        When the rows differ in length, or a value is missing or infinite.

    References
    ----------
    Tucker (1951), A method for synthesis of factor analysis studies. Lorenzo-Seva & ten Berge (2006), Methodology 2:57.
    """
    left, right = _rows(a, "a"), _rows(b, "b")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"the axes have {left.shape[1]} and {right.shape[1]} features")
    lengths = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 0, np.clip(left @ right.T / lengths, -1.0, 1.0), np.nan)


@dataclass(frozen=True, eq=False)
class AxisTest:
    """A attributes, M models, S = M + 1 spaces: that of the raters first, then those of the models.

    Attributes
    ----------
    with_raters : M tuples of A Coefficient
        Congruence of the clips' places along the attribute's axis in the model with those in the raters' space, with
        the jackknife's interval over raters, or over groups of them.
    p, p_max : (M, A) float
        One-sided, over permutations of the model's clips; and against the largest of all models and attributes.
    reliability : (A,) float
        Congruence of the axes of two halves of the raters, stepped up to all of them (Spearman-Brown); NaN where it is
        undefined. A model that had the axis exactly would reach its root.
    carried : (S, A) float
        Correlation of the clips' places along the axis in each space with the attribute itself. Where it is not above 0
        the attribute is not in the space, and its axis there is that of what happens to go along with it.
    p_carried : (S, A) float
        One-sided, over permutations of the space's clips.
    between : (S, A, A) float
        Congruence of two attributes' axes in one space; NaN where an axis has no length.
    of_attributes : (A, A) float
        Correlation of the attributes themselves: what the axes' congruence is where the space has nothing to do with
        either.
    p_between, p_max_between : (S, A, A) float
        Two-sided, over permutations of the space's clips, of how far the congruence is from its mean over them; and
        against the farthest of all.
    n_permutations : int
    """

    with_raters: tuple[tuple[Coefficient, ...], ...]
    p: Floats
    p_max: Floats
    reliability: Floats
    carried: Floats
    p_carried: Floats
    between: Floats
    of_attributes: Floats
    p_between: Floats
    p_max_between: Floats
    n_permutations: int


@dataclass(frozen=True, eq=False)
class _Clips:
    """What stays where it is when the clips of a model are permuted: attributes, which pairs count, the raters' places.

    `attributes` (n, A) are centred within sets, `labels` (n,) are the sets, `seen` (n, n) the pairs of one set that
    raters saw, `within` (n, n) all pairs of one set, `places` (n, A) the raters' axes, centred, `pairs` (n, n) where in
    a condensed vector each pair is.
    """

    attributes: Floats
    labels: Ints
    seen: Floats
    within: Floats
    places: Floats
    pairs: Ints


def axis_test(
    rdms: ArrayLike,
    spaces: Sequence[Floats],
    attributes: ArrayLike,
    *,
    sets: Sequence[object] | None = None,
    without: ArrayLike | None = None,
    n_permutations: int = 5000,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    n_jobs: int = 1,
    dask_address: str | None = None,
    progress: Progress | None = None,
) -> AxisTest:
    """The axes of attributes in the raters' space against those in models, and against one another.

    The axis of an attribute is the direction in which it covaries with the clips' coordinates; for two groups of clips,
    from the middle of the one to the middle of the other. A clip's place along it comes from the other clips alone
    (`places_along`), so that an attribute does not find itself in spaces that have nothing to do with it.

    Parameters
    ----------
    rdms : (R, P) float
        The raters' distances, NaN = missing pair. Their space has the mean of their squared distances, each rater's at
        mean square 1.
    spaces
        Squared distances (P,) of each model, complete (`Space.squared`).
    attributes : (n, A) float
        A column for each attribute; two groups are 0 and 1.
    sets
        The set of each clip, in a study of several sets: then all is computed, and permuted, within sets.
    without : (G, P) float
        Where `rdms` is one RDM, estimated from the trials of many raters: that RDM without each group of them, for the
        intervals.
    n_permutations, level, rng, n_jobs, dask_address, progress
        As in `compare_models`.

    Raises
    ------
    ValueError
        When shapes do not fit, an attribute does not vary within any set, or raters saw too few pairs to place clips.
    """
    table, y = check_rdms(rdms), with_nan(attributes)
    n = n_items_of(table.shape[1])
    if y.ndim != 2 or len(y) != n or not np.isfinite(y).all():
        raise ValueError(f"attributes must be {counted(n, 'row')} of finite numbers, got the shape {y.shape}")
    if any(one.shape != table.shape[1:] or not np.isfinite(one).all() for one in spaces):
        raise ValueError(f"each space must have {table.shape[1]} squared distances")
    labels = (
        np.zeros(n, dtype=np.int64) if sets is None else np.unique([str(one) for one in sets], return_inverse=True)[1]
    )
    y = centred(y, labels)
    if (flat := np.flatnonzero(np.abs(y).max(axis=0) <= 1e-12)).size:
        raise ValueError(f"attribute {int(flat[0])} does not vary among clips that were arranged together")
    within = (labels[:, None] == labels[None]) & ~np.eye(n, dtype=bool)
    squares = _squares(table, within)
    group = mean_present(squares)
    seen = within & np.isfinite(to_square(group))
    own = centred(places_along(to_square(group), seen, y), labels)
    if np.isnan(own).all(axis=0).any():
        raise ValueError(f"raters saw no clip together with {MIN_OTHERS} others of its set that differ")
    places = to_square(np.arange(table.shape[1], dtype=np.float64)).astype(np.int64)
    clips = _Clips(y, labels, seen.astype(np.float64), within.astype(np.float64), own, places)
    rng = np.random.default_rng(0) if rng is None else rng
    observed = _statistics(clips, [group, *spaces], np.arange(n)[None])[0]
    task = partial(_permute, clips, [group, *spaces])
    null = run_chunks(task, n_permutations, rng, n_jobs=n_jobs, dask_address=dask_address, progress=progress)
    n_attributes, n_spaces = y.shape[1], len(spaces) + 1
    ends = np.cumsum([len(spaces) * n_attributes, n_spaces * n_attributes])
    ours, carried, between = np.split(observed, ends)
    null_ours, null_carried, null_between = np.split(null, ends, axis=1)
    p, p_max = permutation_p(ours, null_ours, two_sided=False)
    p_carried, _ = permutation_p(carried, null_carried, two_sided=False)
    pairs, pairs_max = permutation_p(between, null_between, two_sided=True)
    square = (n_spaces, n_attributes, n_attributes)
    return AxisTest(
        with_raters=_with_intervals(_without_each(squares, without, within), spaces, clips, level),
        p=p.reshape(-1, n_attributes),
        p_max=p_max.reshape(-1, n_attributes),
        reliability=_reliability(squares, clips, rng),
        carried=carried.reshape(n_spaces, n_attributes),
        p_carried=p_carried.reshape(n_spaces, n_attributes),
        between=between.reshape(square),
        of_attributes=congruence(y.T, y.T),
        p_between=pairs.reshape(square),
        p_max_between=pairs_max.reshape(square),
        n_permutations=n_permutations,
    )


def _rows(values: ArrayLike, name: str) -> Floats:
    table = np.atleast_2d(with_nan(values))
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} must be a table, got the shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} has a missing or infinite value in row {int(np.argwhere(~np.isfinite(table))[0, 0])}")
    check_size(table, name)
    return table


def _phi(one: Floats, other: Floats) -> Floats:
    """Congruence of the columns of tables of places (…, n, A), over the clips that have a place in both."""
    both = np.isfinite(one) & np.isfinite(other)
    left, right = np.where(both, one, 0.0), np.where(both, other, 0.0)
    lengths = np.linalg.norm(left, axis=-2) * np.linalg.norm(right, axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 0, (left * right).sum(axis=-2) / lengths, np.nan)


def _statistics(clips: _Clips, spaces: Sequence[Floats], orders: Ints) -> Floats:
    """A row for each order: congruence with raters (M x A), what axes carry (S x A), congruence in spaces (S x A²)."""
    index = clips.pairs[orders[:, :, None], orders[:, None, :]]
    ours, carried, between = [], [], []
    for number, space in enumerate(spaces):
        moved = space[index]
        # What the raters did not see moves with their space; of a model counts what the raters saw.
        seen = clips.seen if number > 0 else clips.within * np.isfinite(moved)
        places = centred(places_along(moved, seen, clips.attributes), clips.labels)
        if number > 0:
            ours.append(_phi(places, clips.places))
        carried.append(_phi(places, clips.attributes))
        between.append(between_axes(moved, clips.within, clips.attributes).reshape(len(orders), -1))
    return np.concatenate([*ours, *carried, *between], axis=1)


def _permute(clips: _Clips, spaces: Sequence[Floats], rng: np.random.Generator, n_draws: int) -> Floats:
    orders = orders_within(clips.labels, rng, n_draws)
    at_once = max(1, AT_ONCE // clips.labels.size**2)
    parts = [orders[start : start + at_once] for start in range(0, n_draws, at_once)]
    return np.concatenate([_statistics(clips, spaces, part) for part in parts])


def _raters_places(squares: Floats, clips: _Clips) -> Floats:
    """Places along the axes of these raters' space, (n, A)."""
    group = to_square(mean_present(squares))
    seen = (clips.within > 0) & np.isfinite(group)
    return centred(places_along(group, seen, clips.attributes), clips.labels)


def _squares(table: Floats, within: NDArray[Any]) -> Floats:
    """Squared distances of each row within sets, at a mean of 1."""
    return np.asarray(standardise(np.where(to_condensed(within) > 0, table, np.nan), "cosine") ** 2)


def _without_each(squares: Floats, without: ArrayLike | None, within: NDArray[Any]) -> list[Floats]:
    """The squared distances without each rater, or without each group of raters; none where these are too few."""
    if without is not None:
        parts = [row[None] for row in _squares(check_rdms(without, "without"), within)]
    else:
        parts = [np.delete(squares, rater, axis=0) for rater in range(len(squares))]
    return parts if len(parts) > 2 else []


def _with_intervals(
    parts: Sequence[Floats], spaces: Sequence[Floats], clips: _Clips, level: float
) -> tuple[tuple[Coefficient, ...], ...]:
    """Congruence with the raters' axes, which are computed anew from each part of the raters for the interval."""
    axes = [clips.places, *(_raters_places(part, clips) for part in parts)]
    intervals = []
    for space in spaces:
        mine = centred(places_along(space[clips.pairs], clips.seen, clips.attributes), clips.labels)
        values = np.array([_phi(mine, one) for one in axes])
        intervals.append(tuple(with_interval(column, level, "correlation") for column in values.T))
    return tuple(intervals)


def _reliability(squares: Floats, clips: _Clips, rng: np.random.Generator) -> Floats:
    """Mean over splits of the raters of the congruence of the halves' axes, stepped up by Spearman and Brown."""
    if len(squares) < 2:
        return np.full(clips.attributes.shape[1], np.nan)
    phis = []
    for _ in range(N_SPLITS):
        order = rng.permutation(len(squares))
        halves = np.array_split(order, 2)
        phis.append(_phi(*(_raters_places(squares[half], clips) for half in halves)))
    phi = np.array(phis).mean(axis=0)
    return np.asarray(np.where(phi > 0, 2 * phi / (1 + np.abs(phi)), phi))
