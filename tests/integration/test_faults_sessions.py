"""Faults around sessions: no way back before all is stored, no room, places of those who left, wrong clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.config import Settings
from app.db import Database
from app.models import Draft, ParticipantSession, Submission, Trial, now
from app.participation.places import PLACE_LEASE
from tests.factories import make_study, trial_body
from tests.integration.test_participant_api import Person, join

RECRUITED = """
title = "x"
[design]
max_items = 4
[stop]
max_trials = 2
[recruitment]
places = 1
completion_code = "C0DE"
completion_url = "https://recruiter.example/back"
"""


@pytest.fixture
def study(app: Flask, settings: Settings, database: Database) -> int:
    return make_study(database, settings, toml=RECRUITED)


def test_f04_the_way_back_is_given_only_when_every_trial_is_stored(app: Flask, study: int) -> None:
    person = join(app.test_client())
    view = person.call("POST", "/start").get_json()
    for _ in range(2):
        assert view["completion"] is None
        assert "C0DE" not in person.call("GET").text
        page = app.test_client().get(f"/join/faces/{person.headers['Authorization'].split()[1]}")
        assert "C0DE" not in page.text
        trial = view["trial"]
        view = person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).get_json()["next"]
    assert view["completion"] == {"code": "C0DE", "url": "https://recruiter.example/back"}


def test_f05_with_a_full_disk_nobody_new_is_admitted_and_everybody_is_saved(
    app: Flask, study: int, settings: Settings
) -> None:
    recruited = "PROLIFIC_PID=p&STUDY_ID=s&SESSION_ID=x"
    person = join(app.test_client(), query=recruited)
    trial = person.call("POST", "/start").get_json()["trial"]
    full = create_app(settings.model_copy(update={"least_free_bytes": 2**62}))
    client = full.test_client()
    answer = client.post("/join/faces")
    assert answer.status_code == 503
    assert "later" in answer.text
    person.client = client
    assert person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).status_code == 200
    assert client.post("/join/faces", data={"PROLIFIC_PID": "p", "STUDY_ID": "s", "SESSION_ID": "x"}).status_code == 303
    assert client.get("/healthz").get_json()["status"] == "degraded"
    full.extensions["asterism"].database.close()


def test_f05_without_a_database_the_page_is_told_to_try_again(settings: Settings) -> None:
    url = f"sqlite:///{settings.data / 'nowhere' / 'x.sqlite3'}"
    gone = create_app(settings.model_copy(update={"database_url": url}))
    answer = gone.test_client().get("/api/v1/session", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 503
    assert "try again" in answer.get_json()["error"]["message"]
    assert gone.test_client().get("/healthz").status_code == 503


def test_f19_the_place_of_somebody_who_left_is_free_after_a_while_and_what_was_saved_stays(
    app: Flask, study: int, database: Database
) -> None:
    person = join(app.test_client())
    trial = person.call("POST", "/start").get_json()["trial"]
    person.call("PUT", f"/trials/{trial['key']}", trial_body(trial))
    refused = app.test_client().post("/join/faces")
    assert refused.status_code == 403
    assert "This study is full" in refused.text
    with database.writing() as db:
        session = db.scalars(select(ParticipantSession)).one()
        session.last_seen_at = now() - PLACE_LEASE - timedelta(seconds=1)
        db.commit()
    assert app.test_client().post("/join/faces").status_code == 303
    with database.reading() as db:
        assert len(list(db.scalars(select(Submission)))) == 1
    # Whoever comes back after all still has the session.
    assert person.call("GET").get_json()["trial"]["number"] == 1


def test_f23_the_servers_clock_bounds_the_pages(app: Flask, study: int, database: Database) -> None:
    person = join(app.test_client())
    trial = person.call("POST", "/start").get_json()["trial"]
    with database.writing() as db:
        db.scalars(select(Trial)).one().assigned_at = now() - timedelta(seconds=20)
        db.commit()
    body = trial_body(trial) | {"duration": 9_000_000.0, "hidden": 1_000.0}
    assert person.call("PUT", f"/trials/{trial['key']}", body).status_code == 200
    with database.reading() as db:
        submission = db.scalars(select(Submission)).one()
    assert submission.duration_ms == 9_000_000
    assert 19_000 < submission.active_ms < 120_000


def test_breaks_are_not_counted_as_work(app: Flask, study: int, database: Database) -> None:
    person = join(app.test_client())
    trial = person.call("POST", "/start").get_json()["trial"]
    with database.writing() as db:
        db.scalars(select(Trial)).one().assigned_at = now() - timedelta(minutes=10)
        db.commit()
    body = trial_body(trial) | {"duration": 500_000.0, "hidden": 440_000.0}
    view = person.call("PUT", f"/trials/{trial['key']}", body).get_json()["next"]
    with database.reading() as db:
        assert db.scalars(select(Submission)).one().active_ms == 60_000
    assert view["progress"]["minutes_left"] < 29.5


def test_f17_the_last_draft_of_the_older_tab_is_kept_and_no_other(app: Flask, study: int) -> None:
    older = join(app.test_client(), tab="tab-1")
    older.call("POST", "/lease")
    trial = older.call("POST", "/start").get_json()["trial"]
    path, body = f"/trials/{trial['key']}/draft", trial_body(trial)
    first, second = ({**body, "placements": body["placements"][:n]} for n in (1, 2))
    assert older.call("PUT", path, first).status_code == 200
    newer = Person(older.client, older.headers["Authorization"].removeprefix("Bearer "), "tab-2")
    assert newer.call("POST", "/lease").get_json()["draft_coming"] is True
    late = older.call("PUT", path, second)
    assert (late.status_code, late.get_json()["error"]["code"]) == (409, "elsewhere")
    assert len(newer.call("GET").get_json()["trial"]["draft"]["placements"]) == 2
    assert older.call("PUT", path, first).status_code == 409
    assert len(newer.call("GET").get_json()["trial"]["draft"]["placements"]) == 2
    assert newer.call("PUT", path, first).status_code == 200
    assert older.call("PUT", path, second).status_code == 409
    assert len(newer.call("GET").get_json()["trial"]["draft"]["placements"]) == 1


def test_f17_nobody_waits_for_the_draft_of_a_tab_that_was_left_long_ago(app: Flask, study: int) -> None:
    older = join(app.test_client(), tab="tab-1")
    older.call("POST", "/lease")
    trial = older.call("POST", "/start").get_json()["trial"]
    older.call("PUT", f"/trials/{trial['key']}/draft", trial_body(trial))
    with app.extensions["asterism"].database.writing() as db:
        db.execute(update(Draft).values(saved_at=now() - timedelta(minutes=1)))
        db.commit()
    newer = Person(older.client, older.headers["Authorization"].removeprefix("Bearer "), "tab-2")
    assert newer.call("POST", "/lease").get_json()["draft_coming"] is False
