"""`doctor` finds what is wrong with an installation, and nothing where all is well.

Over 300 lines: each fault is a row, and stands beside what makes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from app.backups.backup import make_backup, prune
from app.cli import commands
from app.config import Settings, load_settings, read_settings
from app.db import Database, open_database
from app.doctor import examine, machine
from app.doctor.content import look_into
from app.doctor.installation import backups, server, settings_of_a_server
from app.doctor.machine import clock, packages
from app.domain import ClipState, WorkState
from app.media import media_path
from app.models import (
    Clip,
    ModelComparison,
    ParticipantSession,
    StoredResults,
    Study,
    StudyMember,
    StudyPlan,
    Submission,
    now,
)
from tests.apps import installation
from tests.conftest import ROOT
from tests.experimenter import make_account, take_part
from tests.factories import make_study

TOML = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 2\n'


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    """The data folder of an installation with a study, the files of its clips, and a participant's two trials."""
    settings = installation(tmp_path_factory.mktemp("well") / "data", empty_sqlite)
    database = open_database(settings.database)
    make_account(database)
    make_study(database, settings, toml=TOML)
    take_part(database, "faces", trials=2)
    database.close()
    for position in range(6):
        content = f"faces {position}".encode()
        media_path(settings.source_folder, hashlib.sha256(content).hexdigest(), "source").write_bytes(content)
    return settings.data


@pytest.fixture
def data(well: Path, tmp_path: Path) -> Path:
    shutil.copytree(well, tmp_path / "data", copy_function=shutil.copy2)
    return tmp_path / "data"


def problems(data: Path) -> dict[str, str]:
    return {one.subject: one.text for one in examine(data) if not one.ok}


def test_nothing_is_found_where_all_is_well_and_nothing_is_changed(data: Path) -> None:
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file() and "sqlite3-" not in file.name}
    assert problems(data) == {}
    assert {
        file: file.read_bytes() for file in data.rglob("*") if file.is_file() and "sqlite3-" not in file.name
    } == before
    assert CliRunner().invoke(commands, ["doctor", "--data", str(data), "--quick"]).exit_code == 0


def _change(what: Callable[[Database], None]) -> Callable[[Path], None]:
    def change(data: Path) -> None:
        database = open_database(load_settings(data=data).database)
        what(database)
        database.close()

    return change


def _rows(table: type, **values: object) -> Callable[[Path], None]:
    def change(database: Database) -> None:
        with database.writing() as db:
            db.execute(update(table).values(values))
            db.commit()

    return _change(change)


def _first(data: Path, folder: str) -> Path:
    return sorted((data / folder).iterdir())[0]


def _old_orphan(data: Path) -> None:
    file = data / "media" / ("f" * 64 + ".mp4")
    file.write_bytes(b"left by a crash")
    os.utime(file, (0, 0))


def _damage(data: Path) -> None:
    _first(data, "media").write_bytes(b"another content")


def _retention(database: Database) -> None:
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        study.created_at = now() - timedelta(days=99)
        study.definition = study.definition | {"retention": {"recruiter_ids_days": 1}}
        session = db.scalars(select(ParticipantSession)).one()
        session.recruiter, session.last_seen_at = {"PROLIFIC_PID": "x"}, now() - timedelta(days=50)
        db.commit()


def _failed_results(database: Database) -> None:
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        key = {"study_id": study.id, "method": "combined", "with_simulated": True, "with_unfinished": True}
        db.add(StoredResults(**key, wanted="x", state=WorkState.FAILED, reason="no"))
        db.commit()


def _waiting_plan(database: Database) -> None:
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        db.add(StudyPlan(study_id=study.id, asked={}, requested_at=now() - timedelta(hours=1)))
        # One that cannot be computed is told to whoever asked for it.
        db.add(ModelComparison(study_id=study.id, asked={}, state=WorkState.FAILED, reason="no raters"))
        db.commit()


def _unowned(database: Database) -> None:
    with database.writing() as db:
        for member in db.scalars(select(StudyMember)):
            db.delete(member)
        db.commit()


