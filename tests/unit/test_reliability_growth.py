"""Agreement by number of raters, and the raters that a target takes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from analysis.arrangement import Floats
from analysis.reliability import growth, raters_needed, reliability
from analysis.reliability.orders import in_order
from analysis.reliability.pools import between_pools, scaled_rows, splits
from analysis.reliability.without_each import split_half


def raters(seed: int, n_raters: int, n: int = 45, noise: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=n) + noise * rng.normal(size=(n_raters, n))


def test_one_rater_is_the_mean_pairwise_r_and_all_but_one_is_leave_one_out():
    x = raters(0, 6)
    curve, coefficients = growth(x, n_draws=3000), reliability(x)
    assert curve.sizes == (1, 2, 3, 4, 5)
    assert curve.rater_with_pool[0].value == pytest.approx(coefficients.pairwise_pearson.value, abs=0.01)
    assert curve.between_pools[0].value == pytest.approx(coefficients.pairwise_pearson.value, abs=0.01)
    assert curve.rater_with_pool[-1].value == pytest.approx(coefficients.leave_one_out.value, abs=0.01)
    assert curve.between_pools[2].value == pytest.approx(coefficients.split_half.value, abs=0.01)
    assert curve.reliability_of_mean[0].value == coefficients.pairwise_pearson.value


def test_two_raters_against_one_is_the_mean_over_every_such_group():
    x = raters(1, 4)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    by_hand = [
        np.corrcoef(z[rater], z[list(pair)].sum(axis=0))[0, 1]
        for rater in range(4)
        for pair in combinations([other for other in range(4) if other != rater], 2)
    ]
    assert growth(x, n_draws=4000).rater_with_pool[1].value == pytest.approx(np.mean(by_hand), abs=0.01)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_more_raters_agree_better_as_spearman_brown_predicts(missing):
    x = raters(2, 10, n=105)
    x[np.random.default_rng(0).random(x.shape) < missing] = np.nan
    curve = growth(x)
    for points in (curve.rater_with_pool, curve.reliability_of_mean):
        values = [point.value for point in points]
        assert values == sorted(values)
    if not missing:
        for m in range(5):
            assert curve.between_pools[m].value == pytest.approx(curve.reliability_of_mean[m].value, abs=0.03)
    for points in (curve.rater_with_pool[:-1], curve.between_pools[:4], curve.reliability_of_mean):
        for point in points:
            assert point.interval[0] < point.value < point.interval[1]
    assert "one rater more" in curve.between_pools[4].reason
    assert np.isnan(curve.between_pools[5].value)
    assert "more than 10 raters" in curve.between_pools[5].reason


def test_the_same_seed_gives_the_same_curve():
    x = raters(3, 6)
    assert repr(growth(x)) == repr(growth(x))
    assert repr(growth(x)) != repr(growth(x, rng=np.random.default_rng(9)))


def test_as_many_raters_as_needed_reach_the_target():
    x = raters(4, 12, n=300, noise=1.5)
    r = reliability(x).pairwise_pearson.value
    needed = raters_needed(x, 0.9)
    reached = [m * r / (1 + (m - 1) * r) for m in (needed.n - 1, needed.n)]
    assert reached[0] < 0.9 <= reached[1]
    assert needed.interval[0] <= needed.n <= needed.interval[1]
    # With noise of 1.5 two raters correlate at 1 / (1 + 1.5**2), and 21 of them reach .9.
    assert needed.interval[0] <= 21 <= needed.interval[1]
    assert raters_needed(x, 0.5).n < needed.n


def test_a_target_without_an_answer_says_why():
    against = np.array([np.arange(6.0), -np.arange(6.0)])
    needed = raters_needed(against, 0.8)
    assert needed.n is None
    assert "not above 0" in needed.reason
    assert raters_needed(against[:1], 0.8).reason == "agreement needs at least two raters"
    assert (
        raters_needed(np.random.default_rng(1).normal(size=(5, 45)) + 0.2 * np.arange(45) / 45, 0.8).interval[1]
        == np.inf
    )
    with pytest.raises(ValueError, match="between 0 and 1"):
        raters_needed(against, 1.0)


def test_a_curve_needs_two_raters_and_without_agreement_predicts_nothing():
    with pytest.raises(ValueError, match="two raters"):
        growth(raters(0, 1))
    with pytest.raises(ValueError, match="n_draws"):
        growth(raters(0, 3), n_draws=0)
    curve = growth(np.array([np.arange(6.0), -np.arange(6.0), np.array([1, 0, 1, 0, 1, 0.5])]))
    assert "not above 0" in curve.reliability_of_mean[1].reason


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_running_sums_give_the_correlations_of_the_pools(missing: float) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=36) + rng.normal(size=(6, 36))
    x[rng.random(x.shape) < missing] = np.nan
    order, one, two = rng.permutation(6), np.array([[1, 2], [3, 1]]), np.array([[3, 5], [6, 6]])

    def expected(order: list[int]) -> Floats:
        pools = np.zeros((2, 4, 6))
        for k, (first, last) in enumerate(zip(one.ravel(), two.ravel(), strict=True)):
            pools[0, k, order[:first]] = pools[1, k, order[first:last]] = 1
        correlations = between_pools(x, *pools)
        return np.where(two > len(order), np.nan, correlations.reshape(2, 2))

    correlations = list(in_order(scaled_rows(x), order, one, two, each=True))
    wanted = [expected([*order]), *(expected([r for r in order if r != absent]) for absent in range(6))]
    np.testing.assert_allclose(correlations, wanted, atol=1e-12)
    # Halves without each rater, likewise.
    halves, rest = splits(6, 5, np.random.default_rng(1)), splits(5, 4, np.random.default_rng(1))
    each = [
        between_pools(x, *(np.insert(side, absent, 0.0, axis=1) for side in (rest, 1 - rest))).mean()
        for absent in range(6)
    ]
    found_halves = split_half(x, halves, 4, np.random.default_rng(1))
    np.testing.assert_allclose(found_halves, [between_pools(x, halves, 1 - halves).mean(), *each], atol=1e-12)
