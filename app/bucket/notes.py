"""What is known of the bucket, in the data folder: a note for each file that was sent there, and how it is doing.

Notes and no rows: a backup holds nothing of the bucket, so what is restored elsewhere takes nothing for its own there.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from app.config import Settings
from app.files import FOLDER_MODE, write_whole

# Pages are sent to a bucket that was well when the worker last looked, and it looked this many seconds ago at most.
FRESH_SECONDS = 180.0


@dataclass(frozen=True)
class Note:
    """A file in a bucket: whose address, the object's name, and whether it is there whole."""

    bucket: str
    name: str
    there: bool


@dataclass(frozen=True)
class Standing:
    """How the bucket was when the worker last looked (seconds since 1970), with what is wrong in words, if anything."""

    bucket: str
    at: float
    error: str | None = None
    waiting: int = 0
    there: int = 0


def keep_note(settings: Settings, sha256: str, note: Note) -> None:
    """Write the note of a file."""
    folder = _folder(settings)
    folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
    write_whole(folder / f"{sha256}.json", json.dumps(asdict(note)))


def drop_note(settings: Settings, sha256: str) -> None:
    """Remove the note of a file."""
    (_folder(settings) / f"{sha256}.json").unlink(missing_ok=True)


def note_of(settings: Settings, sha256: str) -> Note | None:
    """The note of a file; None where it was never sent to a bucket."""
    return _read(_folder(settings) / f"{sha256}.json")


def all_notes(settings: Settings) -> dict[str, Note]:
    """All notes by the SHA-256 of the file."""
    folder = _folder(settings)
    files = folder.glob("*.json") if folder.is_dir() else ()
    return {file.stem: note for file in files if (note := _read(file)) is not None}


def say_standing(settings: Settings, standing: Standing) -> None:
    """Write how the bucket is doing."""
    write_whole(_standing_file(settings), json.dumps(asdict(standing)))


def standing_of_bucket(settings: Settings) -> Standing | None:
    """How the bucket that is set was doing when the worker last looked; None when it did not look yet."""
    try:
        standing = Standing(**json.loads(_standing_file(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return standing if standing.bucket == settings.bucket_url else None


def is_well(settings: Settings, *, at: float | None = None) -> bool:
    """Whether pages can be sent to the bucket; not when the worker does not look after it."""
    standing = standing_of_bucket(settings)
    age = (time.time() if at is None else at) - (standing.at if standing is not None else 0.0)
    return standing is not None and standing.error is None and age <= FRESH_SECONDS


def _read(file: Path) -> Note | None:
    try:
        return Note(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _folder(settings: Settings) -> Path:
    return settings.data / "bucket"


def _standing_file(settings: Settings) -> Path:
    return settings.data / "bucket.json"
