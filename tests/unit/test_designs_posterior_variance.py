"""Posterior variance against its definition, written out pair by pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from analysis import StopRule, estimate_rdm, next_items
from analysis.designs.posterior_variance import choose_by_variance
from analysis.estimators.trials import usable_trials
from analysis.rdm import to_condensed, to_square
from analysis.simulate import make_truth, overall, simulate_rater


def expected_fall(items, D, V, s2, r2):
    pairs = list(combinations(items, 2))
    largest = max(D[a, b] for a, b in pairs)
    p = 1 / (2 * s2 * largest**2 + r2 * max(1 - 3 / len(items), 0) + 1e-4)
    return sum(V[a, b] ** 2 * p / (1 + V[a, b] * p) for a, b in pairs)


def test_same_sets_as_the_definition_on_200_random_states():
    rng = np.random.default_rng(1)
    for _ in range(200):
        n = int(rng.integers(4, 11))
        D = to_square(make_truth("gaussian_5", n, rng=rng))
        W = to_square(rng.gamma(1.0, 20.0, n * (n - 1) // 2) * (rng.uniform(size=n * (n - 1) // 2) < 0.8))
        V = 1 / (W + 10)
        s2, r2, size = rng.uniform(0.0025, 0.04), rng.uniform(0.002, 0.1), int(rng.integers(3, n + 1))
        items = choose_by_variance(
            to_condensed(D), to_condensed(W), size, placement_variance=s2, misfit_variance=r2, rng=rng
        ).tolist()
        start = items[:2]
        assert V[start[0], start[1]] == max(V[a, b] for a, b in combinations(range(n), 2))
        expected = list(start)
        while len(expected) < size:
            rest = [i for i in range(n) if i not in expected]
            expected.append(max(rest, key=lambda i: expected_fall([*expected, i], D, V, s2, r2)))
        assert items == expected


def test_it_looks_for_the_pairs_that_are_known_least():
    precision = np.full((8, 8), 500.0)
    precision[np.ix_([1, 4, 6], [1, 4, 6])] = 0.0
    chosen = choose_by_variance(
        np.ones(28), to_condensed(precision), 3, placement_variance=0.01, misfit_variance=0.01,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    assert set(chosen.tolist()) == {1, 4, 6}


def test_of_pairs_known_equally_it_zooms_in_on_the_similar_ones():
    points = np.concatenate([np.linspace(0, 0.3, 4), [3.0, 4.0, 5.0, 6.0]])
    D = np.abs(points[:, None] - points)
    precision = np.full((8, 8), 50.0)
    precision[0, 1] = precision[1, 0] = 20.0
    chosen = choose_by_variance(
        to_condensed(D), to_condensed(precision), 4, placement_variance=0.01, misfit_variance=0.002,
        rng=np.random.default_rng(3),
    )  # fmt: skip
    assert set(chosen.tolist()) == {0, 1, 2, 3}


def test_it_recovers_more_than_lift_the_weakest():
    """Same number of placements, same estimator: the mean over a few raters must be higher."""
    accuracy = {
        design: np.mean([_accuracy(design, seed) for seed in range(3)])
        for design in ("posterior_variance", "lift_the_weakest")
    }
    assert accuracy["posterior_variance"] > accuracy["lift_the_weakest"]


def _accuracy(design, seed):
    rng = np.random.default_rng(seed)
    truth = make_truth("gaussian_5", 20, rng=rng)
    session = simulate_rater(truth, design=design, stop=StopRule(min_evidence=None, max_trials=30), rng=rng)
    placements = np.cumsum([len(trial) for trial in session.arrangements])
    kept = session.arrangements[: int(np.searchsorted(placements, 160)) + 1]
    return np.corrcoef(estimate_rdm(kept, 20, method="weighted_average").rdm, overall(truth))[0, 1]


def test_the_trial_follows_from_the_state_alone_and_not_from_the_order_of_items_in_it():
    rng = np.random.default_rng(5)
    truth = make_truth("gaussian_2", 12, rng=rng)
    trials = simulate_rater(truth, stop=StopRule(min_evidence=None, max_trials=5), rng=rng).arrangements
    assert usable_trials(trials, 12).sizes.tolist()[1:] == [6, 6, 6, 6]
    a = next_items(trials, 12, rng=np.random.default_rng(9))
    b = next_items(list(trials), 12, rng=np.random.default_rng(9))
    assert a.tolist() == b.tolist()
