"""Backups: made while participants work, and restored into either kind of database."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.backups.backup import make_backup
from app.backups.restore import restore_backup
from app.config import Settings, load_settings, read_settings
from app.db import Database, open_database
from app.errors import ConfigurationError
from app.models import Base, Study
from app.participation.decisions import exclude
from app.participation.enrolment import enter, session_of
from app.participation.submission import submit
from app.participation.trials import start
from app.schema import schema_state
from app.startup import open_checked
from tests.conftest import administer
from tests.experimenter import go_on, make_account, open_lab, take_part
from tests.factories import make_study
from tests.integration.old_databases import insert, old, rows_of
from tests.integration.test_startup import Command, command, refused

__all__ = ["command", "old"]
# Trials without end.
LONG = """
title = "A study"
seed = 7
[design]
method = "random"
max_items = 4
[stop]
min_evidence = 100
max_trials = 400
"""


def with_study(settings: Settings) -> Database:
    """An account, a study with the files of its clips, two raters, and decisions about one and about a trial."""
    database = open_database(settings.database)
    make_account(database)
    make_study(database, settings, toml=LONG)
    for position in range(6):
        content = f"faces {position}".encode()
        (settings.source_folder / f"{hashlib.sha256(content).hexdigest()}.source").write_bytes(content)
    for seed in range(2):
        take_part(database, "faces", seed, trials=3)
    with database.writing() as db:
        study = db.scalars(sa.select(Study)).one()
        exclude(db, study, "P001", "tried keys", trial=2)
        exclude(db, study, "P002", "a test of ours")
    return database


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, as the program reads them."""
    with database.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in Base.metadata.tables.items()
        }


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a place where nothing is yet."""
    if request.param == "sqlite":
        yield read_settings(data=tmp_path / "restored")
        return
    with empty_postgres(request) as url:
        yield read_settings(data=tmp_path / "restored", database_url=url)


@contextmanager
def empty_postgres(request: pytest.FixtureRequest) -> Iterator[str]:
    server: sa.URL = request.getfixturevalue("postgres")
    name = "r" + uuid.uuid4().hex
    administer(server, f'CREATE DATABASE "{name}"')
    yield server.set(database=name).render_as_string(hide_password=False)
    administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def test_f31_what_was_acked_before_a_backup_under_load_is_in_it(
    both_settings: Settings, empty_place: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = with_study(both_settings)
    acked, over = Acked(monkeypatch), threading.Event()
    threads = [threading.Thread(target=work, args=[database, seed, over]) for seed in range(3)]
    for thread in threads:
        thread.start()
    try:
        acked.wait_for(10)
        # Where the disk is memory, a backup can be over before anybody has submitted: then it is made once more.
        for number in range(100):
            before, file = list(acked.hashes), tmp_path / f"backup-{number}.zip"
            made = make_backup(database, both_settings, file)
            during = len(acked.hashes) - len(before)
            if during:
                break
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=60)
        database.close()
    assert made.problems == []
    assert made.has_secret
    assert during > 0, "nobody submitted while the backup was made"
    restore_backup(file, empty_place)

    settings = load_settings(data=empty_place.data, database_url=empty_place.database_url)
    restored = open_checked(settings)
    there = rows(restored)
    hashes = [row[1] for row in there["submission"]]
    assert set(before) <= set(hashes)
    assert len(hashes) == len(set(hashes)) >= 6 + len(before)
    # One moment: no submission without its placements, no placement without its submission.
    placed = {row[0] for row in there["placement"]}
    assert placed == {row[0] for row in there["submission"]} <= {row[0] for row in there["trial"]}
    assert settings.secret_key == load_settings(data=both_settings.data).secret_key
    for folder in ("media", "sources"):
        files = sorted((both_settings.data / folder).iterdir())
        assert len(files) >= 6
        for file in files:
            assert (settings.data / folder / file.name).read_bytes() == file.read_bytes()
    _work_goes_on(settings, restored)


class Acked:
    """The checksums of what was acked, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashes: list[str] = []

        def recorded(database: Database, token: str, key: str, body: bytes) -> Any:
            answer = submit(database, token, key, body)
            self.hashes.append(hashlib.sha256(body).hexdigest())
            return answer

        monkeypatch.setattr("tests.experimenter.submit", recorded)

    def wait_for(self, count: int) -> None:
        end = time.monotonic() + 60
        while len(self.hashes) < count:
            assert time.monotonic() < end, "too few submissions"
            time.sleep(0.01)


def work(database: Database, seed: int, over: threading.Event) -> None:
    """A rater who goes on until told to stop."""
    with database.writing() as db:
        entry = enter(db, "faces", {})
    with database.reading() as db:
        session_id = session_of(db, entry.token).id
    start(database, entry.token)
    rounds = 0
    while not over.is_set():
        rounds += 1
        go_on(database, session_id, 100 * seed + rounds, trials=1, token=entry.token)


def _work_goes_on(settings: Settings, database: Database) -> None:
    """Sessions that were begun before go on, new ones begin, pages work: rows get numbers that nobody has."""
    before = len(rows(database)["submission"])
    with database.reading() as db:
        session_id = db.execute(sa.text("SELECT id FROM participant_session ORDER BY id LIMIT 1")).scalar_one()
    go_on(database, session_id, 900, trials=2)
    take_part(database, "faces", 901, trials=1)
    assert len(rows(database)["submission"]) == before + 3
    database.close()
    with open_lab(settings) as lab:
        assert lab.client.get("/join/faces").status_code == 200


