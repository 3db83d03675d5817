"""Faults of the server, on a real server process: killed under load, crowded, and with busy databases."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.config import Settings
from app.db import Database, open_database
from app.errors import StudyFull
from app.models import ParticipantSession
from app.participation.enrolment import enter
from app.schema import migrate
from benchmarks import faults
from benchmarks.fault_participants import LINE
from tests.factories import make_study


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_f26_nothing_acked_is_lost_whatever_happens_to_server_line_and_database(kind: str) -> None:
    """The benchmark `faults` in its small form: see there for what happens."""
    verdict = faults.measure(kind, trials=300, people=12, rounds=1, seed=1)
    assert verdict.holds, faults.report(verdict)
    assert verdict.acked >= 300
    assert all(count == 1 for count in verdict.events.values())
    assert len(verdict.events) == (4 if kind == "sqlite" else 3)
    # The faults did hit: the server said so, or did not answer.
    assert verdict.refused["503"] > 0
    assert verdict.refused["no answer"] > 0
    assert verdict.line.keys() == LINE.keys()


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
