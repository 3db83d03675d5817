"""Arrangements are validated once, here, so that nothing behind them has to."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from analysis import Arrangement
from analysis.arrangement import check_arrangements, pairs_of_trials


def test_holds_items_and_positions_as_given():
    trial = Arrangement([4, 2], [[0.1, 0.2], [-0.3, 0.0]])
    assert len(trial) == 2
    assert trial.items.tolist() == [4, 2]
    assert trial.items.dtype == np.int64
    assert trial.positions.tolist() == [[0.1, 0.2], [-0.3, 0.0]]


def test_distances_are_euclidean_in_condensed_order():
    trial = Arrangement([7, 1, 3], [[0, 0], [0.3, 0], [0, 0.4]])
    np.testing.assert_allclose(trial.distances(), [0.3, 0.4, 0.5])


@pytest.mark.parametrize("m", [0, 1])
def test_fewer_than_two_items_have_no_distances(m):
    assert Arrangement(np.arange(m), np.zeros((m, 2))).distances().shape == (0,)


def test_cannot_be_changed_from_outside():
    positions = np.array([[0.1, 0.2], [0.3, 0.4]])
    items = np.array([0, 1])
    trial = Arrangement(items, positions)
    positions[0, 0] = 9
    items[0] = 9
    assert trial.positions[0, 0] == 0.1
    assert trial.items[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        trial.positions[0, 0] = 9
    with pytest.raises(ValueError, match="read-only"):
        trial.items[0] = 9


@pytest.mark.parametrize(
    ("items", "positions", "reason"),
    [
        ([[0, 1]], [[0, 0], [1, 1]], "one-dimensional"),
        ([0.0, 1.0], [[0, 0], [1, 1]], "integers"),
        ([0, 1], [[0, 0]], "shape"),
        ([0, 1], [[0, 0, 0], [1, 1, 1]], "shape"),
        ([0, -1], [[0, 0], [1, 1]], "negative"),
        ([3, 3], [[0, 0], [1, 1]], "duplicate"),
        ([0, 1], [[0, 0], [np.nan, 1]], "finite"),
        ([0, 1], [[0, 0], [np.inf, 1]], "finite"),
        ([0, 1], [[0, 0], [1e200, 1]], "reach 1e.200, too far"),
    ],
)
def test_refuses_what_is_not_an_arrangement(items, positions, reason):
    with pytest.raises(ValueError, match=reason):
        Arrangement(items, positions)


def test_an_item_beyond_the_study_is_named_with_its_trial():
    trials = [Arrangement([0, 1], np.eye(2)), Arrangement([0, 5], np.eye(2))]
    with pytest.raises(ValueError, match="trial 1 holds item 5, but there are 5 items"):
        check_arrangements(trials, 5)
    assert check_arrangements(iter(trials), 6) == trials


def test_a_study_has_items():
    with pytest.raises(ValueError, match="at least 1"):
        check_arrangements([], 0)


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.sampled_from([1e-100, 1.0, 1e50]))
def test_distances_are_those_of_scipy(n: int, seed: int, scale: float) -> None:
    positions = scale * np.random.default_rng(seed).normal(size=(n, 2))
    np.testing.assert_allclose(Arrangement(np.arange(n), positions).distances(), pdist(positions), rtol=4e-16)


def test_pairs_of_several_trials_are_those_of_each_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    trials = [Arrangement(rng.permutation(30)[:m], rng.normal(size=(m, 2))) for m in (5, 0, 12, 1, 2, 12)]
    pairs = pairs_of_trials(trials)
    assert pairs.counts.tolist() == [10, 0, 66, 0, 1, 66]
    assert pairs.distance.tolist() == [distance for trial in trials for distance in trial.distances()]
    both = [pair for trial in trials for pair in combinations(trial.items.tolist(), 2)]
    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == both
    assert pairs_of_trials(trials[1:2]).distance.size == pairs_of_trials([]).distance.size == 0
