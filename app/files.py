"""Files and folders that only their owner can read, and files that are whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
# What a data folder holds. A folder that holds anything else (a home, /tmp) is not ours to close to others.
OWN_NAMES = {"media", "sources", "uploads", "work", "backups", "logs", "bucket", "secret_key"}
OWN_NAMES |= {"server.json", "worker.json", "last_backup.json", "bucket.json"}
# The second is left by versions that kept a queue of jobs.
OWN_DATABASES = ("asterism.sqlite3", "jobs.sqlite3")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Give errors within the block the name of what is written: a full disk leaves it out."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def what_is_wrong(error: OSError, path: Path) -> str:
    """An error of the system with a file or folder (`path` where it names none), in words."""
    place = Path(error.filename or path)
    if place.is_symlink() and not place.exists():
        return f"{place} is a link to {place.readlink()}, which is not there"
    return f"{place}: {error.strerror or error}"


def keep_private(data: Path, *folders: Path) -> None:
    """Make the data folder and the folders in it; nobody but their owner can read them afterwards.

    A data folder that was there before and holds other things too keeps its own mode; the folders in it do not.

    Raises
    ------
    OSError
        When one of them cannot be made.
    """
    if not data.exists():
        data.mkdir(parents=True, mode=FOLDER_MODE)
    elif data.is_dir() and _is_ours_alone(data):
        _tighten(data, FOLDER_MODE)
    for folder in folders:
        folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
        _tighten(folder, FOLDER_MODE)


def private_file(file: Path) -> None:
    """Make an empty file that only its owner can read, or take the rights of others away from one that is there.

    A file that is there is not opened: closing it would end the locks that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))
    _tighten(file, FILE_MODE)


def write_whole(file: Path, text: str) -> None:
    """Replace a file by `text`, readable by its owner alone; a full disk leaves what was there before."""
    _replace(file, text, keep=False)


def write_once(file: Path, text: str) -> None:
    """As `write_whole`, unless the file is there already. Of two processes that write at once, one does."""
    if not file.exists():
        _replace(file, text, keep=True)


def _replace(file: Path, text: str, *, keep: bool) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        if keep:
            _link(part, file)
        else:
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _link(part: Path, file: Path) -> None:
    """Give a file its name, unless another process was first."""
    try:
        os.link(part, file)
    except OSError:
        # Some file systems (exFAT, some shares) know no second name for a file.
        if not file.exists():
            part.replace(file)


def _is_ours_alone(data: Path) -> bool:
    return all(
        name in OWN_NAMES or name.startswith((*OWN_DATABASES, ".")) for name in (entry.name for entry in data.iterdir())
    )


def _tighten(path: Path, mode: int) -> None:
    # On Windows the rights of a user's own folders are the system's business.
    if os.name != "posix":
        return
    stat = path.stat()
    if stat.st_mode & 0o777 & ~mode and os.geteuid() in {0, stat.st_uid}:
        path.chmod(mode)
