"""Agreement of raters who saw one of several sets of clips: the figures of the whole table, at the cost of the sets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy

from analysis.arrangement import Floats
from analysis.ceiling_interval import ceiling_with_interval
from analysis.noise_ceiling import noise_ceiling
from analysis.pooling import seen_by_anybody
from analysis.rdm import n_pairs, pairs_within
from analysis.reliability import reliability
from analysis.reliability.orders import in_order
from analysis.reliability.pools import between_pools, pairs_of_groups, scaled_rows, splits
from analysis.reliability.report import COEFFICIENTS
from analysis.reliability.without_each import leave_one_out, split_half
from analysis.results.agreement import agreement, showable
from analysis.results.sets import mean_of_sets
from analysis.similarity import Method, similarity

SETS, CLIPS, ANCHORS, RATERS = 4, 6, 3, 14
N = SETS * CLIPS + ANCHORS


def ratings(missing: float, anchors: int = ANCHORS) -> Floats:
    rng = np.random.default_rng(8)
    truth = rng.gamma(4.0, size=n_pairs(N))
    table = np.full((RATERS, n_pairs(N)), np.nan)
    for rater in range(RATERS):
        own = ANCHORS + rater % SETS * CLIPS + np.arange(CLIPS)
        pairs = pairs_within(np.r_[np.arange(anchors), own], N)
        pairs = pairs[rng.random(pairs.size) >= missing]
        # Whole numbers, so that there are ties.
        table[rater, pairs] = np.round(truth[pairs] + rng.gamma(2.0, size=pairs.size))
    return table


TABLES = [ratings(0.0), ratings(0.25), ratings(0.0, 0)]


@pytest.mark.parametrize("table", TABLES)
def test_raters_of_one_set_cost_nothing_in_another(table: Floats) -> None:
    seen = np.isfinite(table)
    parts = pairs_of_groups(seen)
    pairs = np.concatenate([part for _, part in parts])
    np.testing.assert_array_equal(np.sort(pairs), np.flatnonzero(seen.any(axis=0)))
    assert sum(raters.size * part.size for raters, part in parts) < 1.6 * seen.sum()
    for raters, part in parts:
        assert not seen[np.ix_(np.delete(np.arange(RATERS), raters), part)].any()
    few = seen_by_anybody(table)
    assert few.shape[1] < n_pairs(N) / 2
    np.testing.assert_array_equal(few[:, : pairs.size], table[:, np.sort(pairs)])


def direct(table: Floats, one: list[int], two: list[int]) -> float:
    """Pearson's r of two pools, over the pairs that both saw."""
    centred = table - np.nanmean(table, axis=1, keepdims=True)
    z = centred / np.sqrt(np.nanmean(centred**2, axis=1, keepdims=True))
    pools = [np.ma.masked_invalid(z[raters]).mean(axis=0).filled(np.nan) for raters in (one, two)]
    both = np.isfinite(pools).all(axis=0)
    return float(np.corrcoef(pools[0][both], pools[1][both])[0, 1]) if both.sum() >= 3 else float("nan")


