"""Engine and sessions. A reading session sees a snapshot; a writing session takes the write lock at its start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.errors import Busy

BUSY_TIMEOUT_MS = 10_000
TURN_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Database:
    """Hands out database sessions; each is used in a `with` block and closed by it.

    `turn` is held by the thread that writes, on SQLite: its own way of waiting for the write lock is to ask again and
    again, by which somebody in a crowd can be passed over until the busy timeout is spent.
    """

    engine: Engine
    writer: Engine
    turn: Lock | None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads, which sees one state of all tables from its first query on."""
        with Session(self.engine, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for writes. On SQLite its transaction begins with BEGIN IMMEDIATE.

        A deferred BEGIN that reads and then writes fails with "database is locked" whatever the busy timeout is.

        Raises
        ------
        Busy
            When other threads of this process write for so long that this one's turn does not come within 30 s.
        """
        if self.turn is not None and not self.turn.acquire(timeout=TURN_TIMEOUT_S):
            raise Busy("The server is busy at the moment. Nothing is lost: please try again.")
        try:
            with Session(self.writer, expire_on_commit=False) as db:
                yield db
        finally:
            if self.turn is not None:
                self.turn.release()

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Connect to the database at `url` (SQLite or PostgreSQL)."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = _open_sqlite(url)
        return Database(engine, engine.execution_options(asterism_writes=True), Lock())
    writer = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=20,
        max_overflow=20,
        connect_args={"options": "-c synchronous_commit=on -c timezone=UTC", "connect_timeout": 10},
    )
    # A snapshot, as on SQLite: an export reads many tables one after the other, and they must fit together.
    return Database(writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), writer, None)


def _open_sqlite(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=40, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        """Set up each new connection: commits reach the disk, readers do not wait for writers, foreign keys hold."""
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
        """Begin a transaction; one that will write takes the lock now, lest it fail half way for want of it."""
        writes = connection.get_execution_options().get("asterism_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