def _foreign_row(data: Path) -> None:
    with sqlite3.connect(data / "asterism.sqlite3") as raw:
        raw.execute("UPDATE seat SET clip_id = 9999 WHERE seat = 0")
    raw.close()


FAULTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "missing clip": (lambda data: _first(data, "media").unlink(), "files of clips", "1 missing"),
    "missing source": (lambda data: _first(data, "sources").unlink(), "files of clips", "1 missing"),
    "damaged clip": (_damage, "files of clips", "1 damaged"),
    "orphan": (_old_orphan, "other files", "1 (0.0 MB) that no clip needs"),
    "changed trial": (_rows(Submission, body=b"{}"), "trials", "2 are not what was confirmed"),
    "failed clips": (_rows(Clip, state=ClipState.FAILED), "clips", "6 failed"),
    "waiting clips": (
        _rows(Clip, state=ClipState.WAITING, created_at=datetime(2026, 1, 1, tzinfo=UTC)),
        "clips",
        "6 wait and nobody works on them",
    ),
    "dead conversion": (
        _rows(Clip, state=ClipState.CONVERTING, worked_at=datetime(2026, 1, 1, tzinfo=UTC)),
        "clips",
        "6 wait and nobody works on them",
    ),
    "failed results": (_change(_failed_results), "results", "1 failed: faces"),
    "waiting plan": (_change(_waiting_plan), "plans and models", "1 wait and nobody works on them"),
    "clock": (_rows(ParticipantSession, last_seen_at=datetime(2999, 1, 1, tzinfo=UTC)), "times", "2999-01-01"),
    "no owner": (_change(_unowned), "accounts", "nobody owns faces"),
    "overdue deletion": (_change(_retention), "deleting by itself", "faces (1 session)"),
    "readable folder": (lambda data: data.chmod(0o750), "data folder", "data: chmod go="),
    "empty secret": (lambda data: (data / "secret_key").write_text(""), "secret", "is empty or too short"),
    "broken references": (_foreign_row, "structure of the database", "rows of seat refer to rows that are not there"),
    "dead server": (
        lambda data: (data / "server.json").write_text('{"local": "http://127.0.0.1:9", "link": "", "pid": 1}'),
        "server",
        "does not answer",
    ),
    "broken note of the server": (lambda data: (data / "server.json").write_text(""), "server", "cannot be read"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_doctor_finds_it(data: Path, fault: str) -> None:
    make, subject, text = FAULTS[fault]
    make(data)
    problems_found = problems(data)
    assert set(problems_found) == {subject}
    assert text in problems_found[subject]


def test_quick_reads_no_content(data: Path) -> None:
    _damage(data)
    _rows(Submission, body=b"{}")(data)
    assert [one for one in look_into(load_settings(data=data), quick=True) if not one.ok] == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"base_url": "https://a.example", "proxy_hops": 1}, "SECURE_COOKIES"),
        ({"base_url": "https://a.example", "secure_cookies": True}, "PROXY_HOPS is 0"),
        ({"proxy_hops": 1}, "BASE_URL is not set"),
        ({"rate_limits": False}, "RATE_LIMITS is off"),
        ({"base_url": "https://a.example", "secure_cookies": True, "proxy_hops": 1}, ""),
    ],
)
def test_settings_that_leave_a_door_open_are_named(tmp_path: Path, given: dict[str, object], text: str) -> None:
    [finding] = settings_of_a_server(read_settings(data=tmp_path, **given))
    assert finding.ok == (not text)
    assert text in finding.text


def test_trials_that_are_in_no_backup_for_a_week_are_told(data: Path, tmp_path: Path) -> None:
    settings = load_settings(data=data)
    database = open_database(settings.database)
    [young] = backups(settings)
    assert (young.ok, young.text) == (True, "none was made of this data folder yet")
    later = now() + timedelta(days=8, hours=1)
    [late] = backups(settings, at=later)
    assert not late.ok
    make_backup(database, settings, tmp_path / "one.zip")
    [kept] = backups(settings, at=later)
    assert kept.ok
    assert kept.text == f"the last was made 8 days ago: {tmp_path / 'one.zip'}"
    # A trial that came in after it.
    with database.writing() as db:
        db.execute(update(Submission).values(received_at=now() + timedelta(hours=1)))
        db.commit()
    assert not next(iter(backups(settings, at=later))).ok
    database.close()


