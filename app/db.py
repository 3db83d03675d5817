"""Engine and sessions. A reading session sees a snapshot; a writing session takes the write lock at its start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from app.database_files import FileWatch
from app.errors import Busy
from app.files import private_file

BUSY_TIMEOUT_MS = 10_000
TURN_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Database:
    """Hands out database sessions; each is used in a `with` block and closed by it.

    `turn` is held by the thread that writes, on SQLite: its own way of waiting for the write lock is to ask again and
    again, by which somebody in a crowd can be passed over until the busy timeout is spent. `files` notices when the
    files of an SQLite database are replaced under the running server.
    """

    engine: Engine
    writer: Engine
    turn: Lock | None
    files: FileWatch | None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads, which sees one state of all tables from its first query on.

        Raises
        ------
        DatabaseReplaced
            When the database's files are no longer those that were opened.
        """
        self._check_files()
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
        DatabaseReplaced
            As `reading`, and also after the commit: what was written is then not in the database that a restart reads.
        """
        with self._turn_to_write(), Session(self.writer, expire_on_commit=False) as db:
            yield db

    @contextmanager
    def writing_rows(self) -> Iterator[Connection]:
        """As `writing`, without a session: for what is asked for most and maps no rows to objects."""
        with self._turn_to_write(), self.writer.connect() as connection:
            yield connection

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        if self.turn is not None and not self.turn.acquire(timeout=TURN_TIMEOUT_S):
            raise Busy("The server is busy at the moment. Nothing is lost: please try again.")
        try:
            self._check_files()
            yield
            if self.files is not None:
                self.files.check()
                if self.files.was_checkpointed():
                    self._raise_generation()
        finally:
            if self.turn is not None:
                self.turn.release()

    def start_generation(self) -> None:
        """Tell this run of the server apart from every backup that was made before it."""
        if self.files is not None:
            self._raise_generation()
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            self.files.check()

    def _raise_generation(self) -> None:
        with self.writer.begin() as connection:
            generation = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version = {generation + 1}")

    def _check_files(self) -> None:
        if self.files is not None:
            self.files.check()

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()
        if self.files is not None:
            self.files.end()


def open_database(url: str | URL) -> Database:
    """Connect to the database at `url` (SQLite or PostgreSQL)."""
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url)
    writer = create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=20,
        max_overflow=20,
        connect_args={"options": "-c synchronous_commit=on -c timezone=UTC", "connect_timeout": 10},
    )
    # A snapshot, as on SQLite: an export reads many tables one after the other, and they must fit together.
    return Database(
        writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True), writer, None, None
    )


def _open_sqlite(url: str | URL) -> Database:
    # What participants sent must not get into a log with the text of an error.
    engine = create_engine(
        url, hide_parameters=True, pool_size=20, max_overflow=40, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}
    )
    file = Path(make_url(url).database or "")
    files = FileWatch(file)

    @event.listens_for(engine, "do_connect")
    def prepare(*_: Any) -> None:
        """Make the file before SQLite does, so that nobody but its owner can read it."""
        with suppress(OSError):
            # SQLite itself says what is wrong with a path that cannot be used.
            private_file(file)

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
        files.begin()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        """Begin a transaction; one that will write takes the lock now, so that it cannot fail halfway."""
        writes = connection.get_execution_options().get("asterism_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return Database(engine, engine.execution_options(asterism_writes=True), Lock(), files)