def test_f31_every_row_comes_back_as_it_was(both_settings: Settings, empty_place: Settings, tmp_path: Path) -> None:
    database = with_study(both_settings)
    before = rows(database)
    make_backup(database, both_settings, tmp_path / "backup.zip")
    restore_backup(tmp_path / "backup.zip", empty_place)
    restored = open_database(empty_place.database)
    assert schema_state(restored) == "current"
    after = rows(restored)
    assert {name: len(content) for name, content in after.items()} == {
        name: len(content) for name, content in before.items()
    }
    assert after == before
    assert (len(before["submission"]), len(before["decision"])) == (6, 2)
    # A null in JSON and a null of the database are two things, which the program does not tell apart.
    for one in (database, restored):
        with one.engine.connect() as connection:
            query = sa.text("SELECT CAST(attributes AS TEXT), remarks IS NULL FROM clip ORDER BY id")
            kept = [tuple(row) for row in connection.execute(query)]
        assert kept == [("{}", False)] * 6 or kept == [("{}", 0)] * 6
        one.close()


def test_the_files_of_a_backup_and_of_what_is_restored_are_their_owners_alone(
    settings: Settings, tmp_path: Path
) -> None:
    mask = os.umask(0)
    try:
        database = with_study(settings)
        make_backup(database, settings, tmp_path / "backup.zip")
        database.close()
        place = read_settings(data=tmp_path / "restored")
        restore_backup(tmp_path / "backup.zip", place)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "backup.zip").stat().st_mode) == 0o600
    for path in [place.data, *place.data.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "data", "restored"], "no half-made files"


def test_clips_that_are_missing_or_damaged_are_named(settings: Settings, tmp_path: Path) -> None:
    database = with_study(settings)
    gone, hurt = sorted(settings.media_folder.iterdir())[:2]
    gone.unlink()
    hurt.write_bytes(b"other")
    made = make_backup(database, settings, tmp_path / "backup.zip")
    database.close()
    assert made.problems == [
        f"media/{gone.name} is missing",
        f"media/{hurt.name} is damaged: its content is not what its name says",
    ]


def test_f32_a_database_is_backed_up_before_an_update_and_the_update_can_be_taken_back(
    old: Database, empty_place: Settings, tmp_path: Path
) -> None:
    insert(
        old, "study", name="faces", state="open", definition={"title": "Faces"}, definition_toml='title = "Faces"',
        created_at=sa.func.current_timestamp(),
    )  # fmt: skip
    before = rows_of(old)
    url = old.engine.url.render_as_string(hide_password=False)
    old.close()
    settings = load_settings(data=tmp_path / "lab", database_url=url)
    open_checked(settings).close()
    (made,) = (settings.data / "backups").iterdir()
    assert made.name.startswith("before-update-")
    open_checked(settings).close()
    assert len(list((settings.data / "backups").iterdir())) == 1, "nothing was updated the second time"

    empty_place.data.mkdir()
    (empty_place.data / "media").mkdir()
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore_backup(made, empty_place)
    restore_backup(made, empty_place, database_only=True)
    restored = open_database(empty_place.database)
    assert schema_state(restored) == "older"
    after = rows_of(restored)
    restored.close()
    assert {name: len(content) for name, content in after.items()} == {
        name: len(content) for name, content in before.items()
    }
    assert [row["definition"] for row in after["study"]] == [{"title": "Faces"}]
    open_checked(empty_place).close()


def test_backup_and_restore_by_command(command: Command, settings: Settings, tmp_path: Path) -> None:
    with_study(settings).close()
    out, place = tmp_path / "backup.zip", tmp_path / "restored"
    done = command("backup", str(out), "--data", str(settings.data))
    assert (done.status, done.stderr) == (0, "")
    assert "read back and checked" in done.stdout
    assert "exists already" in refused(command("backup", str(out), "--data", str(settings.data)))
    done = command("restore", str(out), "--data", str(place))
    assert done.status == 0, done
    assert "restored" in done.stdout
    assert "faces\topen" in command("study", "list", "--data", str(place)).stdout
    assert "is not empty" in refused(command("restore", str(out), "--data", str(place)))
    assert "There is no data folder" in refused(command("backup", str(out), "--data", str(tmp_path / "absent")))
    shutil.rmtree(settings.media_folder)
    done = command("backup", str(tmp_path / "second.zip"), "--data", str(settings.data))
    assert done.status == 1
    assert done.stderr.count("is missing") >= 6


def test_a_secret_from_outside_is_not_in_the_backup_and_that_is_said(
    command: Command, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_study(settings).close()
    (settings.data / "secret_key").unlink()
    monkeypatch.setenv("ASTERISM_SECRET_KEY", "kept-elsewhere-0123456789-0123456789")
    done = command("backup", str(tmp_path / "backup.zip"), "--data", str(settings.data))
    assert "ASTERISM_SECRET_KEY is set outside" in done.stdout
