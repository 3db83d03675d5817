"""Backups that were changed, cut or hit by a wrong byte, and places that are taken: nothing is restored."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.backups import archive as archive_module
from app.backups.backup import make_backup
from app.backups.restore import restore_backup
from app.config import Settings, read_settings
from app.db import open_database
from app.errors import ConfigurationError, Invalid
from app.schema import schema_state
from tests.integration.test_backups import empty_place, with_study

__all__ = ["empty_place"]


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
        with pytest.raises(Invalid, match="not a backup"):
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
            raise OSError(28, "No space left on device")
        real(archive, name, to)

    real = archive_module.Archive.extract
    with monkeypatch.context() as patched:
        patched.setattr(archive_module.Archive, "extract", extract)
        with pytest.raises(OSError, match=f"No space left on device: '{empty_place.data}'"):
            restore_backup(backup, empty_place)
    assert not empty_place.data.exists()
    restore_backup(backup, empty_place)
    database = open_database(empty_place.database)
    assert schema_state(database) == "current"
    database.close()


def test_a_damaged_database_is_not_called_a_backup(settings: Settings, tmp_path: Path) -> None:
    with_study(settings).close()
    file = settings.data / "asterism.sqlite3"
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(size // 2)
        handle.write(b"\xff" * 8192)
    database = open_database(settings.database)
    with pytest.raises(Invalid, match=f"database {file} is damaged"):
        make_backup(database, settings, tmp_path / "backup.zip")
    database.close()
    assert not (tmp_path / "backup.zip").exists()
