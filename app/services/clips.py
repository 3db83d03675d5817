"""Clips on their way from an experimenter's file to what a browser plays.

A file is copied and registered first. Whoever is free (the jobs' worker, or a command) then claims a waiting clip, gives
a sign of life while it converts, and stores the result. A claim without a sign of life is taken back (F33).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.config import Settings
from app.db import Database
from app.definition import check_definition
from app.domain import ClipState
from app.errors import Invalid
from app.media import media_path
from app.models import Clip, Study, now
from app.tokens import new_public_id

# A worker gives a sign of life at least this often, or its clip is taken up by another.
CLAIM_LEASE = timedelta(minutes=2)
CHUNK = 1024 * 1024


@dataclass
class Imported:
    """What became of the files: clips that are new, and files whose content is a clip already, with that clip's name."""

    added: list[str] = field(default_factory=list)
    same: list[tuple[str, str]] = field(default_factory=list)


def register_clips(
    db: Session, settings: Settings, study: Study, files: list[Path], attributes: dict[str, dict[str, str]]
) -> Imported:
    """Copy files into the data folder and add each as a waiting clip; a file that is there already adds nothing.

    Does not commit: the caller does, once.

    Raises
    ------
    Invalid
        When a file cannot be read, a different clip has its name, or the study would hold more clips than allowed.
    """
    imported = Imported()
    clips = list(db.scalars(select(Clip).where(Clip.study_id == study.id)))
    by_content = {clip.source_sha256: clip.file_name for clip in clips}
    names = {clip.file_name for clip in clips}
    position = (db.scalar(select(func.max(Clip.position)).where(Clip.study_id == study.id)) or -1) + 1
    if not clips:
        position = 0
    for file in files:
        sha256 = _keep_source(settings, file)
        if sha256 in by_content:
            imported.same.append((file.name, by_content[sha256]))
            continue
        if file.name in names:
            raise Invalid(f"{file}: the study holds another clip named {file.name}", field="clips")
        if len(names) >= settings.max_clips:
            raise Invalid(f"{file}: a study holds at most {settings.max_clips} clips", field="clips")
        db.add(
            Clip(
                study_id=study.id,
                public_id=new_public_id("C"),
                position=position,
                file_name=file.name,
                label=file.stem,
                source_sha256=sha256,
                attributes=attributes.get(file.name, {}),
            )
        )
        by_content[sha256] = file.name
        names.add(file.name)
        position += 1
        imported.added.append(file.name)
    return imported


def source_path(settings: Settings, clip: Clip) -> Path:
    """The experimenter's own file, byte for byte."""
    return media_path(settings.source_folder, clip.source_sha256, "source")


def claim_clip(db: Session, study_id: int | None = None) -> Clip | None:
    """Take a clip that waits for conversion, or whose worker gives no sign of life; None when there is none."""
    stale = now() - CLAIM_LEASE
    query = select(Clip).where(
        or_(Clip.state == ClipState.WAITING, (Clip.state == ClipState.CONVERTING) & (Clip.worked_at < stale))
    )
    if study_id is not None:
        query = query.where(Clip.study_id == study_id)
    clip = db.scalars(query.order_by(Clip.study_id, Clip.position).limit(1).with_for_update(skip_locked=True)).first()
    if clip is None:
        return None
    clip.state = ClipState.CONVERTING
    clip.progress = 0.0
    clip.worked_at = now()
    db.commit()
    return clip


def convert_waiting_clips(
    database: Database,
    settings: Settings,
    study_id: int | None = None,
    *,
    on_progress: Callable[[Clip, float], None] | None = None,
) -> int:
    """Convert clips until none waits (of one study, or of all); a clip that cannot be used is marked, and the next comes.

    Returns
    -------
    int
        How many clips were worked on.
    """
    worked = 0
    while True:
        with database.writing() as db:
            clip = claim_clip(db, study_id)
            if clip is None:
                return worked
            sound = check_definition(db.get_one(Study, clip.study_id).definition).playback.sound
        _convert(database, settings, clip, sound=sound, on_progress=on_progress)
        worked += 1
