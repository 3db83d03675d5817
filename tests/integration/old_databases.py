"""Databases that an earlier version of the program made, on SQLite and PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from app.db import Database, open_database
from app.schema import _config
from tests.conftest import administer

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the first version's tables, and nothing in them."""
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    else:
        server: sa.URL = request.getfixturevalue("postgres")
        name = "old" + uuid.uuid4().hex
        administer(server, f'CREATE DATABASE "{name}"')
        database = open_database(server.set(database=name).render_as_string(hide_password=False))
    upgrade_to(database, "0001")
    yield database
    database.close()


def upgrade_to(database: Database, revision: str) -> None:
    """Bring the database to the schema of an earlier version."""
    config = _config()
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def tables_of(database: Database) -> dict[str, sa.Table]:
    """The tables as they are in the database, by name; the code's own may have changed since."""
    meta = sa.MetaData()
    meta.reflect(database.engine)
    return dict(meta.tables)


def insert(database: Database, table: str, **values: Any) -> None:
    """Add a row to a table of the earlier version."""
    with database.writer.begin() as connection:
        connection.execute(tables_of(database)[table].insert().values(**values))


def rows_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, in the order of their keys."""
    with database.engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key)).mappings()]
            for name, table in tables_of(database).items()
        }
