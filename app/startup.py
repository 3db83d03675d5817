"""What is checked before anything runs: that the data are there, can be used, and fit this version (F30)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.backups.backup import back_up_before_update
from app.config import Settings, sqlite_file
from app.db import Database, open_database
from app.errors import ConfigurationError
from app.models import Base
from app.schema import migrate, schema_state, state_of

NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ceph", "fuse.glusterfs"}
MOUNTS = Path("/proc/mounts")
UNUSABLE = {
    "foreign": "holds tables of another program: name an empty database, or another one",
    "newer": "was written by a newer version of Asterism: update the program, or restore a backup",
}


def require_data(settings: Settings) -> None:
    """Return if the data folder and the database are there.

    Raises
    ------
    ConfigurationError
        When one of them is missing: a command that asks for a study must not make an empty installation instead.
    """
    refuse_file(settings.data)
    if not settings.data.exists():
        raise ConfigurationError(
            f"There is no data folder {settings.data}. Name the right one with --data or ASTERISM_DATA; "
            "`serve` and `study create` make a new one."
        )
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        if settings.database_url:
            raise ConfigurationError(f"There is no database {file} (ASTERISM_DATABASE_URL).")
        raise ConfigurationError(f"The data folder {settings.data} holds no database ({file.name}).")
    _refuse_empty(file)


def refuse_file(data: Path) -> None:
    """Return unless there is a file where the data folder should be.

    Raises
    ------
    ConfigurationError
        When there is.
    """
    if data.exists() and not data.is_dir():
        raise ConfigurationError(f"{data} is a file, not a folder: name the data folder with --data or ASTERISM_DATA.")


def refuse_lost_database(settings: Settings) -> None:
    """Return unless the data folder holds clips but no database, or a database without a byte.

    Raises
    ------
    ConfigurationError
        When it does: an empty new database would hide that the old one is gone.
    """
    refuse_file(settings.data)
    file = sqlite_file(settings)
    _refuse_empty(file)
    if file is None or file.exists():
        return
    if any(folder.is_dir() and any(folder.iterdir()) for folder in (settings.media_folder, settings.source_folder)):
        raise ConfigurationError(
            f"The data folder {settings.data} holds clips, but its database {file} is gone. Restore {file.name} from a "
            "backup, or name another data folder."
        )


def _refuse_empty(file: Path | None) -> None:
    if file is not None and file.is_file() and file.stat().st_size == 0:
        raise ConfigurationError(
            f"The database {file} is empty, as a full disk may leave it. Restore it from a backup; where there never "
            "was anything in it, delete it."
        )


def refuse_database_without_tables(settings: Settings) -> None:
    """Say that there is nothing in the database, to whoever asks for something in it.

    Raises
    ------
    ConfigurationError
        Always.
    """
    raise ConfigurationError(
        f"{_database_in_words(settings)} is empty: Asterism has never run with it. Name the right one; `serve` and "
        "`study create` begin a new one."
    )


def state_before_opening(settings: Settings) -> str:
    """How the database compares with the code (as `schema_state`), found without making or changing anything.

    Raises
    ------
    ConfigurationError
        When it lies on a network disk, is no database, or does not answer.
    """
    refuse_network_disk(settings)
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return "empty"
    with in_words(settings):
        if file is None:
            engine = create_engine(settings.database, hide_parameters=True, connect_args={"connect_timeout": 10})
        else:
            address = f"{file.absolute().as_uri()}?mode=ro"
            engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
        try:
            with engine.connect() as connection:
                return state_of(connection)
        except OperationalError:
            if file is None:
                raise
            # As in a folder that cannot be written to, where SQLite reads nothing; opening it will say so.
            return "current"
        finally:
            engine.dispose()


@contextmanager
def naming_the_database(settings: Settings) -> Iterator[None]:
    """As `in_words`, of what SQLAlchemy raises alone: other errors within the block are about something else."""
    try:
        yield
    except SQLAlchemyError as error:
        raise ConfigurationError(_sentence(settings, getattr(error, "orig", None) or error)) from error


@contextmanager
def in_words(settings: Settings) -> Iterator[None]:
    """Turn what a database's driver complains of within the block into one sentence, without password or contents."""
    try:
        with naming_the_database(settings):
            yield
    except (sqlite3.Error, OSError) as error:
        raise ConfigurationError(_sentence(settings, error)) from error


