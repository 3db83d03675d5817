"""Clusters of clips and raters, silhouettes, dimensions by cross-validation, INDSCAL."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from analysis.structure import (
    cluster_items,
    cluster_raters,
    dimensionality,
    indscal,
    silhouette_by_clusters,
    silhouettes,
)

BLOBS = np.repeat([0, 1, 2], [4, 5, 3])


def blobs(seed: int, noise: float = 0.1) -> np.ndarray:
    centres = np.array([[0, 0], [1, 0], [0.2, 1.1]])
    return pdist(centres[BLOBS] + noise * np.random.default_rng(seed).normal(size=(12, 2)))


def same_partition(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(((a[:, None] == a[None]) == (b[:, None] == b[None])).all())


@pytest.mark.parametrize("method", ["average", "complete", "single", "ward"])
def test_blobs_come_out_as_clusters(method):
    tree = cluster_items(blobs(0), method=method)
    assert same_partition(tree.labels(3), BLOBS)
    assert tree.labels(3).tolist() == BLOBS.tolist()
    assert tree.labels(1).tolist() == [0] * 12
    assert sorted(tree.order) == list(range(12))
    assert len({tuple(BLOBS[tree.order][:4]), tuple(BLOBS[tree.order][-4:])}) == 2
    assert tree.cophenetic_correlation > 0.8


def test_an_ultrametric_is_its_own_tree():
    ultra = squareform(np.array([[0, 1, 3, 3], [1, 0, 3, 3], [3, 3, 0, 2], [3, 3, 2, 0]], dtype=float))
    assert cluster_items(ultra).cophenetic_correlation == pytest.approx(1)
    assert np.isnan(cluster_items(np.ones(6)).cophenetic_correlation)


def silhouette_by_hand(square: np.ndarray, labels: np.ndarray, i: int) -> float:
    own = [square[i, j] for j in range(len(labels)) if labels[j] == labels[i] and j != i]
    if not own:
        return 0.0
    others = [np.mean(square[i, labels == other]) for other in set(labels) - {labels[i]}]
    return (min(others) - np.mean(own)) / max(min(others), np.mean(own))


@given(seed=st.integers(0, 1000), k=st.integers(2, 6))
@settings(max_examples=20, deadline=None)
def test_silhouettes_are_their_definition(seed, k):
    rng = np.random.default_rng(seed)
    rdm = rng.random(45)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, 10 - k)])
    by_hand = [silhouette_by_hand(squareform(rdm), labels, i) for i in range(10)]
    assert silhouettes(rdm, labels) == pytest.approx(by_hand)


def test_missing_pairs_are_left_out_of_silhouettes():
    rdm = blobs(1)
    rdm[np.random.default_rng(0).random(rdm.size) < 0.2] = np.nan
    assert silhouettes(rdm, BLOBS).min() > 0.3
    # Items 0 and 1 are a cluster, but nobody saw them together.
    assert np.isnan(silhouettes([np.nan, 1, 1, 1, 1, 0.5], [0, 0, 1, 1])[:2]).all()


def test_the_number_of_blobs_has_the_best_silhouette():
    rdm = blobs(2)
    means = silhouette_by_clusters(rdm, cluster_items(rdm))
    assert max(means, key=means.get) == 3
    assert list(means) == list(range(2, 11))
    assert silhouette_by_clusters([1.0], cluster_items([1.0])) == {}


def test_raters_of_two_kinds_fall_apart():
    rng = np.random.default_rng(3)
    kinds = rng.normal(size=(2, 45))
    rdms = kinds[[0, 0, 1, 0, 1, 1]] + 0.5 * rng.normal(size=(6, 45))
    rdms[1, :9] = np.nan
    assert cluster_raters(rdms).labels(2).tolist() == [0, 0, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cluster_items([1.0, np.nan, 1]), "items 0 and 2"),
        (lambda: cluster_items([1.0, -1, 1]), "not negative"),
        (lambda: cluster_items([1.0, 1, 1], method="best"), "average, complete"),
        (lambda: cluster_items(np.ones((2, 3))), "one RDM"),
        (lambda: cluster_raters(np.ones((2, 3))), "raters 0 and 1"),
        (lambda: cluster_raters(np.arange(3.0)), "two raters"),
        (lambda: cluster_items([1.0, 2, 3]).labels(4), "between 1 and 3"),
        (lambda: silhouettes([1.0, 2, 3], [0, 1]), "each of the 3 items"),
        (lambda: silhouettes([1.0, 2, 3], [0, 0, 0]), "two clusters"),
        (lambda: dimensionality(np.ones((1, 3))), "two raters"),
        (lambda: indscal(np.ones((1, 6))), "two raters"),
        (lambda: indscal(np.ones((2, 6)), 4), "n_dims"),
        (lambda: indscal(-np.ones((2, 6))), "not negative"),
        (lambda: indscal(np.vstack([np.ones(6), np.zeros(6)])), "rater 1"),
        (lambda: indscal(np.tile([1.0, np.nan, 1], (2, 1))), "no rater saw 1 pair"),
    ],
)
def test_what_cannot_be_clustered_or_mapped_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_cross_validation_finds_the_dimensions_that_raters_share(dims):
    rng = np.random.default_rng(dims)
    truth = pdist(rng.normal(size=(18, dims)))
    rdms = np.abs(truth + 0.5 * truth.mean() * rng.normal(size=(10, truth.size)))
    dimensions = dimensionality(rdms, max_dims=5)
    assert dimensions.simplest == dims
    assert dimensions.correlations.shape == (5, 10)
    assert (np.diff(dimensions.stress) < 0).all()
    rdms[rng.random(rdms.shape) < 0.2] = np.nan
    assert dimensionality(rdms, max_dims=4).simplest == dims


def weighted_distances(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.array([pdist(x * np.sqrt(w)) for w in weights])


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_indscal_finds_axes_and_weights_without_rotation(missing):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(14, 2))
    x -= x.mean(axis=0)
    true = rng.uniform(0.1, 1, size=(8, 2)) * [1, 0.6]
    rdms = weighted_distances(x, true) * rng.uniform(0.5, 2, size=(8, 1))
    rdms[rng.random(rdms.shape) < missing] = np.nan
    solution = indscal(rdms, 2)
    assert solution.converged
    near = np.abs(np.corrcoef(x.T, solution.positions.T)[:2, 2:])
    assert near.max(axis=0).min() > (0.9999 if not missing else 0.99)
    match = near.argmax(axis=0)
    share = (true / true.sum(axis=1, keepdims=True))[:, 0]
    length = (x**2).sum(axis=0)
    weighed = solution.weights[:, np.argsort(match)] / length
    assert np.corrcoef(share, weighed[:, 0] / weighed.sum(axis=1))[0, 1] > (0.9999 if not missing else 0.98)
    assert solution.fit.min() > (0.9999 if not missing else 0.98)
    assert np.linalg.norm(solution.positions, axis=0) == pytest.approx([1, 1])
    assert (solution.weights >= 0).all()


def test_indscal_is_bounded_and_says_so():
    rdms = np.random.default_rng(5).random((5, 28))
    solution = indscal(rdms, 3, max_iter=2)
    assert (solution.n_iter, solution.converged) == (2, False)
    assert solution.fit.shape == (5,)
