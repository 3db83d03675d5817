"""Several sets of clips: which clips they hold, who gets which, and when a session goes on to the next."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from analysis import Arrangement
from analysis.arrangement import within
from app.definition.sets import Sets, clip_sets
from app.definition.study_toml import Stop, parse_definition
from app.participation.set_choice import choose_sets
from app.participation.set_turns import turn_of
from app.studies.rules import Facts, errors_of, of_one_set

ROWS = tuple({"folder": name} for name in ["set10", "set2", "set10", "all", "set2", "set10", "set2"])
SETS = Sets(column="folder", anchors="all")


def a_trial(*items: int) -> Arrangement:
    return Arrangement(items, [(0.1 * k - 0.2, 0.1) for k in range(len(items))])


def test_sets_are_in_natural_order_and_hold_the_anchors() -> None:
    two, ten = clip_sets(SETS, ROWS)
    assert (two.name, two.items, two.anchors) == ("set2", (1, 3, 4, 6), (3,))
    assert (ten.name, ten.items) == ("set10", (0, 2, 3, 5))
    assert clip_sets(Sets(), ROWS) == ()


@pytest.mark.parametrize(
    ("toml", "rows", "key", "words"),
    [
        ("per_session = 2", ROWS, "sets.column", "without it there are no sets"),
        ('column = "set"', ROWS, "sets.column", "no clip has the attribute 'set'; attributes that there are: folder"),
        ('column = "folder"', (*ROWS[:3], *ROWS[4:], {}), "sets.column", "1 of the 7 clips has no 'folder'"),
        ('column = "folder"', ROWS, "sets.column", "too few are in all (1)"),
        ('column = "folder"\nanchors = "any"', (*ROWS[:3], *ROWS[4:]), "sets.anchors", "no clip has 'any'"),
        ('column = "folder"\nanchors = "all"\nper_session = 3', ROWS, "sets.per_session", "is 3, but there are 2 sets"),
    ],
)
def test_sets_that_cannot_be_handed_out_are_refused(
    toml: str, rows: tuple[dict[str, str], ...], key: str, words: str
) -> None:
    definition = parse_definition(f'title = "x"\n[sets]\n{toml}')
    [error] = errors_of(definition, Facts(n_clips=len(rows), attributes=rows))
    assert error.key == key
    assert words in error.sentence


def test_settings_are_held_against_a_set_and_not_against_the_study() -> None:
    rows = tuple({"folder": f"set{k % 3}"} for k in range(60))
    full = 'title = "x"\n[design]\nmethod = "full"\n[sets]\ncolumn = "folder"\nper_session = 2\n'
    definition = parse_definition(full)
    assert errors_of(definition, Facts(n_clips=60, attributes=rows)) == []
    a_set, facts = of_one_set(definition, Facts(n_clips=60, seconds=120.0, attributes=rows))
    assert (facts.n_clips, facts.seconds, a_set.stop.max_minutes) == (20, 40.0, 15.0)
    [error] = errors_of(parse_definition(full), Facts(n_clips=66, attributes=(*rows, *rows[:6])))
    assert "shows all 22 clips" in error.sentence


def test_everybody_gets_the_sets_that_fewest_have() -> None:
    names, loads = [f"set{k}" for k in range(5)], Counter[str]()
    for seed in range(31):
        given = choose_sets(names, loads, 2, np.random.default_rng(seed))
        assert len(set(given)) == 2
        loads.update(given)
        assert max(loads.values()) - min(loads[name] for name in names) <= 1


def test_a_second_visit_gets_what_the_person_has_not_had() -> None:
    loads = {"a": 0, "b": 9, "c": 9}
    assert choose_sets(["a", "b", "c"], loads, 1, np.random.default_rng(0), seen=["a", "b"]) == ["c"]


def test_a_session_arranges_one_set_after_another() -> None:
    stop = Stop(min_evidence=0.04, max_minutes=30, max_trials=10)
    sets = ((0, 1, 2, 6), (3, 4, 5, 6))
    begin = turn_of(sets, [], stop, minutes=0.0)
    assert (begin.items, begin.progress.fraction) == (sets[0], 0.0)
    half = turn_of(sets, [a_trial(*sets[0])], stop, minutes=2.0)
    assert half.items == sets[1]
    assert half.arrangements == []
    assert half.progress.fraction == pytest.approx(0.5)
    last = turn_of(sets, [a_trial(*sets[0]), a_trial(3, 4, 6)], stop, minutes=4.0)
    assert [trial.items.tolist() for trial in last.arrangements] == [[0, 1, 3]]
    assert 0.5 < last.progress.fraction < 1.0
    end = turn_of(sets, [a_trial(*sets[0]), a_trial(*sets[1])], stop, minutes=5.0)
    assert (end.progress.done, end.progress.reason) == (True, "evidence")


def test_each_set_has_its_share_of_the_time_and_at_least_one_trial() -> None:
    stop = Stop(min_evidence=100, max_minutes=30, max_trials=100)
    sets = ((0, 1, 2), (3, 4, 5))
    assert turn_of(sets, [a_trial(0, 1, 2)], stop, minutes=14.0).items == sets[0]
    assert turn_of(sets, [a_trial(0, 1, 2)], stop, minutes=15.0).items == sets[1]
    three = (*sets, (6, 7, 8))
    slow = turn_of(three, [a_trial(0, 1, 2)], stop, minutes=25.0)
    assert (slow.items, slow.progress.done) == (sets[1], False)
    late = turn_of(sets, [a_trial(0, 1, 2), a_trial(3, 4, 5)], stop, minutes=31.0)
    assert (late.progress.done, late.progress.reason) == (True, "minutes")
    assert turn_of(three, [a_trial(0, 1, 2)], stop, minutes=31.0).progress.done


def test_trials_of_a_set_are_those_of_its_clips_alone() -> None:
    trials = [a_trial(0, 2, 5), a_trial(1, 2, 5), a_trial(5, 2, 9)]
    assert [trial.items.tolist() for trial in within(trials, [0, 2, 5, 9])] == [[0, 1, 2], [2, 1, 3]]
