"""How a participant worked: each value by hand on small cases, flags, repeats, and a participant against the group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from analysis import Arrangement, reliability
from analysis.noise_ceiling import leave_one_out
from analysis.quality import (
    Limits,
    group_quality,
    odd_even_correlation,
    participant_quality,
    repeat_reliability,
    trial_quality,
)


def scattered(seed: int, m: int = 12) -> Arrangement:
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, m), 0.45 * np.sqrt(rng.random(m))
    return Arrangement(np.arange(m), np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def names(quality) -> set[str]:
    return {flag.name for flag in quality.flags}


def test_a_square_fills_what_it_fills():
    corners = Arrangement([0, 1, 2, 3], [[0.3, 0.3], [-0.3, 0.3], [-0.3, -0.3], [0.3, -0.3]])
    quality = trial_quality(corners, item_size=0.1)
    assert quality.hull_area == pytest.approx(0.36 / (np.pi / 4))
    assert quality.spread == pytest.approx(1)
    assert quality.stacked == 0
    assert quality.on_a_line == pytest.approx(0.5)


def test_time_moves_and_clips_watched_are_per_item_of_the_trial():
    trial = Arrangement([3, 5, 7, 8], [[0, 0], [0.1, 0], [0, 0.1], [0.2, 0.2]])
    quality = trial_quality(trial, seconds=20, moves=[3, 5, 7, 8, 5], watched=[3, 5, 8])
    assert quality.seconds_per_item == 5
    assert quality.seconds_per_move == 4
    assert quality.watched == 0.75
    assert quality.never_moved_again == 0.75
    assert trial_quality(trial).seconds_per_item is None
    assert trial_quality(trial, moves=[]).seconds_per_move is None


def test_stacks_and_crowding():
    heap = Arrangement(np.arange(5), [[0.01, 0.01], [0.012, 0.01], [0.01, 0.011], [0.012, 0.012], [0.4, 0]])
    quality = trial_quality(heap, item_size=0.05)
    assert quality.stacked == 0.8
    share = np.array([0.8, 0.2])
    assert quality.spread == pytest.approx(-(share * np.log(share)).sum() / np.log(5))


def test_lines_have_no_area():
    x = np.linspace(-0.4, 0.4, 6)
    quality = trial_quality(Arrangement(np.arange(6), np.column_stack([x, 0.5 * x])))
    assert quality.on_a_line == pytest.approx(1)
    assert quality.hull_area == 0


def test_everything_on_one_spot_is_defined():
    spot = Arrangement(np.arange(5), np.full((5, 2), 0.1))
    quality = trial_quality(spot, item_size=0.05, seats=np.arange(5))
    assert (quality.hull_area, quality.spread, quality.stacked) == (0.0, 0.0, 1.0)
    assert quality.on_a_line is None
    for m in range(3):
        tiny = trial_quality(
            Arrangement(np.arange(m), np.zeros((m, 2))), seconds=3, moves=[], watched=[], seats=range(m)
        )
        assert tiny.hull_area is None
    assert trial_quality(Arrangement([], np.empty((0, 2))), seconds=3, watched=[]).seconds_per_item is None


@pytest.mark.parametrize("turn", [0.0, 1.0, -2.5])
@pytest.mark.parametrize("direction", [1, -1])
def test_positions_that_follow_the_seats_are_seen_around_and_in_rows(turn, direction):
    seats = np.array([4, 0, 2, 7, 1, 5, 3, 6])
    angle = direction * 2 * np.pi * seats / 8 + turn
    around = Arrangement(np.arange(8), 0.3 * np.column_stack([np.cos(angle), np.sin(angle)]))
    assert trial_quality(around, seats=seats).by_seat == pytest.approx(1)
    row = Arrangement(np.arange(8), np.column_stack([0.02 * seats**1.3, np.cos(angle) / 9]))
    assert trial_quality(row, seats=seats).by_seat == pytest.approx(1)
    assert trial_quality(scattered(1, 30), seats=np.arange(30)).by_seat < 0.6


@given(seed=st.integers(0, 1000), angle=st.floats(0, 6.28))
@settings(max_examples=20, deadline=None)
def test_turning_the_arena_changes_no_shape(seed, angle):
    trial = scattered(seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = Arrangement(trial.items, trial.positions @ turn)
    a, b = trial_quality(trial, item_size=0.05), trial_quality(turned, item_size=0.05)
    assert (b.hull_area, b.on_a_line, b.stacked) == pytest.approx((a.hull_area, a.on_a_line, a.stacked))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seconds": -1.0}, "seconds"),
        ({"seconds": float("nan")}, "seconds"),
        ({"item_size": -0.1}, "item_size"),
        ({"moves": [99]}, "moves names item 99"),
        ({"watched": [99]}, "watched names item 99"),
        ({"seats": [1, 2]}, "seats"),
    ],
)
def test_values_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        trial_quality(scattered(0), **options)


def test_a_careful_participant_gets_no_flag():
    trials = [noisy(scattered(0), seed, 0.05) for seed in range(5)]
    moves = [[*range(12), 3, 4]] * 5
    quality = participant_quality(
        trials,
        seconds=[60.0] * 5,
        moves=moves,
        watched=[range(12)] * 5,
        seats=[np.arange(12)] * 5,
        item_size=0.03,
    )
    assert names(quality) == set()
    assert quality.medians["seconds_per_item"] == 5
    assert len(quality.trials) == 5


def test_a_careless_participant_gets_flags_with_value_limit_and_sentence():
    line = np.column_stack([np.linspace(-0.01, 0.01, 8), np.zeros(8)])
    trials = [Arrangement(np.arange(8), line)] * 3
    quality = participant_quality(
        trials,
        seconds=[2.0] * 3,
        moves=[list(range(8))] * 3,
        watched=[[0]] * 3,
        seats=[np.arange(8)] * 3,
        item_size=0.05,
    )
    assert names(quality) == set(Limits.__annotations__)
    flag = next(flag for flag in quality.flags if flag.name == "watched")
    assert (flag.value, flag.limit) == (0.125, 0.5)
    assert flag.sentence == "watched 12 % of the clips to the end before Done"
    lenient = participant_quality(trials, limits=Limits(hull_area=0, spread=0, on_a_line=1.1))
    assert names(lenient) == set()


def test_small_trials_raise_no_flags_and_what_was_not_measured_is_none():
    pair = Arrangement([0, 1], [[0, 0], [0.1, 0]])
    quality = participant_quality([pair, pair], seconds=[0.1, 0.1])
    assert names(quality) == set()
    assert set(quality.medians.values()) == {None}
    assert participant_quality([]).trials == ()


def test_each_input_has_an_entry_for_each_trial():
    with pytest.raises(ValueError, match="seconds must have one entry for each of the 2 trials, got 1"):
        participant_quality([scattered(0), scattered(1)], seconds=[3.0])


def noisy(trial: Arrangement, seed: int, noise: float) -> Arrangement:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(trial))
    return Arrangement(trial.items[order], (trial.positions + noise * rng.normal(size=(len(trial), 2)))[order])


def test_repeats_are_found_aligned_and_tested():
    trials = [scattered(0), scattered(1, 9), scattered(2, 10)]
    again = [noisy(trial, seed, 0.1) for seed, trial in enumerate(trials)]
    repeats = repeat_reliability([*trials, *again])
    assert repeats.trials == ((0, 3), (1, 4), (2, 5))
    squares = [np.sqrt(((t.positions[:, None] - t.positions[None]) ** 2).sum(-1)) for t in trials]
    by_hand = []
    for square, trial in zip(squares, again, strict=True):
        order = np.argsort(trial.items)
        other = np.sqrt(((trial.positions[order][:, None] - trial.positions[order][None]) ** 2).sum(-1))
        upper = np.triu_indices(len(trial), 1)
        by_hand.append(np.corrcoef(square[upper], other[upper])[0, 1])
    assert repeats.correlations == pytest.approx(by_hand)
    test = ttest_1samp(np.arctanh(by_hand), 0, alternative="greater")
    assert (repeats.t, repeats.p) == pytest.approx((test.statistic, test.pvalue))
    assert repeats.consistent
    assert repeats.mean == pytest.approx(np.tanh(np.arctanh(by_hand).mean()))
    assert repeats.corrected == pytest.approx(2 * repeats.mean / (1 + repeats.mean))
    assert repeat_reliability([*trials, *again], [(0, 3)]).correlations == pytest.approx(by_hand[:1])


def test_random_repeats_are_flagged():
    trials = [scattered(seed, 10) for seed in range(8)]
    quality = participant_quality(trials, repeats=[(0, 1), (2, 3), (4, 5), (6, 7)])
    assert quality.repeats.consistent is False
    assert "repeats" in names(quality)
    assert "do not agree" in quality.flags[0].sentence


def test_too_few_repeats_say_so():
    one = scattered(0)
    spot = Arrangement(np.arange(12), np.zeros((12, 2)))
    assert repeat_reliability([one]).reason == "no trial was repeated"
    assert "vary" in repeat_reliability([spot, spot]).reason
    single = repeat_reliability([one, noisy(one, 1, 0.1)])
    assert single.consistent is None
    assert "single repeat" in single.reason
    assert "equally well" in repeat_reliability([one, one, one]).reason


def test_repeats_that_are_none_are_refused():
    with pytest.raises(ValueError, match="do not hold the same items"):
        repeat_reliability([scattered(0), scattered(1, 5)], [(0, 1)])
    with pytest.raises(ValueError, match="of 1 trial"):
        repeat_reliability([scattered(0)], [(0, 1)])


def test_odd_and_even_trials():
    truth = scattered(0)
    steady = [noisy(truth, seed, 0.02) for seed in range(6)]
    assert odd_even_correlation(steady, 12) > 0.95
    assert np.isnan(odd_even_correlation(steady[:1], 12))


def test_the_odd_one_out_is_seen():
    rng = np.random.default_rng(0)
    x = rng.normal(size=66) + 0.5 * rng.normal(size=(9, 66))
    x[4] = rng.normal(size=66)
    quality = group_quality(x)
    assert quality.outlier.tolist() == [False] * 4 + [True] + [False] * 4
    r = leave_one_out(x)
    z = np.arctanh(r)
    assert quality.leave_one_out == pytest.approx(r)
    assert quality.robust_z == pytest.approx((z - np.median(z)) / (1.4826 * np.median(np.abs(z - np.median(z)))))
    assert quality.alpha_if_deleted.argmax() == 4
    assert quality.alpha_if_deleted[4] == pytest.approx(reliability(np.delete(x, 4, axis=0)).cronbach_alpha.value)


def test_two_raters_have_nobody_to_be_held_against():
    quality = group_quality(np.random.default_rng(0).normal(size=(2, 6)))
    assert np.isnan(quality.robust_z).all()
    assert np.isnan(quality.alpha_if_deleted).all()
    assert not quality.outlier.any()
