"""Who is one person, who may come in and who comes back, on SQLite and on PostgreSQL.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app import create_app
from app.config import Settings
from app.db import Database, open_database
from app.domain import Proof, StudyState
from app.models import ParticipantSession, SessionEvent, SessionToken, Study, now
from app.participation import enrolment
from app.participation.enrolment import enter
from app.recruiters.arrival import IdNote
from app.recruiters.signing import link_key, signature
from app.results.chosen import ExportOptions
from app.results.export_tables import bundle_tables
from app.studies.lifecycle import close_study, open_study
from app.studies.monitoring import session_statuses, shown_state
from tests.factories import make_study, trial_body
from tests.integration.test_participant_api import Person, join, rows

SHORT = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 1\n'
PID = "5f3c1a2b9d8e7f6a5b4c3d2e"


def make(app: Flask, recruitment: str = "", name: str = "faces") -> FlaskClient:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=f"{SHORT}[recruitment]\n{recruitment}\n", name=name)
    return app.test_client()


def ids(client: FlaskClient, *queries: str) -> list[str]:
    return [join(client, query=query).call("GET").get_json()["session"]["id"] for query in queries]


def finish(person: Person) -> dict[str, Any]:
    view = person.call("POST", "/start").get_json()
    while view["trial"] is not None:
        trial = view["trial"]
        view = person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).get_json()["next"]
    return view


# One person (F14, F18, F48)


@pytest.mark.parametrize("pid", [PID, "p1"])
def test_f48_a_new_session_id_of_the_recruiter_leads_to_the_same_session(both_app: Flask, pid: str) -> None:
    client = make(both_app)
    links = [f"PROLIFIC_PID={pid}&STUDY_ID=s&SESSION_ID={x}" for x in ("x1", "x2")]
    links += [f"PROLIFIC_PID={pid}&STUDY_ID=other&SESSION_ID=x3", f"PROLIFIC_PID={pid}"]
    assert len(set(ids(client, *links))) == 1
    assert len(rows(client, select(ParticipantSession))) == 1


def test_f48_after_the_end_a_new_session_id_shows_the_end_with_the_completion(both_app: Flask) -> None:
    client = make(both_app, 'completion_code = "C0DE"')
    view = finish(join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x1"))
    again = join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x2").call("GET").get_json()
    assert again["session"] == view["session"]
    assert again["completion"] == {"code": "C0DE", "url": None}


def test_f48_repeats_are_counted_where_the_study_allows_them(both_app: Flask) -> None:
    client = make(both_app, "visits = 2")
    first = f"PROLIFIC_PID={PID}&SESSION_ID=x1"
    second = f"PROLIFIC_PID={PID}&SESSION_ID=x2"
    person = join(client, query=first)
    # Not before the first visit is finished.
    assert ids(client, second) == ids(client, first)
    finish(person)
    join(client, query=f"PROLIFIC_PID={'0' * 24}")
    finish(join(client, query=second))
    sessions = rows(client, select(ParticipantSession).order_by(ParticipantSession.number))
    assert [(one.number, one.person, one.visit) for one in sessions] == [(1, 1, 1), (2, 2, 1), (3, 1, 2)]
    # An export by default says which of the finished sessions are one person's.
    with both_app.extensions["asterism"].database.reading() as db:
        people = bundle_tables(db, db.scalars(select(Study)).one(), ExportOptions())["participants"]
        assert [(row["participant"], row["person"], row["visit"]) for row in people] == [("P001", 1, 1), ("P003", 1, 2)]
    # Each link goes on leading to its own visit, and a third one to the last: there are no more.
    assert ids(client, first, second) == [sessions[0].public_id, sessions[2].public_id]
    assert ids(client, f"PROLIFIC_PID={PID}&SESSION_ID=x3") == [sessions[2].public_id]


def test_f48_a_link_that_does_not_tell_visits_apart_asks_the_participant(both_app: Flask) -> None:
    client = make(both_app, 'visits = 2\nparameters = ["id"]')
    finish(join(client, query="id=ada"))
    page = client.get("/join/faces?id=ada").text
    assert "take part again" in page
    assert "take part again" not in client.get("/join/faces?id=bob").text
    assert len(set(ids(client, "id=ada", "id=ada"))) == 1
    assert len(rows(client, select(ParticipantSession))) == 1
    again = join(client, query="id=ada&again=1").call("GET").get_json()["session"]
    assert again["state"] == "instructed"
    # And no third one, nor a second while it is under way.
    assert ids(client, "id=ada&again=1") == [again["id"]]


def test_who_withdrew_is_not_asked_for_another_visit(both_app: Flask) -> None:
    client = make(both_app, "visits = 3")
    person = join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x1")
    person.call("DELETE")
    assert join(client, query=f"PROLIFIC_PID={PID}&SESSION_ID=x2").call("GET").get_json()["session"]["state"] == (
        "withdrawn"
    )


def test_f48_two_joins_of_one_person_at_once_are_one_session(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    make_study(database, both_settings)
    barrier = threading.Barrier(8)

    def come(number: int) -> str:
        barrier.wait()
        with database.writing() as db:
            return enter(db, "faces", {"PROLIFIC_PID": PID, "SESSION_ID": f"x{number}"}).session_id

    with ThreadPoolExecutor(8) as pool:
        sessions = set(pool.map(come, range(8)))
    assert len(sessions) == 1
    with database.reading() as db:
        assert len(list(db.scalars(select(ParticipantSession)))) == 1
    database.close()


def test_f48_the_database_itself_keeps_one_session_for_a_persons_visit(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    study_id = make_study(database, both_settings)
    with database.writing() as db:
        enter(db, "faces", {"PROLIFIC_PID": PID})
    with database.reading() as db:
        key = db.scalars(select(ParticipantSession.recruiter_key)).one()
    common = {"study_id": study_id, "number": 2, "seed": 1, "public_id": "S-2"}
    for twice in ({"recruiter_key": key}, {"person": 1, "visit": 1}):
        with database.writing() as db:
            db.add(ParticipantSession(**common, **twice))
            with pytest.raises(IntegrityError):
                db.flush()
    database.close()


def test_ids_that_differ_in_case_or_look_the_same_are_two_people(both_app: Flask) -> None:
    client = make(both_app, 'parameters = ["id"]')
    assert len(set(ids(client, "id=ada", "id=Ada", "id=аda", "id=ad a"))) == 4
    assert ids(client, "id= ada ") == ids(client, "id=ada")


# Ids that are not as they should be


@pytest.mark.parametrize(
    "query",
    ["PROLIFIC_PID=", "STUDY_ID=s1&SESSION_ID=x1", "PROLIFIC_PID={{%PROLIFIC_PID%}}", "PROLIFIC_PID=a\tb",
     "PROLIFIC_PID=undefined", "PROLFIC_PID=abc", "workerId=A1"],
)  # fmt: skip
def test_f18_a_link_that_should_hold_an_id_and_does_not_is_refused_or_merges_nobody(
    both_app: Flask, query: str
) -> None:
    data = dict(pair.split("=") for pair in query.split("&"))
    client = make(both_app)
    for answer in (client.get("/join/faces", query_string=data), client.post("/join/faces", data=data)):
        assert answer.status_code == 403
        assert "does not say who you are" in answer.text
    assert rows(client, select(ParticipantSession)) == []
    make(both_app, 'without_id = "anybody"', name="open")
    for _ in range(2):
        assert client.post("/join/open", data=data).status_code == 303
    sessions = rows(client, select(ParticipantSession))
    assert [(one.person, one.visit, one.recruiter_key) for one in sessions] == [(1, 1, None), (2, 1, None)]
    assert all(one.id_note for one in sessions)


def test_a_refused_link_names_what_its_maker_probably_meant_in_the_readers_language(app: Flask) -> None:
    client = make(app)
    page = client.get("/join/faces?PROLFIC_PID=abc&lang=de")
    assert (page.status_code, "(PROLFIC_PID ≠ PROLIFIC_PID)" in page.text) == (403, True)
    assert "Dieser Link sagt nicht, wer Sie sind" in page.text
    assert "Dieser Link ist nicht vollständig" in page.text


def test_f05_with_a_full_disk_nobody_new_reads_the_consent_and_who_comes_back_does(app: Flask) -> None:
    client = make(app)
    join(client, query=f"PROLIFIC_PID={PID}")
    full = create_app(app.extensions["asterism"].settings.model_copy(update={"least_free_bytes": 2**62}))
    answer = full.test_client().get("/join/faces")
    assert (answer.status_code, "I agree" in answer.text) == (503, False)
    assert "I agree" in full.test_client().get(f"/join/faces?PROLIFIC_PID={PID}").text
    full.extensions["asterism"].database.close()


def test_f18_a_repeated_id_is_no_id(both_app: Flask) -> None:
    client = make(both_app, 'without_id = "anybody"')
    for _ in range(2):
        client.post("/join/faces", data={"PROLIFIC_PID": ["a", "b"]})
    assert [session.recruiter for session in rows(client, select(ParticipantSession))] == [{}, {}]


def test_f18_the_plain_link_admits_people_of_their_own_unless_the_study_wants_ids(both_app: Flask) -> None:
    client = make(both_app)
    assert len(set(ids(client, "", ""))) == 2
    assert {one.id_note for one in rows(client, select(ParticipantSession))} == {IdNote.PLAIN_LINK}
    make(both_app, 'without_id = "nobody"', name="strict")
    assert client.get("/join/strict").status_code == 403
    assert client.post("/join/strict").status_code == 403
    assert client.post(f"/join/strict?PROLIFIC_PID={PID}").status_code == 303


def test_a_near_name_identifies_and_is_flagged_on_the_page_and_in_the_export(both_app: Flask) -> None:
    client = make(both_app)
    page = client.get(f"/join/faces?prolific_pid={PID}").text
    assert f'name="PROLIFIC_PID" value="{PID}"' in page
    for _ in range(2):
        client.post(f"/join/faces?prolific_pid={PID}", data={"PROLIFIC_PID": PID})
    with both_app.extensions["asterism"].database.reading() as db:
        study = db.scalars(select(Study)).one()
        [status] = session_statuses(db, study)
        [row] = bundle_tables(db, study, ExportOptions(with_unfinished=True))["participants"]
    assert (status.id_note, status.person, status.visit) == ("near_name", 1, 1)
    assert (row["id_note"], row["person"], row["visit"], row["recruiter_id"]) == ("near_name", 1, 1, None)


# Who comes by an id that somebody else may have guessed (F35)


@pytest.mark.parametrize("pid", [PID, "17"])
def test_f35_another_browser_with_the_id_alone_cannot_end_the_session(both_app: Flask, pid: str) -> None:
    client = make(both_app)
    owner = join(client, query=f"PROLIFIC_PID={pid}&SESSION_ID=x1")
    trial = owner.call("POST", "/start").get_json()["trial"]
    half = trial_body(trial)
    half["placements"] = half["placements"][:2]
    owner.call("PUT", f"/trials/{trial['key']}/draft", half)
    stranger = join(client, query=f"PROLIFIC_PID={pid}&SESSION_ID=x2", tab="other")
    # The same trial and placements (F15): a participant may have changed the device.
    seen = stranger.call("POST", "/lease").get_json()
    assert seen["trial"]["draft"]["placements"] == half["placements"]
    for _ in range(2):
        refused = stranger.call("DELETE")
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (403, "not_proven")
    assert owner.call("GET").get_json()["session"]["state"] == "arranging"
    with both_app.extensions["asterism"].database.reading() as db:
        [status] = session_statuses(db, db.scalars(select(Study)).one())
        assert status.asked_to_leave
        assert db.scalar(select(func.count()).where(SessionEvent.kind == "asked_to_leave")) == 1
    assert owner.call("DELETE").get_json()["session"]["state"] == "withdrawn"


def test_f35_what_a_guessed_id_does_is_marked_and_what_was_there_is_kept(both_app: Flask) -> None:
    client = make(both_app)
    owner = join(client, query="PROLIFIC_PID=17")
    trial = owner.call("POST", "/start").get_json()["trial"]
    draft = trial_body(trial, seed=1)
    owner.call("PUT", f"/trials/{trial['key']}/draft", draft)
    stranger = join(client, query="PROLIFIC_PID=17", tab="other")
    stranger.call("POST", "/lease")
    stranger.call("PUT", f"/trials/{trial['key']}/draft", trial_body(trial, seed=2))
    stranger.call("PUT", f"/trials/{trial['key']}", trial_body(trial, seed=2))
    [resumed] = rows(client, select(SessionEvent).where(SessionEvent.kind == "resumed"))
    assert resumed.detail["proof"] == "none"
    assert resumed.detail["draft"]["placements"] == draft["placements"]
    with both_app.extensions["asterism"].database.reading() as db:
        [status] = session_statuses(db, db.scalars(select(Study)).one())
    assert status.unproven_trials == 1


def test_f35_the_browser_that_has_the_session_proves_it_and_gets_no_second_token(both_app: Flask) -> None:
    client = make(both_app)
    owner = join(client, query="PROLIFIC_PID=17")
    token = owner.headers["Authorization"].split()[1]
    other = join(client, query="PROLIFIC_PID=18").headers["Authorization"].split()[1]
    answer = client.post("/join/faces", data={"PROLIFIC_PID": "17", "held": [other, "nonsense", token]})
    assert answer.headers["Location"].endswith(token)
    assert len(rows(client, select(SessionToken))) == 2
    # Somebody else's token proves nothing.
    answer = client.post("/join/faces", data={"PROLIFIC_PID": "17", "held": [other]})
    assert answer.headers["Location"].rsplit("/", 1)[1] not in {token, other}
    assert rows(client, select(SessionToken.proof).order_by(SessionToken.created_at)) == [
        Proof.BEGAN, Proof.BEGAN, Proof.NONE
    ]  # fmt: skip


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
    assert "I agree" in client.get(link).text
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
    for path in ("/join/FACES", "/join/Faces/", "/JOIN/FACES", "/Join/faces"):
        answer = client.get(f"{path}?PROLIFIC_PID=aB%26c&x=%C3%A9")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/join/faces?PROLIFIC_PID=aB%26c&x=%C3%A9"
    assert client.get("/join/faces/").status_code == 200
    assert client.get("/join/VOICES", follow_redirects=True).status_code == 404
    token = client.post("/join/FACES").headers["Location"].rsplit("/", 1)[1]
    answer = client.get(f"/join/FACES/{token}")
    assert answer.headers["Location"] == f"/join/faces/{token}"
    assert client.get(answer.headers["Location"]).status_code == 200


# Ways back


def test_f04_a_way_back_is_filled_in_and_a_link_without_the_value_has_none(both_app: Flask) -> None:
    url = "https://lab.sona-systems.com/webstudy_credit.aspx?credit_token=t&survey_code=%SURVEY_CODE%"
    client = make(both_app, f'parameters = ["survey_code"]\ncompletion_url = "{url}"')
    view = finish(join(client, query="survey_code=4711"))
    assert view["completion"] == {"code": None, "url": url.replace("%SURVEY_CODE%", "4711")}
    assert finish(join(client))["completion"] == {"code": None, "url": None, "incomplete": True}


def test_an_older_study_with_a_placeholder_that_nothing_fills_never_shows_it(both_app: Flask) -> None:
    from app.errors import Invalid

    client = make(both_app)
    database = both_app.extensions["asterism"].database
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        recruitment = study.definition["recruitment"] | {"completion_url": "https://x.example/?id=%SURVEY_CODE%"}
        study.definition = study.definition | {"recruitment": recruitment}
        db.commit()
    assert finish(join(client))["completion"]["url"] is None
    with database.writing() as db:
        close_study(db, "faces")
    with database.writing() as db, pytest.raises(Invalid, match="SURVEY_CODE"):
        open_study(db, "faces")
