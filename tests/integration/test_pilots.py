"""Trying a study: whoever has the signed link walks through the whole task, and nothing of it counts anywhere.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from app.cli import commands
from app.config import Settings
from app.db import Database
from app.domain import ClipState, StudyState
from app.errors import Conflict, NotFound
from app.models import Clip, ParticipantSession, SessionEvent, Study, Trial
from app.participation.pilots import begin_pilot, pilot_ticket, place_rest, skip_to
from app.participation.trials import start
from app.removal import refers_to
from tests.experimenter import SHORT, Lab, csrf_token, log_in, make_account, take_part
from tests.factories import make_study

RECRUITED = (
    '[recruitment]\ncompletion_code = "C0DE"\ncompletion_url = "https://r.example/?p={{PROLIFIC_PID}}"\nplaces = 1\n'
)
EVERYBODY = {"simulated": "1", "unfinished": "1"}


def runtime(app: Flask) -> tuple[Database, Settings]:
    extension = app.extensions["asterism"]
    return extension.database, extension.settings


def link_of(app: Flask, name: str = "faces") -> str:
    database, settings = runtime(app)
    with database.reading() as db:
        study = db.scalars(select(Study).where(Study.name == name)).one()
    return f"/try/{name}/{pilot_ticket(settings.secret_key, study)}"


def begun(client: FlaskClient, link: str) -> dict[str, str]:
    """Agree on the page of the link; the headers of the pilot's requests."""
    page = client.get(link)
    assert "Pilot" in page.text
    answer = client.post(link)
    assert answer.status_code == 303, answer.text
    return {"Authorization": "Bearer " + answer.headers["Location"].rsplit("/", 1)[1], "X-Tab": "one"}


