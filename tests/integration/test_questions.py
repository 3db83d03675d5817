"""Questions to participants: which sheet comes when, answers stored once, and what becomes of them.

Over 300 lines: tests of one subject, which share a study.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from analysis.formats.bundle import read_bundle
from analysis.results import Choice
from app.domain import SessionState
from app.models import Answer, ParticipantSession, SessionEvent, Study
from app.participation.erasure import erase_person
from app.participation.pilots import begin_pilot, skip_to
from app.results.chosen import ExportOptions
from app.results.export import export_bundle
from app.results.inputs import inputs_of
from app.studies.monitoring import session_statuses
from tests.experimenter import log_in, make_account, open_lab
from tests.factories import encode, make_study, trial_body
from tests.integration.test_participant_api import Person, join

TOML = """
title = "A study"
[design]
max_items = 4
[stop]
max_trials = 3
[recruitment]
places = 2
visits = 2
completion_code = "DONE-42"
screened_out_code = "OUT-7"
screened_out_url = "https://example.org/out?p={PROLIFIC_PID}"

[[questions]]
name = "age"
ask = { en = "How **old** are you?", de = "Wie alt sind Sie?" }
kind = "number"
when = "before"
required = true
min = 1
max = 120
step = 1
screen_out_below = 18

[[questions]]
name = "clause"
ask = "I agree that my data are shared."
kind = "consent"
when = "before"
required = true

[[questions]]
name = "tired"
ask = "How tired are you?"
kind = "scale"
when = "between"
after_trial = 1

[[questions]]
name = "languages"
ask = "Which languages do you speak?"
kind = "several_of"
choices = ["English", { value = "de", label = { en = "German", de = "Deutsch" } }]

