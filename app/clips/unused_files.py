"""Files whose clip, text or study was deleted: those that nothing else uses are removed from the disk.

What may be removed is written down before the commit that deletes the rows, and removed after it. Whatever happens in
between, a later look at what is written down finds it: a file that a row of the database names always stays.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.db import Database
from app.media import EXTENSIONS, media_path
from app.models import Clip, FormerRendition, Rendition, TextFile

# A younger file may be one that somebody has just written and is about to name in the database. It waits.
FRESH_SECONDS = 600.0
NOTES = "deleted-*.json"
# Whatever names a file by its content.
CONTENTS = (
    *(Clip.source_sha256, Rendition.sha256, FormerRendition.sha256),
    *(TextFile.source_sha256, TextFile.picture, TextFile.mp4, TextFile.webm, TextFile.poster),
)


def files_of(db: Session, settings: Settings, clips: ColumnElement[bool]) -> list[Path]:
    """The files of these clips: what the experimenter gave, and every rendition of it, former ones too."""
    sources = db.scalars(select(Clip.source_sha256).where(clips))
    files = {media_path(settings.source_folder, sha256, "source") for sha256 in sources}
    for table in (Rendition, FormerRendition):
        query = select(table.sha256, table.kind).where(table.clip_id.in_(select(Clip.id).where(clips)))
        files |= {media_path(settings.media_folder, sha256, EXTENSIONS[kind]) for sha256, kind in db.execute(query)}
    return sorted(files)


def files_of_texts(db: Session, settings: Settings, which: ColumnElement[bool]) -> list[Path]:
    """The files of these pictures and clips of texts."""
    files = set()
    for one in db.scalars(select(TextFile).where(which)):
        files.add(media_path(settings.source_folder, one.source_sha256, "source"))
        files |= {media_path(settings.media_folder, sha, EXTENSIONS[kind]) for kind, sha in one.renditions.items()}
    return sorted(files)


def used_files(db: Session, files: Iterable[Path]) -> set[Path]:
    """Those of the files that the database names, as of a clip or of a text."""
    by_content = {file.stem: file for file in files}
    # Few files are asked for at a time: databases limit the number of values in a query.
    used: set[str] = set()
    names = list(by_content)
    for start in range(0, len(names), 500):
        some = names[start : start + 500]
        for column in CONTENTS:
            used.update(sha256 for sha256 in db.scalars(select(column).where(column.in_(some))) if sha256)
    return {by_content[sha256] for sha256 in used}


def write_down(settings: Settings, files: Iterable[Path]) -> Path:
    """Write down which files may be removed once the rows that name them are gone."""
    note = settings.work_folder / NOTES.replace("*", secrets.token_hex(8))
    part = note.with_suffix(".part")
    with part.open("w") as out:
        json.dump([str(file.resolve().relative_to(settings.data.resolve())) for file in files], out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(note)
    return note


def remove_unused(database: Database, settings: Settings) -> int:
    """Remove the files that are written down and that nothing uses; how many were removed.

    Those that were written a moment ago are left for the next time.
    """
    removed = 0
    for note in sorted(settings.work_folder.glob(NOTES)):
        with suppress(FileNotFoundError):
            removed += _work_off(database, settings, note)
    return removed


def _work_off(database: Database, settings: Settings, note: Path) -> int:
    files = [settings.data.resolve() / name for name in json.loads(note.read_text())]
    there = [file for file in files if file.exists()]
    fresh = {file for file in there if time.time() - file.stat().st_mtime < FRESH_SECONDS}
    removed = 0
    # With the write lock of SQLite nobody imports meanwhile.
    with database.writing() as db:
        unused = sorted(set(there) - fresh - used_files(db, there))
        for file in unused:
            file.unlink(missing_ok=True)
            removed += 1
        waiting = fresh - used_files(db, fresh)
    if not waiting:
        note.unlink(missing_ok=True)
    return removed
