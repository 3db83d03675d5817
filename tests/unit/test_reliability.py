"""Agreement between raters: closed forms, identities and the hard cases."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import friedmanchisquare, kendalltau, spearmanr, t

from analysis.pooling import pool, raters_per_pair, standardise
from analysis.reliability import Reliability, reliability
from analysis.reliability.pools import splits
from analysis.reliability.report import COEFFICIENTS


def raters(seed: int, n_raters: int = 6, n_items: int = 9, noise: float = 0.6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    n = n_items * (n_items - 1) // 2
    return rng.random(n) + noise * rng.normal(size=(n_raters, n)) + rng.normal(size=(n_raters, 1))


seeds = st.integers(0, 10_000)
sizes = st.integers(3, 7)


def off_diagonal(table: np.ndarray) -> np.ndarray:
    return table[np.triu_indices(len(table), 1)]


@given(seed=seeds, n_raters=sizes)
@settings(max_examples=25, deadline=None)
def test_alpha_of_z_scored_rows_is_spearman_brown_of_the_mean_pairwise_r(seed, n_raters):
    z = standardise(raters(seed, n_raters), "pearson")
    coefficients = reliability(z)
    r = coefficients.pairwise_pearson.value
    assert coefficients.cronbach_alpha.value == pytest.approx(n_raters * r / (1 + (n_raters - 1) * r), abs=1e-10)


@given(seed=seeds, n_raters=sizes)
@settings(max_examples=25, deadline=None)
def test_icc_3_k_is_alpha_by_its_own_definition(seed, n_raters):
    x = raters(seed, n_raters)
    alpha = n_raters / (n_raters - 1) * (1 - x.var(axis=1, ddof=1).sum() / x.sum(axis=0).var(ddof=1))
    coefficients = reliability(x)
    assert coefficients.icc_3_k.value == pytest.approx(alpha, abs=1e-10)
    assert coefficients.cronbach_alpha.value == pytest.approx(alpha, abs=1e-10)


@given(seed=seeds, n_raters=sizes)
@settings(max_examples=25, deadline=None)
def test_kendall_w_goes_with_the_mean_pairwise_rho(seed, n_raters):
    x = raters(seed, n_raters)
    coefficients = reliability(x)
    assert (n_raters * coefficients.kendall_w.value - 1) / (n_raters - 1) == pytest.approx(
        coefficients.pairwise_spearman.value, abs=1e-10
    )


def test_kendall_w_with_ties_is_friedmans_statistic():
    x = np.round(raters(3), 0)
    n_raters, n = x.shape
    chi2 = friedmanchisquare(*x.T).statistic
    assert reliability(x).kendall_w.value == pytest.approx(chi2 / (n_raters * (n - 1)), abs=1e-10)


def test_pairwise_means_are_scipys():
    x = np.round(raters(4), 1)
    coefficients = reliability(x)
    assert coefficients.pairwise_pearson.value == pytest.approx(off_diagonal(np.corrcoef(x)).mean())
    assert coefficients.pairwise_spearman.value == pytest.approx(off_diagonal(spearmanr(x.T).statistic).mean())
    signs = np.sign(x[:, :, None] - x[:, None, :])
    n = x.shape[1]
    tau_a = [(signs[i] * signs[j]).sum() / (n * (n - 1)) for i in range(6) for j in range(i)]
    assert coefficients.pairwise_tau_a.value == pytest.approx(np.mean(tau_a))
    assert np.mean(tau_a) < np.mean([kendalltau(x[i], x[j]).statistic for i in range(6) for j in range(i)])


def test_split_half_is_the_mean_over_every_halving():
    x = raters(5)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    by_hand = {}
    for order in permutations(range(6)):
        halves = frozenset([frozenset(order[:3]), frozenset(order[3:])])
        by_hand[halves] = np.corrcoef(z[list(order[:3])].sum(axis=0), z[list(order[3:])].sum(axis=0))[0, 1]
    coefficients = reliability(x)
    assert (coefficients.n_splits, len(by_hand)) == (10, 10)
    r = np.mean(list(by_hand.values()))
    assert coefficients.split_half.value == pytest.approx(r)
    assert coefficients.split_half_corrected.value == pytest.approx(2 * r / (1 + r))


@pytest.mark.parametrize(("n_raters", "expected"), [(2, 1), (3, 3), (5, 10), (6, 10), (8, 35)])
def test_each_halving_comes_once(n_raters, expected):
    halves = splits(n_raters, 10_000, np.random.default_rng(0))
    sides = {frozenset([tuple(row), tuple(1 - row)]) for row in halves}
    assert len(halves) == len(sides) == expected
    assert set(halves.sum(axis=1)) <= {n_raters // 2}


def test_too_many_halvings_are_sampled_with_the_seed():
    halves = splits(20, 50, np.random.default_rng(1))
    assert halves.shape == (50, 20)
    assert (halves.sum(axis=1) == 10).all()
    assert np.array_equal(halves, splits(20, 50, np.random.default_rng(1)))
    assert not np.array_equal(halves, splits(20, 50, np.random.default_rng(2)))


def test_leave_one_out_pools_z_scores_of_the_others():
    x = raters(6)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    by_hand = [np.corrcoef(z[r], np.delete(z, r, axis=0).mean(axis=0))[0, 1] for r in range(6)]
    assert reliability(x).leave_one_out.value == pytest.approx(np.mean(by_hand))


def krippendorff_by_definition(x: np.ndarray) -> float:
    units = [column[np.isfinite(column)] for column in x.T]
    units = [unit for unit in units if unit.size > 1]
    values = np.concatenate(units)
    n = values.size
    observed = sum(((unit[:, None] - unit[None]) ** 2).sum() / (unit.size - 1) for unit in units) / n
    expected = ((values[:, None] - values[None]) ** 2).sum() / (n * (n - 1))
    return float(1 - observed / expected)


@pytest.mark.parametrize("missing", [0.0, 0.3, 0.6])
def test_krippendorff_alpha_with_missing_pairs_is_the_definition(missing):
    x = raters(7)
    x[np.random.default_rng(1).random(x.shape) < missing] = np.nan
    assert reliability(x).krippendorff_alpha.value == pytest.approx(krippendorff_by_definition(x))


def test_missing_pairs_are_left_out_pair_by_pair():
    x = raters(8, n_raters=3, n_items=12)
    x[0, :20] = np.nan
    x[1, 10:30] = np.nan
    each = []
    for i, j in [(0, 1), (0, 2), (1, 2)]:
        both = np.isfinite(x[i]) & np.isfinite(x[j])
        each.append([np.corrcoef(x[i][both], x[j][both])[0, 1], spearmanr(x[i][both], x[j][both]).statistic])
    coefficients = reliability(x)
    assert coefficients.pairwise_pearson.value == pytest.approx(np.mean([r for r, _ in each]))
    assert coefficients.pairwise_spearman.value == pytest.approx(np.mean([rho for _, rho in each]))
    z = standardise(x, "pearson")
    halves = [np.ma.masked_invalid(z[[i, j]]).mean(axis=0).filled(np.nan) for i, j in [(1, 2), (0, 2), (0, 1)]]
    r = []
    for rater, rest in zip(z, halves, strict=True):
        both = np.isfinite(rater) & np.isfinite(rest)
        r.append(np.corrcoef(rater[both], rest[both])[0, 1])
    assert coefficients.split_half.value == pytest.approx(np.mean(r))
    assert coefficients.leave_one_out.value == pytest.approx(np.mean(r))


def test_the_reliability_of_the_mean_counts_the_raters_that_a_pair_really_had():
    x = raters(9, n_raters=8, n_items=20)
    thin = x.copy()
    thin[:4, ::2] = np.nan
    thin[4:, 1::2] = np.nan
    coefficients = reliability(thin)
    assert coefficients.raters_per_pair == pytest.approx(4)
    assert coefficients.cronbach_alpha.value < reliability(x).cronbach_alpha.value


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_neither_the_raters_order_nor_their_scale_matters_to_correlations(seed):
    x = raters(seed)
    x[np.random.default_rng(seed).random(x.shape) < 0.2] = np.nan
    other = 0.3 + x[::-1] * np.arange(1, 7)[:, None]
    a, b = reliability(x), reliability(other)
    for name in ("pairwise_pearson", "pairwise_spearman", "pairwise_tau_a", "leave_one_out", "split_half", "kendall_w"):
        assert getattr(a, name).value == pytest.approx(getattr(b, name).value, abs=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_intervals_are_the_jackknifes_over_raters(missing):
    x = raters(10, n_raters=8, n_items=15)
    x[np.random.default_rng(2).random(x.shape) < missing] = np.nan
    coefficients = reliability(x)
    without = [reliability(np.delete(x, rater, axis=0)) for rater in range(8)]
    for name in ("pairwise_pearson", "pairwise_tau_a", "leave_one_out", "split_half"):
        moved = np.arctanh([getattr(rest, name).value for rest in without])
        reach = t.ppf(0.975, 7) * np.sqrt(7 / 8 * ((moved - moved.mean()) ** 2).sum())
        value, interval = getattr(coefficients, name).value, getattr(coefficients, name).interval
        assert interval == pytest.approx(np.tanh(np.arctanh(value) + np.array([-reach, reach]))), name
    for name in COEFFICIENTS:
        low, high = getattr(coefficients, name).interval
        assert low < getattr(coefficients, name).value < high, name


def test_a_wider_level_gives_a_wider_interval():
    x = raters(11, n_raters=8)
    narrow, wide = (reliability(x, level=level).icc_2_k.interval for level in (0.8, 0.99))
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize("n_raters", [4, 8])
def test_intervals_over_raters_cover_what_such_raters_agree_on(n_raters):
    # Raters differ in how well they work, so that there is variance over raters to catch; 95 % nominal.
    rng = np.random.default_rng(5)
    truth = rng.normal(size=21)
    names = ("pairwise_pearson", "leave_one_out", "split_half", "cronbach_alpha", "icc_2_1", "krippendorff_alpha")

    def group() -> Reliability:
        return reliability(
            truth + rng.uniform(0.3, 2.0, size=(n_raters, 1)) * rng.normal(size=(n_raters, 21)), max_splits=50
        )

    groups = [group() for _ in range(100)]
    for name in names:
        expected = np.mean([getattr(one, name).value for one in groups])
        intervals = [getattr(one, name).interval for one in groups]
        covered = np.mean([low <= expected <= high for low, high in intervals])
        assert covered >= 0.88, (name, covered)


def test_one_rater_says_why_there_is_nothing():
    coefficients = reliability(raters(0, n_raters=1))
    for name in COEFFICIENTS:
        coefficient = getattr(coefficients, name)
        assert np.isnan(coefficient.value)
        assert "at least two raters" in coefficient.reason


def test_two_raters_have_values_but_no_interval():
    coefficients = reliability(raters(0, n_raters=2))
    for name in COEFFICIENTS:
        coefficient = getattr(coefficients, name)
        assert np.isfinite(coefficient.value)
        assert np.isnan(coefficient.interval).all()
        assert "at least three raters" in coefficient.reason


def test_a_constant_rater_is_left_out_and_named():
    x = raters(12)
    x[2] = 0.4
    coefficients = reliability(x)
    rest = reliability(np.delete(x, 2, axis=0))
    assert coefficients.pairwise_pearson.value == pytest.approx(rest.pairwise_pearson.value)
    assert coefficients.leave_one_out.value == pytest.approx(rest.leave_one_out.value)
    assert "5 pairs of raters" in coefficients.pairwise_pearson.reason
    assert "rater 2" in coefficients.leave_one_out.reason
    assert np.isfinite(coefficients.split_half.value)


def test_raters_without_a_common_pair_get_a_reason():
    x = np.full((2, 15), np.nan)
    x[0, :7], x[1, 8:] = np.arange(7), np.arange(7)
    coefficients = reliability(x)
    assert np.isnan(coefficients.pairwise_pearson.value)
    for name in COEFFICIENTS:
        coefficient = getattr(coefficients, name)
        assert np.isfinite(coefficient.value) or coefficient.reason


def test_no_correlation_between_halves_is_not_corrected():
    x = np.array([[1.0, 2, 3, 4, 5, 6], [6.0, 5, 4, 3, 2, 1]])
    coefficients = reliability(x)
    assert coefficients.split_half.value == pytest.approx(-1)
    assert np.isnan(coefficients.split_half_corrected.value)
    assert "not above 0" in coefficients.split_half_corrected.reason


@pytest.mark.parametrize(
    ("rdms", "message"),
    [
        (np.zeros((3, 5)), "not a number of pairs"),
        (np.vstack([np.arange(6.0), np.full(6, np.nan)]), "rater 1 has no pair"),
        (np.array([[1.0, np.inf, 2]]), "infinite"),
        (np.zeros((0, 3)), "at least one"),
        (np.zeros((2, 2, 2)), "shape"),
    ],
)
def test_bad_rdms_are_refused_by_name(rdms, message):
    with pytest.raises(ValueError, match=message):
        reliability(rdms)


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match="level"):
        reliability(raters(0), level=95)


def test_raters_per_pair_counts_and_pool_averages_those_present():
    x = np.array([[1.0, 2, 3], [np.nan, 1, 3], [np.nan, np.nan, np.nan]])[:2]
    assert raters_per_pair(x).tolist() == [1, 2, 2]
    z0 = (x[0] - 2) / x[0].std()
    assert pool(x, "pearson") == pytest.approx([z0[0], (z0[1] - 1) / 2, (z0[2] + 1) / 2])
    assert pool(x, "spearman") == pytest.approx([1, (2 + 1.5) / 2, 3])
    unit = np.sqrt(np.array([14 / 3, 10 / 2]))
    assert pool(x, "cosine") == pytest.approx(
        [1 / unit[0], (2 / unit[0] + 1 / unit[1]) / 2, (3 / unit[0] + 3 / unit[1]) / 2]
    )
