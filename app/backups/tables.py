"""A database as one SQLite file, whatever kind it is, and back: the same rows under the same version of the schema.

The tables are taken as they are in the database, not as the code knows them, so that a database of an earlier version
can be copied before it is brought forward.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, MetaData, Table, Text, cast, create_engine, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.types import NullType

from app.db import Database
from app.errors import Invalid
from app.schema import current_revision, upgrade

VERSION_TABLE = "alembic_version"
BATCH = 100


def copy_to_file(database: Database, file: Path) -> str:
    """Write what the database holds at one moment to a new SQLite file, while others keep writing.

    Returns
    -------
    str
        The version of its schema.

    Raises
    ------
    Invalid
        When the database cannot be copied, or the copy is damaged.
    """
    if database.files is not None:
        try:
            with closing(sqlite3.connect(database.files.file)) as source, closing(sqlite3.connect(file)) as target:
                source.backup(target)
                # In one file, without a write-ahead log beside it.
                target.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            raise Invalid(f"The database {database.files.file} cannot be copied to {file.parent}: {error}.") from error
        revision = revision_of(file)
    else:
        # A reading connection sees one state of all tables.
        with database.engine.connect() as source_connection:
            revision = current_revision(source_connection) or ""
            engine = create_engine(URL.create("sqlite", database=str(file)))
            try:
                with engine.begin() as connection:
                    upgrade(connection, revision)
                    copy_tables(source_connection, connection)
            finally:
                engine.dispose()
    _check_file(file, "The database" if database.files is None else f"The database {database.files.file}")
    return revision


def copy_from_file(file: Path, database: Database, revision: str) -> None:
    """Put the rows of an SQLite file into an empty PostgreSQL database, in one transaction.

    Raises
    ------
    Invalid
        When a table has other rows afterwards than before.
    """
    engine = create_engine(URL.create("sqlite", database=str(file)))
    try:
        with engine.connect() as source, database.writer.begin() as target:
            upgrade(target, revision)
            if copy_tables(source, target) != row_counts(target):
                raise Invalid("The rows of the database are not those of the backup. Nothing was restored.")
    finally:
        engine.dispose()


def copy_tables(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows into tables that exist and are empty; how many there are of each table."""
    there, here = _tables(source), _tables(target)
    counts = {}
    for name, table in here.items():
        rows = source.execution_options(stream_results=True, yield_per=BATCH).execute(_as_stored(there[name], source))
        counts[name] = 0
        insert = _without_json(table).insert()
        for batch in rows.mappings().partitions(BATCH):
            target.execute(insert, [dict(row) for row in batch])
            counts[name] += len(batch)
        _continue_numbering(target, table)
    return counts


def row_counts(connection: Connection) -> dict[str, int]:
    """The number of rows of each table."""
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for name, table in _tables(connection).items()
    }


def _tables(connection: Connection) -> Mapping[str, Table]:
    """The tables of the database, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return {table.name: table for table in metadata.sorted_tables if table.name != VERSION_TABLE}


def _as_stored(table: Table, connection: Connection) -> Any:
    """All rows, with JSON as the text that is stored: parsed and written again, a null would be a different null."""
    if connection.dialect.name == "sqlite":
        return select(*_without_json(table).columns)
    return select(*(cast(one, Text).label(one.name) if isinstance(one.type, JSON) else one for one in table.columns))


def _without_json(table: Table) -> Table:
    copy = table.to_metadata(MetaData())
    for column in copy.columns:
        if isinstance(column.type, JSON):
            column.type = NullType()
    return copy


def _continue_numbering(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next row after the last one; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.columns:
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": f'"{table.name}"', "column": column.name},
        ).scalar_one()
        if sequence is not None:
            last = connection.execute(select(func.max(column))).scalar_one()
            connection.execute(
                text("SELECT setval(CAST(:sequence AS regclass), :last, :used)"),
                {"sequence": sequence, "last": last or 1, "used": last is not None},
            )


def revision_of(file: Path) -> str:
    """The version of the schema of an SQLite file."""
    with closing(sqlite3.connect(file)) as connection:
        row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608 - a constant
    return str(row[0])


def _check_file(file: Path, name: str) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise Invalid(f"{name} is damaged ({verdict}), so it was not backed up.")
