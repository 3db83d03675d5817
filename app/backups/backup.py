"""Makes backups: of a whole installation, and of the database alone before an update."""

from __future__ import annotations

import os
import re
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from app.backups.archive import DATABASE, SECRET, write_archive
from app.backups.tables import copy_to_file
from app.config import Settings
from app.db import Database
from app.errors import Invalid
from app.files import FOLDER_MODE, private_file
from app.media import EXTENSIONS
from app.version import VERSION

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
    problems = [f"{name} is missing" for name in sorted(named - set(entries))]
    problems += [
        f"{name} is damaged: its content is not what its name says"
        for name, entry in entries.items()
        if "/" in name and Path(name).stem != entry.sha256
    ]
    return Backup(len(entries), sum(entry.bytes for entry in entries.values()), SECRET in entries, problems)


def back_up_before_update(database: Database, settings: Settings) -> Path:
    """Write the database, as it is before an update, to a new file in the data folder's `backups`."""
    folder = settings.data / "backups"
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    out = folder / f"before-update-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.zip"
    with _copy_of(database, out) as (copy, revision):
        write_archive(out, {DATABASE: copy}, _about(database, revision))
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
    return named
