"""The files of the database, replaced or removed under the running server (F46), and the worker's death (F47)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from app import database_files
from app.config import Settings
from app.db import Database, open_database
from app.domain import ClipState
from app.errors import DatabaseReplaced
from app.heartbeat import Heartbeat, beat, last_heartbeat, worker_state
from app.models import Clip, SetupLink
from app.studies.lifecycle import create_study
from app.studies.study_folder import read_study_folder
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import encode, make_study, trial_body
from tests.integration.live_server import LiveServer, ScriptedParticipant


def overwrite_with_a_backup(file: Path) -> None:
    shutil.copyfile(file.with_suffix(".backup"), file)


def put_a_backup_in_place(file: Path) -> None:
    shutil.copyfile(file.with_suffix(".backup"), file.with_suffix(".copy"))
    os.replace(file.with_suffix(".copy"), file)


def restore_as_one_should(file: Path) -> None:
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink()
    put_a_backup_in_place(file)


def remove_the_log(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def move_the_folder(file: Path) -> None:
    file.parent.rename(file.parent.with_name("moved"))


def write_nonsense(file: Path) -> None:
    file.write_bytes(b"nonsense" * 1000)


def empty(file: Path) -> None:
    file.write_bytes(b"")


MISHAPS: list[Callable[[Path], None]] = [
    overwrite_with_a_backup, put_a_backup_in_place, restore_as_one_should, Path.unlink, remove_the_log, move_the_folder,
    write_nonsense, empty,
]  # fmt: skip


def write(database: Database, token: str) -> None:
    with database.writing() as db:
        db.add(SetupLink(token_hash=token))
        db.commit()


@pytest.mark.parametrize("mishap", MISHAPS)
def test_f46_nothing_is_acked_once_the_files_are_not_those_that_were_opened(
    settings: Settings, mishap: Callable[[Path], None]
) -> None:
    file = settings.data / "asterism.sqlite3"
    shutil.copyfile(file, file.with_suffix(".backup"))
    database = open_database(settings.database)
    database.start_generation()
    write(database, "before")
    mishap(file)
    with pytest.raises(DatabaseReplaced, match="until the server has been restarted"):
        write(database, "after")
    with pytest.raises(DatabaseReplaced), database.reading():
        pass
    database.close()


def test_f46_a_file_replaced_between_the_commit_and_the_ack_is_noticed_too(settings: Settings) -> None:
    file = settings.data / "asterism.sqlite3"
    shutil.copyfile(file, file.with_suffix(".backup"))
    database = open_database(settings.database)
    write(database, "before")

    def write_while_it_is_replaced() -> None:
        with database.writing() as db:
            db.add(SetupLink(token_hash="during"))
            db.commit()
            put_a_backup_in_place(file)

    with pytest.raises(DatabaseReplaced):
        write_while_it_is_replaced()
    database.close()


def checkpoint(file: Path) -> None:
    """What SQLite does by itself after every thousand pages."""
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0] == 0
    connection.close()


def test_f46_a_backup_of_this_very_run_is_told_apart_after_the_next_checkpoint(settings: Settings) -> None:
    file = settings.data / "asterism.sqlite3"
    database = open_database(settings.database)
    database.start_generation()
    shutil.copyfile(file, file.with_suffix(".backup"))
    # With the second checkpoint, the generation that the first one asked for is on disk.
    for number in range(2):
        write(database, f"one {number}")
        checkpoint(file)
        write(database, f"two {number}")
    overwrite_with_a_backup(file)
    with pytest.raises(DatabaseReplaced, match="overwritten"):
        write(database, "after")
    database.close()


def test_f46_ordinary_work_of_several_processes_raises_no_alarm(settings: Settings) -> None:
    first, second = open_database(settings.database), open_database(settings.database)
    first.start_generation()
    for number in range(60):
        write(first if number % 2 else second, f"{number:064d}")
        if number % 7 == 0:
            checkpoint(settings.data / "asterism.sqlite3")
    second.start_generation()
    write(first, "last")
    second.close()
    write(first, "alone")
    with sqlite3.connect(settings.data / "asterism.sqlite3") as other:
        other.execute("INSERT INTO setup_link (token_hash, created_at) VALUES ('other', '2026-01-01 00:00:00')")
    other.close()
    write(first, "still")
    with first.reading() as db:
        assert len(list(db.scalars(select(SetupLink)))) == 64
    first.close()
    assert settings.data / "asterism.sqlite3" not in database_files._held


@pytest.mark.skipif(os.name != "posix", reason="POSIX locks belong to the process, not to the open file")
def test_opening_the_database_again_keeps_the_locks_of_the_connections_that_are_open(settings: Settings) -> None:
    file = settings.data / "asterism.sqlite3"
    database = open_database(settings.database)
    write(database, "before")
    again = open_database(settings.database)
    write(again, "again")
    again.close()
    # Another process closes what it takes for the last connection: it would remove a log that nobody seems to use.
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sqlite3; sqlite3.connect({str(file)!r}).execute('PRAGMA user_version').close()",
        ],
        check=True,
    )
    write(database, "after")
    with database.reading() as db:
        assert len(list(db.scalars(select(SetupLink)))) == 3
    database.close()


def healthz(server: LiveServer) -> tuple[int, dict[str, object]]:
    try:
        with urllib.request.urlopen(server.address + "/healthz", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, {"text": refused.read().decode()}


def test_f46_a_real_server_says_so_and_acks_nothing(settings: Settings, database: Database) -> None:
    make_study(database, settings)
    file = settings.data / "asterism.sqlite3"
    shutil.copyfile(file, file.with_suffix(".backup"))
    server = LiveServer(settings.data)
    server.start()
    try:
        person = ScriptedParticipant(server.address)
        assert person.join() == 303
        _, view = person.call("POST", "/start")
        restore_as_one_should(file)
        trial = view["trial"]
        status, answer = person.call("PUT", f"/trials/{trial['key']}", encode(trial_body(trial)))
        assert (status, answer["error"]["code"]) == (503, "database_replaced")
        status, answer = healthz(server)
        assert status == 503
        assert "restarted" in str(answer)
    finally:
        server.stop()


def wait_until(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
def test_f47_a_worker_that_dies_is_started_again_and_healthz_knows(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    server = LiveServer(settings.data)
    server.start()

    def pid() -> int:
        heartbeat = last_heartbeat(settings)
        return heartbeat.pid if heartbeat is not None and heartbeat.running else 0

    try:
        wait_until(lambda: pid() > 0)
        gone = {0}
        for _ in range(2):
            gone.add(pid())
            os.kill(pid(), signal.SIGKILL)
            wait_until(lambda: worker_state(settings) == "down" or pid() not in gone)
            wait_until(lambda: pid() not in gone)
        assert healthz(server)[1]["worker"] == "running"
        heartbeat = last_heartbeat(settings)
        assert heartbeat is not None
        assert heartbeat.restarts >= 1
        folder = tmp_path / "study"
        (folder / "clips").mkdir(parents=True)
        shutil.copy(next((ROOT / "demo" / "clips").glob("*.mp4")), folder / "clips")
        (folder / "study.toml").write_text('title = "Jobs"\n')
        with database.writing() as db:
            create_study(db, settings, read_study_folder(folder))

        def states() -> list[ClipState]:
            with database.reading() as db:
                return list(db.scalars(select(Clip.state)))

        wait_until(lambda: states() == [ClipState.READY])
    finally:
        server.stop()


def test_f47_healthz_and_the_experimenters_pages_say_that_the_worker_is_down(settings: Settings) -> None:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        words = "The worker is not running at the moment"
        for running, state, status in ((True, "running", "ok"), (False, "down", "degraded")):
            beat(settings, Heartbeat(1, time.time(), running, 0))
            said = lab.client.get("/healthz").json
            assert (said["worker"], said["status"]) == (state, status)
            assert any(words in problem for problem in said["problems"]) is not running
            assert (words in lab.client.get("/studies").text) is not running


def test_f47_a_worker_that_is_silent_counts_as_down(settings: Settings) -> None:
    assert worker_state(settings) == "none"
    beat(settings, Heartbeat(1, 1000.0, True, 0))
    assert worker_state(settings, at=1029.0) == "running"
    assert worker_state(settings, at=1031.0) == "down"
    beat(settings, Heartbeat(1, 1000.0, False, 1))
    assert worker_state(settings, at=1001.0) == "down"
    (settings.data / "worker.json").write_text("{half a fi")
    assert worker_state(settings) == "none"
