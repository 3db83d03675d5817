"""Schedules in which every pair is together at least once: complete, short, the same always; a design like others."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Arrangement, estimate_rdm, next_items
from analysis.designs import covering_schedule, default_stop, describe, fewest_possible, pair_counts
from analysis.designs.covering import read_blocks
from analysis.designs.covering_table import DIFFERENCE_COVERS, TABLE
from analysis.designs.planes import affine_plane, is_prime_power, projective_plane
from analysis.simulate import Behaviour, place_items
from tests.unit.test_designs import arrange


def pairs_of_sets(sets: object) -> list[tuple[int, int]]:
    return [pair for items in sets for pair in combinations(sorted(items), 2)]  # type: ignore[attr-defined]


@settings(max_examples=25, deadline=None)
@given(n_items=st.integers(1, 62), size=st.integers(2, 24))
def test_every_pair_is_in_a_set_and_no_set_is_too_large(n_items: int, size: int) -> None:
    schedule = covering_schedule(n_items, size)
    assert set(pairs_of_sets(schedule)) == set(combinations(range(n_items), 2))
    assert max(map(len, schedule)) <= size
    assert {item for items in schedule for item in items} == set(range(n_items))
    assert len(set(schedule)) == len(schedule)
    assert len(schedule) >= fewest_possible(n_items, size)


# The fewest sets that are known, from the published tables of coverings; a tenth more is allowed.
@pytest.mark.parametrize(
    ("n_items", "size", "known"),
    [
        (24, 8, 12),
        (40, 8, 33),
        (48, 8, 47),
        (24, 6, 22),
        (49, 7, 56),
        (12, 4, 12),
        (13, 4, 13),
        (21, 5, 21),
        (25, 5, 30),
        (31, 6, 31),
        (57, 8, 57),
        (64, 8, 72),
        # Groups of unequal size in the places of few points.
        (25, 13, 6),
        (27, 11, 9),
        (28, 11, 10),
        # Families of sets whose differences are all numbers: designs in which each pair is together once, or nearly.
        (37, 4, 111),
        (40, 4, 130),
        (49, 4, 196),
        (61, 4, 305),
        (41, 5, 82),
        # Some clips more than a plane has.
        (33, 6, 39),
        (50, 7, 65),
        (59, 8, 67),
    ],
)
def test_schedules_are_nearly_as_short_as_the_shortest_known(n_items: int, size: int, known: int) -> None:
    assert len(covering_schedule(n_items, size)) <= 1.10 * known


def test_a_schedule_of_many_clips_is_near_its_bound() -> None:
    assert len(covering_schedule(100, 10)) <= 1.25 * fewest_possible(100, 10)


def test_the_bound_is_that_of_the_published_formula() -> None:
    assert [fewest_possible(*case) for case in [(24, 8), (13, 4), (7, 3), (5, 8), (0, 3)]] == [12, 13, 7, 1, 0]
    with pytest.raises(ValueError, match="size must be at least 2"):
        fewest_possible(5, 1)


def test_the_rows_of_the_table_are_coverings_by_sets_of_the_size_they_say() -> None:
    for (points, size), text in TABLE.items():
        blocks = read_blocks(text)
        assert {len(block) for block in blocks} == {size}
        assert set(pairs_of_sets(blocks)) == set(combinations(range(points), 2)), (points, size)
    for (modulus, size), bases in DIFFERENCE_COVERS.items():
        assert {len(base) for base in bases} == {size}
        assert {(a - b) % modulus for base in bases for a in base for b in base} == set(range(modulus))


@pytest.mark.parametrize("order", [2, 3, 4, 5, 7, 8, 9, 11])
def test_two_points_of_a_plane_have_one_line(order: int) -> None:
    for plane, points in ((affine_plane(order), order**2), (projective_plane(order), order**2 + order + 1)):
        assert sorted(pairs_of_sets(plane)) == list(combinations(range(points), 2))


def test_no_plane_is_made_without_a_field() -> None:
    assert [order for order in range(20) if is_prime_power(order)] == [2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19]
    with pytest.raises(ValueError, match="no field of 6 elements"):
        affine_plane(6)


def test_a_session_shows_the_schedule_once_in_an_order_of_its_own_and_then_again() -> None:
    schedule = set(covering_schedule(24, 8))
    orders = []
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        trials: list[Arrangement] = []
        for _ in range(2 * len(schedule)):
            items = next_items(trials, 24, design="covering", max_items=8, rng=rng)
            trials.append(arrange(items, rng))
        shown = [tuple(trial.items.tolist()) for trial in trials]
        assert set(shown[: len(schedule)]) == set(shown[len(schedule) :]) == schedule
        assert (pair_counts([trial.items for trial in trials[: len(schedule)]], 24) >= 1).all()
        orders.append(shown)
    assert orders[0] != orders[1]
    assert default_stop("covering", 24, max_items=8).max_trials == 12


def test_a_study_of_few_clips_is_not_shown_in_one_trial() -> None:
    items = next_items([], 24, design="covering", max_items=30, rng=np.random.default_rng(0))
    assert 3 <= items.size < 24


def test_the_rdm_comes_out_of_one_round_of_the_schedule() -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(24, 2))
    truth = np.array([np.linalg.norm(points[i] - points[j]) for i, j in combinations(range(24), 2)])
    trials = [
        place_items(truth, np.array(items), behaviour=Behaviour(noise=0.03), rng=rng)
        for items in covering_schedule(24, 8)
    ]
    assert np.corrcoef(estimate_rdm(trials, 24, method="combined").rdm, truth)[0, 1] > 0.95


def test_the_sentence_for_a_paper_says_how_long_the_schedule_is() -> None:
    said = describe("covering", 24, max_items=8)
    assert said.startswith(
        "The trials of a participant were the sets of a fixed schedule, of at most 8 of the 24 items"
    )
    assert "a covering design of 12 sets; 12 is a lower bound" in said
