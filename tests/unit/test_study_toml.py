"""study.toml with mistakes: the line, the key, the reason, and what was probably meant."""

from __future__ import annotations

import pytest

from app.definition.study_toml import check_definition, parse_definition
from app.errors import Invalid

HEAD = 'title = "x"\n'
QUESTION = HEAD + '[[questions]]\nname = "q"\nask = "?"\n'


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as refused:
        parse_definition(text)
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title = My study", 1, ["put text in quotes", 'title = "My study"']),
        ("title = “My study”", 1, ["“ is not the quote of TOML", "straight quotes"]),
        ("title = „Meine Studie“", 1, ["straight quotes"]),
        ("title: My study", 1, ["= in place of the colon"]),
        ("title My study", 1, ["an = is missing"]),
        ('title == "x"', 1, ["one = is enough"]),
        ("title =", 1, ["the value is missing behind title ="]),
        ('title = "x', 1, ['the quote (") is never closed']),
        ('title = "a "b" c"', 1, ["a quote inside a text"]),
        ('title = "C:\\Users\\me"', 1, ["a backslash is written twice"]),
        (HEAD + "[playback]\nsound = True", 3, ["small letters: sound = true"]),
        (HEAD + "[playback]\nsound = yes", 3, ["sound = true"]),
        (HEAD + "[playback]\nsound = off", 3, ["sound = false"]),
        (HEAD + "[stop]\nmin_evidence = 0,5", 3, ["decimals have a point: min_evidence = 0.5"]),
        (HEAD + "[stop]\nmin_evidence = .5", 3, ["min_evidence = 0.5"]),
        (HEAD + "[stop]\nmax_minutes = 30 min", 3, ["write the number alone: max_minutes = 30"]),
        (HEAD + "[stop]\nmax_minutes = 030", 3, ["no leading zero: max_minutes = 30"]),
        (HEAD + "[stop]\nmax_minutes = 30;", 3, ["max_minutes = 30"]),
        (HEAD + "[recruitment]\nplaces = None", 3, ["leave the line out where places has no value"]),
        (HEAD + "[recruitment]\nparameters = [PROLIFIC_PID]", 3, ["put each text of a list in quotes"]),
        (HEAD + "[design\nmax_items = 5", 2, ["closed by a bracket: [design]"]),
        (HEAD + "[design]\nmax items = 5", 3, ["a key has no blanks: max_items = 5"]),
        (HEAD + "[design]\nmax_items = 5\n[stop]\n[design]\nrepeats = 1", 5, ["[design] appears twice"]),
        (HEAD + "seed = 1\nseed = 2", 3, ["seed appears twice"]),
        (HEAD + "seed\u00a0= 2", 2, ["non-breaking"]),
        (HEAD + '[texts]\nconsent = """\nOne\nTwo\n', 3, ["opened here that nothing closes"]),
        (HEAD + "[recruitment]\nparameters = [\n'A',\n", 3, ["opened here that nothing closes"]),
        ('title = "x",', 1, ['nothing may follow a value: title = "x"']),
        ("{\\rtf1\\ansi title}", 1, ["not plain text"]),
    ],
)
def test_mistakes_in_toml_are_told_with_line_and_hint(text: str, line: int, words: list[str]) -> None:
    message = refusal(text)
    assert message.startswith(f"study.toml, line {line}: not valid TOML: ")
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "[design]\nmax_itms = 3", ["line 3", "design.max_itms", "no such key; did you mean max_items?"]),
        (HEAD + "[design]\nmax-items = 3", ["did you mean max_items?"]),
        (HEAD + "[design]\nMaxItems = 3", ["did you mean max_items?"]),
        (HEAD + "[desing]\nmax_items = 3", ["line 2", "desing", "did you mean design?"]),
        (HEAD + "[Design]\nmax_items = 3", ["did you mean design?"]),
        (HEAD + "max_items = 3", ["line 2", "max_items", "it belongs into the section [design]"]),
        (HEAD + "[stop]\nmax_items = 3", ["line 3", "stop.max_items", "it belongs into the section [design]"]),
        ('[texts]\nquestion = "?"\ntitle = "x"', ["line 3", "texts.title", "belongs above all sections"]),
        (HEAD + "[arena]\nmax_minuts = 3", ["did you mean max_minutes, in the section [stop]?"]),
        (HEAD + "[arena]\nxyzzy = 3", ["the keys here are guide_lines, hints, background"]),
        (HEAD + '[design]\nmethod = "lift_weakest"', ["line 3", "must be one of", 'did you mean "lift_the_weakest"?']),
        (HEAD + '[design]\nmethod = "Lift the weakest"', ['did you mean "lift_the_weakest"?']),
        (HEAD + 'language = "german"', ["line 2", 'did you mean "de"?']),
        (HEAD + '[arena]\nbackground = "gray"', ['did you mean "grey"?']),
        (HEAD + '[playback]\nplay = "Hover"', ['did you mean "hover"?']),
        (HEAD + '[design]\nmax_items = "20"', ["line 3", 'must be a whole number (without quotes), not "20"']),
        (HEAD + "[design]\nmax_items = 20.5", ["must be a whole number, not 20.5"]),
        (HEAD + "[design]\nmax_items = true", ["must be a whole number, not true"]),
        (HEAD + "[design]\nmax_items = 2", ["line 3", "design.max_items", "must be at least 3"]),
        (HEAD + "[design]\nmax_items = 101", ["must be at most 100"]),
        (HEAD + '[stop]\nmax_minutes = "7,5"', ['must be a number with a point, 7.5, not "7,5"']),
        (HEAD + '[playback]\nsound = "yes"', ['must be true or false (without quotes), not "yes"']),
        (HEAD + "[playback]\nsound = 1", ["must be true or false, not 1"]),
        (HEAD + "[stop]\nmax_minutes = 0", ["stop.max_minutes", "greater than 0"]),
        (HEAD + "[stop]\nmin_evidence = inf", ["stop.min_evidence"]),
        (HEAD + "[recruitment]\nplaces = 0", ["line 3", "recruitment.places", "at least 1"]),
        (HEAD + '[recruitment]\nparameters = "PID"', ["recruitment.parameters", 'must be a list, not "PID"']),
        (HEAD + "[stop]\nmin_evidence = nan", ["line 3", "stop.min_evidence", "must be a finite number"]),
        (HEAD + "[stop]\nmax_minutes = inf", ["stop.max_minutes", "must be a finite number"]),
        ('title = " "', ["line 1", "title", "must not be empty"]),
        ("title = 3", ["line 1", "title", "must be a text (in quotes), not 3"]),
        (HEAD + "[[design]]\nmax_items = 3", ["line 2", "design", "must be a section, [design]"]),
        (HEAD + "[a.b]\nc = 3", ["line 2", "a: no such key"]),
        (HEAD + 'language = "en-GB"', ['did you mean "en"?']),
        (HEAD + '[[question]]\nname = "q"', ["line 2", "question: no such key; did you mean questions?"]),
        (QUESTION + 'type = "text"', ["question 1: kind: is missing", "did you mean kind, not type?"]),
        (QUESTION + 'kind = "one_of"\nchoices = "a, b"', ["choices: must be a list"]),
        (QUESTION + 'kind = "one_of"\nchoices = [1, 2]', ["choices.0: must be a text in quotes, or {", "not 1"]),
        (QUESTION + 'kind = "one_of"\nchoices = ["a"]', ["choices: must have at least 2 entries, not 1"]),
        (HEAD + '[consent]\nclauses = ["I agree"]', ["clause 1: each clause is a section of its own"]),
        ('title = "' + "x" * 201 + '"', ["title: must have at most 200 characters, not 201"]),
        ('title = "a\\u0007b"', ["a control character (\\u0007)"]),
        (HEAD + '[recruitment]\nparameters = ["my id"]', ["must be letters, digits and _ alone", 'not "my id"']),
        (HEAD + "[recruitment]\nquotas = { hand = -1 }", ["line 3", "recruitment.quotas.hand: must be 0 or more"]),
        (HEAD + '[recruitment]\nquotas = { hand = "20" }', ["recruitment.quotas.hand: must be a whole number"]),
        (HEAD + '[recruitment]\ncompletion_url = "https://[::1/"', ["must be a full http or https address"]),
        (HEAD + '[recruitment]\nopens = "2026-12-01 09:00 Berlin"', ["did you mean Europe/Berlin?"]),
        (HEAD + '[recruitment]\nopens = "0001-01-01 00:00 Europe/Berlin"', ["the year 0001 is beyond the calendar"]),
        (HEAD + "[recruitment]\ncloses = 9999-12-31T23:59:59-05:00", ["the year 9999 is beyond the calendar"]),
        ("seed = 1", ["title", "is missing"]),
    ],
)
def test_keys_and_values_that_are_nearly_right_are_told(text: str, words: list[str]) -> None:
    message = refusal(text)
    for word in words:
        assert word in message, message


@pytest.mark.parametrize("text", ["x = " + "[" * 3000 + "]" * 3000, "x = " + "{a = " * 3000 + "1" + "}" * 3000])
def test_what_lies_too_deep_is_refused(text: str) -> None:
    assert "lists or tables lie too deep in one another" in refusal(HEAD + text)


def test_what_was_stored_before_is_read_back_the_same() -> None:
    definition = parse_definition(HEAD + "[stop]\nmax_minutes = 20\n[recruitment]\nplaces = 3\n")
    assert check_definition(definition.model_dump(mode="json")) == definition


@pytest.mark.parametrize("written", ["a \\\\u0007 b", "tab\\tline\\nend", "C:\\\\bin\\\\f"])
def test_a_backslash_and_line_ends_are_no_control_characters(written: str) -> None:
    assert parse_definition(HEAD + f'[texts]\nthanks = "{written}"').texts.thanks
