"""Backups: made while participants work, checked byte by byte, and restored into either kind of database.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from app.backups import archive as archive_module
from app.backups.backup import make_backup
from app.backups.restore import restore_backup
from app.config import Settings, load_settings, read_settings
from app.db import Database, open_database
from app.errors import ConfigurationError, Invalid
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


def _flip(file: Path, at: int) -> None:
    with file.open("r+b") as handle:
        handle.seek(at)
        byte = handle.read(1)
        handle.seek(at)
        handle.write(bytes([byte[0] ^ 0x5A]))


@pytest.fixture
def backup(settings: Settings, tmp_path: Path) -> Path:
    """A backup of a study."""
    database = with_study(settings)
    make_backup(database, settings, tmp_path / "backup.zip")
    database.close()
    return tmp_path / "backup.zip"


def _rewrite(file: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def _manifest(contents: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads(contents["manifest.json"])
    change(manifest)
    contents["manifest.json"] = json.dumps(manifest).encode()
    contents["manifest.sha256"] = hashlib.sha256(contents["manifest.json"]).hexdigest().encode()


def _first(contents: dict[str, bytes], start: str) -> str:
    return next(name for name in contents if name.startswith(start))


def _smuggle(contents: dict[str, bytes], name: str) -> None:
    contents[name] = b""
    entry = {"bytes": 0, "sha256": hashlib.sha256().hexdigest()}
    _manifest(contents, lambda manifest: manifest["files"].update({name: entry}))


DAMAGE: dict[str, tuple[Callable[[dict[str, bytes]], Any], str]] = {
    "a clip differs": (lambda c: c.update({_first(c, "media/"): b"other"}), "is damaged"),
    "a clip is missing": (lambda c: c.pop(_first(c, "sources/")), "is missing"),
    "the database differs": (lambda c: c.update({"database.sqlite3": c["database.sqlite3"][:-1] + b"!"}), "is damaged"),
    "the database is missing": (lambda c: c.pop("database.sqlite3"), "is missing"),
    "the secret differs": (lambda c: c.update({"secret_key": b"another"}), "is damaged"),
    "a file is added": (lambda c: c.update({"media/x": b"x"}), "is not in manifest.json"),
    "the manifest differs": (lambda c: c.update({"manifest.json": c["manifest.json"] + b" "}), "json is damaged"),
    "the manifest is missing": (lambda c: c.pop("manifest.json"), "has no manifest.json"),
    "a name leads out": (lambda c: _smuggle(c, "../evil"), "not that of a backup"),
    "a name is absolute": (lambda c: _smuggle(c, "/tmp/evil"), "not that of a backup"),
    "a newer format": (lambda c: _manifest(c, lambda m: m.update(format_version=99)), "newer version"),
    "a newer schema": (lambda c: _manifest(c, lambda m: m["database"].update(revision="9999")), "newer version"),
    "another program's": (lambda c: _manifest(c, lambda m: m.update(format="other")), "not that of a backup"),
}  # fmt: skip


def test_f31_a_backup_that_was_changed_is_refused_before_anything_is_written(backup: Path, tmp_path: Path) -> None:
    whole, place = backup.read_bytes(), read_settings(data=tmp_path / "restored")
    for what, (change, reason) in DAMAGE.items():
        backup.write_bytes(whole)
        _rewrite(backup, change)
        with pytest.raises(Invalid) as refused:
            restore_backup(backup, place)
        assert reason in str(refused.value), what
        assert not place.data.exists(), what
    backup.write_bytes(whole)
    restore_backup(backup, place)


def test_f31_a_backup_that_is_cut_or_has_a_wrong_byte_anywhere_is_refused(backup: Path, tmp_path: Path) -> None:
    whole = backup.read_bytes()
    place = read_settings(data=tmp_path / "restored")
    for cut in (0, 1, len(whole) // 3, len(whole) - 1):
        backup.write_bytes(whole[:cut])
        with pytest.raises(Invalid, match="no backup"):
            restore_backup(backup, place)
    backup.write_bytes(whole)
    with zipfile.ZipFile(backup) as archive:
        # A local header is 30 bytes, the name, and as many bytes more as stand at its 28th.
        starts = [(info.header_offset, info.compress_size // 2) for info in archive.infolist()]
        middles = [at + 30 + sum(whole[at + 26 : at + 30 : 2]) + half for at, half in starts]
    for at in middles:
        backup.write_bytes(whole)
        _flip(backup, at)
        with pytest.raises(Invalid):
            restore_backup(backup, place)
    assert not place.data.exists()
    with pytest.raises(Invalid, match="no such file"):
        restore_backup(tmp_path / "absent.zip", place)


def test_f31_no_wrong_byte_gets_through(backup: Path) -> None:
    """At the archive's beginning and in its directory, where a byte has a meaning of its own."""
    whole = backup.read_bytes()
    with zipfile.ZipFile(backup) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
        directory = archive.start_dir
    rng = np.random.default_rng(31)
    for at in [*range(40), *rng.integers(0, directory, 40), *rng.integers(directory, len(whole), 400)]:
        damaged = bytearray(whole)
        damaged[at] ^= int(rng.integers(1, 256))
        backup.write_bytes(damaged)
        with suppress(Invalid), archive_module.open_archive(backup) as read:
            assert {name: read.zip.read(name) for name in read.zip.namelist()} == contents, at


