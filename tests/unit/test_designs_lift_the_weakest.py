"""Lift the weakest against its definition, written out pair by pair."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from analysis.designs.lift_the_weakest import lift_the_weakest
from analysis.rdm import to_condensed, to_square


def expected_gain(items, D, E, floor=0.2):
    """Sum over the set's pairs of u(E + w) - u(E), with w = max((D / max D)^2, floor^2)."""
    pairs = list(combinations(items, 2))
    largest = max(D[a, b] for a, b in pairs)
    total = 0.0
    for a, b in pairs:
        w = max((D[a, b] / largest) ** 2 if largest > 0 else 0.0, floor**2)
        total += (1 - math.exp(-10 * (E[a, b] + w))) - (1 - math.exp(-10 * E[a, b]))
    return total


def starting_pairs(E, form):
    """All pairs that the definition allows as a start."""
    n = len(E)
    pairs = list(combinations(range(n), 2))
    unseen = [(a, b) for a, b in pairs if E[a, b] == 0]
    seen = [pair for pair in pairs if pair not in unseen]
    if form == "2015" and unseen and seen:
        reach = {pair: sum(bool(set(pair) & set(other)) for other in unseen) for pair in seen}
        return {pair for pair in seen if reach[pair] == max(reach.values())}
    return {pair for pair in pairs if E[pair] == min(E[other] for other in pairs)}


def by_definition(D, E, start, exponent, max_items):
    """The greedy set from a start; also whether any step of it was close to a tie."""
    chosen, efficiency, tie = list(start), -math.inf, False
    while len(chosen) < max_items:
        gains = {i: expected_gain([*chosen, i], D, E) for i in range(len(D)) if i not in chosen}
        best = max(gains, key=lambda i: gains[i])
        tie |= sum(gain >= gains[best] * (1 - 1e-9) for gain in gains.values()) > 1
        candidate = gains[best] / (len(chosen) + 1) ** exponent
        if len(chosen) >= 3 and candidate <= efficiency * (1 + 1e-10):
            break
        chosen.append(best)
        efficiency = candidate
    return chosen, tie


def random_state(rng):
    """A state as sessions have them: some pairs unseen, others with evidence of different amounts."""
    n = int(rng.integers(4, 13))
    points = rng.normal(size=(n, int(rng.integers(1, 6))))
    D = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    E = np.zeros((n, n))
    for _ in range(int(rng.integers(1, 7))):
        items = rng.permutation(n)[: int(rng.integers(3, n + 1))]
        part = D[np.ix_(items, items)]
        E[np.ix_(items, items)] += np.maximum((part / part.max()) ** 2, 0.04) * rng.uniform(0.2, 1)
    np.fill_diagonal(E, 0)
    return D, (E + E.T) / 2


@pytest.mark.parametrize(("form", "exponent"), [("2008", 1.5), ("2015", 1.2)])
def test_same_sets_as_the_definition_on_250_random_states(form, exponent):
    rng = np.random.default_rng(20 + int(form))
    compared = 0
    while compared < 250:
        D, E = random_state(rng)
        max_items = int(rng.integers(3, len(D) + 1))
        chosen = lift_the_weakest(to_condensed(D), to_condensed(E), form=form, max_items=max_items, rng=rng)
        start = tuple(sorted(chosen[:2].tolist()))
        assert start in starting_pairs(E, form)
        expected, tie = by_definition(D, E, start, exponent, max_items)
        if tie:
            continue
        assert chosen.tolist()[2:] == expected[2:]
        compared += 1


def test_unseen_pairs_count_as_the_mean_distance():
    rng = np.random.default_rng(3)
    D, E = random_state(rng)
    E[0, 1] = E[1, 0] = 0.0
    rdm, evidence = to_condensed(D), to_condensed(E)
    rdm[0] = np.nan
    filled = np.where(np.isnan(rdm), np.nanmean(rdm), rdm)
    for seed in range(10):
        a = lift_the_weakest(rdm, evidence, rng=np.random.default_rng(seed))
        b = lift_the_weakest(filled, evidence, rng=np.random.default_rng(seed))
        assert a.tolist() == b.tolist()


def test_the_unit_of_the_rdm_does_not_matter():
    rng = np.random.default_rng(4)
    D, E = random_state(rng)
    for scale in (1e-6, 1e6):
        a = lift_the_weakest(to_condensed(D), to_condensed(E), rng=np.random.default_rng(1))
        b = lift_the_weakest(to_condensed(D) * scale, to_condensed(E), rng=np.random.default_rng(1))
        assert a.tolist() == b.tolist()


def test_ties_are_broken_at_random():
    """With nothing known, every item is equally likely to be shown."""
    rng = np.random.default_rng(5)
    shown = np.zeros(10)
    for _ in range(600):
        shown[lift_the_weakest(np.full(45, np.nan), np.zeros(45), max_items=3, rng=rng)] += 1
    assert np.abs(shown / 600 - 0.3).max() < 4 * np.sqrt(0.3 * 0.7 / 600)


def test_a_weak_pair_of_similar_items_is_lifted_by_showing_few_items():
    """Why the method exists: two near items among far ones get a trial in which their distance fills the arena."""
    points = np.concatenate([np.linspace(0, 1, 6), [10.0, 11.0, 12.0]])
    D = np.abs(points[:, None] - points[None])
    E = np.maximum((D / D.max()) ** 2, 0.04)
    np.fill_diagonal(E, 0)
    E[0, 1] = E[1, 0] = 0.01
    chosen = lift_the_weakest(to_condensed(D), to_condensed(E), rng=np.random.default_rng(6))
    assert set(chosen[:2].tolist()) == {0, 1}
    assert set(chosen.tolist()) <= set(range(6))
    assert to_square(to_condensed(E)).shape == (9, 9)


def test_everything_known_still_gives_a_trial():
    chosen = lift_the_weakest(np.ones(10), np.full(10, 1e6), rng=np.random.default_rng(7))
    assert len(chosen) == 3
