"""What a participant is told before the task begins: every rule that the page enforces, and the study's own texts."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.i18n.catalogues import catalogue
from tests.factories import make_study

PLACING = "Watch each clip once to its end before you move it."
PLACING_WITH_SOUND = "Watch each clip once to its end, with sound, before you move it."
DONE = "Watch each clip once to its end before you press Done."
DONE_WITH_SOUND = "Watch each clip once to its end, with sound, before you press Done."
CLICK_TO_HEAR = "Click it to hear its sound, too."
TAP_TO_HEAR = "A tap also plays its sound."
IT_HAS_SOUND = "It plays with sound: please listen to it, too."
SOUND_CHECK = "A short sound check comes first."
LARGE = "Double-click a clip to see it large."
LARGE_BY_TOUCH = "Keep your finger on a clip for a moment to see it large."
PRACTICE = "It begins with a short practice round."
CHECKS = "Read the line above the circle in every round"
RULES = {
    *(PLACING, PLACING_WITH_SOUND, DONE, DONE_WITH_SOUND, CLICK_TO_HEAR, TAP_TO_HEAR, IT_HAS_SOUND, SOUND_CHECK),
    *(LARGE, LARGE_BY_TOUCH, PRACTICE, CHECKS),
}


def client(app: Flask, toml: str) -> FlaskClient:
    """Somebody without cookies, where a study with these settings is open."""
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml='title = "A study"\n' + toml)
    return app.test_client()


def task_page(visitor: FlaskClient) -> str:
    """The page of a session that has just begun."""
    answer = visitor.post("/join/faces")
    assert answer.status_code == 303, answer.text
    return str(visitor.get(answer.headers["Location"]).text)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", {LARGE, LARGE_BY_TOUCH}),
        ("[playback]\nenlarge = false", set()),
        ('[playback]\nenlarge = false\nwatch = "before_placing"', {PLACING}),
        ('[playback]\nenlarge = false\nwatch = "before_done"', {DONE}),
        ("[playback]\nenlarge = false\nsound = true", {CLICK_TO_HEAR, TAP_TO_HEAR, SOUND_CHECK}),
        ('[playback]\nenlarge = false\nsound = true\nplay = "click"', {IT_HAS_SOUND, SOUND_CHECK}),
        (
            '[playback]\nenlarge = false\nsound = true\nwatch = "before_placing"',
            {PLACING_WITH_SOUND, CLICK_TO_HEAR, TAP_TO_HEAR, SOUND_CHECK},
        ),
        (
            '[playback]\nenlarge = false\nsound = true\nwatch = "before_done"',
            {DONE_WITH_SOUND, CLICK_TO_HEAR, TAP_TO_HEAR, SOUND_CHECK},
        ),
        ("[design]\npractice = true\nchecks = 1", {LARGE, LARGE_BY_TOUCH, PRACTICE, CHECKS}),
    ],
)
def test_the_instructions_say_every_rule_that_the_page_enforces(app: Flask, toml: str, said: set[str]) -> None:
    page = task_page(client(app, toml))
    assert {rule for rule in RULES if rule in page} == said


@pytest.mark.parametrize(
    ("minutes", "words"),
    [("25", "The task takes at most 25 minutes."), ("0.5", "The task takes at most a minute.")],
)
def test_the_consent_says_how_long_the_task_takes_at_most(app: Flask, minutes: str, words: str) -> None:
    visitor = client(app, f"[stop]\nmax_minutes = {minutes}\n")
    assert words in visitor.get("/join/faces").text
    assert words in task_page(visitor)


RATED_BEFORE = """
[playback]
sound = true
[ratings]
when = "before"
[[ratings.questions]]
name = "nice"
ask = "How nice is it?"
kind = "scale"
"""


def test_what_is_asked_is_said_before_the_agreement_and_what_is_over_is_not_said_to_come(app: Flask) -> None:
    visitor = client(app, RATED_BEFORE)
    consent, instructions = visitor.get("/join/faces").text, task_page(visitor)
    assert consent.index("You will also be asked a few questions.") < consent.index("Please go on only if you agree.")
    assert "Rating clips takes about" in consent
    assert "Rating clips takes about" not in instructions
    assert SOUND_CHECK not in instructions
    assert "You can set the volume at the top of the page at any time." in instructions


OWN = "الخاصة بالدراسة"
PLACEHOLDER = re.compile(r"\{\w+\}")
OWN_TEXTS = f"""
title = "{OWN}"
[texts]
consent = "{OWN}"
instructions = "{OWN}"
thanks = "{OWN}"
[texts.replace]
"This study is not taking new participants at the moment." = "{OWN}"
"Not available right now" = "{OWN}"
"""


class Directions(HTMLParser):
    """For each text of a page that holds OWN: the elements around it, from the outermost, and whether one is auto.

    `lone` are the elements that hold such a text and do not go by it, nor does the list or the prose they are in."""

    EMPTY = ("meta", "link", "input", "br", "hr", "img", "path", "rect", "circle")

    def __init__(self) -> None:
        super().__init__()
        self.around: list[tuple[str, bool]] = []
        self.found: list[tuple[list[str], bool]] = []
        self.lone: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.EMPTY:
            self.around.append((tag, dict(attrs).get("dir") == "auto"))

    def handle_endtag(self, tag: str) -> None:
        while self.around and self.around.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if OWN in data and all(tag != "script" for tag, _ in self.around):
            self.found.append(([tag for tag, _ in self.around], any(auto for _, auto in self.around)))
            near = [auto for tag, auto in self.around if tag != "noscript"]
            if not any(near[-2:]):
                self.lone.append((self.around[-1][0], data.strip()))


def directions(page: str) -> list[tuple[list[str], bool]]:
    parser = Directions()
    parser.feed(page)
    return parser.found


def test_every_place_of_a_studys_own_text_has_its_own_direction(app: Flask) -> None:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=OWN_TEXTS)
    make_study(runtime.database, runtime.settings, name="closed", toml=OWN_TEXTS, state="closed")
    visitor = app.test_client()
    # Each page, and how often the study's own words stand on it; the title of the window is one of them.
    pages = [(visitor.get("/join/faces").text, 3), (task_page(visitor), 5), (visitor.get("/join/closed").text, 3)]
    for page, places in pages:
        own_directions = directions(page)
        assert len(own_directions) == places, own_directions
        assert all(auto for _, auto in own_directions), own_directions


@pytest.mark.parametrize(
    "playback", ["", 'play = "click"\nsound = true', 'play = "always"'], ids=["hover", "sound", "always"]
)
def test_every_replaced_text_of_the_pages_goes_by_its_own_direction(app: Flask, playback: str) -> None:
    texts = [str(message.id) for message in catalogue("de") if message.locations]
    own = "\n".join(
        f"{json.dumps(text)} = {json.dumps(OWN + ' ' + ' '.join(PLACEHOLDER.findall(text)))}" for text in texts
    )
    visitor = client(
        app, f"language = 'en'\n[playback]\n{playback}\n[arena]\nmin_window = 500\n[texts.replace]\n{own}\n"
    )
    for page, least in ((visitor.get("/join/faces").text, 5), (task_page(visitor), 50)):
        parser = Directions()
        parser.feed(page)
        assert len(parser.found) >= least
        assert parser.lone == []
