"""The time left: one rule, which does not jump."""

from __future__ import annotations

import pytest

from app.services.time_left import expected_minutes, longest_minutes, minutes_left


def test_before_the_first_trial_the_time_rule_is_all_that_is_known() -> None:
    assert expected_minutes(None, 0.0, 0.0, by_count=0.0, max_minutes=30) is None
    assert minutes_left(None, 0.0, 30) == (30.0, True)
    assert minutes_left(None, 4.0, 30) == (26.0, True)


def test_trials_that_are_counted_go_evenly() -> None:
    expected = None
    for done in range(1, 10):
        expected = expected_minutes(expected, 2.0 * done, done / 10, by_count=done / 10, max_minutes=60)
        assert expected == pytest.approx(20.0)
        assert minutes_left(expected, 2.0 * done, 60) == (pytest.approx(20.0 - 2.0 * done), False)


def test_evidence_that_comes_fast_at_first_is_known_not_to_go_on_so() -> None:
    """A session of 16 minutes whose evidence grows with the two-thirds power of the time."""
    expected = None
    for minutes in (1.0, 2.0, 4.0, 8.0, 12.0, 15.0):
        expected = expected_minutes(expected, minutes, (minutes / 16) ** (2 / 3), by_count=minutes / 60, max_minutes=60)
        assert expected == pytest.approx(16.0)


@pytest.mark.parametrize("pace", [0.3, 3.0])
def test_one_slow_trial_does_not_make_the_estimate_jump(pace: float) -> None:
    expected, minutes, before = None, 0.0, None
    for done in range(1, 20):
        minutes += pace if done > 3 else 1.0
        expected = expected_minutes(expected, minutes, done / 20, by_count=done / 20, max_minutes=600)
        assert expected is not None
        left, at_most = minutes_left(expected, minutes, 600)
        assert not at_most
        if before is not None:
            assert left <= before + 0.1 * expected
        before = left
    assert before == pytest.approx(minutes / 19, rel=0.6)


def test_nothing_is_promised_beyond_the_time_rule() -> None:
    expected = expected_minutes(None, 20.0, 20 / 30, by_count=20 / 30, max_minutes=30)
    assert minutes_left(expected, 20.0, 30) == (10.0, True)
    assert minutes_left(50.0, 45.0, 30) == (0.0, True)


def test_texts_say_whole_minutes() -> None:
    assert [longest_minutes(minutes) for minutes in (0.5, 1.0, 29.5, 30.0)] == [1, 1, 30, 30]
