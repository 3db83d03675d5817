"""Who is one person: joins, visits and ids of recruiters, and what proves them (F18, F35, F48)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.config import Settings
from app.db import open_database
from app.domain import Proof
from app.models import ParticipantSession, SessionEvent, SessionToken, Study
from app.participation.enrolment import enter
from app.results.chosen import ExportOptions
from app.results.export_tables import bundle_tables
from app.studies.lifecycle import close_study, open_study
from app.studies.monitoring import session_statuses
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


def test_an_id_whose_bytes_are_no_utf_8_is_refused(app: Flask) -> None:
    client = make(app)
    assert client.get("/join/faces?PROLIFIC_PID=M%FCller").status_code == 403
    assert client.get("/join/faces?PROLIFIC_PID=M%C3%BCller").status_code == 200
    assert client.post("/join/faces?PROLIFIC_PID=M%FCller", data={"PROLIFIC_PID": "M%FCller"}).status_code == 403


def test_f18_a_repeated_id_is_no_id(both_app: Flask) -> None:
    client = make(both_app, 'without_id = "anybody"')
    for _ in range(2):
        client.post("/join/faces", data={"PROLIFIC_PID": ["a", "b"]})
    assert [session.recruiter for session in rows(client, select(ParticipantSession))] == [{}, {}]


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