@pytest.mark.parametrize("table", TABLES)
def test_pools_are_those_of_the_whole_table(table: Floats) -> None:
    everybody = list(range(RATERS))
    with_others = [direct(table, [r], [o for o in everybody if o != r]) for r in everybody]
    values, each = leave_one_out(table)
    np.testing.assert_allclose(each, with_others, atol=1e-12)
    left = [direct(table, [r], [o for o in everybody if o not in (r, 5)]) for r in everybody if r != 5]
    assert values[6] == pytest.approx(np.mean(left), abs=1e-12)

    halves, rest = splits(RATERS, 6, np.random.default_rng(1)), splits(RATERS - 1, 5, np.random.default_rng(2))
    correlations = split_half(table, halves, 5, np.random.default_rng(2))
    sides = [(np.flatnonzero(half > 0).tolist(), np.flatnonzero(half == 0).tolist()) for half in halves]
    assert correlations[0] == pytest.approx(np.mean([direct(table, *side) for side in sides]), abs=1e-12)
    others = [r for r in everybody if r != 9]
    sides = [tuple([r for r, here in zip(others, half, strict=True) if here == of] for of in (1, 0)) for half in rest]
    assert correlations[10] == pytest.approx(np.mean([direct(table, *side) for side in sides]), abs=1e-12)

    order = np.random.default_rng(4).permutation(RATERS)
    one, two = np.array([3, 6]), np.array([7, 12])
    for absent, values in zip(
        [None, *everybody], in_order(scaled_rows(table), order, one, two, each=True), strict=True
    ):
        there = [r for r in order.tolist() if r != absent]
        np.testing.assert_allclose(
            values, [direct(table, there[:3], there[3:7]), direct(table, there[:6], there[6:12])]
        )
    pools = np.zeros((2, 1, RATERS))
    pools[0, 0, [0, 5, 6]] = pools[1, 0, [1, 4, 9, 10]] = 1
    np.testing.assert_allclose(between_pools(table, *pools), direct(table, [0, 5, 6], [1, 4, 9, 10]), atol=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman", "tau_a"])
def test_two_raters_are_compared_over_the_pairs_that_both_saw(method: Method) -> None:
    table = TABLES[1]
    similarities = similarity(table, method=method)
    for one, two in combinations(range(RATERS), 2):
        both = np.isfinite(table[one]) & np.isfinite(table[two])
        x, y = table[one, both], table[two, both]
        if both.sum() < 3 or (method != "tau_a" and (np.ptp(x) == 0 or np.ptp(y) == 0)):
            assert np.isnan(similarities[one, two])
        elif method == "tau_a":
            signs = [np.sign(np.subtract.outer(v, v)[np.triu_indices(both.sum(), 1)]) for v in (x, y)]
            assert similarities[one, two] == pytest.approx((signs[0] * signs[1]).mean(), abs=1e-12)
        else:
            of = {"pearson": scipy.stats.pearsonr, "spearman": scipy.stats.spearmanr}[method]
            assert similarities[one, two] == pytest.approx(of(x, y).statistic, abs=1e-12)
    np.testing.assert_array_equal(similarities, similarities.T)


def test_the_agreement_that_is_shown_is_that_of_the_whole_table() -> None:
    table, names = TABLES[1], [f"P{rater}" for rater in range(RATERS)]
    given, whole = agreement(table, names), reliability(table, names=names)
    assert given.reliability.n_pairs_seen == whole.n_pairs_seen
    for name in COEFFICIENTS:
        shown = showable(getattr(whole, name), name)
        assert getattr(given.reliability, name).value == pytest.approx(shown.value, abs=1e-12, nan_ok=True)
        assert getattr(given.reliability, name).interval == pytest.approx(shown.interval, abs=1e-9, nan_ok=True)
    for method in ("pearson", "spearman", "tau_a"):
        ceiling = ceiling_with_interval(noise_ceiling(table, method=method), table, method=method)
        assert given.ceilings[method].lower == pytest.approx(ceiling.lower, abs=1e-12)
        assert given.ceilings[method].upper_interval == pytest.approx(ceiling.upper_interval, abs=1e-12)
        # By hand: each rater left out, and both bounds computed anew.
        left = [noise_ceiling(np.delete(table, rater, axis=0), method=method) for rater in range(RATERS)]
        z = np.arctanh([one.lower for one in left])
        error = np.sqrt((RATERS - 1) / RATERS * ((z - z.mean()) ** 2).sum())
        reach = scipy.stats.t.ppf(0.975, RATERS - 1) * error
        assert ceiling.lower_interval == pytest.approx(np.tanh(np.arctanh(ceiling.lower) + np.array([-reach, reach])))


@pytest.mark.parametrize(
    ("values", "limits", "interval"),
    [
        # Student's t of 2 degrees of freedom: half of 4.303 sd / sqrt(3).
        ([0.6, 0.7, 0.8], (-1.0, 1.0), (0.4516, 0.9484)),
        ([0.80, 0.90, 0.99], (-1.0, 1.0), (0.6605, 1.0)),
        ([0.5, 0.9], (-1.0, 1.0), None),
        ([0.5, 0.9], (-np.inf, np.inf), (-1.8412, 3.2412)),
        ([0.5, np.nan], (-1.0, 1.0), None),
    ],
)
def test_the_interval_of_a_mean_over_sets_keeps_to_the_measures_range(
    values: list[float], limits: tuple[float, float], interval: tuple[float, float] | None
) -> None:
    mean = mean_of_sets(values, limits)
    assert mean.value == pytest.approx(np.nanmean(values))
    np.testing.assert_allclose(mean.interval, (np.nan, np.nan) if interval is None else interval, atol=1e-3)
