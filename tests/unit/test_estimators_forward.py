"""The forward model and the planar MDS under it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from analysis import Arrangement
from analysis.estimators.configuration import Configuration
from analysis.estimators.forward import forward_loss
from analysis.estimators.latent import fit_latent, misfit_of_all_pairs, misfit_of_seen_pairs
from analysis.estimators.precision_weighted import precision_weighted
from analysis.estimators.stress import DENSE_UP_TO, batches_by_size, differences, smacof
from analysis.estimators.trials import usable_trials


@pytest.fixture
def trials():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(9, 3))
    arrangements = []
    for size in (9, 5, 5, 4):
        items = rng.permutation(9)[:size]
        layout = points[items, :2] / pdist(points[items, :2]).max() + 0.02 * rng.normal(size=(size, 2))
        arrangements.append(Arrangement(items, layout))
    return usable_trials(arrangements, 9)


def test_the_exact_gradient_is_that_of_finite_differences(trials):
    start = fit_latent(trials, max_dimensions=2).configuration
    # So many steps that the predictions rest at their minimum of stress, as the gradient takes for granted.
    settings = {"shape": start, "batches": batches_by_size(trials), "noise": 0.1, "steps": 1000}
    flat = start.flat()
    _, gradient = forward_loss(flat, damping=1e-9, exact=True, **settings)
    step = 1e-5
    slopes = [
        (forward_loss(flat + step * e, **settings)[0] - forward_loss(flat - step * e, **settings)[0]) / (2 * step)
        for e in np.eye(flat.size)
    ]
    np.testing.assert_allclose(gradient, slopes, atol=1e-4 * np.abs(slopes).max())


def test_the_gradient_that_the_fit_uses_points_downhill(trials):
    start = fit_latent(trials, max_dimensions=4).configuration
    settings = {"shape": start, "batches": batches_by_size(trials), "noise": 0.1}
    loss, gradient = forward_loss(start.flat(), **settings)
    lower, _ = forward_loss(start.flat() - 1e-3 * gradient / np.linalg.norm(gradient), **settings)
    assert lower < loss


def test_the_configurations_gradient_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    shape = Configuration(rng.normal(size=(6, 3)), rng.uniform(0.5, 1, size=6))
    weight = rng.normal(size=15)
    matrix = np.zeros((6, 6))
    matrix[np.triu_indices(6, 1)] = weight
    pull = (matrix + matrix.T) / np.maximum(shape.matrix(), 1e-12)

    def loss(flat):
        return weight @ shape.with_flat(flat).distances() + shape.with_flat(flat).ridge(2.0)[0]

    flat = shape.flat()
    slopes = [(loss(flat + 1e-6 * e) - loss(flat - 1e-6 * e)) / 2e-6 for e in np.eye(flat.size)]
    np.testing.assert_allclose(shape.gradient(pull) + shape.ridge(2.0)[1], slopes, atol=1e-6)


def test_a_configurations_distances_are_euclidean_with_what_is_unique():
    shape = Configuration(np.array([[0.0, 0.0], [3.0, 4.0]]), np.array([0.0, 0.0]))
    assert shape.distances()[0] == pytest.approx(5)
    assert Configuration(shape.points, np.array([6.0, 8.0])).distances()[0] == pytest.approx(np.sqrt(125))
    assert shape.scaled(2).distances()[0] == pytest.approx(10)


@pytest.mark.parametrize("m", [3, 7, DENSE_UP_TO + 5])
def test_smacof_lowers_the_stress_to_a_stationary_point(m):
    rng = np.random.default_rng(m)
    wanted = np.stack([pdist(rng.normal(size=(m, 4))) for _ in range(3)])
    x, y = rng.normal(size=(2, 3, m))

    def stress(x, y):
        return np.sum((differences(x, y)[2] - wanted) ** 2, axis=1)

    values = [stress(x, y)]
    for _ in range(30):
        x, y = smacof(wanted, x, y, steps=1)
        values.append(stress(x, y))
    assert (np.diff(values, axis=0) <= 1e-9).all()
    x, y = smacof(wanted, x, y, steps=2000)
    again = smacof(wanted, x, y, steps=1)
    np.testing.assert_allclose(again[0], x, atol=1e-5)
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=1e-12)


def test_smacof_finds_a_plane_layout_again_from_nearby():
    rng = np.random.default_rng(1)
    layout = rng.normal(size=(8, 2))
    nearby = layout + 0.05 * rng.normal(size=layout.shape)
    x, y = smacof(pdist(layout)[None], nearby[None, :, 0], nearby[None, :, 1], steps=500)
    np.testing.assert_allclose(differences(x, y)[2][0], pdist(layout), atol=1e-4)


def test_items_on_one_spot_do_not_blow_up():
    x, y = smacof(np.ones((1, 3)), np.zeros((1, 3)), np.zeros((1, 3)), steps=10)
    assert (x == 0).all()
    assert (y == 0).all()


def test_batches_hold_the_trials_of_each_size(trials):
    batches = batches_by_size(trials)
    assert [batch.numbers.tolist() for batch in batches] == [[3], [1, 2], [0]]
    for batch in batches:
        for row, number in enumerate(batch.numbers):
            np.testing.assert_array_equal(batch.pairs[row], trials.pair[trials.trial == number])
            placed = differences(*(axis[row : row + 1] for axis in batch.placed))[2][0]
            np.testing.assert_allclose(placed, trials.relative_distance()[trials.trial == number], atol=1e-9)


def test_the_latent_misfit_is_the_same_over_seen_pairs_alone():
    rng = np.random.default_rng(2)
    sparse = usable_trials([Arrangement(rng.permutation(30)[:6], rng.normal(size=(6, 2))) for _ in range(5)], 30)
    average = precision_weighted(sparse)
    shape = Configuration(rng.normal(size=(30, 3)), rng.uniform(0.5, 1, size=30))
    loss, slope = misfit_of_seen_pairs(average, shape)(shape)
    expected_loss, expected_slope = misfit_of_all_pairs(average, shape)(shape)
    assert loss == pytest.approx(expected_loss)
    np.testing.assert_allclose(slope, expected_slope, atol=1e-9 * np.abs(expected_slope).max())
