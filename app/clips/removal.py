"""Clips that are taken out of a draft."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.clips.unused_files import files_of, write_down
from app.config import Settings
from app.errors import NotAllowed
from app.models import Clip, FormerRendition, Rendition, Seat


def remove_clips(db: Session, settings: Settings, clips: Sequence[Clip]) -> None:
    """Delete clips, without a commit. The worker removes their files, where nothing else uses them.

    Raises
    ------
    NotAllowed
        When somebody has seen one of them in a pilot.
    """
    ids = [clip.id for clip in clips]
    seen = db.scalar(select(Clip.file_name).join(Seat).where(Clip.id.in_(ids)).limit(1))
    if seen is not None:
        raise NotAllowed(f"{seen} was shown in a pilot of this study. Delete the pilots first (page Participants).")
    write_down(settings, files_of(db, settings, Clip.id.in_(ids)))
    for table in (FormerRendition, Rendition):
        db.execute(delete(table).where(table.clip_id.in_(ids)))
    db.execute(delete(Clip).where(Clip.id.in_(ids)))
