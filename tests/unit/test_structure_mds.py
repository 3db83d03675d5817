"""Maps of the clips: SMACOF and classical MDS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist

from analysis.structure import classical_mds, mds


def euclidean(seed: int, n: int, dims: int) -> tuple[np.ndarray, np.ndarray]:
    points = np.random.default_rng(seed).normal(size=(n, dims))
    return points, pdist(points)


def raw_stress(flat: np.ndarray, rdm: np.ndarray, dims: int) -> float:
    return float(np.nansum((rdm - pdist(flat.reshape(-1, dims))) ** 2))


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_true_distances_give_the_true_map(dims):
    points, rdm = euclidean(1, 12, dims)
    solution = mds(rdm, dims)
    assert solution.stress < 1e-9
    assert solution.converged
    assert procrustes(points, solution.positions)[2] < 1e-12
    assert pdist(solution.positions) == pytest.approx(rdm)
    assert pdist(classical_mds(rdm, dims)) == pytest.approx(rdm)


def test_missing_pairs_do_not_hinder_a_perfect_map():
    _, rdm = euclidean(2, 15, 2)
    thin = rdm.copy()
    thin[np.random.default_rng(1).random(rdm.size) < 0.3] = np.nan
    solution = mds(thin, max_iter=5000, tolerance=1e-12)
    assert pdist(solution.positions) == pytest.approx(rdm, abs=1e-3)


@pytest.mark.parametrize("missing", [0.0, 0.25])
def test_the_map_is_a_minimum_of_the_stress(missing):
    rng = np.random.default_rng(3)
    rdm = rng.uniform(0.2, 1, 66)
    rdm[rng.random(66) < missing] = np.nan
    solution = mds(rdm, tolerance=1e-13, max_iter=20_000)
    before = raw_stress(solution.positions.ravel(), rdm, 2)
    after = minimize(raw_stress, solution.positions.ravel(), args=(rdm, 2), method="BFGS").fun
    assert before == pytest.approx(after, rel=1e-5)
    size = pdist(solution.positions)[np.isfinite(rdm)]
    assert solution.stress == pytest.approx(np.sqrt(before / (size**2).sum()))


@given(seed=st.integers(0, 1000), steps=st.integers(1, 30))
@settings(max_examples=20, deadline=None)
def test_more_steps_never_raise_the_stress_and_are_bounded(seed, steps):
    rdm = np.random.default_rng(seed).uniform(0.1, 1, 45)
    short, long = mds(rdm, max_iter=steps, tolerance=0), mds(rdm, max_iter=steps + 5, tolerance=0)
    assert raw_stress(long.positions.ravel(), rdm, 2) <= raw_stress(short.positions.ravel(), rdm, 2) + 1e-12
    assert short.n_iter <= steps
    assert not mds(rdm, max_iter=1, tolerance=1e-12).converged


@given(seed=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_items_and_the_unit_do_not_change_the_map(seed):
    rng = np.random.default_rng(seed)
    order = rng.permutation(9)
    _, rdm = euclidean(seed, 9, 4)
    square = np.zeros((9, 9))
    square[np.triu_indices(9, 1)] = rdm
    square += square.T
    shuffled = 3 * square[np.ix_(order, order)][np.triu_indices(9, 1)]
    a, b = mds(rdm, tolerance=1e-12), mds(shuffled, tolerance=1e-12)
    assert b.stress == pytest.approx(a.stress, abs=1e-6)
    assert np.abs(b.positions) == pytest.approx(3 * np.abs(a.positions[order]), abs=1e-2)


def test_more_starts_find_a_better_order_on_a_line():
    rdm = np.random.default_rng(4).uniform(0.2, 1, 45)
    assert mds(rdm, 1, n_starts=30).stress <= mds(rdm, 1).stress
    assert mds(rdm, 1, n_starts=30).stress == mds(rdm, 1, n_starts=30).stress


def test_maps_of_next_to_nothing():
    assert mds([0.7]).positions == pytest.approx(np.array([[0.35, 0], [-0.35, 0]]), abs=1e-12)
    spot = mds(np.zeros(10))
    assert (spot.stress, spot.converged) == (0.0, True)
    assert (spot.positions == 0).all()
    assert mds(pdist(np.eye(3)), 5).stress < 1e-9


@pytest.mark.parametrize(
    ("rdm", "message"),
    [
        ([1.0, -0.1, 1], "not negative"),
        ([1.0, np.nan, np.nan, np.nan, np.nan, 1], "2 groups of items.*item 2"),
        ([1.0, 2], "not a number of pairs"),
        (np.ones((2, 3)), "one RDM"),
    ],
)
def test_an_rdm_without_a_map_is_refused(rdm, message):
    with pytest.raises(ValueError, match=message):
        mds(rdm)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="n_dims"):
        mds([1.0], 0)
