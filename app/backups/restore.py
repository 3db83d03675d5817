"""Restores a backup into an empty data folder and an empty database."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from app.backups.archive import DATABASE, Archive, open_archive
from app.backups.tables import copy_from_file
from app.config import Settings, sqlite_file
from app.database_files import SUFFIXES
from app.db import Database, open_database
from app.errors import ConfigurationError, Invalid
from app.files import FOLDER_MODE, named
from app.schema import is_known, schema_state
from app.startup import in_words


def restore_backup(file: Path, settings: Settings, *, database_only: bool = False) -> int:
    """Put back what a backup holds; how many files that were. Nothing is written before every checksum was compared.

    Parameters
    ----------
    settings
        Where to: the data folder, and the database, of the same kind as before or of the other.
    database_only
        Restore the database beside a data folder that is there, as after an update that is taken back.

    Raises
    ------
    Invalid
        When the backup is damaged, or was made by a newer version.
    ConfigurationError
        When the data folder or the database is not empty, or the database cannot be used.
    OSError
        When something cannot be written. What was written is removed again.
    """
    with open_archive(file) as archive:
        if not is_known(archive.manifest["database"]["revision"]):
            raise Invalid(f"{file}: this backup was made by a newer version of Asterism: update the program.")
        if not database_only:
            _refuse_full_folder(settings.data)
        target = sqlite_file(settings)
        names = [DATABASE] if database_only else list(archive.entries)
        if target is not None:
            # A write-ahead log that lies beside the restored file would be taken for its own, and break it.
            if there := [file for suffix in SUFFIXES if (file := Path(f"{target}{suffix}")).exists()]:
                raise ConfigurationError(f"There is {there[0]} already. Restore into a place without a database.")
            with named(settings.data):
                _write(archive, settings.data, names, target)
        else:
            database = open_database(settings.database)
            try:
                with in_words(settings):
                    state = schema_state(database)
                if state != "empty":
                    raise ConfigurationError("The PostgreSQL database is not empty. Name an empty one.")
                with named(settings.data):
                    _write(archive, settings.data, names, database)
            finally:
                database.close()
        return len(names)


def _refuse_full_folder(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise ConfigurationError(
            f"{data} is not empty. A backup is restored into a new folder: name one with --data, or move what is there."
        )


def _write(archive: Archive, data: Path, names: list[str], target: Path | Database) -> None:
    """Write the files, and the database last, so that no half of an installation looks like a whole one."""
    written: list[Path] = []
    folders = [data, data / "media", data / "sources"]
    made = [folder for folder in folders if not folder.exists()]
    try:
        for folder in made:
            folder.mkdir(parents=True, mode=FOLDER_MODE)
        for name in names:
            if name != DATABASE:
                written.append(data / name)
                archive.extract(name, data / name)
        descriptor, part_name = tempfile.mkstemp(
            prefix=".restored-", suffix=".sqlite3", dir=target.parent if isinstance(target, Path) else data
        )
        os.close(descriptor)
        part = Path(part_name)
        written.append(part)
        archive.extract(DATABASE, part)
        if isinstance(target, Path):
            part.replace(target)
        else:
            copy_from_file(part, target, archive.manifest["database"]["revision"])
            part.unlink()
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise
