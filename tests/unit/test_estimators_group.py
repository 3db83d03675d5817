"""Several raters at once."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import Arrangement, NoUsableTrialsError, estimate_rdm
from analysis.estimators import estimate_group
from analysis.estimators.group import borrow
from analysis.estimators.precision_weighted import precision_weighted
from analysis.estimators.trials import usable_trials
from analysis.simulate import Behaviour, individual, make_truth, place_items


def study(n_items, n_raters, n_trials, size, share, seed=0):
    rng = np.random.default_rng(seed)
    common = make_truth("gaussian_5", n_items, rng=rng)
    own = {f"r{k}": individual(common, share, rng=rng) for k in range(n_raters)}
    trials = {
        rater: [
            place_items(rdm, rng.permutation(n_items)[:size], behaviour=Behaviour(), rng=rng) for _ in range(n_trials)
        ]
        for rater, rdm in own.items()
    }
    return own, trials


def mean_r(estimates, own):
    return np.mean([np.corrcoef(estimates[rater].rdm, own[rater])[0, 1] for rater in own])


def test_raters_with_little_data_gain_from_the_others():
    own, trials = study(24, 6, 3, 12, 0.3)
    shrunk = estimate_group(trials, 24, method="latent")
    alone = estimate_group(trials, 24, method="latent", shrink=False)
    assert mean_r(shrunk.raters, own) > mean_r(alone.raters, own) + 0.08
    assert min(shrunk.borrowed.values()) > 0
    assert set(alone.borrowed.values()) == {0.0}


def test_a_rater_who_differs_from_all_others_is_not_pulled_to_them():
    own, trials = study(16, 4, 12, 10, 0.1)
    rng = np.random.default_rng(9)
    own["odd"] = make_truth("clusters", 16, rng=rng)
    trials["odd"] = [
        place_items(own["odd"], rng.permutation(16)[:10], behaviour=Behaviour(), rng=rng) for _ in range(12)
    ]
    group = estimate_group(trials, 16, method="latent")
    alone = estimate_rdm(trials["odd"], 16, method="latent")
    r = [np.corrcoef(e.rdm, own["odd"])[0, 1] for e in (group.raters["odd"], alone)]
    assert r[0] > r[1] - 0.02


def test_the_groups_rdm_is_that_of_all_trials_together():
    _, trials = study(8, 3, 2, 6, 0.2)
    group = estimate_group(trials, 8, method="weighted_average", shrink=False)
    every = [trial for rater in trials.values() for trial in rater]
    np.testing.assert_array_equal(group.group.rdm, estimate_rdm(every, 8, method="weighted_average").rdm)
    for rater, own in trials.items():
        expected = estimate_rdm(own, 8, method="weighted_average").rdm
        np.testing.assert_array_equal(group.raters[rater].rdm, expected)


def test_raters_may_have_seen_different_items():
    _, trials = study(12, 2, 3, 6, 0.2)
    first = [Arrangement(np.arange(7), np.random.default_rng(s).normal(size=(7, 2)) / 8) for s in range(3)]
    second = [Arrangement(np.arange(5, 12), np.random.default_rng(s).normal(size=(7, 2)) / 8) for s in range(3)]
    group = estimate_group(trials | {"first": first, "second": second}, 12, method="latent")
    assert group.raters["first"].predicted.sum() == 66 - 21
    share = group.shares["first"]
    assert group.borrowed["first"] > 0
    assert (share[group.raters["first"].predicted] == 1).all()
    assert ((share[~group.raters["first"].predicted] > 0) & (share[~group.raters["first"].predicted] < 1)).all()
    assert all(np.isfinite(estimate.rdm).all() for estimate in group.raters.values())


def test_a_rater_without_a_usable_trial_is_named_and_the_others_go_on():
    _, trials = study(8, 2, 3, 6, 0.2)
    group = estimate_group(trials | {"gone": [], "two items": [Arrangement([0, 1], np.eye(2) / 4)]}, 8, method="latent")
    assert list(group.raters) == ["r0", "r1"]
    assert set(group.unusable) == {"gone", "two items"}
    assert "no trials" in group.unusable["gone"]


def test_one_rater_or_one_trial_each_is_enough():
    _, trials = study(8, 1, 3, 6, 0.2)
    alone = estimate_group(trials, 8, method="latent")
    np.testing.assert_array_equal(alone.raters["r0"].rdm, alone.group.rdm)
    _, trials = study(8, 3, 1, 8, 0.2)
    assert len(estimate_group(trials, 8, method="latent").raters) == 3


def test_nobody_with_a_usable_trial_is_an_error():
    with pytest.raises(NoUsableTrialsError):
        estimate_group({"a": [], "b": []}, 5)


def test_borrowing_is_an_average_weighted_by_precision():
    _, trials = study(6, 1, 2, 5, 0.2)
    average = precision_weighted(usable_trials(trials["r0"], 6))
    others = np.linspace(0.5, 1.5, 15)
    assert borrow(average, others, 0.0) is average
    much = borrow(average, others, 1e9)
    assert np.corrcoef(much.rdm, others)[0, 1] == pytest.approx(1)
    seen = average.precision > 0
    scale = np.sqrt(np.mean(average.rdm[seen] ** 2) / np.mean(others[seen] ** 2))
    some = borrow(average, others, 20.0)
    expected = (average.precision * average.rdm + 20 * scale * others) / (average.precision + 20)
    np.testing.assert_allclose(some.rdm[seen], expected[seen])
    np.testing.assert_allclose(some.rdm[~seen], scale * others[~seen])
    np.testing.assert_allclose(some.precision, average.precision + 20)
