"""Which files are to be in the bucket, and how they come there and go: the worker looks once a minute.

In it are what participants of open studies load ahead: clips, sounds and pictures. Posters, what texts show, and all
of other studies come from our own disk alone.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.bucket.notes import (
    Note,
    Standing,
    all_notes,
    drop_note,
    is_well,
    keep_note,
    note_of,
    say_standing,
    standing_of_bucket,
)
from app.bucket.store import PREFIX, Bucket, BucketError, address_until, bucket_of, delete, put, sizes
from app.config import Settings
from app.db import Database
from app.domain import StudyState
from app.media import EXTENSIONS, MIME_TYPES, SOURCES, media_path
from app.models import Clip, Rendition, Study

LOOK_SECONDS = 60.0
# Within a period a file has the same address, so that a reload finds it in the browser's cache. The address holds for
# at least as long again.
PERIOD_SECONDS = 900

log = structlog.get_logger()


def address_in_bucket(settings: Settings, sha256: str, *, at: float | None = None) -> str | None:
    """Where a browser can load the file for between 15 and 30 minutes; None when it is to come from our own disk."""
    bucket = bucket_of(settings)
    if bucket is None or not is_well(settings, at=at):
        return None
    note = note_of(settings, sha256)
    if note is None or not note.there or note.bucket != bucket.url:
        return None
    moment = time.time() if at is None else at
    start = datetime.fromtimestamp(moment // PERIOD_SECONDS * PERIOD_SECONDS, UTC)
    return address_until(bucket, note.name, start, 2 * PERIOD_SECONDS)


def wanted_files(db: Session) -> dict[str, tuple[str, int]]:
    """What is to be in the bucket: extension and bytes of each file by its SHA-256."""
    query = (
        select(Rendition.sha256, Rendition.kind, Rendition.bytes)
        .join(Clip, Clip.id == Rendition.clip_id)
        .join(Study, Study.id == Clip.study_id)
        .where(Study.state == StudyState.OPEN, Rendition.kind.in_(SOURCES))
        .order_by(Study.id, Clip.position)
    )
    return {sha256: (EXTENSIONS[kind], size) for sha256, kind, size in db.execute(query).tuples()}


def look_after_bucket(database: Database, settings: Settings) -> None:
    """Bring what is missing there and remove what is no longer needed, and say how it went.

    What the server lists is what is there, whatever was known of it: an emptied bucket is filled again.
    """
    bucket = bucket_of(settings)
    if bucket is None:
        return
    before = standing_of_bucket(settings)
    waiting, there = (0, 0) if before is None else (before.waiting, before.there)
    try:
        found = sizes(bucket)
        with database.reading() as db:
            wanted = wanted_files(db)
        missing = {
            sha256 for sha256, file in wanted.items() if found.get(name_of(settings, sha256, file[0])) != file[1]
        }
        waiting, there = len(missing), len(wanted) - len(missing)
        _mark(settings, bucket, wanted, missing)
        say_standing(settings, Standing(bucket.url, time.time(), None, waiting, there))
        _remove_unneeded(settings, bucket, wanted)
        for sha256 in [one for one in wanted if one in missing]:
            if _copy(settings, bucket, sha256, wanted[sha256][0]):
                waiting, there = waiting - 1, there + 1
                say_standing(settings, Standing(bucket.url, time.time(), None, waiting, there))
    except BucketError as error:
        log.warning("bucket_failed", reason=str(error))
        say_standing(settings, Standing(bucket.url, time.time(), str(error), waiting, there))


def name_of(settings: Settings, sha256: str, extension: str) -> str:
    """The object's name of a file: always the same, and without what the file holds to whoever sees its address."""
    key = settings.secret_key.encode()[:64]
    return f"{PREFIX}{hashlib.blake2b(sha256.encode(), key=key, digest_size=16).hexdigest()}.{extension}"


def _mark(settings: Settings, bucket: Bucket, wanted: dict[str, tuple[str, int]], missing: set[str]) -> None:
    """Write into the notes what the server's list says."""
    for sha256, (extension, _) in wanted.items():
        note = Note(bucket.url, name_of(settings, sha256, extension), sha256 not in missing)
        if note_of(settings, sha256) != note:
            keep_note(settings, sha256, note)


def _copy(settings: Settings, bucket: Bucket, sha256: str, extension: str) -> bool:
    """Send one file; not one that is missing or damaged on our own disk, which `doctor` names."""
    file = media_path(settings.media_folder, sha256, extension)
    try:
        with file.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
                raise OSError("it is not what its name says")
        note = Note(bucket.url, name_of(settings, sha256, extension), there=True)
        put(bucket, note.name, file, sha256, MIME_TYPES[extension])
    except OSError as error:
        log.warning("file_not_copied_to_bucket", file=file.name, reason=str(error))
        return False
    keep_note(settings, sha256, note)
    return True


def _remove_unneeded(settings: Settings, bucket: Bucket, wanted: dict[str, tuple[str, int]]) -> None:
    for sha256, note in all_notes(settings).items():
        if sha256 in wanted:
            continue
        if note.bucket == bucket.url:
            # No page is sent there from now on.
            keep_note(settings, sha256, Note(note.bucket, note.name, there=False))
            delete(bucket, note.name)
        drop_note(settings, sha256)
