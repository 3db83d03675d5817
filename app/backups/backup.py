"""Makes backups: of a whole installation, and of the database alone before an update."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from app.backups.archive import DATABASE, SECRET, write_archive
from app.backups.tables import copy_to_file
from app.config import Settings
from app.db import Database
from app.errors import Invalid
from app.files import FOLDER_MODE, private_file, write_whole
from app.media import EXTENSIONS
from app.schema import current_revision
from app.version import VERSION

LAST = "last_backup.json"
_SOURCES_OF_TEXTS = "SELECT source_sha256 FROM text_file"
_RENDITIONS_OF_TEXTS = "SELECT picture, mp4, webm, poster FROM text_file"
STORED = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,8}")


class Backup(NamedTuple):
    """What a backup holds, and the files of clips that it should hold and that are not there, or are damaged."""

    files: int
    bytes: int
    has_secret: bool
    problems: list[str]


def make_backup(database: Database, settings: Settings, out: Path) -> Backup:
    """Write all that is needed to run the installation elsewhere to the file `out`; the server may keep running.

    Everything that was acked before this was called is in it. The database is copied first, at one moment; clips are
    never changed once they have their names, so those that the copy names are there afterwards, unless their study was
    deleted meanwhile: then the backup names what it misses.

    Raises
    ------
    Invalid
        When `out` exists.
    OSError
        When it cannot be written.
    """
    if out.exists():
        raise Invalid(f"{out} exists already, and is left as it is. Name another file.")
    if not out.absolute().parent.is_dir():
        raise Invalid(f"There is no folder {out.absolute().parent}.")
    begun = datetime.now(UTC)
    with _copy_of(database, out) as (copy, revision):
        files = {DATABASE: copy}
        secret = settings.data / SECRET
        if secret.is_file():
            files[SECRET] = secret
        named = _clip_files(copy)
        for folder in (settings.media_folder, settings.source_folder):
            for file in sorted(folder.iterdir() if folder.is_dir() else []):
                if STORED.fullmatch(file.name):
                    files[f"{folder.name}/{file.name}"] = file
        entries = write_archive(out, files, _about(database, revision))
    with suppress(OSError):
        # `doctor` tells how old it is. The backup is whole, whether that can be written down or not.
        note = {"at": begun.isoformat(), "file": str(out.absolute())}
        write_whole(settings.data / LAST, json.dumps(note))
    problems = [f"{name} is missing" for name in sorted(named - set(entries))]
    problems += [
        f"{name} is damaged: its content is not what its name says"
        for name, entry in entries.items()
        if "/" in name and Path(name).stem != entry.sha256
    ]
    return Backup(len(entries), sum(entry.bytes for entry in entries.values()), SECRET in entries, problems)


class LastBackup(NamedTuple):
    """When the last backup of a data folder was begun, and to which file it was written."""

    at: datetime
    file: str


def last_backup(settings: Settings) -> LastBackup | None:
    """The last backup that `make_backup` made of this data folder; None when none is known."""
    try:
        note = json.loads((settings.data / LAST).read_text(encoding="utf-8"))
        return LastBackup(datetime.fromisoformat(note["at"]), str(note["file"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def backup_name(folder: Path) -> Path:
    """The name of a backup made now in a folder: asterism-20310504-030000.zip."""
    return folder / f"asterism-{datetime.now(UTC):%Y%m%d-%H%M%S}.zip"


def prune(folder: Path, name: str, keep: int) -> list[Path]:
    """Remove the oldest backups of a folder whose names begin with `name` and a time, until `keep` are left.

    Only names that this program gives are looked at, and the last one always stays. Returns what was removed.
    """
    ours = re.compile(rf"{re.escape(name)}-\d{{8}}-\d{{6}}(-\d+)?(-from-\w+)?\.zip")
    there = sorted(file for file in folder.iterdir() if ours.fullmatch(file.name))
    gone = there[: max(len(there) - max(keep, 1), 0)]
    for file in gone:
        file.unlink(missing_ok=True)
    return gone


def back_up_before_update(database: Database, settings: Settings) -> Path:
    """Write the database, as it is before an update, to a new file in the data folder's `backups`.

    The name says when, and from which version of the schema. As many are kept as the settings say.
    """
    folder = settings.data / "backups"
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    with database.engine.connect() as connection:
        schema = current_revision(connection)
    out = folder / f"before-update-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-from-{schema}.zip"
    with _copy_of(database, out) as (copy, revision):
        write_archive(out, {DATABASE: copy}, _about(database, revision))
    prune(folder, "before-update", settings.update_backups)
    return out


@contextmanager
def _copy_of(database: Database, out: Path) -> Iterator[tuple[Path, str]]:
    """A copy of the database in a file beside `out`, and the version of its schema."""
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".sqlite3", dir=out.absolute().parent)
    os.close(descriptor)
    copy = Path(name)
    try:
        private_file(copy)
        yield copy, copy_to_file(database, copy)
    finally:
        copy.unlink(missing_ok=True)


def _about(database: Database, revision: str) -> dict[str, object]:
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "software": f"Asterism {VERSION}",
        "database": {"kind": database.engine.dialect.name, "revision": revision},
    }


def _clip_files(copy: Path) -> set[str]:
    """The files that the database names, as they are called in a backup."""
    with closing(sqlite3.connect(copy)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        named = {f"sources/{sha256}.source" for (sha256,) in connection.execute("SELECT source_sha256 FROM clip")}
        for table in {"rendition", "former_rendition"} & tables:
            rows = connection.execute(f"SELECT kind, sha256 FROM {table}")  # noqa: S608 - one of two names
            named |= {f"media/{sha256}.{EXTENSIONS[kind]}" for kind, sha256 in rows}
        if "text_file" in tables:
            named |= {f"sources/{sha256}.source" for (sha256,) in connection.execute(_SOURCES_OF_TEXTS)}
            rows = connection.execute(_RENDITIONS_OF_TEXTS)
            renditions = [zip(("picture", "mp4", "webm", "poster"), row, strict=True) for row in rows]
            named |= {f"media/{sha256}.{EXTENSIONS[kind]}" for row in renditions for kind, sha256 in row if sha256}
    return named
