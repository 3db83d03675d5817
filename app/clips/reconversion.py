"""Converting a study's clips again from the experimenter's files, which are kept.

A clip keeps its identity, and its old renditions until the new ones are stored. The old ones stay in the data folder,
and a page that was loaded before goes on with them. `former_rendition.replaced_at` tells which version a session saw.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.clips.conversion import conversion_limits, conversion_options, store_conversion
from app.clips.importing import source_path
from app.clips.unused_files import write_down
from app.config import Settings
from app.db import Database
from app.definition.find import find_study
from app.domain import ClipState, StudyState
from app.errors import NotAllowed
from app.models import COUNTED, Clip, FormerRendition, ParticipantSession, Study, now
from app.video import Converted, VideoError, convert


@dataclass(frozen=True)
class Reconverted:
    """What became of a clip: a sentence, whether anything changed, and whether its old version had to stay."""

    file: str
    text: str
    changed: bool = False
    kept: bool = False


DELETED = Reconverted("a clip", "was deleted meanwhile", kept=True)


def reconvert_study(
    database: Database,
    settings: Settings,
    name: str,
    *,
    although_seen: bool = False,
    on_clip: Callable[[], None] | None = None,
) -> list[Reconverted]:
    """Convert the clips of a study again, each independently; one that can no longer be used stays as it is.

    Raises
    ------
    NotFound
        When there is no such study.
    NotAllowed
        When the study is open; or when people have seen its clips and `although_seen` is not given.
    OSError
        When the machine is at fault (a full disk); clips that were done by then have their new version.
    """
    with database.reading() as db:
        study = find_study(db, name)
        seen = _check(db, study, although_seen=although_seen)
        ids = list(db.scalars(select(Clip.id).where(Clip.study_id == study.id).order_by(Clip.position)))

    def work(clip_id: int) -> Reconverted:
        """Convert one clip, and store what came of it."""
        result = _reconvert(database, settings, clip_id, seen)
        if on_clip is not None:
            on_clip()
        return result

    with ThreadPoolExecutor(max(os.cpu_count() or 1, 1)) as pool:
        return list(pool.map(work, ids))


def count_clips(db: Session, name: str) -> int:
    """How many clips a study has.

    Raises
    ------
    NotFound
        When there is no such study.
    """
    study = find_study(db, name)
    return db.scalar(select(func.count()).select_from(Clip).where(Clip.study_id == study.id)) or 0


def _check(db: Session, study: Study, *, although_seen: bool) -> int:
    if study.state == StudyState.OPEN:
        raise NotAllowed(
            f"The study {study.name} is open: its next participants would see different clips from the earlier ones. "
            f"Close it first: python3 run.py study close {study.name}"
        )
    if study.origin is not None:
        raise NotAllowed(f"The data of the study {study.name} were brought in, without its clips' files.")
    query = select(func.count()).select_from(ParticipantSession)
    participants = query.where(ParticipantSession.study_id == study.id, COUNTED, ~ParticipantSession.is_simulated)
    seen = db.scalar(participants) or 0
    if seen and not although_seen:
        people = counted(seen, "session has", "sessions have")
        raise NotAllowed(
            f"{people} seen the clips of {study.name} as they are; later ones would see them converted again. "
            "To convert them anyway, add --although-seen; each clip will say when it was changed."
        )
    return seen


def _reconvert(database: Database, settings: Settings, clip_id: int, seen: int) -> Reconverted:
    with database.reading() as db:
        clip = db.get(Clip, clip_id)
        if clip is None:
            return DELETED
        file, state, draft = clip.file_name, clip.state, clip.study.state == StudyState.DRAFT
        options, source = conversion_options(clip.study), source_path(settings, clip)
    if state in {ClipState.WAITING, ClipState.CONVERTING}:
        return Reconverted(file, "waits for its first conversion")
    if state == ClipState.FAILED and not draft:
        return Reconverted(file, "is not among the study's clips, which are fixed since it was opened", kept=True)
    if not source.exists():
        # Files over the limit of size are read, but not kept.
        return Reconverted(file, "its file was not kept: import it once more", kept=True)
    try:
        made = convert(source, settings.media_folder, options, limits=conversion_limits(settings))
    except FileNotFoundError:
        return Reconverted(file, "its file is gone", kept=True)
    except VideoError as error:
        return Reconverted(file, f"stays as it was: {error}", kept=True)
    with database.writing() as db:
        clip = db.get(Clip, clip_id, with_for_update=True)
        if clip is None:
            write_down(settings, [file.path for file in made.files.values()])
            return DELETED
        text, changed = _store(db, clip, made, seen)
        db.commit()
    return Reconverted(file, text, changed)


def _store(db: Session, clip: Clip, made: Converted, seen: int) -> tuple[str, bool]:
    """Put the new version in the old one's place; returns what changed, and whether anything did."""
    moment = now()
    new = {file.sha256 for file in made.files.values()}
    changed = new != {rendition.sha256 for rendition in clip.renditions}
    before = (clip.frames, clip.width, clip.height, clip.duration_s)
    earlier = [remark for remark in clip.remarks or [] if remark.startswith("converted anew")]
    if changed:
        for rendition in clip.renditions:
            db.merge(
                FormerRendition(
                    clip_id=clip.id,
                    kind=rendition.kind,
                    sha256=rendition.sha256,
                    bytes=rendition.bytes,
                    frames=clip.frames,
                    width=clip.width,
                    height=clip.height,
                    duration_s=clip.duration_s,
                    replaced_at=moment,
                )
            )
        clip.renditions = []
        db.flush()
    had_one = before[1] is not None
    store_conversion(clip, made)
    text = _difference(before, clip) if had_one else "can be used now"
    if changed and had_one:
        after = f", after {counted(seen, 'session')} had begun" if seen else ""
        earlier.append(f"converted anew on {moment:%Y-%m-%d}{after}: {text}")
    clip.remarks = [*(clip.remarks or []), *earlier]
    return (text if changed else "unchanged"), changed


def _difference(before: tuple[int | None, int | None, int | None, float | None], now_is: Clip) -> str:
    frames, width, height, duration = before
    parts = []
    if now_is.frames is not None and frames != now_is.frames:
        parts.append(counted(now_is.frames, "frame") + (f" in place of {frames}" if frames else ""))
    if (width, height) != (now_is.width, now_is.height):
        parts.append(f"{now_is.width} x {now_is.height} pixels in place of {width} x {height}")
    if duration is not None and now_is.duration_s is not None and abs(duration - now_is.duration_s) >= 0.005:
        parts.append(f"{now_is.duration_s:.2f} s in place of {duration:.2f} s")
    return ", ".join(parts) or "encoded anew, of the same length and size"