def test_a_database_is_not_restored_beside_the_log_of_another(backup: Path, tmp_path: Path) -> None:
    place = read_settings(data=tmp_path / "restored")
    place.data.mkdir()
    log = place.data / "asterism.sqlite3-wal"
    log.write_bytes(b"of another database")
    with pytest.raises(ConfigurationError, match="sqlite3-wal already"):
        restore_backup(backup, place, database_only=True)
    assert list(place.data.iterdir()) == [log]


def test_f31_a_backup_is_read_back_when_it_is_made(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = with_study(settings)
    monkeypatch.setattr(archive_module, "_add", _add_wrongly)
    with pytest.raises(Invalid, match="is damaged"):
        make_backup(database, settings, tmp_path / "backup.zip")
    database.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def _add_wrongly(archive: zipfile.ZipFile, name: str, file: Path) -> archive_module.Entry:
    """As a disk that keeps other bytes than it was given."""
    content = file.read_bytes()
    archive.writestr(name, content + b"!")
    return archive_module.Entry(len(content), hashlib.sha256(content).hexdigest())


def test_f31_nothing_that_is_there_is_overwritten(backup: Path, both_settings: Settings, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "notes.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore_backup(backup, both_settings.model_copy(update={"data": there}))
    assert [file.name for file in there.iterdir()] == ["notes.txt"]
    # An empty folder, but the database has tables.
    elsewhere = tmp_path / "elsewhere"
    url = both_settings.database
    with pytest.raises(ConfigurationError, match=r"There is .*sqlite3 already|is not empty"):
        restore_backup(backup, both_settings.model_copy(update={"data": elsewhere, "database_url": url}))
    assert not elsewhere.exists()
    database = open_database(both_settings.database)
    with pytest.raises(Invalid, match="exists already"):
        make_backup(database, both_settings, backup)
    database.close()


def test_a_restore_that_fails_halfway_leaves_nothing(
    backup: Path, empty_place: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def extract(archive: archive_module.Archive, name: str, to: Path) -> None:
        if name == "database.sqlite3":
            raise OSError(28, "No space left on device", str(to))
        real(archive, name, to)

    real = archive_module.Archive.extract
    with monkeypatch.context() as patched:
        patched.setattr(archive_module.Archive, "extract", extract)
        with pytest.raises(OSError, match="No space left"):
            restore_backup(backup, empty_place)
    assert not empty_place.data.exists()
    restore_backup(backup, empty_place)
    database = open_database(empty_place.database)
    assert schema_state(database) == "current"
    database.close()


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


def test_a_damaged_database_is_not_called_a_backup(settings: Settings, tmp_path: Path) -> None:
    with_study(settings).close()
    file = settings.data / "asterism.sqlite3"
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(size // 2)
        handle.write(b"\xff" * 8192)
    database = open_database(settings.database)
    with pytest.raises(Invalid, match="damaged"):
        make_backup(database, settings, tmp_path / "backup.zip")
    database.close()
    assert not (tmp_path / "backup.zip").exists()
