"""What several processes count together: who tried what within the last minutes (F41, F50).

A file that lives as long as the server, in memory where the system has such a folder. It holds keyed hashes of what is
counted, never an address, and only for as long as a limit looks back.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from limits.storage import MovingWindowSupport, Storage

IN_MEMORY = Path("/dev/shm")  # noqa: S108
PATIENCE_SECONDS = 10.0


class SharedWindow(Storage, MovingWindowSupport):
    """A storage of the library `limits` in a file that other processes use too: what `shared_window` made."""

    STORAGE_SCHEME = None
    base_exceptions = sqlite3.Error

    def __init__(self, file: Path, secret: str) -> None:
        super().__init__()
        self.file = file
        self.secret = secret.encode()
        self.turn = threading.Lock()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` more of `key`, unless there would be more than `limit` within `expiry` seconds."""
        with self._open() as db:
            if self._count(db, key) + amount > limit:
                return False
            self._add(db, key, expiry, amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest entry of `key` was counted (now, if there is none), and how many there are."""
        with self._open() as db:
            query = "SELECT min(expires), count(*) FROM entry WHERE key = ?"
            first, count = db.execute(query, [self._hashed(key)]).fetchone()
        return (time.time() if first is None else first - expiry), count

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` more of `key`; how many there are then."""
        with self._open() as db:
            self._add(db, key, expiry, amount)
            return self._count(db, key)

    def get(self, key: str) -> int:
        """How many there are of `key`."""
        with self._open() as db:
            return self._count(db, key)

    def get_expiry(self, key: str) -> float:
        """When the last entry of `key` is forgotten, in seconds since 1970; now, if there is none."""
        with self._open() as db:
            expires = db.execute("SELECT max(expires) FROM entry WHERE key = ?", [self._hashed(key)]).fetchone()[0]
        return time.time() if expires is None else float(expires)

    def check(self) -> bool:
        """Whether the file can be used."""
        with self._open():
            return True

    def reset(self) -> int | None:
        """Forget everything; how many entries that were."""
        with self._open() as db:
            return db.execute("DELETE FROM entry").rowcount

    def clear(self, key: str) -> None:
        """Forget what was counted of `key`."""
        with self._open() as db:
            db.execute("DELETE FROM entry WHERE key = ?", [self._hashed(key)])

    def _add(self, db: sqlite3.Connection, key: str, expiry: int, amount: int) -> None:
        db.executemany("INSERT INTO entry VALUES (?, ?)", [(self._hashed(key), time.time() + expiry)] * amount)

    def _count(self, db: sqlite3.Connection, key: str) -> int:
        return int(db.execute("SELECT count(*) FROM entry WHERE key = ?", [self._hashed(key)]).fetchone()[0])

    def _hashed(self, key: str) -> bytes:
        return hmac.digest(self.secret, key.encode(), "sha256")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with (
            self.turn,
            closing(sqlite3.connect(self.file, timeout=PATIENCE_SECONDS, isolation_level=None)) as db,
        ):
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM entry WHERE expires <= ?", [time.time()])
            yield db
            db.execute("COMMIT")


@contextmanager
def shared_window() -> Iterator[Path]:
    """An empty file for `SharedWindow`, readable by its owner alone and removed at the end of the block."""
    within = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="asterism-", dir=within, ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "window.sqlite3"
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.execute("CREATE TABLE entry (key BLOB NOT NULL, expires REAL NOT NULL)")
            db.execute("CREATE INDEX entry_key ON entry (key)")
            db.commit()
        yield file
