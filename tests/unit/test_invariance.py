"""Labels, order, rotation and reflection are nobody's judgment: they change no estimate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Arrangement, StopRule, estimate_rdm
from analysis.estimators import ESTIMATORS
from analysis.estimators.canonical import canonical
from analysis.estimators.descent import TRIES, descend
from analysis.estimators.trials import usable_trials
from analysis.rdm import pairs_within, to_square
from analysis.simulate import make_truth, simulate_rater
from benchmarks.invariance import TOLERANCES, changed, deviation, small_session

# Sessions in which rounding decided: a line search closed in on a jump of the loss, by up to .004 and .0007 in one of
# three rotations; clips in three heaps moved apart in some direction, by up to .03.
JUMP = [
    Arrangement([6, 0, 1, 3], [[-0.164, -0.323], [0.105, 0.16], [-0.072, -0.203], [0.017, -0.198]]),
    Arrangement(
        [1, 2, 6, 0, 3, 5, 4],
        [
            [0.232, -0.245],
            [-0.069, 0.279],
            [-0.024, -0.055],
            [-0.272, 0.11],
            [-0.203, 0.275],
            [0.183, 0.153],
            [-0.348, 0.177],
        ],
    ),
    Arrangement(
        [6, 3, 0, 2, 1, 4, 5],
        [
            [-0.184, 0.05],
            [0.135, 0.265],
            [-0.276, 0.142],
            [-0.073, 0.114],
            [0.198, -0.336],
            [0.286, -0.046],
            [0.242, -0.174],
        ],
    ),
]
ANOTHER_JUMP = [
    Arrangement(
        [2, 4, 3, 1, 6, 5, 0],
        [
            [0.157, -0.201],
            [-0.194, -0.156],
            [-0.227, 0.038],
            [-0.208, -0.088],
            [0.081, -0.258],
            [0.205, -0.008],
            [0.232, -0.116],
        ],
    ),
    Arrangement(
        [1, 6, 0, 4, 5, 3],
        [[-0.15, -0.323], [-0.226, -0.317], [-0.25, -0.308], [-0.143, 0.01], [-0.118, 0.348], [-0.151, -0.205]],
    ),
    Arrangement([6, 5, 3], [[0.043, 0.27], [-0.084, 0.288], [0.254, -0.129]]),
]
HEAPS = [
    Arrangement(
        [8, 5, 6, 0, 7, 4, 1],
        [[0.25, 0.0], [0.0, 0.0], [0.25, 0.0], [0.25, -0.25], [0.25, 0.0], [0.0, 0.0], [0.0, 0.0]],
    )
]


@pytest.mark.parametrize(("trials", "n_items"), [(JUMP, 7), (ANOTHER_JUMP, 7), (HEAPS, 9)])
def test_rounding_decides_nothing_in_sessions_where_it_did(trials, n_items, monkeypatch):
    monkeypatch.setattr("analysis.estimators.estimate.canonical", lambda trials: (trials, np.arange(n_items)))
    deviations = [deviation(trials, n_items, "arrangement", np.random.default_rng(seed)) for seed in range(8)]
    assert max(deviations) < TOLERANCES["arrangement"]


@pytest.mark.parametrize("seed", [764, 837, 998])
def test_where_the_line_search_gives_up_the_estimate_is_one_and_the_same(seed, monkeypatch):
    """Steps that are shortened further end on either side of the jump, as rounding has it: by up to .036 in the RDM."""
    n_items, trials = small_session(np.random.default_rng(seed))
    assert not estimate_rdm(trials, n_items, method="arrangement").converged
    monkeypatch.setattr("analysis.estimators.estimate.canonical", lambda trials: (trials, np.arange(n_items)))
    deviations = [deviation(trials, n_items, "arrangement", np.random.default_rng(turn)) for turn in range(6)]
    assert max(deviations) < 1e-9


def test_sessions_in_another_form_are_estimated_from_the_same_bits():
    for seed in range(6):
        n_items, trials = small_session(np.random.default_rng(seed))
        assert deviation(trials, n_items, "arrangement", np.random.default_rng(seed)) < 1e-15


@pytest.mark.parametrize("method", ESTIMATORS)
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_labels_order_rotation_and_reflection_change_nothing(method, seed):
    rng = np.random.default_rng(seed)
    n_items, trials = small_session(rng)
    assert deviation(trials, n_items, method, rng) < TOLERANCES[method]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_canonical_form_is_the_same_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    n_items, trials = small_session(rng)
    other, _ = changed(trials, n_items, rng)
    first, places = canonical(usable_trials(trials, n_items))
    second, other_places = canonical(usable_trials(other, n_items))
    for one, two in zip(first.arrangements, second.arrangements, strict=True):
        np.testing.assert_array_equal(one.items, two.items)
        np.testing.assert_array_equal(one.positions, two.positions)
    # Each item finds its own values again, whatever exchange of items that are alike the labels led to.
    for session, form, place in ((trials, first, places), (other, second, other_places)):
        kept = usable_trials(session, n_items)
        together = [np.sort(place[t.items]).tolist() for t in kept.arrangements]
        assert sorted(together) == sorted(t.items.tolist() for t in form.arrangements)
        np.testing.assert_allclose(
            np.bincount(placed_pairs(place, kept), kept.distance), np.bincount(form.pair, form.distance), atol=1e-6
        )


def placed_pairs(place, trials):
    """Condensed indices of placed pairs once items have their new places."""
    return np.concatenate([pairs_within(place[t.items], trials.n_items) for t in trials.arrangements])


@pytest.mark.parametrize(
    "layout",
    [
        [[0, 0], [0, 0.25], [0.25, 0.25], [0.25, 0]],
        [[0.25 * np.cos(a), 0.25 * np.sin(a)] for a in 2 * np.pi * np.arange(6) / 6],
        [[0, 0], [0, 0], [0.25, 0], [0.25, 0]],
        [[-0.25, 0], [0, 0], [0.25, 0]],
    ],
)
def test_symmetric_layouts_have_one_form_too(layout):
    rng = np.random.default_rng(1)
    trials = [Arrangement(np.arange(len(layout)), layout)] * 2
    for _ in range(10):
        other, _ = changed(trials, len(layout), rng)
        first, second = (canonical(usable_trials(given, len(layout)))[0] for given in (trials, other))
        for one, two in zip(first.arrangements, second.arrangements, strict=True):
            np.testing.assert_allclose(one.positions, two.positions, atol=1e-8)


def test_standard_errors_and_intervals_do_not_change_either():
    rng = np.random.default_rng(4)
    truth = make_truth("gaussian_2", 12, rng=rng)
    stop = StopRule(min_evidence=None, max_trials=6)
    trials = list(simulate_rater(truth, design="balanced", max_items=8, stop=stop, rng=rng).arrangements)
    other, label = changed(trials, 12, rng)
    first, second = (estimate_rdm(given, 12, method="weighted_average", uncertainty=True) for given in (trials, other))
    assert first.standard_error is not None
    expected = to_square(first.standard_error)
    np.testing.assert_allclose(to_square(second.standard_error)[np.ix_(label, label)], expected, rtol=1e-6)
    np.testing.assert_allclose(second.correlation_with_truth, first.correlation_with_truth, rtol=1e-6)


def rosenbrock(point):
    x, y = point
    loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
    return loss, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])


def test_descent_finds_a_minimum_and_rests_there():
    minimum = descend(rosenbrock, np.array([-1.2, 1.0]), steps=200)
    np.testing.assert_allclose(minimum.point, 1, atol=1e-4)
    assert not minimum.gave_up
    assert minimum.steps < 200


def test_descent_takes_the_steps_it_may_and_each_lowers_the_loss():
    losses = [rosenbrock(descend(rosenbrock, np.array([-1.2, 1.0]), steps=steps).point)[0] for steps in range(6)]
    assert (np.diff(losses) < 0).all()


def test_descent_stops_at_the_last_accepted_point_where_the_gradient_misleads():
    tried = []

    def uphill(point):
        """A gradient that points the wrong way beyond 1."""
        tried.append(point[0])
        return float(abs(point[0] - 1)), np.array([-1.0])

    minimum = descend(uphill, np.array([0.0]), steps=5)
    assert minimum.gave_up
    assert minimum.steps == 1
    np.testing.assert_allclose(minimum.point, [1.0])
    assert len(tried) == 2 + TRIES
