"""The noise ceiling by its definition, and what bounds it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr, t

from analysis import noise_ceiling
from analysis.ceiling_interval import ceiling_with_interval
from analysis.noise_ceiling import leave_one_out
from analysis.similarity import COEFFICIENTS, similarity


def raters(seed: int, n_raters: int = 5, n: int = 28) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random(n) + 0.5 * rng.random((n_raters, n))


def test_pearson_pools_z_scores():
    x = raters(0)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    ceiling = noise_ceiling(x, method="pearson")
    assert ceiling.upper == pytest.approx(np.mean([np.corrcoef(row, z.mean(axis=0))[0, 1] for row in x]))
    lower = [np.corrcoef(x[r], np.delete(z, r, axis=0).mean(axis=0))[0, 1] for r in range(5)]
    assert ceiling.lower == pytest.approx(np.mean(lower))


def test_rank_measures_pool_ranks_and_cosine_pools_unit_vectors():
    x = np.round(raters(1), 1)
    r = rankdata(x, axis=1)
    assert noise_ceiling(x, method="spearman").upper == pytest.approx(
        np.mean([spearmanr(row, r.mean(axis=0)).statistic for row in x])
    )
    unit = x / np.sqrt((x**2).sum(axis=1, keepdims=True))
    lower = []
    for rater in range(5):
        rest = np.delete(unit, rater, axis=0).mean(axis=0)
        lower.append(unit[rater] @ rest / np.sqrt(rest @ rest))
    assert noise_ceiling(x, method="cosine").lower == pytest.approx(np.mean(lower))


@given(seed=st.integers(0, 10_000), n_raters=st.integers(2, 6))
@settings(max_examples=25, deadline=None)
def test_no_model_beats_the_upper_bound_and_the_lower_bound_lies_below(seed, n_raters):
    x = raters(seed, n_raters)
    model = np.random.default_rng(seed + 1).random((20, 28)) + x.mean(axis=0)
    for method in ("pearson", "cosine", "spearman", "rho_a"):
        ceiling = noise_ceiling(x, method=method)
        assert ceiling.lower <= ceiling.upper + 1e-12
        assert similarity(x, model, method=method).mean(axis=0).max() <= ceiling.upper + 1e-12


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_raters_who_saw_the_same_pairs_only_are_as_if_the_others_did_not_exist(seed):
    x = raters(seed)
    blank = x.copy()
    blank[:, ::3] = np.nan
    for method in COEFFICIENTS:
        part = noise_ceiling(blank, method=method)
        assert part.reason is None
        # 28 pairs less every third leaves 18, no number of pairs of its own, so the definition is used directly.
        kept = np.isfinite(blank[0])
        lower = leave_one_out(blank, method)
        for r in range(5):
            rest = np.delete(x[:, kept], r, axis=0)
            pools = {
                "pearson": ((rest - rest.mean(axis=1, keepdims=True)) / rest.std(axis=1, keepdims=True)).mean(axis=0),
                "cosine": (rest / np.sqrt((rest**2).mean(axis=1, keepdims=True))).mean(axis=0),
            }
            pooled = pools.get(method, rankdata(rest, axis=1).mean(axis=0))
            wide = np.full(28, np.nan)
            wide[kept] = pooled
            assert lower[r] == pytest.approx(similarity(blank[r], wide, method=method)[0, 0])


def test_each_rater_is_compared_over_the_pairs_it_saw():
    x = raters(3, n_raters=3)
    x[0, :10] = np.nan
    x[1:, 20:] = np.nan
    # Rater 0 shares pairs 10 to 19 with the others, and these two share 0 to 19 with each other.
    correlations = leave_one_out(x, "pearson")
    z = (x - np.nanmean(x, axis=1, keepdims=True)) / np.nanstd(x, axis=1, keepdims=True)
    assert correlations[0] == pytest.approx(np.corrcoef(x[0, 10:20], z[1:, 10:20].mean(axis=0))[0, 1])
    pooled = np.where(np.isfinite(z[0]), (z[0] + z[2]) / 2, z[2])[:20]
    assert correlations[1] == pytest.approx(np.corrcoef(x[1, :20], pooled)[0, 1])


def test_identical_raters_reach_one():
    x = np.tile(raters(0, 1), (4, 1))
    for method in COEFFICIENTS:
        ceiling = noise_ceiling(x, method=method)
        assert (ceiling.lower, ceiling.upper) == pytest.approx((1, 1))


def test_one_rater_has_no_ceiling_and_is_told_why():
    ceiling = noise_ceiling(raters(0, 1))
    assert np.isnan([ceiling.lower, ceiling.upper]).all()
    assert "two raters" in ceiling.reason


def test_raters_without_shared_pairs_are_told_why():
    x = np.full((2, 15), np.nan)
    x[0, :7], x[1, 8:] = np.arange(7), np.arange(7)
    ceiling = noise_ceiling(x)
    assert np.isnan(ceiling.lower)
    assert "3 pairs" in ceiling.reason


@pytest.mark.parametrize("method", ["pearson", "spearman", "cosine"])
def test_a_rater_without_variation_is_left_out_by_name(method):
    x = raters(4)
    x[3] = 0.0
    ceiling, rest = noise_ceiling(x, method=method), noise_ceiling(np.delete(x, 3, axis=0), method=method)
    assert (ceiling.lower, ceiling.upper) == pytest.approx((rest.lower, rest.upper))
    assert "rater 3" in ceiling.reason


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="one of pearson, spearman, rho_a, tau_a, cosine"):
        noise_ceiling(raters(0), method="kendall")


@pytest.mark.parametrize("method", COEFFICIENTS)
@pytest.mark.parametrize("missing", [False, True])
def test_intervals_are_those_of_ceilings_computed_anew_without_each_rater(method, missing):
    x = np.round(raters(3, 6), 2)
    if missing:
        x[np.random.default_rng(0).random(x.shape) < 0.15] = np.nan
    ceiling = ceiling_with_interval(noise_ceiling(x, method=method), x, method=method)
    assert (ceiling.reason, ceiling.no_interval) == (None, None)
    without = [noise_ceiling(np.delete(x, rater, axis=0), method=method) for rater in range(len(x))]
    for bound, interval, values in (
        (ceiling.lower, ceiling.lower_interval, [one.lower for one in without]),
        (ceiling.upper, ceiling.upper_interval, [one.upper for one in without]),
    ):
        z = np.arctanh(values)
        reach = t.ppf(0.975, 5) * np.sqrt(5 / 6 * np.sum((z - z.mean()) ** 2))
        np.testing.assert_allclose(interval, np.tanh(np.arctanh(bound) + np.array([-reach, reach])), rtol=1e-9)


def test_many_raters_are_left_out_in_groups_and_intervals_hold_the_expected_ceiling():
    """Simulated raters around one RDM, whose own noise differs: about 95 % of intervals hold the mean ceiling."""
    rng = np.random.default_rng(4)
    common = rng.normal(size=66)
    samples = [common + rng.normal(size=(24, 66)) * rng.uniform(0.7, 2, size=(24, 1)) for _ in range(150)]
    ceilings = [ceiling_with_interval(noise_ceiling(one), one) for one in samples]
    for bound in ("lower", "upper"):
        expected = np.mean([getattr(one, bound) for one in ceilings])
        ends = np.array([getattr(one, f"{bound}_interval") for one in ceilings])
        assert 0.88 < np.mean((ends[:, 0] < expected) & (expected < ends[:, 1])) < 0.995


def test_an_interval_that_is_not_given_says_why():
    two = raters(0, 2)
    assert "at least three raters" in ceiling_with_interval(noise_ceiling(two), two).no_interval
    one = raters(0, 1)
    assert ceiling_with_interval(noise_ceiling(one), one).no_interval is None, "there is no ceiling either"
    many = np.random.default_rng(0).random((60, 4950))
    ceiling = ceiling_with_interval(noise_ceiling(many[:4], method="tau_a"), many, method="tau_a")
    assert "too long" in ceiling.no_interval
    assert np.isnan(ceiling.lower_interval).all()
