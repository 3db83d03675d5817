"""Who gets into a study: closed and full ones, previews, plain and signed links, floods, and a full disk."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.db import Database
from app.domain import StudyState
from app.models import ParticipantSession, SessionToken, Study, now
from app.participation import enrolment
from app.recruiters.arrival import IdNote
from app.recruiters.signing import link_key, signature
from app.studies.lifecycle import close_study
from app.studies.monitoring import shown_state
from tests.integration.test_participant_api import Person, join, rows
from tests.integration.test_who_is_who import PID, finish, ids, make


def test_f05_with_a_full_disk_nobody_new_reads_the_consent_and_who_comes_back_does(app: Flask) -> None:
    client = make(app)
    join(client, query=f"PROLIFIC_PID={PID}")
    full = create_app(app.extensions["asterism"].settings.model_copy(update={"least_free_bytes": 2**62}))
    answer = full.test_client().get("/join/faces")
    assert (answer.status_code, "I agree" in answer.text) == (503, False)
    assert "I agree" in full.test_client().get(f"/join/faces?PROLIFIC_PID={PID}").text
    full.extensions["asterism"].database.close()


def test_f18_the_plain_link_admits_people_of_their_own_unless_the_study_wants_ids(both_app: Flask) -> None:
    client = make(both_app)
    assert len(set(ids(client, "", ""))) == 2
    assert {one.id_note for one in rows(client, select(ParticipantSession))} == {IdNote.PLAIN_LINK}
    make(both_app, 'without_id = "nobody"', name="strict")
    assert client.get("/join/strict").status_code == 403
    assert client.post("/join/strict").status_code == 403
    assert client.post(f"/join/strict?PROLIFIC_PID={PID}").status_code == 303


def test_f35_signed_links_admit_nobody_whose_id_was_made_up_or_changed(both_app: Flask) -> None:
    client = make(both_app, 'parameters = ["id"]\nsigned = true')
    key = link_key(both_app.extensions["asterism"].settings.secret_key, "faces")
    sig = signature(key, "faces", "17")
    forged = [
        {}, {"id": "17"}, {"id": "17", "sig": ""}, {"id": "18", "sig": sig}, {"id": "17", "sig": sig[:-1] + "x"},
        {"sig": sig}, {"id": ["17", "18"], "sig": sig}, {"id": "17", "sig": signature(key, "voices", "17")},
    ]  # fmt: skip
    for query in forged:
        assert client.get("/join/faces", query_string=query).status_code == 403
        assert client.post("/join/faces", data=query).status_code == 403
        assert client.post("/join/faces", query_string=query).status_code == 403
    assert rows(client, select(ParticipantSession)) == []
    page = client.get("/join/faces", query_string={"id": "17", "sig": sig})
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert (form["id"], form["sig"]) == ("17", sig)
    owner = Person(client, client.post("/join/faces", data=form).headers["Location"].rsplit("/", 1)[1])
    elsewhere = Person(client, client.post("/join/faces", data=form).headers["Location"].rsplit("/", 1)[1])
    assert elsewhere.call("DELETE").status_code == 200
    assert owner.call("GET").get_json()["session"]["state"] == "withdrawn"
    # The key is nowhere in the database, and so in no export of it.
    with both_app.extensions["asterism"].database.reading() as db:
        study = db.scalars(select(Study)).one()
        assert key not in json.dumps(study.definition) + study.definition_toml


# Closed and full, before the consent


@pytest.mark.parametrize("state", [StudyState.CLOSED, StudyState.DRAFT])
def test_a_closed_study_says_so_before_the_consent(both_app: Flask, state: StudyState) -> None:
    client = make(both_app)
    with both_app.extensions["asterism"].database.writing() as db:
        db.scalars(select(Study)).one().state = state
        db.commit()
    for query in ("", f"?PROLIFIC_PID={PID}"):
        answer = client.get(f"/join/faces{query}")
        assert answer.status_code == 403
        assert "not taking new participants" in answer.text
        assert "I agree" not in answer.text


def test_f13_who_comes_back_gets_into_a_closed_and_into_a_full_study(both_app: Flask) -> None:
    client = make(both_app, "places = 1")
    link = f"/join/faces?PROLIFIC_PID={PID}&SESSION_ID=x2"
    join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x1").call("POST", "/start")
    full = client.get("/join/faces")
    assert (full.status_code, "This study is full" in full.text, "I agree" in full.text) == (403, True, False)
    page = client.get(link).text
    assert "I agree" in page
    assert "You will get back to where you were." in page
    assert "simply close this page" not in page
    database = both_app.extensions["asterism"].database
    with database.writing() as db:
        close_study(db, "faces")
    assert client.get(f"/join/faces?PROLIFIC_PID={'1' * 24}").status_code == 403
    assert "I agree" in client.get(link).text
    assert client.post(link).status_code == 303
    assert len(rows(client, select(ParticipantSession))) == 1


def test_a_second_visit_needs_no_second_place_but_an_open_study(both_app: Flask) -> None:
    client = make(both_app, "places = 1\nvisits = 3")
    finish(join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x1"))
    finish(join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x2"))
    assert client.post("/join/faces").status_code == 403
    database = both_app.extensions["asterism"].database
    with database.writing() as db:
        close_study(db, "faces")
    assert client.post("/join/faces", data={"PROLIFIC_PID": PID, "SESSION_ID": "x3"}).status_code == 303
    assert len(rows(client, select(ParticipantSession))) == 2


# Floods (F50)


def test_f50_opening_links_without_beginning_keeps_places_for_a_short_while_only(both_app: Flask) -> None:
    client = make(both_app, "places = 2")
    ids(client, "", "")
    assert client.post("/join/faces").status_code == 403
    database: Database = both_app.extensions["asterism"].database
    with database.writing() as db:
        for session in db.scalars(select(ParticipantSession)):
            session.last_seen_at = now() - timedelta(minutes=16)
            assert shown_state(session, now()) == "left"
        db.commit()
    assert client.get("/join/faces").status_code == 200
    assert client.post("/join/faces").status_code == 303


def test_f50_a_flood_of_joins_ends_at_a_bound_and_those_who_are_in_go_on(
    both_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment, "MAX_READING", 5)
    client = make(both_app)
    begun = join(client)
    begun.call("POST", "/start")
    answers = [client.post("/join/faces").status_code for _ in range(20)]
    assert (answers.count(303), answers.count(429)) == (5, 15)
    assert "in a few minutes" in client.get("/join/faces").text
    assert finish(begun)["session"]["state"] == "finished"


def test_f50_a_link_opened_again_and_again_ends_at_a_bound(both_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolment, "MAX_RESUMED_PER_HOUR", 3)
    client = make(both_app)
    owner = join(client, query=f"PROLIFIC_PID={PID}")
    answers = [client.post("/join/faces", data={"PROLIFIC_PID": PID}).status_code for _ in range(10)]
    assert (answers.count(303), answers.count(429)) == (3, 7)
    assert owner.call("GET").status_code == 200
    # Nor does the browser that has the session need another token.
    held = {"PROLIFIC_PID": PID, "held": owner.headers["Authorization"].split()[1]}
    assert client.post("/join/faces", data=held).status_code == 303
    assert len(rows(client, select(SessionToken))) == 4


@pytest.mark.parametrize(
    "query",
    ["assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H", "assignment_id=assignment_id_not_available&workerId=A1"],
)
def test_f21_a_preview_stores_nothing_and_takes_no_place_even_when_it_is_posted(both_app: Flask, query: str) -> None:
    client = make(both_app, 'parameters = ["workerId", "hitId", "assignmentId"]\nwithout_id = "nobody"')
    page = client.get(f"/join/faces?{query}")
    assert page.status_code == 200
    assert "<form" not in page.text
    client.post(f"/join/faces?{query}")
    client.post("/join/faces", data=dict(pair.split("=") for pair in query.split("&")))
    assert rows(client, select(ParticipantSession)) == []


# Links as people type them


def test_a_link_in_capitals_leads_to_the_study_with_its_query_as_it_came(both_app: Flask) -> None:
    client = make(both_app)
    for path in (
        "/join/FACES",
        "/join/Faces/",
        "/JOIN/FACES",
        "/Join/faces",
        "/join/faces.",
        "/join/faces),",
        "/join/Faces%20",
    ):
        answer = client.get(f"{path}?PROLIFIC_PID=aB%26c&x=%C3%A9")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/join/faces?PROLIFIC_PID=aB%26c&x=%C3%A9"
    assert client.get("/join/faces/").status_code == 200
    assert client.get("/join/VOICES", follow_redirects=True).status_code == 404
    token = client.post("/join/FACES").headers["Location"].rsplit("/", 1)[1]
    for path in (f"/join/FACES/{token}", f"/join/faces/{token}."):
        answer = client.get(path)
        assert answer.headers["Location"] == f"/join/faces/{token}"
    assert client.get(answer.headers["Location"]).status_code == 200