def walked(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    """The whole session by "place the rest for me"."""
    view = client.post("/api/v1/session/start", headers=headers).get_json()
    for _ in range(20):
        if view["session"]["state"] == "finished":
            return view  # type: ignore[no-any-return]
        view = client.post("/api/v1/session/pilot/place", headers=headers).get_json()
    raise AssertionError("the session did not end")


def seen(client: FlaskClient, name: str = "faces") -> dict[str, Any]:
    """Every number that an experimenter gets of a study."""
    api = f"/api/v1/studies/{name}"
    answers: dict[str, Any] = {"list": client.get("/studies").text, "study": client.get(api).get_json()}
    answers["study"].pop("pilots")
    answers["study"].pop("n_pilots")
    for path in ("raters.csv", "group.csv"):
        answer = client.get(f"/studies/{name}/{path}", query_string=EVERYBODY)
        answers[path] = answer.data, answer.status_code
    for path in ("results", "results/agreement", "results/rdms/group", "results/maps/group"):
        answers[path] = client.get(f"{api}/{path}", query_string=EVERYBODY).get_json()
        answers[path].pop("computed_at", None)
    bundle = client.get(f"/studies/{name}/bundle.zip", query_string=EVERYBODY | {"recruiter_ids": "1"})
    assert bundle.status_code == 200
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as archive:
        answers["bundle"] = {one: archive.read(one) for one in archive.namelist() if not one.endswith(TIMED)}
    answers["bundle"]["README.md"] = re.sub(rb" at \d{4}-\S+ ", b" ", answers["bundle"]["README.md"])
    answers["list"] = re.sub(r'name="csrf_token" value="[^"]*"', "", answers["list"])
    return answers


# They say when they were made.
TIMED = ("manifest.json", "SHA256SUMS", ".mat")


def test_nothing_that_is_counted_computed_or_exported_changes_by_a_pilot(both_app: Flask) -> None:
    database, settings = runtime(both_app)
    make_study(database, settings, toml=SHORT)
    take_part(database, "faces", 1, recruiter={"PROLIFIC_PID": "somebody"})
    take_part(database, "faces", 2, is_simulated=True)
    take_part(database, "faces", 3, trials=1)
    make_account(database)
    client = both_app.test_client()
    log_in(client)
    before = seen(client)
    assert [row["rater"] for row in before["study"]["sessions"]] == ["P001", "P002", "P003"]
    finished, running = begun(client, link_of(both_app)), begun(client, link_of(both_app))
    assert walked(client, finished)["session"]["state"] == "finished"
    client.post("/api/v1/session/start", headers=running)
    client.post("/api/v1/session/pilot/place", headers=running)
    assert [row["rater"] for row in client.get("/api/v1/studies/faces").get_json()["pilots"]] == ["Pilot 1", "Pilot 2"]
    after = seen(client)
    for part, there in before.items():
        assert after[part] == there, part


def test_a_pilot_takes_no_place_no_number_and_meets_no_participant(both_app: Flask) -> None:
    database, settings = runtime(both_app)
    make_study(database, settings, toml=SHORT + RECRUITED)
    client = both_app.test_client()
    walked(client, begun(client, link_of(both_app)))
    begun(client, link_of(both_app))
    # The one place is free, the first number too, and nobody who knows how a pilot's ids look gets into its session.
    joined = client.post("/join/faces", data={"PROLIFIC_PID": "PILOT-PROLIFIC_PID"})
    assert joined.status_code == 303
    with database.reading() as db:
        people = db.scalars(select(ParticipantSession).where(~ParticipantSession.is_pilot)).all()
        assert [(one.rater, one.number, one.person, one.visit) for one in people] == [("P001", 1, 1, 1)]
        assert len(set(db.scalars(select(ParticipantSession.seed)))) == 3
    assert client.post("/join/faces", data={"PROLIFIC_PID": "another"}).status_code == 403


def test_a_participant_cannot_become_a_pilot_nor_a_pilot_a_participant(both_app: Flask) -> None:
    database, settings = runtime(both_app)
    make_study(database, settings, toml=SHORT)
    make_study(database, settings, toml=SHORT, name="others")
    client = both_app.test_client()
    joined = client.post("/join/faces", data={"PROLIFIC_PID": "somebody"})
    headers = {"Authorization": "Bearer " + joined.headers["Location"].rsplit("/", 1)[1], "X-Tab": "one"}
    before = client.post("/api/v1/session/start", headers=headers).get_json()
    for path in ("place", "skip/thanks", "skip/first_trial", "skip/instructions"):
        assert client.post(f"/api/v1/session/pilot/{path}", headers=headers).status_code == 404
    assert client.get("/api/v1/session", headers=headers).get_json() == before
    page = client.get(joined.headers["Location"]).text
    assert 'id="pilot"' not in page
    assert "pilot.css" not in page
    # A pilot's link leads into pilots only, whatever else a browser holds or the link says.
    link = link_of(both_app)
    held = {"held": headers["Authorization"].removeprefix("Bearer "), "PROLIFIC_PID": "somebody"}
    assert client.post(f"{link}?PROLIFIC_PID=somebody", data=held).status_code == 303
    with database.reading() as db:
        assert [one.is_pilot for one in db.scalars(select(ParticipantSession).order_by(ParticipantSession.id))] == [
            False,
            True,
        ]
    # Nothing but the signed ticket of this very study opens it.
    ticket = link.rsplit("/", 1)[1]
    for wrong in (f"/try/others/{ticket}", f"/try/faces/{ticket[:-2]}xx", "/try/faces/x", "/try/nobody/x"):
        assert client.get(wrong).status_code == 403, wrong
        assert client.post(wrong).status_code == 403, wrong


def test_a_link_for_trying_ends_after_a_week(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    database, settings = runtime(app)
    make_study(database, settings, toml=SHORT)
    link, client = link_of(app), app.test_client()
    signer = URLSafeTimedSerializer("x").make_signer()
    then = signer.get_timestamp()
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: then + 7 * 86_400)
    assert client.get(link).status_code == 200
    monkeypatch.setattr("itsdangerous.timed.TimestampSigner.get_timestamp", lambda _: then + 7 * 86_400 + 60)
    refused = client.post(link)
    assert refused.status_code == 403
    assert "older than a week" in refused.text


@pytest.mark.parametrize("state", list(StudyState))
def test_a_study_can_be_tried_in_any_state_as_soon_as_three_clips_are_ready(app: Flask, state: StudyState) -> None:
    database, settings = runtime(app)
    toml = SHORT.replace("max_items = 5", "max_items = 5\npractice = true")
    make_study(database, settings, toml=toml + RECRUITED, state=state)
    client, link = app.test_client(), link_of(app)
    with database.writing() as db:
        clips = list(db.scalars(select(Clip).order_by(Clip.position)))
        for clip in clips[2:]:
            clip.state = ClipState.WAITING
        db.commit()
    assert client.get(link).status_code == 409
    assert "as soon as 3 clips are ready; 2 are" in client.post(link).text
    with database.writing() as db:
        db.get_one(Clip, clips[2].id).state = ClipState.READY
        db.commit()
    headers = begun(client, link)
    view = client.post("/api/v1/session/start", headers=headers).get_json()
    assert view["trial"]["purpose"] == "practice"
    view = client.post("/api/v1/session/pilot/place", headers=headers).get_json()
    assert view["practice"]["verdict"]
    assert view["trial"]["purpose"] == "main"
    view = walked(client, headers)
    assert view["completion"] == {"code": "C0DE", "url": "https://r.example/?p=PILOT-PROLIFIC_PID"}


def test_what_lies_in_the_draft_stays_and_the_rest_is_placed(app: Flask) -> None:
    database, settings = runtime(app)
    make_study(database, settings, toml=SHORT)
    client = app.test_client()
    headers = begun(client, link_of(app))
    trial = client.post("/api/v1/session/start", headers=headers).get_json()["trial"]
    mine = {"clip": trial["clips"][0]["id"], "x": 0.125, "y": -0.25}
    body = {
        "placements": [mine], "moves": [], "plays": [], "duration": 5.0, "hidden": 0.0,
        "viewport": {"width": 900.0, "height": 700.0, "pixel_ratio": 1.0},
        "arena": {"x": 1.0, "y": 1.0, "diameter": 500.0, "item": 80.0},
    }  # fmt: skip
    assert client.post("/api/v1/session/lease", headers=headers).status_code == 200
    assert client.put(f"/api/v1/session/trials/{trial['key']}/draft", headers=headers, json=body).status_code == 200
    assert client.post("/api/v1/session/pilot/place", headers=headers).get_json()["trial"]["number"] == 1
    with database.reading() as db:
        stored = db.scalars(select(Trial).where(Trial.key == trial["key"])).one().submission
        assert stored is not None
        places = {db.get_one(Clip, one.clip_id).public_id: (one.x, one.y) for one in stored.placements}
    assert places.pop(mine["clip"]) == (0.125, -0.25)
    assert len(places) == len(trial["clips"]) - 1
    assert len(set(places.values())) == len(places)


def test_a_pilot_skips_to_any_screen(both_app: Flask) -> None:
    database, settings = runtime(both_app)
    make_study(database, settings, toml=SHORT.replace("max_items = 5", "max_items = 5\npractice = true\nchecks = 1"))
    with database.writing() as db:
        token = begin_pilot(db, db.scalars(select(Study.id)).one()).token

    def view() -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "X-Tab": "one"}
        return both_app.test_client().get("/api/v1/session", headers=headers).get_json()  # type: ignore[no-any-return]

    with pytest.raises(NotFound):
        skip_to(database, token, "anywhere")
    skip_to(database, token, "thanks")
    assert view()["session"]["state"] == "finished"
    skip_to(database, token, "first_trial")
    first = view()
    assert (first["trial"]["number"], first["trial"]["purpose"], first["progress"]["trials_done"]) == (0, "main", 0)
    for _ in range(3):
        place_rest(database, token)
    with database.reading() as db:
        # The check was passed: it asks for the upper half of the circle.
        checks = [one.detail["passed"] for one in db.scalars(select(SessionEvent).where(SessionEvent.kind == "check"))]
    assert checks == [True]
    skip_to(database, token, "instructions")
    assert (view()["session"]["state"], view()["progress"]["fraction"]) == ("instructed", 0.0)
    skip_to(database, token, "first_trial")
    again = view()["trial"]
    assert [clip["id"] for clip in again["clips"]] == [clip["id"] for clip in first["trial"]["clips"]]


