"""Standard errors are given where they are calibrated, and only there; `benchmarks/coverage.py` measures it in full."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from analysis import Arrangement, estimate_rdm
from analysis.estimators.latent import fit_latent
from analysis.estimators.simulated_participants import contradiction, shared_pairs, summaries
from analysis.estimators.trials import usable_trials
from analysis.estimators.uncertainty import noise_out_of_range, unlike
from analysis.rdm import n_pairs, scale_to_rms
from analysis.simulate import Behaviour, make_truth, place_items, simulate_rater

N_ITEMS = 12


def session(kind="gaussian_5", n_items=N_ITEMS, n_trials=9, size=7, noise=0.1, seed=0):
    rng = np.random.default_rng(seed)
    truth = make_truth(kind, n_items, rng=rng)
    sets = [np.arange(n_items)] + [rng.permutation(n_items)[:size] for _ in range(n_trials - 1)]
    return truth, [place_items(truth, items, behaviour=Behaviour(noise=noise), rng=rng) for items in sets]


@pytest.mark.parametrize("method", ["weighted_average", "combined"])
def test_intervals_hold_the_truth(method):
    inside, r_inside = [], []
    for seed, kind in enumerate(["gaussian_2", "clusters"]):
        truth, trials = session(kind, seed=seed)
        estimate = estimate_rdm(trials, N_ITEMS, method=method, uncertainty=True)
        wanted = scale_to_rms(truth) / np.sqrt(n_pairs(N_ITEMS))
        inside.append(np.abs(estimate.rdm - wanted) <= 1.96 * estimate.standard_error)
        value, lower, upper = estimate.correlation_with_truth
        assert lower < value < upper
        r_inside.append(lower < np.corrcoef(estimate.rdm, wanted)[0, 1] < upper)
    assert 0.85 < np.mean(inside) < 0.995
    assert any(r_inside)


def test_more_noise_means_larger_errors_and_a_lower_correlation():
    quiet, loud = (
        estimate_rdm(session(noise=noise)[1], N_ITEMS, method="latent", uncertainty=True) for noise in (0.04, 0.12)
    )
    assert loud.standard_error.mean() > 1.3 * quiet.standard_error.mean()
    assert loud.correlation_with_truth.value < quiet.correlation_with_truth.value - 0.05


def test_the_same_trials_give_the_same_figures():
    _, trials = session(n_trials=5)
    first, second = (estimate_rdm(trials, N_ITEMS, method="latent", uncertainty=True) for _ in range(2))
    np.testing.assert_array_equal(first.standard_error, second.standard_error)
    assert first.correlation_with_truth == second.correlation_with_truth


@pytest.mark.parametrize(("n_trials", "size", "lower_by"), [(30, 4, 0.03), (9, 7, 0.0)])
def test_trials_too_small_to_show_two_strategies_widen_the_interval_downwards(n_trials, size, lower_by, monkeypatch):
    _, trials = session(n_trials=n_trials, size=size)
    given = estimate_rdm(trials, N_ITEMS, method="latent", uncertainty=True).correlation_with_truth
    monkeypatch.setattr("analysis.estimators.uncertainty.TESTED_SHARE", 0.0)
    taken_for_tested = estimate_rdm(trials, N_ITEMS, method="latent", uncertainty=True).correlation_with_truth
    assert given.lower <= taken_for_tested.lower - lower_by
    assert (given.value, given.upper) == (taken_for_tested.value, taken_for_tested.upper)
    assert lower_by or given == taken_for_tested


def test_pairs_that_two_trials_share_are_counted():
    trials = usable_trials(session(n_trials=6)[1], N_ITEMS)
    sets = [set(combinations(sorted(trial.items), 2)) for trial in trials.arrangements]
    assert shared_pairs(trials).tolist() == [len(one & other) for one, other in combinations(sets, 2)]


def test_pairs_without_an_estimate_have_no_standard_error():
    estimate = estimate_rdm(session()[1], N_ITEMS + 1, method="precision_weighted", uncertainty=True)
    assert np.isnan(estimate.rdm).sum() == N_ITEMS
    np.testing.assert_array_equal(np.isnan(estimate.standard_error), np.isnan(estimate.rdm))


def few_items():
    return 11, session(n_items=11)[1]


def few_trials():
    return N_ITEMS, session(n_trials=4)[1]


def no_common_scale():
    rng = np.random.default_rng(0)
    halves = [np.arange(6), np.arange(6, 12)] * 3
    return 12, [Arrangement(items, rng.normal(size=(6, 2)) / 8) for items in halves]


def hardly_any_repeated_pair():
    rng = np.random.default_rng(0)
    chain = [np.arange(i, i + 3) for i in range(8)]
    return 12, [Arrangement(items, rng.normal(size=(3, 2)) / 8) for items in chain]


def loud():
    return N_ITEMS, session(noise=0.3)[1]


def at_random():
    rng = np.random.default_rng(0)
    return N_ITEMS, [Arrangement(np.arange(N_ITEMS), rng.normal(size=(N_ITEMS, 2)) / 8) for _ in range(9)]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (few_items, "11 items; .* from 12"),
        (few_trials, "4 usable trials; .* from 5"),
        (no_common_scale, "no common scale"),
        (hardly_any_repeated_pair, "pairs that are in several trials"),
        (loud, "a noise of 0[.]"),
        (at_random, "a noise of 0[.]"),
    ],
)
def test_where_it_is_not_calibrated_nothing_is_given_and_the_reason_is_kept(case, reason):
    n_items, trials = case()
    estimate = estimate_rdm(trials, n_items, method="latent", uncertainty=True)
    assert estimate.standard_error is None
    assert estimate.correlation_with_truth is None
    assert re.search(reason, estimate.uncertainty_reason)


def test_each_reason_for_which_no_interval_is_given_decides_by_its_own_number():
    for noise, refused in ((0.02, True), (0.031, False), (0.16, False), (0.17, True)):
        assert bool(noise_out_of_range(noise)) is refused, noise
    rng = np.random.default_rng(0)
    like, alike = rng.normal(size=(60, 3)), rng.normal(size=60)
    assert unlike(like, alike) is None
    for number, what in enumerate(("disagreement between trials", "spread of the dissimilarities", "misfit")):
        assert what in unlike(like + 2.5 * (np.arange(3) == number), alike)
        assert unlike(like + 1.5 * (np.arange(3) == number), alike) is None
    assert "contradict each other" in unlike(like, alike - 4)
    assert unlike(like, alike - 2) is None
    assert unlike(like, alike + 4) is None, "a session that agrees with itself better than others is no contradiction"


def test_the_method_that_drifts_has_no_standard_error():
    estimate = estimate_rdm(session()[1], N_ITEMS, method="inverse_mds", uncertainty=True)
    assert estimate.standard_error is None
    assert "drifts" in estimate.uncertainty_reason


def test_no_reason_where_intervals_are_given_or_were_not_asked_for():
    assert estimate_rdm(few_items()[1], 11, method="latent").uncertainty_reason is None
    assert estimate_rdm(session()[1], N_ITEMS, method="latent", uncertainty=True).uncertainty_reason is None


def test_summaries_tell_noise_from_spread():
    def of(**settings):
        trials = usable_trials(session(**settings)[1], N_ITEMS)
        return summaries(trials, fit_latent(trials))

    assert of(noise=0.25)[0] > of(noise=0.05)[0] + 0.5
    assert of(kind="gaussian_2", noise=0.02)[1] > of(kind="gaussian_full", noise=0.02)[1] + 0.2


def test_two_strategies_contradict_each_other_and_noise_does_not():
    def of(kind):
        sessions = [usable_trials(session(kind, n_trials=12, noise=0.05, seed=seed)[1], N_ITEMS) for seed in range(3)]
        return np.mean([contradiction(trials, fit_latent(trials)) for trials in sessions])

    assert of("mixture") > max(of("clusters"), of("gaussian_2")) + 0.3


def test_contradiction_by_hand():
    """Two trials whose departures are opposite correlate by -1; of trials that share too few pairs nothing is known."""
    rng = np.random.default_rng(0)
    layout = rng.normal(size=(5, 2)) / 8
    trials = usable_trials([Arrangement(np.arange(5), layout), Arrangement(np.arange(5), layout)], 5)
    assert contradiction(trials, fit_latent(trials)) == pytest.approx(0.0)
    apart = usable_trials([Arrangement(np.arange(3), layout[:3]), Arrangement(np.arange(2, 5), layout[2:])], 5)
    assert np.isnan(contradiction(apart, fit_latent(apart)))


def test_a_participant_of_two_strategies_gets_no_interval():
    _, trials = session("mixture", n_items=15, n_trials=12, size=8, noise=0.05, seed=1)
    estimate = estimate_rdm(trials, 15, method="latent", uncertainty=True)
    assert estimate.correlation_with_truth is None
    assert re.search("contradict|noise|no simulated participant", estimate.uncertainty_reason)


def test_the_interval_of_a_tree_holds():
    """Planar arrangements of an ultrametric are those of simpler dissimilarities: without allowance for what they hide
    the interval held the truth for one of these eight participants, and for 9 of 27 others."""
    held, given = 0, 0
    for seed in range(8):
        rng = np.random.default_rng([5, seed])
        truth = make_truth("ultrametric", 15, rng=rng)
        trials = simulate_rater(truth, behaviour=Behaviour(noise=0.05), rng=rng).arrangements
        estimate = estimate_rdm(trials, 15, method="latent", uncertainty=True)
        if estimate.correlation_with_truth is not None:
            _, lower, upper = estimate.correlation_with_truth
            given += 1
            held += lower <= np.corrcoef(estimate.rdm, truth)[0, 1] <= upper
    assert given >= 5
    # Intervals that hold 9 in 10 fall below this in less than one of a hundred such tests.
    assert held >= binom.ppf(0.01, given, 0.9)