def test_only_the_oldest_backups_of_our_own_names_are_removed_and_never_the_last(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    for day in range(1, 5):
        (folder / f"asterism-2026010{day}-030000.zip").touch()
    for other in ("asterism-notes.zip", "before-update-20260101-030000-000000-from-0001.zip", "asterism-20250101.txt"):
        (folder / other).touch()
    assert [file.name for file in prune(folder, "asterism", 2)] == [
        "asterism-20260101-030000.zip",
        "asterism-20260102-030000.zip",
    ]
    assert prune(folder, "before-update", 0) == []
    run = ["backup", str(folder), "--keep", "1", "--data", str(data)]
    done = CliRunner().invoke(commands, run)
    assert done.exit_code == 0, done.output
    assert done.output.count("removed, the 1 last are kept") == 2
    [left] = folder.glob("asterism-20*.zip")
    assert left.stat().st_size > 10_000
    refused = CliRunner().invoke(commands, ["backup", str(tmp_path / "x.zip"), "--keep", "1", "--data", str(data)])
    assert refused.exit_code == 2
    # A backup that misses something takes nothing away.
    _first(data, "media").unlink()
    assert CliRunner().invoke(commands, run).exit_code == 1
    assert left.exists()


def test_packages_that_are_not_the_locks_or_are_old_are_told(tmp_path: Path) -> None:
    text = "numpy==0.0.1 \\\n    --hash=sha256:x\nnot-installed-anywhere==1.0\n"
    (tmp_path / "runtime.txt").write_text(text)
    made = f'date = 2026-11-01\nruntime = "{hashlib.sha256(text.encode()).hexdigest()}"\n'
    (tmp_path / "made.toml").write_text(made)
    assert packages(tmp_path, today=date(2026, 11, 2)).text == "installed in other versions than the lock's: numpy"
    (tmp_path / "runtime.txt").write_text(text.replace("0.0.1", "0.0.2"))
    assert not packages(tmp_path).ok
    new = packages(today=date(2026, 12, 1))
    assert new.ok, new.text
    old = packages(today=date(2028, 12, 1))
    assert not old.ok
    assert "days ago: look for a newer version" in old.text


def test_the_date_of_the_locks_is_that_of_these_locks() -> None:
    """Whoever makes the locks anew puts the date and both checksums into locks/made.toml."""
    made = machine.tomllib.loads((ROOT / "locks/made.toml").read_text())
    for name in ("runtime", "networks", "test"):
        assert made[name] == hashlib.sha256((ROOT / f"locks/{name}.txt").read_bytes()).hexdigest(), name


def test_a_clock_before_the_program_is_told() -> None:
    assert clock().ok
    assert not clock(at=datetime(2001, 1, 1, tzinfo=UTC)).ok


def test_what_a_running_server_says_is_passed_on(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings(data=data)
    (data / "server.json").write_text(json.dumps({"local": "http://here", "link": "", "pid": 1}))
    answers: dict[str, dict[str, object]] = {
        "server": {"error": {"message": "The database's files were replaced."}},
        "worker": {"problems": []},
    }
    for subject, answer in answers.items():
        monkeypatch.setattr("app.doctor.installation._asked", lambda _, answer=answer: answer)
        assert [one.subject for one in server(settings) if not one.ok] == [subject]


@pytest.mark.postgres
def test_doctor_reads_postgresql_too(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    make_study(database, both_settings, toml=TOML)
    database.close()
    findings = {one.subject: one for one in look_into(both_settings)}
    assert findings["trials"].text == "0, each as confirmed"
    assert findings["structure of the database"].ok
