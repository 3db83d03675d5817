"""Uploads that are not finished: for each a note of what the file is to become, and the part of it that came.

Both lie in the data folder, and the size of the part says where to go on. None of it is in the database.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from app.config import Settings
from app.errors import NotFound
from app.files import write_whole

KEPT_SECONDS = 24 * 3600
ID = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Upload:
    """A file that an account sends to a study. `name` is its path below the folder that was dropped."""

    id: str
    study_id: int
    account_id: int
    name: str
    size: int
    sha256: str
    # The public id of the clip whose file it replaces, if any.
    replaces: str = ""
    # Whether the study's texts are to show it; else it becomes a clip.
    for_texts: bool = False


def keep_note(settings: Settings, upload: Upload) -> None:
    """Write down that this file is on its way."""
    write_whole(note_of(settings, upload.id), json.dumps(asdict(upload)))


def touch_note(settings: Settings, upload: Upload) -> bool:
    """Whether the file is on its way already; if so, it will be kept for another day."""
    try:
        os.utime(note_of(settings, upload.id))
    except FileNotFoundError:
        return False
    return True


def find_upload(settings: Settings, study_id: int, account_id: int, upload_id: str) -> Upload:
    """The unfinished upload of that id.

    Raises
    ------
    NotFound
        When there is none, or it is another account's or another study's: the answer does not tell which.
    """
    upload = _read(note_of(settings, upload_id)) if ID.fullmatch(upload_id) else None
    if upload is None or (upload.study_id, upload.account_id) != (study_id, account_id):
        raise NotFound("There is no such upload.")
    return upload


def unfinished_uploads(settings: Settings, study_id: int, account_id: int) -> list[tuple[Upload, int]]:
    """What an account has not sent to its end, by name, each with the number of bytes that are here."""
    uploads = [upload for upload in of_account(settings, account_id) if upload.study_id == study_id]
    return [(upload, bytes_here(settings, upload)) for upload in sorted(uploads, key=lambda upload: upload.name)]


def bytes_here(settings: Settings, upload: Upload) -> int:
    """How much of a file came so far."""
    try:
        return part_of(settings, upload.id).stat().st_size
    except FileNotFoundError:
        return 0


def remove_upload(settings: Settings, upload: Upload) -> None:
    """Forget a file, and what came of it."""
    note_of(settings, upload.id).unlink(missing_ok=True)
    part_of(settings, upload.id).unlink(missing_ok=True)


def remove_abandoned_uploads(settings: Settings, *, at: float | None = None) -> int:
    """Remove what nobody has gone on with for a day; returns how many files."""
    oldest = (time.time() if at is None else at) - KEPT_SECONDS
    removed = 0
    for file in settings.uploads_folder.iterdir():
        try:
            pair = (file, file.with_suffix(".json"), file.with_suffix(".part"))
            if max(one.stat().st_mtime for one in pair if one.exists()) < oldest:
                file.unlink()
                removed += 1
        except (FileNotFoundError, ValueError):
            # It was taken or removed in this moment.
            continue
    return removed


def of_account(settings: Settings, account_id: int) -> list[Upload]:
    """The unfinished uploads of an account, to all studies."""
    return [upload for upload in all_uploads(settings) if upload.account_id == account_id]


def all_uploads(settings: Settings) -> list[Upload]:
    """All unfinished uploads."""
    uploads = (_read(note) for note in settings.uploads_folder.glob("*.json"))
    return [upload for upload in uploads if upload is not None]


def note_of(settings: Settings, upload_id: str) -> Path:
    """Where the note of an upload is."""
    return settings.uploads_folder / f"{upload_id}.json"


def part_of(settings: Settings, upload_id: str) -> Path:
    """Where the part of a file is that came so far."""
    return settings.uploads_folder / f"{upload_id}.part"


def _read(note: Path) -> Upload | None:
    try:
        return Upload(**json.loads(note.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
