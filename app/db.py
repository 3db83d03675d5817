"""Engine and sessions. A reading session sees a snapshot; a writing session takes the write lock at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 10_000


@dataclass(frozen=True)
class Database:
    """Hands out database sessions; each is used in a `with` block and closed by it."""

    engine: Engine
    writer: Engine

    def reading(self) -> Session:
        """A session for reads."""
        return Session(self.engine, expire_on_commit=False)

    def writing(self) -> Session:
        """A session for writes. On SQLite its transaction begins with BEGIN IMMEDIATE.

        A deferred BEGIN that reads and then writes fails with "database is locked" whatever the busy timeout is.
        """
        return Session(self.writer, expire_on_commit=False)

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Connect to the database at `url` (SQLite or PostgreSQL)."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = _open_sqlite(url)
    else:
        engine = create_engine(
            url,
            pool_pre_ping=True,
            pool_size=20,
            max_overflow=20,
            connect_args={"options": "-c synchronous_commit=on -c timezone=UTC", "connect_timeout": 10},
        )
    return Database(engine, engine.execution_options(asterism_writes=True))


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=40, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling is switched off, so that the listener below decides how one begins.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("asterism_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
