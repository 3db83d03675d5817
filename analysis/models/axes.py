"""Axes of a space of features: how alike they are, and ratings predicted along them for clips that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats, Ints

# Penalties that the inner folds choose from, as shares of the mean squared singular value of the training features.
PENALTIES = tuple(float(10.0**power) for power in range(-4, 5))


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
    left, right = _table(a, "a"), _table(b, "b")
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"the axes have {left.shape[1]} and {right.shape[1]} features")
    lengths = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=1)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 0, np.clip(left @ right.T / lengths, -1.0, 1.0), np.nan)


@dataclass(frozen=True, eq=False)
class Prediction:
    """Ratings of K attributes, predicted for each clip from a model that has not seen it.

    Attributes
    ----------
    predicted : (n, K) float
    specificity : (K, K) float
        r(prediction of a, ratings of b): the diagonal says how well each attribute is predicted, the rest whether what
        predicts it predicts others too. NaN where one of them does not vary.
    penalties : (F, K) float
        What the inner folds chose in each outer fold, as shares of the mean squared singular value.
    axes : (K, d) float
        Weights of the standardised features, fitted to all clips with the (lower) median of these penalties.
    """

    predicted: Floats
    specificity: Floats
    penalties: Floats
    axes: Floats


def predict_ratings(
    features: ArrayLike,
    ratings: ArrayLike,
    *,
    groups: Sequence[object] | None = None,
    n_folds: int = 5,
    penalties: Sequence[float] = PENALTIES,
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
    labels = (
        np.arange(len(x)) if groups is None else np.unique([str(label) for label in groups], return_inverse=True)[1]
    )
    if len(labels) != len(x):
        raise ValueError(f"groups has {len(labels)} labels for {len(x)} clips")
    rng = np.random.default_rng(0) if rng is None else rng
    folds = _folds(labels, n_folds, rng)
    predicted, chosen = np.empty_like(y), np.empty((n_folds, y.shape[1]))
    for fold in range(n_folds):
        train = folds != fold
        inner = _folds(labels[train], min(n_folds, np.unique(labels[train]).size), rng)
        errors = np.zeros((len(penalties), y.shape[1]))
        for part in range(int(inner.max()) + 1):
            seen = inner != part
            tried = _fit_and_predict(x[train][seen], y[train][seen], x[train][~seen], penalties)
            errors += ((tried - y[train][~seen]) ** 2).sum(axis=1)
        best = errors.argmin(axis=0)
        chosen[fold] = np.asarray(penalties)[best]
        predicted[~train] = _fit_and_predict(x[train], y[train], x[~train], penalties)[best, :, np.arange(best.size)].T
    median = np.sort(chosen, axis=0)[(n_folds - 1) // 2]
    return Prediction(predicted, _correlations(predicted, y), chosen, _axes(x, y, median))


def _table(values: ArrayLike, name: str) -> Floats:
    table = np.asarray(values, dtype=np.float64)
    if table.ndim == 1:
        table = table[None] if name in ("a", "b") else table[:, None]
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} must be a table, got the shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError(f"{name} has a missing or infinite value in row {int(np.argwhere(~np.isfinite(table))[0, 0])}")
    return table


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


def _standardised(train: Floats) -> tuple[Floats, Floats]:
    """Means and factors that standardise features; the factor of one that does not vary is 0."""
    spread = train.std(axis=0)
    constant = spread <= 1e-12 * np.abs(train).max(axis=0, initial=0.0)
    return train.mean(axis=0), np.where(constant, 0.0, 1.0 / np.where(constant, 1.0, spread))


def _fit_and_predict(x: Floats, y: Floats, new: Floats, penalties: Sequence[float]) -> Floats:
    """Predictions for new clips, (penalties, new clips, K)."""
    mean, factor = _standardised(x)
    u, s, vt = np.linalg.svd((x - mean) * factor, full_matrices=False)
    inside, across = u.T @ (y - y.mean(axis=0)), ((new - mean) * factor) @ vt.T
    shrunk = np.array([_shrinkage(s, penalty) for penalty in penalties])
    return np.asarray(np.einsum("ns,ps,sk->pnk", across, shrunk, inside, optimize=True) + y.mean(axis=0))


def _axes(x: Floats, y: Floats, penalties: Floats) -> Floats:
    mean, factor = _standardised(x)
    u, s, vt = np.linalg.svd((x - mean) * factor, full_matrices=False)
    inside = u.T @ (y - y.mean(axis=0))
    return np.array([vt.T @ (_shrinkage(s, penalty) * inside[:, k]) for k, penalty in enumerate(penalties)])


def _shrinkage(s: Floats, penalty: float) -> Floats:
    """s / (s² + λ), where λ is the penalty times the mean of s²; 0 where there is no feature at all."""
    scale = float((s**2).mean())
    return np.asarray(s / (s**2 + penalty * scale)) if scale > 0 else np.zeros_like(s)


def _correlations(predicted: Floats, ratings: Floats) -> Floats:
    left, right = predicted - predicted.mean(axis=0), ratings - ratings.mean(axis=0)
    lengths = np.linalg.norm(left, axis=0)[:, None] * np.linalg.norm(right, axis=0)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lengths > 1e-12 * max(float(lengths.max()), 1e-300), left.T @ right / lengths, np.nan)
