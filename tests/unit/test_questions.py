"""Questions of a study: what study.toml can say, and which answers fit."""

from __future__ import annotations

from typing import Any

import pytest

from app.definition.answers import checked
from app.definition.questions import Question, in_language
from app.definition.study_toml import definition_of, parse_definition
from app.errors import Invalid
from app.models import Study
from app.recruiters.rules import recruitment_problems

HEAD = 'title = "x"\n\n[[questions]]\nname = "age"\nask = "How old are you?"\nkind = "number"\n\n[[questions]]\n'


def question(toml: str) -> Question:
    return parse_definition(f'title = "x"\n[[questions]]\nname = "q"\nask = "Why?"\n{toml}').questions[0]


@pytest.mark.parametrize(
    ("toml", "line", "words"),
    [
        ('name = "Age"\nask = "x"\nkind = "text"', 9, ["question 2: name", "question 1 is called age, too"]),
        ('name = "b"\nask = "x"\nkind = "slider"', 11, ["question 2: kind", 'did you mean "scale"?']),
        ('name = "b"\nask = "x"\nkind = 3', 11, ["question 2: kind", "not 3"]),
        ('name = "b"\nask = "x"', 8, ["question 2: kind: is missing", '"several_of"']),
        ('name = "b"\nask = { en = "x", xx = "y" }\nkind = "text"', 10, ["ask: the languages are en, de, fr, es"]),
        ('name = "b"\nask = "  "\nkind = "text"', 10, ["ask: must not be empty"]),
        ('name = "b"\nask = 3\nkind = "text"', 10, ["ask: must be a text in quotes"]),
        ('name = "b c"\nask = "x"\nkind = "text"', 9, ["name: must be letters, digits and _"]),
        ('name = "comment"\nask = "x"\nkind = "text"', 9, ["name: comment is a column of its own"]),
        ('name = "b"\nask = "x"\nkind = "text"\nmax_lenght = 3', 12, ["no such key; did you mean max_length?"]),
        ('name = "b"\nask = "x"\nkind = "text"\nchoices = ["a", "b"]', 12, ["no such key; the keys here are name"]),
        ('name = "b"\nask = "x"\nkind = "text"\nwhen = "afer"', 12, ['did you mean "after"?']),
        ('name = "b"\nask = "x"\nkind = "text"\nwhen = "between"', 8, ["after_trial: is missing"]),
        ('name = "b"\nask = "x"\nkind = "text"\nafter_trial = 3', 12, ['goes with when = "between" alone']),
        ('name = "b"\nask = "x"\nkind = "number"\nmin = 3\nmax = 2', 13, ["max: must be greater than min"]),
        ('name = "b"\nask = "x"\nkind = "number"\nmin = "3"', 12, ["min: must be a number"]),
        ('name = "b"\nask = "x"\nkind = "scale"\nmax = 200', 12, ["question 2: max"]),
        ('name = "b"\nask = "x"\nkind = "one_of"\nchoices = ["a"]', 12, ["at least 2 entries"]),
        ('name = "b"\nask = "x"\nkind = "one_of"\nchoices = ["a", "a"]', 12, ["'a' appears twice"]),
        ('name = "b"\nask = "x"\nkind = "one_of"\nchoices = ["a", "b|c"]', 12, ["choices.1.value: must have no |"]),
        (
            'name = "b"\nask = "x"\nkind = "one_of"\nwhen = "before"\nchoices = ["a", "b"]\nscreen_out = ["c"]',
            14,
            ["screen_out: 'c' is not one of the choices"],
        ),
        (
            'name = "b"\nask = "x"\nkind = "one_of"\nwhen = "before"\nchoices = ["a", "b"]\nscreen_out = ["a", "b"]',
            14,
            ["nobody could take part"],
        ),
        ('name = "b"\nask = "x"\nkind = "number"\nscreen_out_below = 18', 12, ['goes with when = "before" alone']),
        ('name = "b"\nkind = "text"\n[questions.ask]\nen = "x"\nyy = "z"', 11, ["ask: the languages are"]),
    ],
)
def test_mistakes_in_questions_are_told_with_line_and_key(toml: str, line: int, words: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        parse_definition(HEAD + toml)
    assert f"study.toml, line {line}: questions: question 2" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("toml", ['title = "x"\n[questions]\nname = "x"', 'title = "x"\nquestions = ["why?"]'])
def test_questions_that_are_no_sections_of_their_own_are_told_how(toml: str) -> None:
    with pytest.raises(Invalid, match=r"line 2: .*two brackets, \[\[questions\]\]"):
        parse_definition(toml)


def test_a_list_of_questions_has_an_end() -> None:
    one = '[[questions]]\nname = "q{n}"\nask = "x"\nkind = "text"\n'
    parse_definition('title = "x"\n' + "".join(one.format(n=n) for n in range(60)))
    with pytest.raises(Invalid, match=r"questions: .*at most 60"):
        parse_definition('title = "x"\n' + "".join(one.format(n=n) for n in range(61)))


def test_what_was_stored_is_read_back_the_same() -> None:
    definition = parse_definition(
        'title = "x"\ncomment = false\n[[questions]]\nname = "sex"\nask = { de = "Geschlecht?", en = "Sex?" }\n'
        'kind = "one_of"\nwhen = "between"\nafter_trial = 2\n'
        'choices = ["f", { value = "m", label = { de = "männlich", en = "male" } }]\n'
        '[[questions]]\nname = "n"\nask = "x"\nkind = "number"\nmin = 1\n'
    )
    assert definition_of(Study(definition=definition.model_dump(mode="json"))) == definition
    assert definition.questions[0].sheet == "after-trial-2"
    assert parse_definition('title = "x"').comment


def test_a_text_falls_back_to_english_and_then_to_what_there_is() -> None:
    assert in_language("x", "de") == "x"
    assert in_language({"de": "d", "en": "e"}, "de") == "d"
    assert in_language({"de": "d", "en": "e"}, "fr") == "e"
    assert in_language({"es": "s", "de": "d"}, "fr") == "s"


CHOICES = 'choices = ["a", "b", "c"]\n'


@pytest.mark.parametrize(
    ("toml", "given", "stored"),
    [
        ('kind = "text"', "  two\r\nlines ", "two\nlines"),
        ('kind = "text"', "\\u0000 as typed", "\\u0000 as typed"),
        ('kind = "text"', " \n ", None),
        ('kind = "text"\nmax_length = 2', "🙂🙂", "🙂🙂"),
        ('kind = "number"', 3.5, 3.5),
        ('kind = "number"\nstep = 1', 3.0, 3),
        ('kind = "number"\nmin = 0.05\nstep = 0.1', 0.35, 0.35),
        ('kind = "scale"', 7, 7),
        (f'kind = "one_of"\n{CHOICES}', "b", "b"),
        (f'kind = "several_of"\n{CHOICES}', ["c", "a"], ["a", "c"]),
        (f'kind = "several_of"\n{CHOICES}', None, []),
        ('kind = "consent"', None, False),
        ('kind = "consent"', True, True),
        ('kind = "number"', None, None),
        # Zero is an answer.
        ('kind = "number"\nrequired = true', 0, 0),
        ('kind = "number"\nrequired = true', 0.0, 0.0),
        ('kind = "scale"\nmin = -3\nmax = 3\nrequired = true', 0, 0),
    ],
)
def test_answers_that_fit_are_stored_in_one_form(toml: str, given: Any, stored: Any) -> None:
    assert checked(question(toml), given) == (stored, None)
    assert type(checked(question(toml), given)[0]) is type(stored)


@pytest.mark.parametrize(
    ("toml", "given", "reason"),
    [
        ('kind = "text"\nmax_length = 2', "abc", "at most 2 characters"),
        ('kind = "text"', 3, "a text"),
        ('kind = "text"', "a\x00b", "zero byte"),
        ('kind = "text"', "\ud800", "Unicode"),
        ('kind = "text"\nrequired = true', "  ", "must be answered"),
        ('kind = "number"', "3", "a number"),
        ('kind = "number"', True, "a number"),
        ('kind = "number"', float("nan"), "not a number that can be used"),
        ('kind = "number"', float("inf"), "not a number that can be used"),
        ('kind = "number"', 10**400, "not a number that can be used"),
        ('kind = "number"\nmin = 18\nmax = 99', 17, "at least 18 and at most 99"),
        ('kind = "number"\nstep = 1', 1.5, "a whole number"),
        ('kind = "number"\nmin = 0\nstep = 0.25', 0.3, "steps of 0.25"),
        ('kind = "scale"', 0, "at least 1"),
        ('kind = "scale"', 1.5, "a whole number"),
        ('kind = "scale"\nrequired = true', None, "must be answered"),
        (f'kind = "one_of"\n{CHOICES}', "d", "not one of the choices"),
        (f'kind = "one_of"\n{CHOICES}', ["a"], "not one of the choices"),
        (f'kind = "several_of"\n{CHOICES}', "a", "a list"),
        (f'kind = "several_of"\n{CHOICES}', ["a", ["b"]], "a list"),
        (f'kind = "several_of"\n{CHOICES}', ["a", "d"], "'d' is not one of the choices"),
        (f'kind = "several_of"\n{CHOICES}', ["a", "a"], "twice"),
        (f'kind = "several_of"\n{CHOICES}required = true', [], "must be answered"),
        ('kind = "consent"', 1, "true or false"),
        ('kind = "consent"\nrequired = true', False, "must be ticked"),
    ],
)
def test_answers_that_do_not_fit_are_told_why(toml: str, given: Any, reason: str) -> None:
    problem = checked(question(toml), given)[1]
    assert problem is not None
    assert reason in problem


def test_answers_that_end_a_session_are_known() -> None:
    age = question('kind = "number"\nwhen = "before"\nscreen_out_below = 18\nscreen_out_above = 65')
    assert [age.screens_out(n) for n in (17, 17.9, 18, 65, 66, None)] == [True, True, False, False, True, False]
    one = question(f'kind = "one_of"\nwhen = "before"\n{CHOICES}screen_out = ["b"]')
    assert [one.screens_out(value) for value in ("a", "b", None)] == [False, True, False]
    several = question(f'kind = "several_of"\nwhen = "before"\n{CHOICES}screen_out = ["b"]')
    assert [several.screens_out(value) for value in (["a"], ["a", "b"], [])] == [False, True, False]


def test_the_way_back_of_the_screened_out_is_checked_as_the_other() -> None:
    recruitment = parse_definition(
        'title = "x"\n[recruitment]\nscreened_out_url = "https://x.org/?cc={COMPLETION_CODE}&p={NOBODY}"'
    ).recruitment
    problems = dict(reversed(list(recruitment_problems(recruitment))))
    assert set(problems) == {"recruitment.screened_out_url"}
    assert "screened_out_code is not set" in str(list(recruitment_problems(recruitment)))