[[questions]]
name = "strategy"
ask = "How did you go about it?"
kind = "text"
required = true
max_length = 50
"""
BEFORE = {"age": 34, "clause": True}


@pytest.fixture
def client(both_app: Flask) -> FlaskClient:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=TOML)
    return both_app.test_client()


def answer(person: Person, sheet: str, answers: Any) -> Any:
    return person.call("PUT", f"/answers/{sheet}", {"answers": answers})


def stored(client: FlaskClient) -> dict[str, Any]:
    with client.application.extensions["asterism"].database.reading() as db:
        return {one.question: one.value for one in db.scalars(select(Answer))}


def state(client: FlaskClient) -> ParticipantSession:
    with client.application.extensions["asterism"].database.reading() as db:
        return db.scalars(select(ParticipantSession)).one()


def arrange(person: Person, view: Any) -> Any:
    trial = view["trial"]
    return person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).get_json()["next"]


def until_after(person: Person) -> Any:
    """Everything up to the questions after the last trial."""
    answer(person, "before", BEFORE)
    view = arrange(person, person.call("POST", "/start").get_json())
    view = answer(person, "after-trial-1", {"tired": 3}).get_json()["next"]
    while view["trial"] is not None:
        view = arrange(person, view)
    return view


def test_each_sheet_comes_at_its_place_and_the_code_after_the_last(client: FlaskClient) -> None:
    person = join(client)
    view = person.call("GET").get_json()
    assert [one["name"] for one in view["questions"]["questions"]] == ["age", "clause"]
    assert "screen_out" not in json.dumps(view["questions"])
    assert person.call("POST", "/start").get_json()["session"]["state"] == "instructed"

    raw = encode({"answers": BEFORE})
    handed = person.call("PUT", "/answers/before", raw).get_json()
    assert handed["ack"] == {"sheet": "before", "sha256": hashlib.sha256(raw).hexdigest()}
    assert handed["next"]["questions"] is None
    assert person.call("PUT", "/answers/before", raw).get_json()["ack"] == handed["ack"]

    view = arrange(person, person.call("POST", "/start").get_json())
    assert view["questions"]["sheet"] == "after-trial-1"
    assert view["trial"] is None
    view = answer(person, "after-trial-1", {}).get_json()["next"]
    assert view["trial"]["number"] == 1
    while view["trial"] is not None:
        view = arrange(person, view)

    # The work is done and counts, the place is taken; the code waits for the answers.
    assert view["session"]["state"] == "finished"
    assert view["questions"]["sheet"] == "after"
    assert view["completion"] is None
    assert view["progress"]["fraction"] < 1
    handed = answer(person, "after", {"strategy": " by colour ", "languages": ["de"]}).get_json()
    assert handed["next"]["completion"]["code"] == "DONE-42"
    assert handed["next"]["questions"] is None
    assert stored(client) == BEFORE | {"tired": None, "languages": ["de"], "strategy": "by colour"}


def test_answers_are_written_once(client: FlaskClient) -> None:
    person = join(client)
    assert answer(person, "before", BEFORE).status_code == 200
    again = answer(person, "before", BEFORE | {"age": 35})
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "answered")
    assert stored(client) == BEFORE


HOSTILE: list[tuple[str, Any, int, str | None]] = [
    ("before", {"answers": {"clause": True}}, 400, "answers.age"),
    ("before", {"answers": {"age": 34, "clause": False}}, 400, "answers.clause"),
    ("before", {"answers": {"age": "34", "clause": True}}, 400, "answers.age"),
    ("before", {"answers": {"age": 121, "clause": True}}, 400, "answers.age"),
    ("before", {"answers": BEFORE | {"strategy": "x"}}, 400, "answers.strategy"),
    ("before", {"answers": BEFORE | {"\x00": "x"}}, 400, "answers.\x00"),
    ("before", {"answers": [1]}, 400, "answers"),
    ("before", {"answers": BEFORE, "more": 1}, 400, "more"),
    ("before", {}, 400, "answers"),
    ("before", b'{"answers": {"age": NaN, "clause": true}}', 400, "answers.age"),
    ("before", b'{"answers": {"age": 1e999, "clause": true}}', 400, "answers.age"),
    ("before", b'{"answers": {"age": ' + b"9" * 5000 + b"}}", 400, None),
    ("before", b'{"answers": ' + b"[" * 100_000, 400, None),
    ("before", b"\xff\xfe{", 400, None),
    ("before", b"null", 400, None),
    ("before", b'{"answers": {"age": 34, "clause": true, "\\ud800": 1}}', 400, None),
    ("before", b" " * 600_000, 413, None),
    ("after", {"answers": {"strategy": "x"}}, 409, None),
    ("after-trial-1", {"answers": {}}, 409, None),
    ("comment", {"answers": {"comment": "x"}}, 409, None),
    ("after-trial-2", {"answers": {}}, 404, None),
    ("before%00", {"answers": {}}, 404, None),
    ("x" * 5000, {"answers": {}}, 404, None),
]


def test_f44_hostile_answers_are_refused_by_the_name_of_the_question(client: FlaskClient) -> None:
    person = join(client)
    for sheet, body, status, field in HOSTILE:
        refused = person.call("PUT", f"/answers/{sheet}", body)
        assert (refused.status_code, body) == (status, body)
        error = refused.get_json()["error"]
        assert error["message"]
        assert field is None or error["field"] == field, body
    assert stored(client) == {}
    assert person.call("GET").get_json()["questions"]["sheet"] == "before"


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 51])
def test_f44_texts_that_no_database_stores_are_refused_by_their_question(client: FlaskClient, text: str) -> None:
    person = join(client)
    until_after(person)
    refused = answer(person, "after", {"strategy": text})
    assert (refused.status_code, refused.get_json()["error"]["field"]) == (400, "answers.strategy")
    assert "strategy" not in stored(client)
    # What looks like an escape was typed like that.
    assert answer(person, "after", {"strategy": r"\u0000 \ud800"}).status_code == 200
    assert stored(client)["strategy"] == r"\u0000 \ud800"


def test_an_answer_may_end_the_session_politely(client: FlaskClient) -> None:
    person = join(client, query="PROLIFIC_PID=5f0c9b2a7e1d4c3b8a6f9e01")
    view = answer(person, "before", BEFORE | {"age": 17}).get_json()["next"]
    assert view["session"]["state"] == "screened_out"
    assert view["completion"] == {"code": "OUT-7", "url": "https://example.org/out?p=5f0c9b2a7e1d4c3b8a6f9e01"}
    assert view["trial"] is view["questions"] is None
    # Coming back with another age does not help, and nothing of the task can be had.
    again = join(client, query="PROLIFIC_PID=5f0c9b2a7e1d4c3b8a6f9e01")
    assert again.call("POST", "/start").get_json()["session"]["state"] == "screened_out"
    assert answer(again, "before", BEFORE).status_code == 409
    assert answer(person, "before", BEFORE | {"age": 17}).status_code == 200
    # It takes no place, and is in no result.
    for _ in range(2):
        join(client)
    session = next(one for one in statuses(client) if one.state == "screened_out")
    assert (session.ended_by, session.trials) == ("screened_out", 0)
    assert person.call("DELETE").get_json()["session"]["state"] == "withdrawn"
    assert stored(client) == {}


def statuses(client: FlaskClient) -> Any:
    with client.application.extensions["asterism"].database.reading() as db:
        return session_statuses(db, db.scalars(select(Study)).one())


def test_the_trials_count_before_the_last_answers_are_in(client: FlaskClient) -> None:
    query = "PROLIFIC_PID=5f0c9b2a7e1d4c3b8a6f9e01"
    person = join(client, query=query)
    until_after(person)
    assert state(client).state == SessionState.FINISHED
    with client.application.extensions["asterism"].database.reading() as db:
        assert len(inputs_of(db, state(client).study_id, Choice()).chosen) == 1
    # Another device finds the questions, not a second visit, although the study allows two.
    page = client.get(f"/join/faces?{query}").text
    assert 'name="again"' not in page
    other = join(client, query=query, tab="tab-2")
    assert other.call("GET").get_json()["questions"]["sheet"] == "after"
    assert answer(other, "after", {"strategy": "x"}).get_json()["next"]["completion"]["code"] == "DONE-42"
    assert 'name="again"' in client.get(f"/join/faces?{query}").text


def test_a_comment_may_follow_the_end_once(client: FlaskClient) -> None:
    person = join(client)
    until_after(person)
    assert answer(person, "comment", {"comment": "early"}).status_code == 200  # The work is done: it is kept.
    assert answer(person, "comment", {"comment": " "}).status_code == 400
    view = answer(person, "after", {"strategy": "x"}).get_json()["next"]
    assert view["comment"] is False
    assert stored(client)["comment"] == "early"
    assert answer(person, "comment", {"comment": "late"}).status_code == 409


def test_answers_are_in_the_bundle(client: FlaskClient, tmp_path: Path) -> None:
    person = join(client)
    until_after(person)
    answer(person, "after", {"strategy": "=1+1", "languages": ["de", "English"]})
    screened = join(client)
    answer(screened, "before", BEFORE | {"age": 3})
    with client.application.extensions["asterism"].database.reading() as db, (tmp_path / "x.zip").open("wb") as out:
        export_bundle(db, db.scalars(select(Study)).one(), out, ExportOptions(with_unfinished=True))
    bundle = read_bundle(tmp_path / "x.zip")
    rows = list(bundle.rows("answers"))
    assert [(row["question"], row["asked"], row["kind"], row["value"], row["number"]) for row in rows] == [
        ("age", "before", "number", "34", 34.0),
        ("clause", "before", "consent", "true", None),
        ("tired", "after-trial-1", "scale", "3", 3.0),
        ("languages", "after", "several_of", "English", None),
        ("languages", "after", "several_of", "de", None),
        ("strategy", "after", "text", "=1+1", None),
    ]
    assert {row["participant"] for row in rows} == {"P001"}
    assert "'=1+1" in bundle.text("answers.csv")
    assert json.loads(bundle.text("answers.json"))[0]["number"] == 34


def test_answers_go_with_a_withdrawal_and_an_erasure(client: FlaskClient) -> None:
    person, other = join(client), join(client)
    answer(person, "before", BEFORE)
    answer(other, "before", BEFORE | {"age": 50})
    person.call("DELETE")
    assert stored(client)["age"] == 50
    with client.application.extensions["asterism"].database.writing() as db:
        erase_person(db, db.scalars(select(Study)).one(), "P002")
    assert stored(client) == {}
    with client.application.extensions["asterism"].database.reading() as db:
        assert "34" not in str([event.detail for event in db.scalars(select(SessionEvent))])


def test_the_page_asks_in_the_participants_language(client: FlaskClient) -> None:
    joined = client.post("/join/faces?lang=de")
    page = client.get(joined.headers["Location"]).text
    assert "Wie alt sind Sie?" in page
    assert ">Deutsch<" in page
    assert 'value="de"' in page
    assert "Vos réponses" in client.get("/join/faces?lang=fr").text
    french = client.get(client.post("/join/faces?lang=fr").headers["Location"]).text
    assert "How <strong>old</strong> are you?" in french


def test_a_study_without_questions_asks_none_and_may_do_without_the_comment(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml='title = "x"\ncomment = false\n[stop]\nmax_trials = 1\n')
    client = both_app.test_client()
    person = join(client)
    view = arrange(person, person.call("POST", "/start").get_json())
    assert (view["session"]["state"], view["questions"], view["comment"]) == ("finished", None, False)
    assert answer(person, "comment", {"comment": "x"}).status_code == 404


def test_a_pilot_can_skip_the_questions_and_go_back_to_them(client: FlaskClient) -> None:
    database = client.application.extensions["asterism"].database
    with database.writing() as db:
        token = begin_pilot(db, db.scalars(select(Study.id)).one()).token
    pilot = Person(client, token)
    for screen, sheet, state in (
        ("first_trial", None, "arranging"),
        ("questions_before", "before", "instructed"),
        ("instructions", None, "instructed"),
        ("questions_after", "after", "finished"),
        ("thanks", None, "finished"),
        ("questions_after", "after", "finished"),
    ):
        skip_to(database, token, screen)
        view = pilot.call("GET").get_json()
        assert ((view["questions"] or {}).get("sheet"), view["session"]["state"]) == (sheet, state), screen
        assert (view["trial"] is not None) == (screen == "first_trial")


def test_the_experimenter_reads_the_answers_on_the_sessions_page(client: FlaskClient) -> None:
    person = join(client)
    until_after(person)
    answer(person, "after", {"languages": ["de", "English"], "strategy": "By <b>age</b>"})
    runtime = client.application.extensions["asterism"]
    make_account(runtime.database)
    session = state(client)
    with open_lab(runtime.settings) as lab:
        log_in(lab.client)
        page = lab.client.get(f"/studies/faces/sessions/{session.public_id}").text
    for ask, given in (
        ("How <strong>old</strong> are you?", "34"),
        ("I agree that my data are shared.", "ticked"),
        ("How tired are you?", "3"),
        ("Which languages do you speak?", "English, German"),
        ("How did you go about it?", "By &lt;b&gt;age&lt;/b&gt;"),
    ):
        assert re.search(f"{re.escape(ask)}</p>\\s*</dt>\\s*<dd[^>]*>{re.escape(given)}</dd>", page), ask
