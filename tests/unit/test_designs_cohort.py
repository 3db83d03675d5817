"""Designs over a cohort, and repeated trials."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.arrangement import Arrangement
from analysis.designs import choose_repeat, describe, next_items, next_items_cohort, pair_counts
from analysis.designs.balanced import balanced
from analysis.estimators.trials import pair_components, usable_trials
from analysis.rdm import n_pairs, pairs_within


def test_pair_counts_by_hand():
    counts = pair_counts([[0, 2], [2, 0, 3], []], 4)
    #                       01 02 03 12 13 23
    assert counts.tolist() == [0, 2, 1, 0, 0, 1]


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 14), st.integers(3, 14), st.integers(0, 2**32 - 1))
def test_the_greedy_set_follows_its_definition(n_items, size, seed):
    """Each item added has the smallest sum of counts with the set, and among equals the smallest of the own counts."""
    rng = np.random.default_rng(seed)
    counts, own = rng.integers(0, 4, n_pairs(n_items)), rng.integers(0, 2, n_pairs(n_items))
    chosen = balanced(counts, size, within=own, rng=rng).tolist()
    assert len(set(chosen)) == len(chosen) == min(size, n_items)
    a, b = np.zeros((2, n_items, n_items))
    a[np.triu_indices(n_items, 1)], b[np.triu_indices(n_items, 1)] = counts, own
    a, b = a + a.T, b + b.T
    assert (a[chosen[0], chosen[1]], b[chosen[0], chosen[1]]) == min(zip(counts, own, strict=True))
    for position in range(2, len(chosen)):
        before = chosen[:position]
        key = {i: (a[i, before].sum(), b[i, before].sum()) for i in range(n_items) if i not in before}
        assert key[chosen[position]] == min(key.values())


def test_participants_who_come_at_once_get_different_pairs():
    """Trials count from the moment they are assigned, so nobody waits for anybody to finish."""
    counts = np.zeros(n_pairs(40), dtype=np.int64)
    assigned = []
    for participant in range(12):
        items = next_items_cohort(counts, size=8, rng=np.random.default_rng(participant))
        assigned.append(items)
        counts = counts + pair_counts([items], 40)
    assert counts.max() <= 2
    blind = [
        next_items_cohort(np.zeros(n_pairs(40), np.int64), size=8, rng=np.random.default_rng(p)) for p in range(12)
    ]
    assert (counts > 1).sum() < 0.4 * (pair_counts(blind, 40) > 1).sum()


def test_the_order_in_which_trials_are_recorded_does_not_matter():
    rng = np.random.default_rng(1)
    sets = [rng.permutation(15)[:6] for _ in range(9)]
    a = next_items_cohort(pair_counts(sets, 15), size=6, rng=np.random.default_rng(2))
    b = next_items_cohort(pair_counts(sets[::-1], 15), size=6, rng=np.random.default_rng(2))
    assert a.tolist() == b.tolist() == sorted(a.tolist())


def test_a_cohort_covers_all_pairs_evenly():
    rng = np.random.default_rng(3)
    counts = np.zeros(n_pairs(30), dtype=np.int64)
    for _ in range(20):
        own = np.zeros_like(counts)
        for _ in range(3):
            trial = pair_counts([next_items_cohort(counts, own_counts=own, size=10, rng=rng)], 30)
            counts, own = counts + trial, own + trial
        assert own.max() <= 3
    assert counts.sum() == 60 * 45
    assert counts.min() >= counts.mean() - 3
    assert counts.max() <= counts.mean() + 4


def test_trials_of_a_cohort_share_a_scale_while_most_pairs_are_unseen():
    rng, n = np.random.default_rng(5), 200
    trials, counts = [], np.zeros(n_pairs(n), dtype=np.int64)
    for _ in range(30):
        items = next_items([], n, design="cohort", max_items=20, shown=counts, rng=rng)
        assert (counts[pairs_within(items, n)] > 0).sum() >= (6 if trials else 0)
        trials.append(Arrangement(items, rng.uniform(-0.3, 0.3, (20, 2))))
        counts += pair_counts([items], n)
    assert pair_components(usable_trials(trials, n)).max() == 0
    # Hardly any of what could be seen is lost to it.
    assert (counts > 0).sum() > 0.93 * 30 * 190


def test_a_trial_whose_participant_has_gone_is_given_out_again():
    left, there = np.array([0, 1, 2]), np.array([3, 4, 5])
    everything_else = np.full(n_pairs(6), 1)
    counts = everything_else - pair_counts([left], 6)
    assert next_items_cohort(counts, size=3, rng=np.random.default_rng(4)).tolist() == left.tolist()
    counts = everything_else - pair_counts([there], 6)
    assert next_items_cohort(counts, size=3, rng=np.random.default_rng(4)).tolist() == there.tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"counts": np.zeros(4)}, "not a number of pairs"),
        ({"counts": np.full(3, -1)}, "negative"),
        ({"counts": np.zeros(3), "own_counts": np.zeros(6)}, "own_counts"),
        ({"counts": np.zeros(10), "size": 2}, "size"),
    ],
)
def test_counts_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        next_items_cohort(**arguments, rng=np.random.default_rng(0))


def test_the_cohort_s_sentence_names_the_numbers():
    assert "20 of the 100 items" in describe("cohort", 100)


SETS = [np.arange(10), np.arange(5), np.arange(2), np.arange(3, 8), np.arange(4), np.arange(6)]


class TestRepeats:
    def chosen(self, **settings):
        return {choose_repeat(SETS, rng=np.random.default_rng(seed), **settings) for seed in range(60)}

    def test_old_enough_large_enough_and_not_used_before(self):
        assert self.chosen() == {0, 1}
        assert self.chosen(gap=0) == {0, 1, 3, 4, 5}
        assert self.chosen(gap=1, max_items=5) == {1, 3, 4}
        assert self.chosen(gap=0, repeats=[4], repeated=[1, 3]) == {0, 5}

    def test_none_when_no_trial_is_fit(self):
        assert self.chosen(gap=6) == {None}
        assert choose_repeat([], rng=np.random.default_rng(0)) is None

    def test_the_same_seed_gives_the_same_trial(self):
        a, b = (choose_repeat(SETS, gap=0, rng=np.random.default_rng(3)) for _ in range(2))
        assert a == b

    def test_a_negative_gap_is_refused(self):
        with pytest.raises(ValueError, match="gap"):
            choose_repeat(SETS, gap=-1, rng=np.random.default_rng(0))
