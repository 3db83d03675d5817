"""Models with weights: a sum of component RDMs, fitted to some raters and items and tested on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from ..arrangement import Floats
from ..pooling import pool
from ..rdm import n_items_of, pairs_within, with_ties
from ..similarity import MIN_PAIRS, Method, check_rdms, similarity


@dataclass(frozen=True, eq=False)
class WeightedModel:
    """A model d**2 = sum over k of weights[k] components[k]**2.

    Attributes
    ----------
    weights : (K,) float
        Of all raters and items; not negative, for raters' RDMs at a root mean square of 1.
    rdm : (P,) float
        What these weights predict.
    cross_validated : float
        Mean similarity of raters to predictions for items neither of which had a part in the fit.
    equal_weights : float
        The same of the components at a root mean square of 1, added up: what the fit must beat.
    by_fold : (folds, 2) float
        Both for each pair of a fold of raters and a fold of items.
    """

    weights: Floats
    rdm: Floats
    cross_validated: float
    equal_weights: float
    by_fold: Floats


def fit_weights(rdms: ArrayLike, components: ArrayLike) -> Floats:
    """Weights of the components (K,), not negative, by least squares on squared dissimilarities.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair; pooled at a root mean square of 1.
    components : (K, P) float
        Dissimilarities, complete.

    Raises
    ------
    ValueError
        When shapes do not fit, a component has a missing value or is all 0, a value is negative, or all of the raters'
        dissimilarities are 0.
    """
    table, parts = _checked(rdms, components)
    return _fit(table, parts)


def _fit(table: Floats, parts: Floats) -> Floats:
    group = pool(table, "cosine")
    present = np.isfinite(group)
    squares = parts[:, present] ** 2
    # At equal size the components are solved for with equal accuracy.
    size = np.sqrt((squares**2).mean(axis=1))
    size[size == 0] = 1.0
    return np.asarray(nnls((squares / size[:, None]).T, group[present] ** 2)[0] / size)


def weighted_model(
    rdms: ArrayLike,
    components: ArrayLike,
    *,
    method: Method = "rho_a",
    rater_folds: int = 4,
    item_folds: int = 3,
    rng: np.random.Generator | None = None,
) -> WeightedModel:
    """Fit component weights, and cross-validate them over raters and items at once.

    For each fold of raters and each fold of items the weights are fitted to the other raters' pairs of other items, and
    tested on the held-out raters' pairs of held-out items.

    Parameters
    ----------
    rdms : (R, P) float
        NaN = missing pair.
    components : (K, P) float
        Dissimilarities, complete.
    method
        Similarity for the test.
    rater_folds, item_folds
        At most as many folds of raters as there are raters; with 1 the fit is tested on other items alone, and on the
        raters that it comes from. Each fold of items needs at least 3 items.
    rng
        Deals raters and items; a generator seeded with 0 when left out.

    Raises
    ------
    ValueError
        As `fit_weights`; with one rater where there are several folds of raters; with fewer than two folds of items;
        when a fold of items is too small; or when no fold gives a defined similarity.
    """
    table, parts = _checked(rdms, components)
    n_raters, n_items = len(table), n_items_of(table.shape[1])
    if rater_folds < 1 or item_folds < 2 or (n_raters < 2 and rater_folds > 1):
        raise ValueError("cross-validation needs at least two raters and two folds of each")
    if n_items // item_folds < 3:
        raise ValueError(f"{n_items} items in {item_folds} folds leave fewer than 3 in a fold")
    rng = np.random.default_rng(0) if rng is None else rng
    rater_fold = rng.permutation(n_raters) % min(rater_folds, n_raters)
    item_fold = rng.permutation(n_items) % item_folds
    equal = np.sqrt((parts**2 / (parts**2).mean(axis=1, keepdims=True)).sum(axis=0))
    by_fold = []
    for raters in np.unique(rater_fold):
        for items in range(item_folds):
            fit = pairs_within(np.flatnonzero(item_fold != items), n_items)
            test = pairs_within(np.flatnonzero(item_fold == items), n_items)
            others = rater_fold != raters if rater_folds > 1 else rater_fold == raters
            train, held_out = table[others][:, fit], table[rater_fold == raters][:, test]
            if not (train > 0).any():
                continue
            seen = np.isfinite(train).any(axis=1)
            predicted = _predict(parts[:, test], _fit(train[seen], parts[:, fit]))
            enough = np.isfinite(held_out).sum(axis=1) >= MIN_PAIRS
            if enough.any():
                similarities = similarity(held_out[enough], np.vstack([predicted, equal[test]]), method=method)
                by_fold.append(_mean(similarities))
    scores = np.array(by_fold).reshape(-1, 2)
    if not np.isfinite(scores).any():
        raise ValueError("no fold gives a defined similarity: the held-out pairs are too few, or do not vary")
    weights = _fit(table, parts)
    cross_validated, equal_weights = _mean(scores)
    return WeightedModel(weights, _predict(parts, weights), float(cross_validated), float(equal_weights), scores)


def _predict(parts: Floats, weights: Floats) -> Floats:
    return with_ties(np.sqrt(weights @ parts**2))


def _mean(rows: Floats) -> Floats:
    defined = np.isfinite(rows)
    count = defined.sum(axis=0)
    return np.where(count > 0, np.where(defined, rows, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)


def _checked(rdms: ArrayLike, components: ArrayLike) -> tuple[Floats, Floats]:
    table, parts = check_rdms(rdms), check_rdms(components, "components", row="component")
    if parts.shape[1] != table.shape[1]:
        raise ValueError(f"the raters' RDMs have {table.shape[1]} pairs, the components {parts.shape[1]}")
    if np.nanmin(table) < 0:
        rater = int(np.argwhere(table < 0)[0, 0])
        raise ValueError(f"the dissimilarities of rater {rater} must not be negative (z-scores are)")
    if np.nanmax(table) == 0:
        raise ValueError("the raters' dissimilarities are 0 everywhere: no weights can be found")
    if np.isnan(parts).any() or parts.min() < 0:
        raise ValueError("components must be complete and not negative")
    if (parts.max(axis=1) == 0).any():
        raise ValueError(f"component {int(np.flatnonzero(parts.max(axis=1) == 0)[0])} is 0 everywhere")
    return table, parts
