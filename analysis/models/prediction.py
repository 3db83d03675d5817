"""Ratings of clips predicted from features, for clips that were left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints, with_nan
from ..similarity import check_size

# Penalties that the inner folds choose from, as shares of the mean squared singular value of the training features.
PENALTIES = tuple(float(10.0**power) for power in range(-4, 5))
# Columns that are predicted at once: bounds the memory that permutations take.
COLUMNS = 500


@dataclass(frozen=True, eq=False)
class Prediction:
    """Ratings of K attributes, predicted for each clip from a model that has not seen it.

    Attributes
    ----------
    predicted : (n, K) float
    specificity : (K, K) float
        r(prediction of a, ratings of b), both less their mean in each outer fold: the diagonal says how well each
        attribute is predicted, the rest whether what predicts it predicts others too. NaN where one does not vary. (The
        mean of the training clips is low where that of the clips left out is high: with the folds' means in them,
        predictions from nothing correlate negatively.)
    r2 : (K,) float
        1 less the squared error of the predictions as a share of that of the training clips' mean; can be negative.
    by_fold : (F, K) float
        r in each outer fold; NaN in one of fewer than 3 clips, or where something does not vary.
    folds : (n,) int
        The outer fold of each clip.
    penalties : (F, K) float
        What the inner folds chose in each outer fold, as shares of the mean squared singular value.
    axes : (K, d) float
        Weights of the standardised features, fitted to all clips with the (lower) median of these penalties.
    """

    predicted: Floats
    specificity: Floats
    r2: Floats
    by_fold: Floats
    folds: Ints
    penalties: Floats
    axes: Floats


@dataclass(frozen=True, eq=False)
class _Fit:
    """Training clips and others, with what a ridge regression of any ratings needs of the training features."""

    seen: Ints
    new: Ints
    u: Floats
    s: Floats
    across: Floats


def predict_ratings(
    features: ArrayLike,
    ratings: ArrayLike,
    *,
    groups: Sequence[object] | None = None,
    n_folds: int = 5,
    penalties: Sequence[float] = PENALTIES,
    scale: bool = True,
    rng: np.random.Generator | None = None,
) -> Prediction:
    """Predict ratings by ridge regression, with nested cross-validation over clips.

    Each outer fold is predicted from the others; the penalty is chosen in folds of these others alone, for each
    attribute, by the least squared error. Features and ratings are centred, and features scaled, by the training clips.

    Parameters
    ----------
    features : (n, d) float
        Activations of a layer, or coordinates of a map. Features that do not vary say nothing and count for nothing.
    ratings : (n, K) float
        One column for each attribute.
    groups
        A label for each clip, such as its set or its person: clips of one label are left out together. Then the folds
        are made of whole groups.
    penalties
        As shares of the mean squared singular value of the training features.
    scale
        Whether features are divided by their standard deviations. Without it, predictions depend on the clips'
        distances alone: any coordinates that have these give the same.
    rng
        Deals the clips (or groups) to the folds; seeded with 0 when left out.

    Raises
    ------
    ValueError
        When shapes do not fit, a value is missing or infinite, or there are fewer clips (or groups) than folds.
    """
    x, y = _table(features, "features"), _table(ratings, "ratings")
    if len(x) != len(y):
        raise ValueError(f"features are of {len(x)} clips, ratings of {len(y)}")
    if len(penalties) == 0 or min(penalties) <= 0:
        raise ValueError("penalties must be positive numbers, at least one")
    folds, inner = _all_folds(len(x), groups, n_folds, np.random.default_rng(0) if rng is None else rng)
    predicted, chosen = np.empty_like(y), np.empty((n_folds, y.shape[1]))
    reference = np.empty_like(y)
    for fold, fits in enumerate(_fits(x, folds, inner, scale)):
        new = fits[-1].new
        predicted[new], chosen[fold] = _nested(fits, y, penalties)
        reference[new] = y[fits[-1].seen].mean(axis=0)
    median = np.sort(chosen, axis=0)[(n_folds - 1) // 2]
    spread = ((y - reference) ** 2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(spread > 0, 1 - ((y - predicted) ** 2).sum(axis=0) / spread, np.nan)
    by_fold = np.array([_by_column(predicted[folds == fold], y[folds == fold]) for fold in range(n_folds)])
    return Prediction(
        predicted,
        _specificity(predicted, y, folds),
        r2,
        by_fold,
        folds,
        chosen,
        _axes(x, y, median, scale),
    )


def prediction_null(
    features: ArrayLike,
    ratings: ArrayLike,
    orders: Ints,
    *,
    groups: Sequence[object] | None = None,
    n_folds: int = 5,
    penalties: Sequence[float] = PENALTIES,
    scale: bool = True,
    rng: np.random.Generator | None = None,
) -> Floats:
    """r of predictions and ratings, (B, K), as `specificity` has it, with the ratings in each of B orders (B, n).

    All is done anew for each order as `predict_ratings` does it with the same arguments, the choice of penalties too.
    """
    x, y = _table(features, "features"), _table(ratings, "ratings")
    folds, inner = _all_folds(len(x), groups, n_folds, np.random.default_rng(0) if rng is None else rng)
    prepared = list(_fits(x, folds, inner, scale))
    at_once = max(1, COLUMNS // y.shape[1])
    null = []
    for start in range(0, len(orders), at_once):
        moved = y[orders[start : start + at_once]]
        columns = moved.transpose(1, 0, 2).reshape(len(y), -1)
        predicted = np.empty_like(columns)
        for fits in prepared:
            predicted[fits[-1].new], _ = _nested(fits, columns, penalties)
        null.append(_by_column(_within(predicted, folds), _within(columns, folds)).reshape(len(moved), -1))
    return np.concatenate(null)


def _specificity(predicted: Floats, y: Floats, folds: Ints) -> Floats:
    """r of predictions and ratings within folds, whatever the units of each attribute."""
    mean = y.mean(axis=0)
    farthest = np.abs(y - mean).max(axis=0)
    unit = np.where(farthest > 1e-12 * np.abs(y).max(axis=0), farthest, np.inf)
    return correlations(_within((predicted - mean) / unit, folds), _within((y - mean) / unit, folds))


def correlations(predicted: Floats, ratings: Floats) -> Floats:
    """Pearson's r of every column with every column, (K, L); NaN where one does not vary."""
    left, right = predicted - predicted.mean(axis=0), ratings - ratings.mean(axis=0)
    lengths = np.linalg.norm(left, axis=0)[:, None] * np.linalg.norm(right, axis=0)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 1e-12 * max(float(lengths.max()), 1e-300), left.T @ right / lengths, np.nan)


