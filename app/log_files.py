"""The log in a file that is renamed when it is full, so that a number of files of a certain size holds all of it.

Several processes write the same file: each line is written whole, and only one process at a time renames.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import Settings
from app.errors import ConfigurationError
from app.files import FILE_MODE


class LogFile:
    """A file to write lines to; at `most_bytes` it becomes FILE.1, and so on up to FILE.`older`, the oldest.

    A line that cannot be written, as on a full disk, goes to standard error: the log must not stop what it tells of.
    """

    def __init__(self, file: Path, most_bytes: int, older: int) -> None:
        self.file, self.most_bytes, self.older = file, most_bytes, older
        self._turn = threading.Lock()
        with self._locked():
            os.close(self._open())

    def write(self, line: str) -> None:
        """Write a line, which ends with a line end."""
        data = line.encode(errors="replace")
        try:
            with self._turn, self._locked():
                descriptor = self._open()
                try:
                    size = os.fstat(descriptor).st_size
                    if size and size + len(data) > self.most_bytes:
                        self._rename()
                        os.close(descriptor)
                        descriptor = self._open()
                    _write_all(descriptor, data)
                finally:
                    os.close(descriptor)
        except OSError:
            sys.stderr.write(line)

    def flush(self) -> None:
        """Nothing is kept back."""

    def _open(self) -> int:
        return os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)

    def _rename(self) -> None:
        for number in range(self.older, 0, -1):
            newer = self._numbered(number - 1) if number > 1 else self.file
            if newer.exists():
                newer.replace(self._numbered(number))
        if not self.older:
            self.file.unlink()

    def _numbered(self, number: int) -> Path:
        return self.file.with_name(f"{self.file.name}.{number}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone among the processes that write this file, where the system can do that."""
        try:
            import fcntl
        except ImportError:
            yield
            return
        beside = self.file.with_name(f"{self.file.name}.lock")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def log_of(settings: Settings) -> LogFile | None:
    """The file that the settings name for the log; None where it goes to standard error.

    Raises
    ------
    ConfigurationError
        When the file cannot be written.
    """
    if settings.log_file is None:
        return None
    try:
        return LogFile(settings.log_file.absolute(), settings.log_bytes, settings.log_files)
    except OSError as error:
        raise ConfigurationError(
            f"ASTERISM_LOG_FILE: {settings.log_file} cannot be written: {error.strerror}", field="ASTERISM_LOG_FILE"
        ) from error


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
