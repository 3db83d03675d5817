"""Ratings of clips: what study.toml can say, and which clips a session is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.definition.study_toml import parse_definition
from app.errors import Invalid
from app.participation.rating_choice import choose_clips, choose_repeats

FIRST = '[[ratings.questions]]\nname = "a"\nask = "?"\nkind = "scale"\n'
HEAD = f'title = "x"\n[ratings]\nclips = 3\n{FIRST}[[ratings.questions]]\n'


@pytest.mark.parametrize(
    ("toml", "line", "words"),
    [
        (
            'name = "A"\nask = "x"\nkind = "scale"',
            9,
            ["ratings.questions", "question 2: name", "question 1 is called a"],
        ),
        ('name = "b"\nask = "x"\nkind = "text"', 11, ["ratings.questions", "question 2: kind", '"scale", "one_of"']),
        ('name = "b"\nask = "x"', 8, ["question 2: kind: is missing"]),
        ('name = "b"\nask = "x"\nkind = "scale"\nmx = 3', 12, ["question 2: mx: no such key; did you mean max?"]),
        ('name = "b"\nask = "x"\nkind = "scale"\nwhen = "after"', 12, ["question 2: when: no such key"]),
        ('name = "b"\nask = "x"\nkind = "scale"\nmin = 5\nmax = 2', 13, ["question 2: max: must be greater than min"]),
        ('name = "b"\nask = "x"\nkind = "one_of"\nchoices = ["a", "a"]', 12, ["'a' appears twice"]),
        ('name = "b"\nkind = "scale"\n[ratings.questions.ask]\nen = "x"\nyy = "z"', 11, ["ask: the languages are"]),
    ],
)
def test_mistakes_are_told_with_line_and_key(toml: str, line: int, words: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        parse_definition(HEAD + toml)
    for word in [f"line {line}", *words]:
        assert word in caught.value.message


def test_a_single_section_is_told_from_a_list() -> None:
    with pytest.raises(Invalid, match=r"section of its own with two brackets, \[\[ratings.questions\]\]"):
        parse_definition('title = "x"\n[ratings.questions]\nname = "a"\n')
    questions = parse_definition(
        HEAD + 'name = "b"\nask = "x"\nkind = "one_of"\nchoices = ["u", "v"]'
    ).ratings.questions
    assert [one.required for one in questions] == [True, True]


@given(n_clips=st.integers(1, 40), samples=st.lists(st.integers(1, 40), max_size=30), seed=st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=60)
def test_no_clip_is_ever_more_than_one_rater_ahead(n_clips: int, samples: list[int], seed: int) -> None:
    loads = np.zeros(n_clips, dtype=int)
    for number, n in enumerate(samples):
        shown = choose_clips(loads.tolist(), min(n, n_clips), np.random.default_rng([seed, number]))
        assert len(set(shown)) == len(shown) == min(n, n_clips)
        loads[shown] += 1
        assert loads.max() - loads.min() <= 1


@given(n=st.integers(1, 30), repeats=st.integers(0, 40), seed=st.integers(0, 2**63 - 1))
@settings(deadline=None, max_examples=100)
def test_repeats_are_different_clips_and_never_follow_themselves(n: int, repeats: int, seed: int) -> None:
    again = choose_repeats(n, repeats, np.random.default_rng(seed))
    assert len(set(again)) == len(again) == min(n, repeats)
    assert set(again) <= set(range(n))
    if n > 1 and again:
        assert again[0] != n - 1
    if n - len(again) >= 3 and again:
        assert max(again) < n - 3


def test_the_order_follows_from_the_seed_and_differs_between_sessions() -> None:
    orders = [choose_clips([0] * 12, 12, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    # Which clips were rated more often before says nothing of the order in which all of them come.
    assert choose_clips(list(range(12)), 12, np.random.default_rng(1)) == orders[0]
