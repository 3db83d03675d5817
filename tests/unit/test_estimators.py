"""What every method of `estimate_rdm` does: it recovers, it reports, and it survives hard arrangements."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from analysis import Arrangement, NoUsableTrialsError, estimate_rdm
from analysis.estimators import ESTIMATORS, connected_sets
from analysis.estimators.descent import descend
from analysis.estimators.forward import fit_forward
from analysis.estimators.latent import fit_latent
from analysis.estimators.trials import usable_trials
from analysis.rdm import n_pairs, pairs_within, subset
from analysis.simulate import Behaviour, place_items

MODELS = ("latent", "arrangement", "combined")
every_method = pytest.mark.parametrize("method", ESTIMATORS)


def planar_truth(n_items, seed=0):
    """Points of a plane, which an arrangement can show without error."""
    return np.random.default_rng(seed).normal(size=(n_items, 2))


def place(points, items, seed=0, noise=0.0):
    """The items placed as they are, rotated, and as large as the arena allows."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    layout = points[items] @ turn
    layout = 0.9 * layout / pdist(layout).max()
    return Arrangement(items, layout + noise * rng.normal(size=layout.shape))


def session(points, n_trials, size, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    first = [place(points, np.arange(len(points)), seed, noise)]
    return first + [place(points, rng.permutation(len(points))[:size], seed + t, noise) for t in range(1, n_trials)]


@every_method
def test_without_noise_a_plane_is_recovered(method):
    points = planar_truth(12)
    estimate = estimate_rdm(session(points, 8, 6), 12, method=method)
    expected = pdist(points) / np.linalg.norm(pdist(points))
    # The models shrink a little even then: their ridge is for noisy people.
    least = 0.985 if method in MODELS else 0.99999
    assert np.corrcoef(estimate.rdm, expected)[0, 1] > least


@pytest.mark.parametrize("positions", [[0.0, 0.1, 0.4, 0.45], [-0.5, -0.2, 0.1, 0.5, 0.52, 0.3], [0.0, 0.02, 0.3]])
@pytest.mark.parametrize("method", ["latent", "combined"])
def test_one_round_on_a_line_keeps_what_was_placed(method, positions):
    line = np.column_stack([positions, np.zeros(len(positions))])
    estimate = estimate_rdm([Arrangement(np.arange(len(positions)), line)], len(positions), method=method)
    assert np.corrcoef(estimate.rdm, pdist(line))[0, 1] > 0.95


def test_in_a_session_of_one_round_the_models_know_as_much_as_the_average():
    """A ridge that outweighs few placements gave r = .80 for 10 clips where the average had .95, without any noise."""
    agreement = {"weighted_average": [], "latent": [], "combined": []}
    for n_items, seed in [(n, seed) for n in (4, 6, 10) for seed in range(8)]:
        rng = np.random.default_rng([n_items, seed])
        truth = pdist(rng.normal(size=(n_items, 3)))
        trial = place_items(truth, np.arange(n_items), behaviour=Behaviour(noise=0.05), rng=rng)
        for method, correlations in agreement.items():
            estimate = estimate_rdm([trial], n_items, method=method)
            correlations.append(np.corrcoef(estimate.rdm, truth)[0, 1])
    average = np.mean(agreement["weighted_average"])
    assert np.mean(agreement["latent"]) > average - 0.02
    assert np.mean(agreement["combined"]) > average - 0.02


@every_method
def test_converged_says_whether_a_fit_came_to_rest(method, monkeypatch):
    trials = session(planar_truth(8, 3), 4, 6)
    assert estimate_rdm(trials, 8, method=method).converged
    for module in ("weighted_average", "precision_weighted", "inverse_mds"):
        monkeypatch.setattr(import_module(f"analysis.estimators.{module}"), "MAX_ROUNDS", 1)
    assert not estimate_rdm(trials, 8, method=method).converged


def test_a_model_whose_steps_ended_early_has_not_converged(monkeypatch):
    trials = usable_trials(session(planar_truth(8, 3), 4, 6, noise=0.05), 8)
    assert fit_forward(trials).converged
    assert not fit_latent(trials, max_iter=1).converged
    monkeypatch.setattr(
        "analysis.estimators.forward.descend", lambda *given, steps: descend(*given, steps=steps)._replace(gave_up=True)
    )
    assert not fit_forward(trials).converged


@every_method
def test_more_than_chance_is_left_with_noise(method):
    points = planar_truth(15)
    estimate = estimate_rdm(session(points, 12, 7, noise=0.1), 15, method=method)
    assert np.corrcoef(estimate.rdm, pdist(points))[0, 1] > (0.4 if method == "inverse_mds" else 0.9)


@every_method
def test_every_rdm_has_a_sum_of_squares_of_one_and_nothing_below_zero(method):
    estimate = estimate_rdm(session(planar_truth(10), 6, 5, noise=0.1), 10, method=method)
    assert estimate.rdm.shape == (45,)
    assert np.sum(estimate.rdm**2) == pytest.approx(1)
    assert (estimate.rdm >= 0).all()
    assert estimate.method == method
    assert estimate.n_iter >= 1
    assert estimate.standard_error is None
    assert estimate.correlation_with_truth is None


def test_combined_is_the_default_and_the_mean_of_latent_and_arrangement():
    trials = session(planar_truth(10), 6, 5, noise=0.1)
    latent, arrangement = (estimate_rdm(trials, 10, method=m).rdm for m in ("latent", "arrangement"))
    expected = latent + arrangement
    np.testing.assert_allclose(estimate_rdm(trials, 10).rdm, expected / np.linalg.norm(expected), rtol=1e-9)


@every_method
def test_pairs_never_seen_are_missing_or_marked_as_predicted(method):
    points = planar_truth(9)
    trials = [place(points, np.arange(6), 1), place(points, np.arange(3, 9), 2)]
    estimate = estimate_rdm(trials, 9, method=method)
    unseen = estimate.evidence == 0
    assert unseen.sum() == 9
    if method in MODELS:
        np.testing.assert_array_equal(estimate.predicted, unseen)
        assert np.isfinite(estimate.rdm).all()
    else:
        assert not estimate.predicted.any()
        np.testing.assert_array_equal(np.isnan(estimate.rdm), unseen)
    np.testing.assert_array_equal(estimate.components, np.where(unseen, -1, 0))
    assert estimate.n_components == 1


@every_method
def test_trials_that_share_no_pair_are_reported_as_two_components(method):
    points = planar_truth(9)
    # One shared item is not enough: a common scale takes a shared pair.
    trials = [place(points, np.arange(5, 9), 1), place(points, np.arange(6), 2), place(points, np.arange(5), 3)]
    estimate = estimate_rdm(trials, 9, method=method)
    assert estimate.n_components == 2
    assert (estimate.components == 0).sum() == 15
    assert (estimate.components == 1).sum() == 6
    assert set(estimate.components[pairs_within(np.arange(5, 9), 9)]) == {1}


def test_disconnected_trials_are_taken_apart_with_their_own_items():
    points = planar_truth(9)
    trials = [place(points, np.arange(5, 9), 1), place(points, np.arange(6), 2), place(points, np.array([4, 1, 3]), 3)]
    large, small = connected_sets(trials, 9)
    assert large.items.tolist() == [0, 1, 2, 3, 4, 5]
    assert large.numbers.tolist() == [1, 2]
    assert small.items.tolist() == [5, 6, 7, 8]
    assert small.numbers.tolist() == [0]
    for part in (large, small):
        estimate = estimate_rdm(part.arrangements, len(part.items), method="weighted_average")
        assert estimate.n_components == 1
        expected = subset(pdist(points), part.items)
        np.testing.assert_allclose(estimate.rdm, expected / np.linalg.norm(expected), rtol=1e-6)


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match="unknown method 'mean'; known are weighted_average"):
        estimate_rdm([place(planar_truth(4), np.arange(4))], 4, method="mean")


