"""What is kept of participants is what docs/privacy.md says: no address of theirs, and nothing after an erasure."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from analysis.results import Choice
from app.cli import commands
from app.config import Settings
from app.db import Database, open_database
from app.errors import Conflict, NotFound, Unauthorised
from app.logs import configure_logs
from app.models import ParticipantSession, SessionEvent, SessionToken, StoredRater, Study, Submission, Trial
from app.participation.enrolment import enter
from app.participation.erasure import erase_person
from app.participation.submission import submit
from app.participation.trials import start
from app.results.stored import results_now
from tests import experimenter
from tests.factories import encode, make_study, trial_body

ADDRESS, AGENT, PERSON = "203.0.113.77", "Mozilla/5.0 (a very special browser)", "somebodys-secret-id"
TOML = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 3\n[recruitment]\nvisits = 2\n'


def everything(database: Database) -> str:
    """All rows of all tables as text."""
    tables = sa.MetaData()
    tables.reflect(database.engine)
    with database.engine.connect() as connection:
        rows = [tuple(row) for table in tables.sorted_tables for row in connection.execute(table.select())]
    return "\n".join(str([bytes(cell) if isinstance(cell, memoryview) else cell for cell in row]) for row in rows)


def test_neither_database_nor_log_holds_an_address_or_the_browsers_name(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=TOML)
    out = io.StringIO()
    configure_logs(out)
    client = both_app.test_client()
    client.environ_base.update(REMOTE_ADDR=ADDRESS, HTTP_USER_AGENT=AGENT)
    joined = client.post("/join/faces", data={"PROLIFIC_PID": PERSON})
    headers = {"Authorization": "Bearer " + joined.headers["Location"].rsplit("/", 1)[1], "X-Tab": "one"}
    assert "Set-Cookie" not in joined.headers
    trial = client.post("/api/v1/session/start", headers=headers).get_json()["trial"]
    body = encode(trial_body(trial))
    assert client.put(f"/api/v1/session/trials/{trial['key']}", headers=headers, data=body).status_code == 200
    assert client.put(f"/api/v1/session/trials/{trial['key']}", headers=headers, data=b"{}").status_code == 409
    configure_logs()
    kept = everything(runtime.database)
    assert PERSON in kept
    for text in (kept, out.getvalue()):
        assert ADDRESS not in text
        assert "very special" not in text


def take_part(database: Database, clips: int, recruiter: dict[str, str], *, again: bool = False) -> str:
    """A whole session; returns its token."""
    with database.writing() as db:
        token = enter(db, "faces", recruiter, again=again).token
    record = start(database, token)
    names = {clip.id: clip.public_id for clip in record.clips}
    while (trial := record.open_trial) is not None:
        body = trial_body({"clips": [{"id": names[clip_id]} for clip_id in trial.clip_ids]}, seed=trial.number)
        _, record = submit(database, token, trial.key, encode(body))
    return token


def test_an_erased_person_is_gone_and_everybody_else_is_there(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    make_study(database, both_settings, toml=TOML)
    first = take_part(database, 6, {"PROLIFIC_PID": PERSON, "SESSION_ID": "one"})
    take_part(database, 6, {"PROLIFIC_PID": "another person"})
    take_part(database, 6, {"PROLIFIC_PID": PERSON, "SESSION_ID": "two"}, again=True)
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        results_now(db, study.id, Choice("weighted_average"))
        db.commit()
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        with pytest.raises(NotFound, match="no participant P009"):
            erase_person(db, study, "P009")
        # By either of the person's sessions.
        assert erase_person(db, study, "p3") == ["P001", "P003"]
    assert PERSON not in everything(database)
    with database.reading() as db:
        sessions = list(db.scalars(select(ParticipantSession).order_by(ParticipantSession.number)))
        assert [(one.state.value, one.ended_by) for one in sessions] == [
            ("withdrawn", "experimenter"),
            ("finished", "trials"),
            ("withdrawn", "experimenter"),
        ]
        other = sessions[1].id
        for table in (Trial, SessionToken, StoredRater):
            assert set(db.scalars(select(table.session_id))) <= {other}
        assert db.scalar(select(sa.func.count()).select_from(Submission)) == 3
        kinds = select(SessionEvent.kind).where(SessionEvent.session_id != other)
        assert list(db.scalars(kinds)) == ["erased", "erased"]
    # The page that is still open gets nothing in, and whoever comes again is a new person with a new number.
    with pytest.raises((Unauthorised, Conflict)):
        submit(database, first, "anything", b"{}")
    with database.writing() as db:
        enter(db, "faces", {"PROLIFIC_PID": PERSON})
    with database.reading() as db:
        assert max(db.scalars(select(ParticipantSession.person))) == 4
    database.close()


def test_the_bytes_of_an_erased_person_are_not_in_the_file(settings: Settings) -> None:
    database = open_database(settings.database)
    make_study(database, settings, toml=TOML)
    for number in range(30):
        take_part(database, 6, {"PROLIFIC_PID": f"{PERSON} {number:02}"})
    file = settings.data / "asterism.sqlite3"
    with database.writing() as db:
        erase_person(db, db.scalars(select(Study)).one(), "P017")
    database.close()
    stored = b"".join(part.read_bytes() for part in sorted(settings.data.glob(file.name + "*")))
    assert f"{PERSON} 15".encode() in stored
    assert f"{PERSON} 16".encode() not in stored


def test_the_command_asks_and_names_who_is_erased(lab: experimenter.Lab) -> None:
    data = ["--data", str(lab.settings.data)]
    refused = CliRunner().invoke(commands, ["study", "erase", "faces", "P001", *data], input="n\n")
    assert refused.exit_code == 1
    assert "Erase P001 of faces? This cannot be undone." in refused.output
    done = CliRunner().invoke(commands, ["study", "erase", "faces", "P001", "--yes", *data])
    assert done.exit_code == 0, done.output
    assert "Erased: P001." in done.output
    unknown = CliRunner().invoke(commands, ["study", "erase", "faces", "P099", "--yes", *data])
    assert unknown.exit_code != 0
    with lab.database.reading() as db:
        states = dict(db.execute(select(ParticipantSession.number, ParticipantSession.state)).tuples().all())
    assert states[1] == "withdrawn"
