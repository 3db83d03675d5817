"""What a plan says, against hand-worked cases, published identities, and simulated truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.designs import StopRule
from analysis.inference import compare_models
from analysis.planning import Assumptions, Task, Timing, Wanted, measured_timing, plan_study, session_seconds
from analysis.planning.assumed import assumed_models, mixture_of, truth_between
from analysis.planning.budget import Budget, budget_for, longest_session, trial_cost
from analysis.planning.curve import (
    World,
    expected_accuracy,
    expected_reliability,
    raters_for,
    raters_of_pair,
    variance_of_mean,
    world_of,
)
from analysis.planning.power import Contest, chance_to_tell, contests, expected_power, without_noise
from analysis.planning.sessions import simulate_session
from analysis.pooling import pool
from analysis.reliability import reliability
from analysis.similarity import similarity
from analysis.simulate import Behaviour, individual, make_truth

EXACT = Timing(seconds_per_trial=3.0, seconds_per_placement=2.0, watch=True, pace_spread=0.0, trial_spread=0.0)
SMALL = Task(np.full(6, 5.0), design="balanced", max_items=4, stop=StopRule(None, None, 3))


def flat(r: float, truth: float = 0.8, n: int = 8) -> World:
    """A group in which every two raters correlate by exactly r."""
    return World(r, truth, 0.0, 0.0, np.zeros(n), np.zeros(n))


class TestTiming:
    def test_each_clip_is_watched_once_and_placed_each_time(self):
        clips = np.array([10.0, 4.0, 6.0, 1.0])
        # 3 + 2 x 3 + (10 + 4 + 6), then 3 + 2 x 2 + 1: the second clip was watched before.
        assert session_seconds([np.array([0, 1, 2]), np.array([1, 3])], clips, EXACT) == 29 + 8
        assert session_seconds([np.array([0, 1, 2])], clips, replace(EXACT, watch=False)) == 9

    def test_a_study_s_own_pace_is_used_from_three_sessions_on_and_its_spread_from_eight(self):
        assert measured_timing(EXACT, [2.0, 2.0]) == EXACT
        few = measured_timing(EXACT, [0.5, 0.8, 3.0, 0.0])
        assert (few.pace, few.measured, few.spread_measured) == (0.8, 3, False)
        many = measured_timing(EXACT, [1.0, 2.0, 4.0, 1.0, 2.0, 4.0, 2.0, 2.0])
        assert (many.pace, many.measured, many.spread_measured) == (2.0, 8, True)
        assert many.pace_spread == pytest.approx(np.sqrt(4 / 7) * np.log(2))

    def test_times_below_zero_are_refused(self):
        with pytest.raises(ValueError, match="seconds_per_placement"):
            Timing(seconds_per_placement=-1)


class TestSessions:
    def test_minutes_follow_from_the_trials_and_the_pace(self):
        rdm = make_truth("gaussian_2", 6, rng=np.random.default_rng(1))
        session = simulate_session(
            rdm, SMALL, replace(EXACT, pace=2.0), behaviour=Behaviour(), max_trials=99, rng=np.random.default_rng(2)
        )
        shown = [trial.items for trial in session.arrangements]
        assert [len(items) for items in shown] == [4, 4, 4]
        assert session.ended_by == "trials"
        assert session.minutes == pytest.approx(2 * session_seconds(shown, SMALL.clip_seconds, EXACT) / 60)

    def test_repeats_and_checks_take_time_and_checks_are_no_judgments(self):
        task = replace(SMALL, stop=StopRule(None, None, 7), repeats=1, checks=(2,))
        rdm = make_truth("gaussian_2", 6, rng=np.random.default_rng(1))
        session = simulate_session(rdm, task, EXACT, behaviour=Behaviour(), max_trials=99, rng=np.random.default_rng(2))
        assert (len(session.arrangements), session.trials) == (7, 8)
        sets = [tuple(trial.items) for trial in session.arrangements]
        assert (
            sets[4] in sets[:1]
        )  # After four judgments one of those with three others in between, which is the first.

    def test_a_session_that_would_not_end_is_cut(self):
        task = replace(SMALL, stop=StopRule(min_evidence=100.0))
        rdm = make_truth("gaussian_2", 6, rng=np.random.default_rng(1))
        session = simulate_session(rdm, task, EXACT, behaviour=Behaviour(), max_trials=5, rng=np.random.default_rng(2))
        assert (session.ended_by, session.trials, session.reached) == ("cut", 5, 0.0)


class TestCurve:
    def test_spearman_brown_and_its_inverse(self):
        worlds = [flat(0.25)] * 3
        assert expected_reliability(worlds, 9, seen=1.0, level=0.95).value == pytest.approx(0.75)
        # 0.75 takes 9 raters, and without any spread the interval is that number.
        raters = raters_for(worlds, 0.7499, seen=1.0, level=0.95)
        assert (raters.value, raters.low, raters.high) == (9, 9, 9)
        assert raters_for([flat(0.0)] * 3, 0.5, seen=1.0, level=0.95).value is None
        with pytest.raises(ValueError, match="between 0 and 1"):
            raters_for(worlds, 1.0, seen=1.0, level=0.95)

    def test_accuracy_of_a_mean(self):
        # The mean of many raters correlates with the truth by t / sqrt(r).
        accuracy = expected_accuracy([flat(0.36, 0.48)] * 3, 100_000, seen=1.0, level=0.95).value
        assert accuracy == pytest.approx(0.8, abs=1e-4)

    def test_where_raters_see_a_part_fewer_stand_behind_a_pair(self):
        assert raters_of_pair(7, 1.0) == 7
        # Two raters who each see half: one alone twice as often as both; 1 / (2/3 + 1/3 / 2).
        assert raters_of_pair(2, 0.5) == pytest.approx(1 / (2 / 3 + 1 / 6))
        assert raters_of_pair(5, 1e-9) == pytest.approx(1.0)

    def test_the_variance_of_a_mean_correlation_is_hoeffding_s(self):
        # Rater effects a_i: r_ij = a_i + a_j + e_ij has rater variance 1 and pair variance 2 + 3.
        rng = np.random.default_rng(1)
        n = 6
        means = []
        for _ in range(4000):
            a, e = rng.normal(size=n), np.sqrt(3) * rng.normal(size=(n, n))
            row, col = np.triu_indices(n, 1)
            means.append((a[row] + a[col] + e[row, col]).mean())
        assert np.var(means) == pytest.approx(variance_of_mean(n, 1.0, 5.0), rel=0.07)

    def test_the_curve_agrees_with_what_groups_of_raters_really_reach(self):
        """Raters are the truth with noise and taste; the split-half of groups of R is what the curve promised for R."""
        rng = np.random.default_rng(11)

        def group(n_raters: int) -> tuple[np.ndarray, np.ndarray]:
            truth = make_truth("gaussian_5", 12, rng=rng)
            rows = [individual(truth, 0.5, rng=rng) + 0.2 * rng.normal(size=truth.size) for _ in range(n_raters)]
            return np.stack(rows), truth

        worlds = [world_of(*group(8)) for _ in range(8)]
        for n_raters in (4, 9):
            promised = expected_reliability(worlds, n_raters, seen=1.0, level=0.95)
            true = expected_accuracy(worlds, n_raters, seen=1.0, level=0.95)
            reached, accurate = [], []
            for _ in range(25):
                table, truth = group(n_raters)
                reached.append(reliability(table, max_splits=40, rng=rng).split_half_corrected.value)
                accurate.append(float(similarity(pool(table), truth)[0, 0]))
            inside = np.mean([promised.low <= value <= promised.high for value in reached])
            assert np.mean(reached) == pytest.approx(promised.value, abs=0.04)
            assert inside >= 0.84
            assert np.mean(accurate) == pytest.approx(true.value, abs=0.04)


class TestModels:
    def test_models_correlate_with_the_truth_as_assumed(self):
        rng = np.random.default_rng(3)
        truth = make_truth("gaussian_5", 20, rng=rng)
        correlations = similarity(truth, assumed_models(truth, (0.7, 0.3), "gaussian_5", exact=True, rng=rng))[0]
        np.testing.assert_allclose(correlations, [0.7, 0.3])

    def test_a_truth_correlates_with_given_models_as_assumed(self):
        rng = np.random.default_rng(4)
        models = np.stack([make_truth("clusters", 20, rng=rng), make_truth("gaussian_2", 20, rng=rng)])
        truth = truth_between(models, mixture_of(models, (0.6, 0.4)), "gaussian_5", rng)
        assert truth.min() > 0
        np.testing.assert_allclose(similarity(truth, models)[0], [0.6, 0.4], atol=0.02)

    def test_what_no_truth_can_do_is_refused(self):
        model = make_truth("gaussian_5", 10, rng=np.random.default_rng(5))
        other = model + 0.1 * np.random.default_rng(6).normal(size=model.size)
        with pytest.raises(ValueError, match="no truth correlates"):
            mixture_of(np.stack([model, other]), (0.9, 0.1))
        with pytest.raises(ValueError, match="say the same"):
            mixture_of(np.stack([model, 2 * model]), (0.5, 0.5))


class TestPower:
    def test_equally_good_models_are_told_apart_in_a_share_alpha_of_studies(self):
        alike = Contest(0.0, 0.04, 0.0, 0.0, 24)
        for n_raters in (3, 10, 40):
            rng = np.random.default_rng(n_raters)
            share = np.mean(
                [chance_to_tell(alike, n_raters, resample="raters", alpha=0.05, rng=rng) for _ in range(60)]
            )
            assert share == pytest.approx(0.05, abs=0.005)

    def test_power_rises_with_raters_and_with_the_difference(self):
        rng = np.random.default_rng(7)
        one = Contest(0.05, 0.04, 0.0002, 0.002, 24)
        by_raters = [chance_to_tell(one, n, resample="both", alpha=0.05, rng=rng) for n in (4, 12, 40)]
        assert by_raters == sorted(by_raters)
        assert by_raters[0] < 0.2 < by_raters[2]
        larger = chance_to_tell(replace(one, difference=0.1), 12, resample="both", alpha=0.05, rng=rng)
        assert larger > by_raters[1] + 0.2

    @pytest.mark.parametrize("correlations", [(0.5, 0.5), (0.85, 0.45)])
    def test_the_curve_agrees_with_compare_models(self, correlations):
        n_raters = 12
        rng = np.random.default_rng(8)

        def group(n: int) -> tuple[np.ndarray, np.ndarray]:
            truth = make_truth("gaussian_5", 12, rng=rng)
            rows = [individual(truth, 0.5, rng=rng) + 0.15 * rng.normal(size=truth.size) for _ in range(n)]
            return np.stack(rows), truth

        def models(truth: np.ndarray) -> np.ndarray:
            return assumed_models(truth, correlations, "gaussian_5", exact=False, rng=rng)

        rejected = []
        for _ in range(25):
            table, truth = group(n_raters)
            comparison = compare_models(table, models(truth), method="pearson", correction="none", n_boot=60, rng=rng)
            rejected.append(comparison.p_difference[0, 1] < 0.05)
        worlds = []
        for _ in range(6):
            table, truth = group(8)
            pairs = np.stack([models(truth) for _ in range(10)])
            worlds.append(contests(table, pairs, method="pearson", n_boot=50, rng=rng))
        planned = expected_power(without_noise(worlds, 8), n_raters, resample="both", alpha=0.05, level=0.95, rng=rng)
        assert planned.value == pytest.approx(np.mean(rejected), abs=0.2)
        if correlations[0] == correlations[1]:
            assert planned.value <= 0.06


class TestPlan:
    def test_a_whole_plan_and_the_same_again(self):
        task = Task(np.full(6, 3.0), max_items=6, stop=StopRule(0.2, 10, 5))
        steps: list[tuple[int, int]] = []
        wanted = Wanted(reliability=0.8, raters=6, comparator="pearson", resample="raters")
        small = Budget(worlds=3, raters=4, max_trials=20)

        def plan(progress=None):
            return plan_study(
                task, Timing(), Assumptions(individual=0.3), wanted, budget=small, method="weighted_average",
                progress=progress, rng=np.random.default_rng(1),
            )  # fmt: skip

        first = plan(lambda done, of: steps.append((done, of)))
        assert first == plan()
        assert steps == [(k, 12) for k in range(1, 13)]
        assert (first.sessions, first.worlds, sum(first.ended_by.values())) == (12, 3, 12)
        assert first.minutes.low <= first.minutes.median <= first.minutes.high <= 13
        assert [point.raters for point in first.curve] == sorted({point.raters for point in first.curve})
        assert 6 in [point.raters for point in first.curve]
        for name in ("reliability", "accuracy"):
            values = [getattr(point, name).value for point in first.curve]
            assert values == sorted(values)
            assert all(getattr(p, name).low <= getattr(p, name).value <= getattr(p, name).high for p in first.curve)
        assert first.needed.low is not None
        assert first.needed.value is not None
        assert first.needed.low <= first.needed.value
        reached = {point.raters: point.reliability.value for point in first.curve}
        assert reached[first.needed.value] >= 0.8 if first.needed.value in reached else True

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"task": replace(SMALL, clip_seconds=np.ones(3))}, "4 clips"),
            ({"assumed": Assumptions(noise=2)}, "noise"),
            ({"assumed": Assumptions(model_a=1)}, "model_a"),
            ({"wanted": Wanted(reliability=0)}, "reliability"),
            ({"wanted": Wanted(raters=1)}, "2 raters"),
            ({"models": np.ones((2, 3))}, "6 clips"),
        ],
    )
    def test_impossible_plans_are_refused(self, change, message):
        arguments = {"task": SMALL, "timing": EXACT, "assumed": Assumptions(), "wanted": Wanted()} | change
        with pytest.raises(ValueError, match=message):
            plan_study(**arguments, rng=np.random.default_rng(1))

    def test_the_work_is_bounded_whatever_the_study(self):
        for n_items in (4, 24, 59, 200, 707):
            for trials in (3, 30, longest_session(n_items)):
                budget = budget_for(n_items, trials)
                assert budget.worlds >= 4
                assert budget.raters >= 4
                assert budget.worlds * budget.raters * trials * trial_cost(n_items) <= 300
