"""Questions are changed in the text of study.toml: each keeps its comments, and all else stays as it is."""

from __future__ import annotations

import copy
import random
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from app.definition.study_toml import parse_definition
from app.studies.text import with_settings

Questions = list[dict[str, Any]]
TEXT = '''title = "x"  # my title

# All about the people.

# How old they are.
[[questions]]
name = "age"   # in years
ask = { en = "How old?", de = "Wie alt?" }
kind = "number"
# the ethics board wants this
min = 18

[[questions]]
name = "hand"
kind = "one_of"
choices = [
  "left", # first
  "right",
]
[questions.ask] # as a section
en = "Which hand?"

# Between the two.
[design]
max_items = 20

# Last.
[[questions]]
name = "why"
ask = """
[[questions]]
name = "x"
"""
kind = "text"

# The end.'''


def changed(change: Callable[[Questions], Questions | None], text: str = TEXT) -> str:
    questions = tomllib.loads(text)["questions"]
    after = change(questions) or questions
    written = with_settings(text, {"questions": after})
    assert tomllib.loads(written)["questions"] == after
    assert {**tomllib.loads(written), "questions": 0} == {**tomllib.loads(text), "questions": 0}
    return written


def test_a_question_moves_with_its_comments_and_all_others_stay() -> None:
    written = changed(lambda those: [those[2], those[0], those[1]])
    assert sorted(written.split()) == sorted(TEXT.split())
    assert (
        written.index("# All about") < written.index("# Last.") < written.index("# How old") < written.index("# as a")
    )
    assert written.index("# as a section") < written.index("# The end.")
    assert '# How old they are.\n[[questions]]\nname = "age"   # in years\n' in written


def test_a_removed_question_takes_its_own_comments_alone() -> None:
    written = changed(lambda those: those[1:])
    assert "How old they are" not in written
    for kept in ("# my title", "# All about", "# first", "# as a section", "# Between", "# Last.", "# The end."):
        assert kept in written
    assert "questions" not in with_settings(TEXT, {"questions": None}).replace("# ", "")
    assert "# Between the two.\n[design]" in with_settings(TEXT, {"questions": None})


def test_what_changes_in_a_question_leaves_its_other_lines() -> None:
    def change(those: Questions) -> None:
        those[0] |= {"name": "years", "max": 90, "ask": {"en": "How old are you?", "de": "Wie alt?"}}
        those[1]["choices"] = ["left", "both", {"value": "r", "label": {"en": "right"}}]
        those[2]["ask"] = "Why?\nSay."

    written = changed(change)
    assert 'name = "years"   # in years' in written
    assert "# the ethics board wants this\nmin = 18" in written
    assert '"left", # first' in written
    assert "[questions.ask] # as a section" in written


def test_new_questions_stand_behind_the_last_one_or_at_the_end() -> None:
    new = {"name": "new", "ask": "Well?", "kind": "text"}
    assert changed(lambda those: [*those, new]).endswith('ask = "Well?"\nkind = "text"\n\n# The end.')
    fresh = with_settings('title = "x"', {"ratings.questions": [new | {"kind": "scale"}], "ratings.when": "before"})
    assert parse_definition(fresh).ratings.questions[0].name == "new"
    assert with_settings(fresh, {"ratings.questions": None}).startswith('title = "x"')
    # In one line, without sections, it is changed as any other list.
    inline = with_settings('title = "x"\nquestions = [{ name = "a" }, { name = "b" }] # c\n', {"questions": [new]})
    assert tomllib.loads(inline)["questions"] == [new]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_any_change_of_the_list_reads_as_it_was_meant(end: str) -> None:
    rng = random.Random(11)
    text = TEXT.replace("\n", end)
    questions = tomllib.loads(text)["questions"]
    for step in range(60):
        after = copy.deepcopy(questions)
        rng.shuffle(after)
        after = after[rng.randrange(2) :]
        if rng.random() < 0.5:
            after.append({"name": f"n{step}", "ask": {"fr": "Où ?"}, "kind": "consent", "required": True})
        if after and rng.random() < 0.5:
            after[0] = {**after[0], "name": f"m{step}", "choices": ["a", {"value": "b", "label": "[x]"}]}
        text = with_settings(text, {"questions": after or None})
        assert tomllib.loads(text).get("questions", []) == after
        for comment in ("# my title", "# All about", "# Between", "# The end."):
            assert comment in text
        questions = after