def _sentence(settings: Settings, error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    file = sqlite_file(settings)
    if file is None:
        password = settings.database.password
        return f"{_database_in_words(settings)} cannot be used: {reason.replace(str(password or chr(0)), '…')}"
    if "not a database" in reason:
        return f"{file} is not an SQLite database. Restore it from a backup, or name another data folder."
    if "malformed" in reason:
        return f"The database {file} is damaged ({reason}). Restore it from a backup."
    closed = "unable to open" in reason and file.exists() and not os.access(file.parent, os.W_OK)
    if "readonly" in reason or closed or isinstance(error, PermissionError):
        return f"The database {file} cannot be written to: check the rights of the file and its folder."
    if not file.parent.is_dir():
        return f"The database {file} cannot be created: there is no folder {file.parent}."
    if file.is_dir():
        return f"The database {file} is a folder, not a file."
    return f"The database {file} cannot be used: {reason}"


def _database_in_words(settings: Settings) -> str:
    """Which database it is, without its password."""
    file = sqlite_file(settings)
    if file is not None:
        return f"The database {file}"
    url = settings.database
    place = f"{url.host or 'the local server'}{f':{url.port}' if url.port else ''}"
    return f"The PostgreSQL database {place}/{url.database or ''}"


def refuse_network_disk(settings: Settings) -> None:
    """Return unless the SQLite database lies on a network disk.

    Raises
    ------
    ConfigurationError
        When it does: such disks do not keep the locks and the order of writes that SQLite relies on.
    """
    file = sqlite_file(settings)
    kind = "" if file is None else file_system(file.absolute().parent)
    if kind in NETWORK_DISKS:
        raise ConfigurationError(
            f"{settings.data} is on a network disk ({kind}), on which SQLite can lose data. Take a local disk, or "
            "PostgreSQL (ASTERISM_DATABASE_URL)."
        )


def file_system(folder: Path) -> str:
    """The kind of file system that holds a folder, on Linux; empty elsewhere."""
    try:
        mounts = [line.split() for line in MOUNTS.read_text().splitlines()]
    except OSError:
        return ""
    real = folder.resolve()
    holding = [(mount[1], mount[2]) for mount in mounts if real.is_relative_to(mount[1].replace("\\040", " "))]
    return max(holding, key=lambda mount: len(mount[0]), default=("", ""))[1]


def open_checked(settings: Settings, *, on_empty: Callable[[Settings], None] | None = None) -> Database:
    """The database, brought forward to this version's schema. A backup is made before anything is changed in it.

    `on_empty` is called before tables are made in a database without any.

    Raises
    ------
    ConfigurationError
        When it cannot be reached or used, is not Asterism's, is newer than this version, or lacks a column.
    """
    refuse_network_disk(settings)
    with in_words(settings):
        database = open_database(settings.database)
        try:
            state = schema_state(database)
            refuse_state(settings, state)
            if state == "empty" and on_empty is not None:
                on_empty(settings)
            if state == "older":
                back_up_before_update(database, settings)
            migrate(database)
            refuse_missing_columns(database)
        except BaseException:
            database.close()
            raise
    return database


def refuse_state(settings: Settings, state: str) -> None:
    """Return if this version can work with a database in this state (`schema_state`).

    Raises
    ------
    ConfigurationError
        When a newer version of Asterism has written it, or another program.
    """
    if state in UNUSABLE:
        raise ConfigurationError(f"{_database_in_words(settings)} {UNUSABLE[state]}.")


def refuse_missing_columns(database: Database) -> None:
    """Return if the database has every table and column that the code uses.

    Raises
    ------
    ConfigurationError
        When one is missing although the schema's version is right.
    """
    inspector = inspect(database.engine)
    tables = set(inspector.get_table_names())
    missing = []
    for name, table in Base.metadata.tables.items():
        if name not in tables:
            missing.append(f"the table {name}")
            continue
        there = {column["name"] for column in inspector.get_columns(name)}
        missing += [f"the column {name}.{column.name}" for column in table.columns if column.name not in there]
    if missing:
        raise ConfigurationError(f"The database lacks {', '.join(missing)}. Restore it from a backup.")