def spot(items):
    return Arrangement(items, np.full((len(items), 2), 0.3))


def line(items):
    return Arrangement(items, np.column_stack([np.linspace(-0.4, 0.4, len(items)), np.zeros(len(items))]))


@every_method
@pytest.mark.parametrize(
    ("trials", "reason"),
    [
        ([], "there are no trials"),
        ([Arrangement([], np.empty((0, 2)))], "trial 0 has 0 items"),
        ([Arrangement([1], [[0, 0]])], "trial 0 has 1 item;"),
        ([Arrangement([0, 1], [[0, 0], [0.1, 0.1]])], "trial 0 has 2 items; fewer than three hold no information"),
        ([spot([0, 1, 2, 3])], "trial 0 all items are on one spot"),
    ],
)
def test_without_a_usable_trial_the_error_says_why(method, trials, reason):
    with pytest.raises(NoUsableTrialsError, match=reason):
        estimate_rdm(trials, 4, method=method)


@every_method
def test_unusable_trials_are_dropped_by_number_and_change_nothing(method):
    good = session(planar_truth(6), 4, 5, noise=0.05)
    mixed = [spot([0, 1, 2]), *good[:2], Arrangement([3, 4], [[0, 0], [0.1, 0.2]]), *good[2:]]
    with_bad, without = (estimate_rdm(trials, 6, method=method) for trials in (mixed, good))
    assert [number for number, _ in with_bad.dropped] == [0, 3]
    assert with_bad.dropped[0][1] == "all items are on one spot, so the trial has no scale"
    np.testing.assert_array_equal(with_bad.rdm, without.rdm)
    np.testing.assert_array_equal(with_bad.evidence, without.evidence)


HARD = {
    "one trial": (5, [place(planar_truth(5), np.arange(5), noise=0.1)]),
    "one trial of three items": (3, [Arrangement([0, 1, 2], [[0, 0], [0.2, 0], [0, 0.3]])]),
    "all on a line": (6, [line([0, 1, 2, 3, 4, 5]), line([5, 3, 1]), line([0, 2, 5, 4])]),
    "two items on one spot": (4, [Arrangement([0, 1, 2, 3], [[0, 0], [0, 0], [0.3, 0], [0, 0.2]])] * 2),
    "pairs on two spots": (4, [Arrangement([0, 1, 2, 3], [[0, 0], [0, 0], [0.3, 0], [0.3, 0]])] * 3),
    "groups that share no pair": (8, [place(planar_truth(8), np.arange(4)), place(planar_truth(8), np.arange(4, 8))]),
    "a pair never seen": (5, [place(planar_truth(5), np.arange(4)), place(planar_truth(5), np.arange(1, 5))]),
    "an item never seen": (6, [place(planar_truth(6), np.arange(4), s, noise=0.1) for s in range(6)]),
    "the same trial again and again": (5, [place(planar_truth(5), np.arange(5))] * 8),
    "far outside the arena": (5, [Arrangement(np.arange(5), 1e6 * planar_truth(5, s)) for s in range(5)]),
    "very small": (5, [Arrangement(np.arange(5), 1e-6 * planar_truth(5, s)) for s in range(5)]),
    "pure noise": (7, [Arrangement(np.arange(7), planar_truth(7, s) / 9) for s in range(12)]),
    "a square": (4, [Arrangement([0, 1, 2, 3], [[0, 0], [0, 0.3], [0.3, 0.3], [0.3, 0]])] * 2),
}


@every_method
@pytest.mark.parametrize("case", HARD)
def test_hard_but_valid_arrangements_have_a_defined_result(method, case):
    n_items, trials = HARD[case]
    estimate = estimate_rdm(trials, n_items, method=method)
    assert estimate.rdm.shape == estimate.evidence.shape == estimate.predicted.shape == (n_pairs(n_items),)
    # A missing pair is one that was never seen, and a model has none.
    np.testing.assert_array_equal(np.isnan(estimate.rdm), (estimate.evidence == 0) & ~estimate.predicted)
    assert np.nansum(estimate.rdm**2) == pytest.approx(1)
    assert isinstance(estimate.converged, bool)


@every_method
def test_stacked_items_come_out_nearest(method):
    layout = [[0, 0], [0, 0], [0.35, 0], [0, 0.4], [-0.3, -0.3]]
    estimate = estimate_rdm([Arrangement(np.arange(5), layout)] * 3, 5, method=method)
    assert np.argmin(estimate.rdm) == 0


@st.composite
def sessions(draw):
    """Trials of random sizes at random places, some with stacked or aligned items."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_items = draw(st.integers(3, 9))
    trials = []
    for _ in range(draw(st.integers(1, 6))):
        items = rng.permutation(n_items)[: rng.integers(3, n_items + 1)]
        positions = rng.uniform(-0.35, 0.35, size=(items.size, 2))
        oddity = draw(st.sampled_from(["", "", "", "stacked", "aligned"]))
        if oddity == "stacked":
            positions[1] = positions[0]
        elif oddity == "aligned":
            positions[:, 1] = 0.1
        trials.append(Arrangement(items, positions))
    return n_items, trials, rng


@pytest.mark.parametrize("method", ["precision_weighted", *MODELS])
@settings(max_examples=15, deadline=None)
@given(sessions())
def test_a_trials_scale_changes_nothing_where_the_evidence_floor_plays_no_part(method, case):
    n_items, trials, rng = case
    scaled = [Arrangement(t.items, t.positions * np.exp(rng.uniform(-3, 1))) for t in trials]
    first, second = (estimate_rdm(given, n_items, method=method) for given in (trials, scaled))
    np.testing.assert_allclose(second.rdm, first.rdm, atol=5e-4)


@pytest.mark.parametrize("method", ["weighted_average", "inverse_mds"])
def test_the_reference_is_scale_free_once_all_distances_are_above_the_floor(method):
    trials = [Arrangement(np.arange(4), 10 * planar_truth(4, s)) for s in range(3)]
    larger = [Arrangement(t.items, 7 * t.positions) for t in trials]
    first, second = (estimate_rdm(given, 4, method=method) for given in (trials, larger))
    np.testing.assert_allclose(second.rdm, first.rdm, atol=2e-4)
