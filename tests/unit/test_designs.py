"""next_items, stop rules and descriptions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from analysis import Arrangement, pair_evidence
from analysis.designs import DESIGNS, StopRule, default_stop, describe, next_items, session_progress
from analysis.designs.balanced import pair_counts


def arrange(items, rng: np.random.Generator) -> Arrangement:
    """A trial with its items at random places of the arena."""
    angle, radius = rng.uniform(0, 2 * np.pi, len(items)), 0.5 * np.sqrt(rng.uniform(0, 1, len(items)))
    return Arrangement(items, np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def session(n_items: int, n_trials: int, rng: np.random.Generator, **settings) -> list[Arrangement]:
    trials: list[Arrangement] = []
    for _ in range(n_trials):
        trials.append(arrange(next_items(trials, n_items, rng=rng, **settings), rng))
    return trials


@pytest.mark.parametrize("design", [name for name, entry in DESIGNS.items() if not entry.first_is_like_others])
def test_the_first_trial_shows_all_items(design):
    items = next_items([], 12, design=design, rng=np.random.default_rng(0))
    assert items.dtype == np.int64
    assert items.tolist() == list(range(12))


@pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"full"}))
def test_no_trial_is_larger_than_max_items(design):
    trials = session(14, 8, np.random.default_rng(1), design=design, max_items=6)
    assert len(trials[0]) == 6
    assert all(3 <= len(trial) <= 6 for trial in trials)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_same_state_and_seed_give_the_same_trial(design):
    trials = session(11, 4, np.random.default_rng(2), design=design)
    stored = [Arrangement(trial.items.tolist(), trial.positions.tolist()) for trial in trials]
    first = next_items(trials, 11, design=design, rng=np.random.default_rng(7))
    again = next_items(stored, 11, design=design, rng=np.random.default_rng(7))
    assert first.tolist() == again.tolist()


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("n_items", [1, 2, 3, 4])
def test_few_items(design, n_items):
    trials = session(n_items, 3, np.random.default_rng(3), design=design)
    assert all(trial.items.tolist() == sorted(set(trial.items.tolist())) for trial in trials)
    assert all(len(trial) >= min(3, n_items) for trial in trials)


HARD = {
    "all on one spot": [Arrangement(np.arange(8), np.zeros((8, 2)))],
    "all on a line": [Arrangement(np.arange(8), np.column_stack([np.linspace(-0.5, 0.5, 8), np.zeros(8)]))],
    "two on one spot": [
        Arrangement(np.arange(8), [[0, 0], [0, 0], *np.eye(2) / 2, *-np.eye(2) / 2, [0.1, 0], [0, 0.1]])
    ],
    "an empty trial": [Arrangement([], [])],
    "a trial of two": [Arrangement([0, 1], [[0.0, 0.0], [0.5, 0.0]])],
    "groups that share no pair": [
        Arrangement([0, 1, 2], np.eye(3)[:, :2] / 3),
        Arrangement([5, 6, 7], np.eye(3)[:, :2] / 4),
    ],
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("case", HARD)
def test_hard_but_valid_states(design, case):
    items = next_items(HARD[case], 8, design=design, rng=np.random.default_rng(4))
    assert 3 <= len(items) <= 8
    assert len(set(items.tolist())) == len(items)
    assert items.min() >= 0
    assert items.max() < 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"design": "best"}, "unknown design"),
        ({"form": "1999", "design": "lift_the_weakest"}, "unknown form"),
        ({"max_items": 2}, "max_items"),
        ({"design": "balanced", "size": 2}, "size must be at least 3"),
        ({"design": "balanced", "size": 7, "max_items": 6}, "size"),
        ({"design": "lift_the_weakest", "size": 5}, "size is for"),
        ({"design": "full", "max_items": 5}, "full"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        next_items([], 10, rng=np.random.default_rng(0), **settings)


@pytest.mark.parametrize("design", ["posterior_variance", "lift_the_weakest", "balanced"])
def test_turning_mirroring_and_reordering_change_nothing(design):
    """The session says the same when each arrangement is turned, mirrored, or listed in another order of items."""
    rng = np.random.default_rng(10)
    for seed in range(5):
        trials = session(12, 5, rng, design=design, max_items=7)
        moved = []
        for trial in trials:
            turn, order = np.linalg.qr(rng.normal(size=(2, 2)))[0], rng.permutation(len(trial))
            moved.append(Arrangement(trial.items[order], (trial.positions @ turn)[order]))
        a = next_items(trials, 12, design=design, max_items=7, rng=np.random.default_rng(seed))
        b = next_items(moved, 12, design=design, max_items=7, rng=np.random.default_rng(seed))
        assert a.tolist() == b.tolist()


def test_an_item_that_the_study_does_not_have_is_refused():
    with pytest.raises(ValueError, match="item 9"):
        next_items([Arrangement([0, 9, 2], np.eye(3)[:, :2])], 5, rng=np.random.default_rng(0))


def test_balanced_sees_all_pairs_about_equally_often():
    rng = np.random.default_rng(5)
    trials = session(15, 60, rng, design="balanced", size=5)
    counts = pair_counts([trial.items for trial in trials[1:]], 15)
    at_random = pair_counts([rng.permutation(15)[:5] for _ in range(59)], 15)
    assert counts.min() >= 4
    assert counts.std() < 0.5 * at_random.std()


def test_2015_form_starts_where_the_scale_is_known():
    """While some pairs have no evidence, the trial holds a pair that has, so that it is linked to the earlier ones."""
    rng = np.random.default_rng(6)
    trials = session(20, 1, rng, design="lift_the_weakest", max_items=6)
    for _ in range(12):
        seen = set(zip(*np.nonzero(_seen(trials, 20)), strict=True))
        items = next_items(trials, 20, design="lift_the_weakest", max_items=6, rng=rng)
        assert any((a, b) in seen for a in items.tolist() for b in items.tolist())
        trials.append(arrange(items, rng))


def _seen(trials, n_items):
    seen = np.zeros((n_items, n_items), dtype=bool)
    for trial in trials:
        seen[np.ix_(trial.items, trial.items)] = True
    np.fill_diagonal(seen, False)
    return seen


@pytest.mark.parametrize("design", DESIGNS)
def test_the_description_is_one_sentence_with_the_numbers(design):
    text = describe(design, 30, max_items=30)
    assert text.endswith(".")
    assert "30" in text
    assert "\n" not in text


class TestSessionProgress:
    def test_done_exactly_when_the_weakest_pair_reaches_the_target(self):
        assert not session_progress(np.array([0.5, 0.4999999, 9.0])).done
        progress = session_progress(np.array([0.5, 0.5, 9.0]))
        assert progress.done
        assert progress.fraction == 1.0
        assert progress.reason == "evidence"

    def test_fraction_is_the_mean_capped_share(self):
        progress = session_progress(np.array([0.25, 5.0, 0.0]))
        assert progress.fraction == pytest.approx((0.5 + 1 + 0) / 3)
        assert progress.min_evidence == 0.0

    def test_it_never_falls_from_trial_to_trial(self):
        trials = session(9, 12, np.random.default_rng(8), design="lift_the_weakest")
        fractions = [session_progress(pair_evidence(trials[:t], 9)).fraction for t in range(13)]
        assert fractions[0] == 0.0
        assert all(a < b or b == 1.0 for a, b in pairwise(fractions))

    def test_the_rule_nearest_to_its_end_counts(self):
        rule = StopRule(min_evidence=0.5, max_minutes=30, max_trials=10)
        assert session_progress(np.zeros(3), rule=rule, n_trials=2, minutes=15).fraction == 0.5
        ended = session_progress(np.zeros(3), rule=rule, n_trials=10, minutes=15)
        assert ended.done
        assert ended.reason == "trials"
        assert session_progress(np.zeros(3), rule=rule, n_trials=3, minutes=30.5).reason == "minutes"

    @pytest.mark.parametrize("design", sorted(set(DESIGNS) - {"lift_the_weakest", "covering"}))
    def test_by_default_designs_of_fixed_size_end_after_six_placements_an_item(self, design):
        for n_items, settings in ((24, {}), (40, {} if design == "full" else {"max_items": 12}), (2, {})):
            rule = default_stop(design, n_items, **settings)
            trials, rng = [], np.random.default_rng(9)
            while not session_progress(pair_evidence(trials, n_items), rule=rule, n_trials=len(trials)).done:
                trials.append(arrange(next_items(trials, n_items, design=design, rng=rng, **settings), rng))
            placements = sum(len(trial) for trial in trials)
            assert 0 <= placements - 6 * n_items < len(trials[-1])

    def test_by_default_lift_the_weakest_ends_when_every_pair_has_evidence(self):
        assert default_stop("lift_the_weakest", 24) == StopRule(min_evidence=0.5)

    def test_a_study_of_one_item_ends_after_its_trial(self):
        assert not session_progress(np.zeros(0)).done
        assert session_progress(np.zeros(0), n_trials=1).done

    def test_rules_that_end_nothing_are_refused(self):
        with pytest.raises(ValueError, match="ends it"):
            StopRule(min_evidence=None)
        with pytest.raises(ValueError, match="max_minutes"):
            StopRule(max_minutes=0)
        with pytest.raises(ValueError, match="NaN"):
            session_progress(np.array([0.1, np.nan]))
