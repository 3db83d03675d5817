"""The plan of a cohort, whose raters share the pairs: hand-worked cases and what must follow from the design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.designs import StopRule, pair_counts
from analysis.planning import Assumptions, CohortPoint, Task, Timing, Wanted, plan_cohort, session_seconds
from analysis.planning.cohort import raters_needed
from analysis.planning.cohort_budget import MIN_COHORTS, CohortBudget, cohort_budget
from analysis.planning.curve import Expected
from analysis.planning.sessions import simulate_session
from analysis.rdm import n_pairs
from analysis.simulate import Behaviour, make_truth

EXACT = Timing(seconds_per_trial=3.0, seconds_per_placement=2.0, watch=True, pace_spread=0.0, trial_spread=0.0)
TASK = Task(np.full(16, 5.0), design="cohort", max_items=6, stop=StopRule(None, None, 2))


def test_a_session_goes_on_from_what_others_were_shown():
    # All pairs were shown once but those of the last four clips, and after the first trial these too.
    shown = np.ones(n_pairs(16), dtype=np.int64)
    last = np.arange(12, 16)
    shown -= pair_counts([last], 16)
    before = shown.copy()
    rdm = make_truth("gaussian_2", 16, rng=np.random.default_rng(1))
    session = simulate_session(
        rdm, TASK, EXACT, behaviour=Behaviour(), max_trials=9, shown=shown, rng=np.random.default_rng(2)
    )
    first, second = (set(trial.items) for trial in session.arrangements)
    assert first >= set(last)
    assert not second >= set(last)
    assert shown.tolist() == before.tolist()
    assert session.ended_by == "trials"


def test_more_raters_see_more_pairs_and_recover_more():
    told: list[tuple[int, int]] = []
    plan = plan_cohort(
        TASK,
        EXACT,
        Assumptions(individual=0.2, noise=0.05, truth="gaussian_2"),
        Wanted(raters=8, accuracy=0.8),
        method="latent",
        budget=CohortBudget(3, (2, 4, 8, 12), 8),
        progress=lambda done, of: told.append((done, of)),
        rng=np.random.default_rng(1),
    )
    assert told == [(k + 1, 36) for k in range(36)]
    assert (plan.sessions, plan.cohorts, plan.ended_by) == (36, 3, {"trials": 36})
    # Two trials of six clips: 15 pairs each, of 120; 6 or so of the clips are watched again in the second.
    assert [point.together for point in plan.curve] == pytest.approx([k * 2 * 15 / 120 for k in (2, 4, 8, 12)])
    assert all(point.together_high - point.together_low <= 2 for point in plan.curve)
    assert np.all(np.diff([point.seen for point in plan.curve]) >= 0)
    assert plan.curve[0].seen == pytest.approx(0.5, abs=0.05)
    assert plan.curve[-1].seen == 1.0
    assert plan.placements.low == plan.placements.high == 12
    assert session_seconds([np.arange(6)] * 2, TASK.clip_seconds, EXACT) / 60 <= plan.minutes.low
    assert plan.minutes.high <= session_seconds([np.arange(6), np.arange(6, 12)], TASK.clip_seconds, EXACT) / 60
    first, *_, last = (point.accuracy for point in plan.curve)
    assert last.value > first.value + 0.1
    assert last.low < last.value < last.high
    assert 0 < plan.reliability < 1
    assert plan.needed.value is not None
    assert 2 < plan.needed.value <= 12


def point(raters: int, low: float, value: float, high: float) -> CohortPoint:
    return CohortPoint(raters, Expected(value, low, high), 1.0, 1.0, 1.0, 1.0)


def test_raters_needed_are_read_off_the_curve():
    z = np.arctanh(0.8)
    curve = [
        point(10, 0.2, 0.5, 0.85),
        # Fisher's z is at the target halfway between 10 and 40 on a log scale, which is 20.
        point(40, 0.4, float(np.tanh(2 * z - np.arctanh(0.5))), 0.97),
    ]
    needed = raters_needed(curve, 0.8)
    assert (needed.low, needed.value, needed.high) == (10, 20, None)
    unknown = raters_needed([point(10, np.nan, np.nan, np.nan), *curve], 0.8)
    assert (unknown.value, unknown.high) == (20, None)
    assert raters_needed(curve, 0.999).value is None


def test_a_plan_simulates_what_its_time_allows():
    few = cohort_budget(24, 8, 5, 20)
    assert few.sizes[-1] == 40
    assert few.cohorts == 10
    seed = cohort_budget(707, 20, 11, 128)
    assert (seed.cohorts, seed.raters, seed.sizes[-2:]) == (3, 128, (128, 256))
    assert len(seed.sizes) < len(few.sizes)
    long = cohort_budget(707, 20, 300, 500)
    assert long.cohorts == MIN_COHORTS
    assert 4 <= long.raters < 128
    assert long.sizes[-1] == long.raters


def test_what_is_out_of_range_is_refused():
    with pytest.raises(ValueError, match="accuracy"):
        plan_cohort(TASK, EXACT, Assumptions(), Wanted(accuracy=1.0), rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="at least 4 clips"):
        plan_cohort(
            replace(TASK, clip_seconds=np.ones(3)), EXACT, Assumptions(), Wanted(), rng=np.random.default_rng(1)
        )