def _within(values: Floats, folds: Ints) -> Floats:
    """The values less their mean in each fold."""
    centred = values.copy()
    for fold in range(int(folds.max()) + 1):
        centred[folds == fold] -= values[folds == fold].mean(axis=0)
    return centred


def _by_column(predicted: Floats, ratings: Floats) -> Floats:
    """Pearson's r of each column with its own, (K,)."""
    if len(predicted) < 3:
        return np.full(predicted.shape[1], np.nan)
    left, right = predicted - predicted.mean(axis=0), ratings - ratings.mean(axis=0)
    lengths = np.linalg.norm(left, axis=0) * np.linalg.norm(right, axis=0)
    sizes = np.linalg.norm(predicted, axis=0) * np.linalg.norm(ratings, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 1e-12 * sizes, (left * right).sum(axis=0) / lengths, np.nan)


def _table(values: ArrayLike, name: str) -> Floats:
    table = with_nan(values)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} must be a table, got the shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} has a missing or infinite value in row {int(np.argwhere(~np.isfinite(table))[0, 0])}")
    check_size(table, name)
    return table


def _all_folds(
    n: int, groups: Sequence[object] | None, n_folds: int, rng: np.random.Generator
) -> tuple[Ints, list[Ints]]:
    """The outer fold of each clip, and for each outer fold the inner fold of each of its training clips."""
    labels = np.arange(n) if groups is None else np.unique([str(label) for label in groups], return_inverse=True)[1]
    if len(labels) != n:
        raise ValueError(f"groups has {len(labels)} labels for {n} clips")
    folds = _folds(labels, n_folds, rng)
    trained = [labels[folds != fold] for fold in range(n_folds)]
    return folds, [_folds(mine, min(n_folds, np.unique(mine).size), rng) for mine in trained]


