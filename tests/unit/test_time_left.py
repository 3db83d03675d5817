"""The time left: one rule, which does not jump."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import Arrangement
from analysis.designs import DEFAULT_DESIGN, DEFAULT_EVIDENCE, StopRule, next_items, session_progress
from analysis.evidence import pair_evidence
from analysis.simulate import Behaviour, make_truth, place_items, trial_seconds
from app.participation.time_left import expected_minutes, longest_minutes, minutes_left


def test_before_the_first_trial_the_time_rule_is_all_that_is_known() -> None:
    assert expected_minutes(None, 0.0, 0.0, weakest=0.0, lifts_the_weakest=True, by_count=0.0, max_minutes=30) is None
    assert minutes_left(None, 0.0, 30) == (30.0, True)
    assert minutes_left(None, 4.0, 30) == (26.0, True)


def test_trials_that_are_counted_go_evenly() -> None:
    expected = None
    for done in range(1, 10):
        expected = expected_minutes(
            expected, 2.0 * done, done / 10, weakest=0.0, lifts_the_weakest=True, by_count=done / 10, max_minutes=60
        )
        assert expected == pytest.approx(20.0)
        assert minutes_left(expected, 2.0 * done, 60) == (pytest.approx(20.0 - 2.0 * done), False)


@pytest.mark.parametrize(("design", "level"), [("lift_the_weakest", 0.5), (DEFAULT_DESIGN, DEFAULT_EVIDENCE)])
def test_simulated_participants_are_told_about_the_time_that_they_take(design: str, level: float) -> None:
    """By the mean evidence alone they were told of half the time, a quarter into the session."""
    told = [_told(seed, design, level) for seed in range(6)]
    quarter, half, three_quarters = np.mean(told, axis=0)
    assert 0.7 < quarter < 1.5
    assert 0.75 < half < 1.4
    assert 0.8 < three_quarters < 1.25


def _told(seed: int, design: str, level: float) -> list[float]:
    """What was expected at three points of a session of 10 clips that evidence ends, over what it took."""
    rng = np.random.default_rng(seed)
    truth = make_truth("gaussian_5" if seed % 2 else "clusters", 10, rng=rng)
    trials: list[Arrangement] = []
    minutes, expected, evidence = 0.0, None, np.zeros(45)
    so_far: list[tuple[float, float]] = []
    while evidence.min() < level:
        items = next_items(trials, 10, design=design, max_items=10, rng=rng)
        trials.append(place_items(truth, items, behaviour=Behaviour(), rng=rng))
        minutes += trial_seconds(len(items), behaviour=Behaviour(), rng=rng) / 60
        evidence = pair_evidence(trials, 10)
        expected = expected_minutes(
            expected,
            minutes,
            session_progress(evidence, rule=StopRule(min_evidence=level)).fraction,
            weakest=min(evidence.min() / level, 1.0),
            lifts_the_weakest=design == "lift_the_weakest",
            by_count=minutes / 240,
            max_minutes=240,
        )
        assert expected is not None
        so_far.append((minutes, expected))
    return [next(told for at, told in so_far if at >= share * minutes) / minutes for share in (0.25, 0.5, 0.75)]


@pytest.mark.parametrize("pace", [0.3, 3.0])
def test_one_slow_trial_does_not_make_the_estimate_jump(pace: float) -> None:
    expected, minutes, before = None, 0.0, None
    for done in range(1, 20):
        minutes += pace if done > 3 else 1.0
        expected = expected_minutes(
            expected, minutes, done / 20, weakest=0.0, lifts_the_weakest=True, by_count=done / 20, max_minutes=600
        )
        assert expected is not None
        left, at_most = minutes_left(expected, minutes, 600)
        assert not at_most
        if before is not None:
            assert left <= before + 0.1 * expected
        before = left
    assert before == pytest.approx(minutes / 19, rel=0.6)


def test_nothing_is_promised_beyond_the_time_rule() -> None:
    expected = expected_minutes(
        None, 20.0, 20 / 30, weakest=0.0, lifts_the_weakest=True, by_count=20 / 30, max_minutes=30
    )
    assert minutes_left(expected, 20.0, 30) == (10.0, True)
    assert minutes_left(50.0, 45.0, 30) == (0.0, True)


def test_texts_say_whole_minutes() -> None:
    assert [longest_minutes(minutes) for minutes in (0.5, 1.0, 29.5, 30.0)] == [1, 1, 30, 30]
