"""Notices when the files of an SQLite database are replaced or removed while the server has them open (F46).

SQLite itself keeps writing to the files that it opened, which would be lost after a restart. So each
transaction first compares what lies at the path now with what was opened, and each writing one again after its commit:
an ack is sent only for what is in the files that the next start will read.

Copying a backup over the file keeps its identity and changes its contents. Each checkpoint therefore writes a higher
generation (SQLite's `user_version`) into the file's header; a lower one than was seen before is an older file.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from threading import Lock

from app.errors import DatabaseReplaced

SUFFIXES = ("", "-wal", "-shm")
MAGIC = b"SQLite format 3\x00"
GENERATION = slice(60, 64)
HEADER_BYTES = 100

WHAT_TO_DO = "Nothing is saved until the server has been restarted."

Identity = tuple[int, int]


class FileWatch:
    """The files of one database, from its first connection to its end."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = Lock()
        self.anchor: sqlite3.Connection | None = None
        self.opened: dict[Path, Identity] = {}
        self.generation = 0
        self.checkpointed_at = 0

    def begin(self) -> None:
        """Remember which files were opened; called for each new connection, and does nothing after the first.

        A connection of its own keeps SQLite from removing the write-ahead log when no other connection is open.
        """
        with self.lock:
            if self.anchor is not None:
                return
            anchor = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None)
            anchor.execute("SELECT count(*) FROM sqlite_master").fetchone()
            hold(self.file)
            for suffix in SUFFIXES:
                path = Path(f"{self.file}{suffix}")
                self.opened[path] = _identity(os.stat(path))
            self.checkpointed_at = os.stat(self.file).st_mtime_ns
            self.anchor = anchor

    def check(self) -> None:
        """Return if the files at their paths are those that were opened.

        Raises
        ------
        DatabaseReplaced
            When one is gone, is another file, or holds an older state than before.
        """
        if self.anchor is None:
            return
        for path, identity in self.opened.items():
            try:
                current = _identity(os.stat(path))
            except OSError as error:
                raise DatabaseReplaced(f"{path.name} was removed while the server runs. {WHAT_TO_DO}") from error
            if current != identity:
                raise DatabaseReplaced(f"{path.name} was replaced while the server runs. {WHAT_TO_DO}")
        header = read_header(self.file)
        generation = int.from_bytes(header[GENERATION], "big")
        if not header.startswith(MAGIC) or generation < self.generation:
            raise DatabaseReplaced(f"{self.file.name} was overwritten while the server runs. {WHAT_TO_DO}")
        self.generation = generation

    def was_checkpointed(self) -> bool:
        """Whether SQLite has written to the file since this was last asked: then a new generation is due."""
        changed = os.stat(self.file).st_mtime_ns
        if changed == self.checkpointed_at:
            return False
        self.checkpointed_at = changed
        return True

    def end(self) -> None:
        """Let go of the files, after all other connections are closed."""
        with self.lock:
            if self.anchor is not None:
                self.anchor.close()
                self.anchor = None
                release(self.file)
                self.opened.clear()


def _identity(stat: os.stat_result) -> Identity:
    return stat.st_dev, stat.st_ino


# One open file for each database and process: closing any other would end the locks that SQLite holds on it, because
# POSIX locks belong to the process, not to the open file.
_held: dict[Path, tuple[int, int]] = {}
_holding = Lock()


def hold(file: Path) -> None:
    """Open a file for `read_header`, or count one more user of it."""
    with _holding:
        descriptor, users = _held.get(file, (-1, 0))
        if users == 0:
            descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        _held[file] = descriptor, users + 1


def release(file: Path) -> None:
    """Count one user less; the last one closes the file."""
    with _holding:
        descriptor, users = _held[file]
        if users > 1:
            _held[file] = descriptor, users - 1
        else:
            os.close(descriptor)
            del _held[file]


def read_header(file: Path) -> bytes:
    """The first bytes of a file that is held."""
    with _holding:
        descriptor, _ = _held[file]
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, HEADER_BYTES)
