"""Faults of the server, on a real server process: killed under load, crowded, and with busy databases."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.config import Settings
from app.db import Database, open_database
from app.errors import StudyFull
from app.models import Clip, ParticipantSession, Placement, Submission, Trial
from app.participation.enrolment import enter
from app.schema import migrate
from tests.factories import encode, make_study, trial_body
from tests.integration.live_server import LiveServer, ScriptedParticipant

N_SESSIONS = 20
LONG_STUDY = 'title = "Long"\n[design]\nmethod = "random"\nmax_items = 5\n[stop]\nmin_evidence = 50\nmax_trials = 6\n'
PATIENCE = 300.0


def _work(address: str, seed: int, sent: dict[str, dict[str, Any]], acked: set[str], stop_at: float) -> None:
    """Take part to the end, retrying like a page; note what was sent, and each trial once its ack has come."""
    person = ScriptedParticipant(address)
    while not person.token:
        try:
            person.join()
        except (OSError, HTTPException):
            _pause(stop_at)
    view: dict[str, Any] | None = None
    while True:
        try:
            if view is None:
                status, answer = person.call("POST", "/start")
                assert status == 200 or status >= 500, answer
                view = answer if status == 200 else None
                continue
            trial = view["trial"]
            if trial is None:
                assert view["session"]["state"] == "finished"
                return
            body = trial_body(trial, seed=seed * 1000 + trial["number"])
            raw = encode(body)
            sent[trial["key"]] = body
            status, answer = person.call("PUT", f"/trials/{trial['key']}", raw)
            if status != 200:
                assert status >= 500, answer
                continue
            assert answer["ack"] == {"trial_key": trial["key"], "sha256": hashlib.sha256(raw).hexdigest()}
            acked.add(trial["key"])
            view = answer["next"]
        except (OSError, HTTPException):
            view = None
            _pause(stop_at)


def _pause(stop_at: float) -> None:
    assert time.monotonic() < stop_at, "the server did not come back in time"
    time.sleep(0.05)


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_f26_kill_9_under_twenty_sessions_loses_no_acked_trial(
    kind: str, settings: Settings, request: pytest.FixtureRequest
) -> None:
    url = settings.database if kind == "sqlite" else request.getfixturevalue("postgres_url")
    database = open_database(url)
    make_study(database, settings, n_clips=12, toml=LONG_STUDY)
    server = LiveServer(settings.data, ASTERISM_DATABASE_URL=url)
    server.start()
    sent: dict[str, dict[str, Any]] = {}
    acked: set[str] = set()
    stop_at = time.monotonic() + PATIENCE
    kills = 0
    try:
        with ThreadPoolExecutor(N_SESSIONS) as pool:
            work = [pool.submit(_work, server.address, seed, sent, acked, stop_at) for seed in range(N_SESSIONS)]
            for wanted in (25, 70):
                while len(acked) < wanted and time.monotonic() < stop_at:
                    time.sleep(0.01)
                server.kill()
                kills += 1
                server.start()
            for one in work:
                one.result()
    finally:
        server.stop()
    assert kills == 2
    with database.reading() as db:
        names = dict(db.execute(select(Clip.id, Clip.public_id)).tuples().all())
        join = select(Trial.key, Placement.clip_id, Placement.x, Placement.y).join_from(
            Placement, Trial, Placement.trial_id == Trial.id
        )
        stored: dict[str, dict[str, tuple[float, float]]] = {}
        for key, clip, x, y in db.execute(join):
            stored.setdefault(key, {})[names[clip]] = (x, y)
        n_submissions = db.scalar(select(func.count()).select_from(Submission))
    database.close()
    # Every session came to its end, nothing acked is missing, nothing is doubled, and what is there is what was sent. A
    # trial may be stored without its ack having arrived: the kill came between the two.
    assert n_submissions == len(stored) == N_SESSIONS * 6
    assert acked <= stored.keys()
    assert len(acked) > N_SESSIONS * 4
    assert stored == {
        key: {place["clip"]: (place["x"], place["y"]) for place in sent[key]["placements"]} for key in stored
    }


def test_f20_three_hundred_people_for_a_hundred_places(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    toml = 'title = "Full"\n[recruitment]\nplaces = 100\n'
    make_study(database, both_settings, toml=toml)
    outcomes: list[str] = []

    def come() -> None:
        try:
            with database.writing() as db:
                enter(db, "faces", {})
            outcomes.append("in")
        except StudyFull:
            outcomes.append("full")

    with ThreadPoolExecutor(30) as pool:
        list(pool.map(lambda _: come(), range(300)))
    assert (outcomes.count("in"), outcomes.count("full")) == (100, 200)
    with database.reading() as db:
        numbers = sorted(db.scalars(select(ParticipantSession.number)))
    database.close()
    assert numbers == list(range(1, 101))


def test_f24_f25_sqlite_is_set_up_to_wait_and_to_keep(settings: Settings) -> None:
    database = open_database(settings.database)
    with database.reading() as db:
        connection = db.connection()
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert read == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10_000, "foreign_keys": 1}
    database.close()


def test_f24_a_reading_and_then_writing_transaction_waits_instead_of_failing(settings: Settings) -> None:
    database = open_database(settings.database)
    study_id = make_study(database, settings)
    failures: list[BaseException] = []

    def bump() -> None:
        try:
            for _ in range(10):
                with database.writing() as db:
                    last = db.scalar(select(func.max(ParticipantSession.number))) or 0
                    db.add(ParticipantSession(study_id=study_id, public_id=f"S-{last + 1}", number=last + 1, seed=last))
                    db.commit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=bump) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reading() as db:
        assert db.scalar(select(func.count()).select_from(ParticipantSession)) == 200
    database.close()


def test_f24_processes_that_read_and_then_write_wait_for_each_other(settings: Settings) -> None:
    # Each has its own turn, like the server, the worker and a command: only the database can make them wait. With a
    # deferred BEGIN one of two that have read fails at once, whatever the busy timeout.
    databases = [open_database(settings.database) for _ in range(4)]
    study_id = make_study(databases[0], settings)
    barrier = threading.Barrier(len(databases))
    failures: list[BaseException] = []

    def bump(database: Database) -> None:
        try:
            for _ in range(10):
                barrier.wait(timeout=60)
                with database.writing() as db:
                    last = db.scalar(select(func.max(ParticipantSession.number))) or 0
                    time.sleep(0.002)
                    db.add(ParticipantSession(study_id=study_id, public_id=f"S-{last + 1}", number=last + 1, seed=last))
                    db.commit()
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=bump, args=[database]) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with databases[0].reading() as db:
        assert db.scalar(select(func.count()).select_from(ParticipantSession)) == 40
    for database in databases:
        database.close()


@pytest.mark.postgres
def test_f25_postgresql_waits_for_the_disk(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.reading() as db:
        assert db.connection().exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_f30_a_newer_database_is_refused_in_words(tmp_path: Path) -> None:
    from app.errors import ConfigurationError

    database: Database = open_database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    migrate(database)
    with database.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer version"):
        migrate(database)
    database.close()


def test_a_reading_session_sees_one_state_of_all_tables(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    study_id = make_study(database, both_settings)
    count = select(func.count()).select_from(ParticipantSession)
    with database.reading() as reader:
        assert reader.scalar(count) == 0
        with database.writing() as db:
            enter(db, "faces", {})
        assert reader.scalar(count) == 0
    with database.reading() as reader:
        assert reader.scalar(count.where(ParticipantSession.study_id == study_id)) == 1
    database.close()