def test_a_pilot_says_when_the_clips_of_the_draft_have_changed_under_it(app: Flask) -> None:
    database, settings = runtime(app)
    make_study(database, settings, toml=SHORT, state=StudyState.DRAFT)
    with database.writing() as db:
        token = begin_pilot(db, db.scalars(select(Study.id)).one()).token
    trial = start(database, token).open_trial
    assert trial is not None
    with database.writing() as db:
        db.get_one(Clip, trial.clip_ids[0]).state = ClipState.WAITING
        db.commit()
    with pytest.raises(Conflict, match="begin another one"):
        place_rest(database, token)


def below_sessions(db: Any, session_id: int) -> dict[str, int]:
    """How many rows of each table refer to the session."""
    session = ParticipantSession.metadata.tables["participant_session"]
    counts = {}
    for table in ParticipantSession.metadata.sorted_tables:
        which = refers_to(table, session, session.c.id == session_id)
        if which is not None:
            counts[table.name] = db.scalar(select(func.count()).select_from(table).where(which))
    return counts


def test_pilots_and_simulated_raters_are_deleted_and_nobody_else(both_app: Flask) -> None:
    database, settings = runtime(both_app)
    make_study(database, settings, toml=SHORT)
    take_part(database, "faces", 1, is_simulated=True)
    take_part(database, "faces", 2)
    make_account(database)
    client = both_app.test_client()
    log_in(client)
    one, _ = (walked(client, begun(client, link_of(both_app))) for _ in range(2))
    page = client.get("/studies/faces").text
    csrf = {"csrf_token": csrf_token(page)}

    def raters() -> list[str]:
        with database.reading() as db:
            return [one.rater for one in db.scalars(select(ParticipantSession).order_by(ParticipantSession.id))]

    assert raters() == ["P001", "P002", "Pilot 1", "Pilot 2"]
    with database.reading() as db:
        pilot = db.scalars(select(ParticipantSession).where(ParticipantSession.public_id == one["session"]["id"])).one()
        person = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 2)).one()
        theirs = below_sessions(db, person.id)
        assert min(below_sessions(db, pilot.id)[name] for name in ("trial", "seat", "placement", "session_token")) > 0
    # A participant's session is not deleted by this address.
    refused = client.post(f"/studies/faces/sessions/{person.public_id}/delete", data=csrf)
    assert refused.status_code == 404
    assert client.post(f"/studies/faces/sessions/{pilot.public_id}/delete", data=csrf).status_code == 303
    assert raters() == ["P001", "P002", "Pilot 2"]
    assert client.post("/studies/faces/test-data/delete", data=csrf).status_code == 303
    assert raters() == ["P001", "P002"]
    with database.reading() as db:
        assert not any(below_sessions(db, pilot.id).values())
        assert below_sessions(db, person.id) == theirs
    assert client.post("/studies/faces/test-data/delete", data=csrf | {"what": "simulated"}).status_code == 303
    assert raters() == ["P002"]