def _folds(labels: Ints, n_folds: int, rng: np.random.Generator) -> Ints:
    """The fold of each clip: the groups, the largest first and ties at random, each to the fold that is smallest."""
    names, counts = np.unique(labels, return_counts=True)
    if not 2 <= n_folds <= names.size:
        raise ValueError(f"{n_folds} folds need 2 at least, and as many clips or groups; there are {names.size}")
    sizes, fold_of = np.zeros(n_folds, dtype=np.int64), {}
    shuffled = rng.permutation(names.size)
    for k in shuffled[np.argsort(-counts[shuffled], kind="stable")]:
        fold = int(sizes.argmin())
        fold_of[int(names[k])] = fold
        sizes[fold] += counts[k]
    return np.array([fold_of[int(label)] for label in labels], dtype=np.int64)


def _fits(x: Floats, folds: Ints, inner: Sequence[Ints], scale: bool) -> Iterator[list[_Fit]]:
    """For each outer fold the fits of its inner folds, and last that of the outer fold itself."""
    for fold, parts in enumerate(inner):
        train = np.flatnonzero(folds != fold)
        pairs = [(train[parts != part], train[parts == part]) for part in range(int(parts.max()) + 1)]
        yield [_fit(x, seen, new, scale) for seen, new in [*pairs, (train, np.flatnonzero(folds == fold))]]


def _fit(x: Floats, seen: Ints, new: Ints, scale: bool) -> _Fit:
    mean, factor = _standardised(x[seen], scale)
    u, s, vt = np.linalg.svd((x[seen] - mean) * factor, full_matrices=False)
    return _Fit(seen, new, u, s, ((x[new] - mean) * factor) @ vt.T)


def _nested(fits: Sequence[_Fit], y: Floats, penalties: Sequence[float]) -> tuple[Floats, Floats]:
    """Predictions for the clips of an outer fold, and the penalty of each column, chosen in the inner folds."""
    *inner, outer = fits
    errors = np.zeros((len(penalties), y.shape[1]))
    for fit in inner:
        errors += ((_predictions(fit, y, penalties) - y[fit.new]) ** 2).sum(axis=1)
    best = errors.argmin(axis=0)
    at_best = _predictions(outer, y, penalties)[best, :, np.arange(best.size)].T
    return np.asarray(at_best), np.asarray(penalties)[best]


def _predictions(fit: _Fit, y: Floats, penalties: Sequence[float]) -> Floats:
    """Predictions for new clips, (penalties, new clips, K)."""
    mean = y[fit.seen].mean(axis=0)
    inside = fit.u.T @ (y[fit.seen] - mean)
    return np.array([fit.across @ (_shrinkage(fit.s, penalty)[:, None] * inside) + mean for penalty in penalties])


def _standardised(train: Floats, scale: bool) -> tuple[Floats, Floats]:
    """Means and factors that standardise features; the factor of one that does not vary is 0."""
    spread = train.std(axis=0)
    constant = spread <= 1e-12 * np.abs(train).max(axis=0, initial=0.0)
    factor = 1.0 / np.where(constant, 1.0, spread) if scale else np.ones(spread.size)
    return train.mean(axis=0), np.where(constant, 0.0, factor)


def _axes(x: Floats, y: Floats, penalties: Floats, scale: bool) -> Floats:
    mean, factor = _standardised(x, scale)
    u, s, vt = np.linalg.svd((x - mean) * factor, full_matrices=False)
    inside = u.T @ (y - y.mean(axis=0))
    return np.array([vt.T @ (_shrinkage(s, penalty) * inside[:, k]) for k, penalty in enumerate(penalties)])


def _shrinkage(s: Floats, penalty: float) -> Floats:
    """s / (s² + λ), where λ is the penalty times the mean of s²; 0 where there is no feature at all."""
    scale = float((s**2).mean())
    return np.asarray(s / (s**2 + penalty * scale)) if scale > 0 else np.zeros_like(s)