def test_the_preview_shows_the_first_page_and_nothing_can_be_begun_there(lab: Lab) -> None:
    make_account(lab.database)
    assert lab.client.get("/studies/faces/preview").status_code == 302
    log_in(lab.client)
    with lab.database.writing() as db:
        db.scalars(select(Study)).one().state = StudyState.DRAFT
        db.commit()
    page = lab.client.get("/studies/faces/preview").text
    assert "Preview:" in page
    assert "<form" not in page
    assert lab.client.get("/join/faces").status_code == 403


def test_the_commands_print_a_link_and_delete_test_data(lab: Lab) -> None:
    data = ["--data", str(lab.settings.data)]
    printed = CliRunner().invoke(commands, ["study", "try", "faces", *data])
    assert printed.exit_code == 0, printed.output
    walked(lab.client, begun(lab.client, "/try/" + printed.output.strip().partition("/try/")[2]))
    asked = CliRunner().invoke(commands, ["study", "delete-test-data", "faces", *data], input="n\n")
    assert "Delete 1 pilots of faces" in asked.output
    done = CliRunner().invoke(commands, ["study", "delete-test-data", "faces", "--simulated", "--yes", *data])
    assert "Deleted: 1 simulated raters" in done.output
    done = CliRunner().invoke(commands, ["study", "delete-test-data", "faces", "--yes", *data])
    assert "Deleted: 1 pilots" in done.output
