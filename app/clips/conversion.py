"""Clips that wait become what a browser plays.

Whoever is free (the worker, or a command) claims a waiting clip, sends a heartbeat while it converts, and stores the
result. A claim without a heartbeat is taken back (F33).
"""

from __future__ import annotations

import mimetypes
import os
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import PurePosixPath

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from app.claims import CLAIM_LEASE, heartbeat
from app.clips.importing import source_path
from app.clips.unused_files import write_down
from app.config import Settings
from app.db import Database
from app.definition.study_toml import definition_of
from app.domain import ClipState, ItemKind
from app.models import Clip, Rendition, Study, now
from app.video import Converted, Limits, Options, VideoError, convert

# What is seen through transparent clips; the grey is that of the arena (static/arena/arena.css).
BLACK, GREY = (0, 0, 0), (128, 128, 128)

LOST = "its file is no longer in the data folder: bring it in again, or restore a backup"


def conversion_options(study: Study) -> Options:
    """How a study's clips are converted."""
    definition = definition_of(study)
    return Options(
        side=definition.clips.max_side,
        sound=definition.playback.sound,
        background=GREY if definition.arena.background == "grey" else BLACK,
    )


def conversion_limits(settings: Settings) -> Limits:
    """What a clip may cost on this installation."""
    return Limits(file_bytes=settings.max_clip_bytes, duration=settings.max_clip_seconds)


def clips_wait(database: Database) -> bool:
    """Whether there is a clip to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(Clip.id).where(_claimable()).limit(1)) is not None


def _claimable() -> ColumnElement[bool]:
    left = (Clip.state == ClipState.CONVERTING) & (Clip.worked_at < now() - CLAIM_LEASE)
    return or_(Clip.state == ClipState.WAITING, left)


def claim_clip(db: Session, study_id: int | None = None) -> Clip | None:
    """Take a clip that waits for conversion, or whose worker sends no heartbeat; None when there is none."""
    query = select(Clip).where(_claimable())
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
    on_clip: Callable[[], None] | None = None,
) -> None:
    """Convert clips until none waits, of one study or of all, as many at a time as there are processors.

    A clip that cannot be used is marked with the reason, and the others continue.

    Parameters
    ----------
    on_clip
        Called after each clip, by the thread that calls this function.

    Raises
    ------
    OSError
        When the machine is at fault (a full disk); the clip waits again.
    """
    workers = max(os.cpu_count() or 1, 1)
    finished: queue.SimpleQueue[None] = queue.SimpleQueue()

    def work_off() -> None:
        """Convert one clip after another until none waits, and report each."""
        while _convert_next(database, settings, study_id):
            finished.put(None)

    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(work_off) for _ in range(workers)]
        while running:
            done, _ = wait(running, timeout=0.1)
            running = [future for future in running if future not in done]
            while not finished.empty():
                finished.get()
                if on_clip is not None:
                    on_clip()
            for future in done:
                future.result()


def _convert_next(database: Database, settings: Settings, study_id: int | None) -> bool:
    """Convert one clip, if one waits."""
    with database.writing() as db:
        clip = claim_clip(db, study_id)
        if clip is None:
            return False
        options = conversion_options(db.get_one(Study, clip.study_id))
    share = [0.0]

    def beat(db: Session) -> None:
        """Store the time, and the share that is done."""
        db.execute(update(Clip).where(Clip.id == clip.id).values(progress=share[0], worked_at=now()))

    try:
        with heartbeat(database, beat):
            renditions = convert(
                source_path(settings, clip),
                settings.media_folder,
                options,
                limits=conversion_limits(settings),
                progress=lambda done: share.__setitem__(0, done),
            )
    except VideoError as error:
        with database.writing() as db:
            if (current := _unchanged(db, clip)) is not None:
                _fail(current, str(error))
            db.commit()
    except OSError:
        with database.writing() as db:
            if (current := _unchanged(db, clip)) is None:
                # Its old file is gone.
                return True
            if _is_lost(settings, clip):
                # Tried again and again, it would keep all others from being converted.
                _fail(current, LOST)
                db.commit()
                return True
            current.state = ClipState.WAITING
            db.commit()
        raise
    else:
        with database.writing() as db:
            current = _unchanged(db, clip)
            if current is not None and conversion_options(current.study) == options:
                store_conversion(current, renditions)
                db.commit()
                return True
            if current is not None:
                # The study's settings were changed meanwhile.
                current.state = ClipState.WAITING
                db.commit()
        # What was made is of no use.
        write_down(settings, [file.path for file in renditions.files.values()])
    return True


def _unchanged(db: Session, clip: Clip) -> Clip | None:
    """The clip's row; None when it was removed or got another file since its conversion began."""
    current = db.get(Clip, clip.id, with_for_update=True)
    return current if current is not None and current.source_sha256 == clip.source_sha256 else None


def _is_lost(settings: Settings, clip: Clip) -> bool:
    """Whether the clip's file alone is missing: an empty folder, or none, is a disk that is not there."""
    folder = settings.source_folder
    return not source_path(settings, clip).exists() and folder.is_dir() and any(folder.iterdir())


def _fail(clip: Clip, reason: str) -> None:
    clip.state = ClipState.FAILED
    clip.reason = reason


def store_conversion(clip: Clip, made: Converted) -> None:
    """Write what a conversion gave to the clip's row; the renditions that it had are replaced."""
    clip.state = ClipState.READY
    clip.reason = None
    clip.progress = 1.0
    clip.kind, clip.codec, clip.has_audio = ItemKind(made.kind), made.source.codec, made.has_sound
    clip.width, clip.height = made.width, made.height
    # A picture has no duration, a sound no frames, and neither has a frame rate.
    clip.duration_s = None if clip.kind == ItemKind.PICTURE else made.duration
    clip.frames = None if clip.kind == ItemKind.SOUND else made.frames
    clip.fps = made.source.fps if clip.kind == ItemKind.CLIP else None
    of_sound = clip.kind == ItemKind.SOUND
    clip.source_width, clip.source_height = (None, None) if of_sound else (made.source.width, made.source.height)
    clip.remarks, clip.converted_at = [*_remark_about_name(clip), *made.remarks], now()
    clip.renditions = [Rendition(kind=kind, sha256=file.sha256, bytes=file.size) for kind, file in made.files.items()]


def _remark_about_name(clip: Clip) -> list[str]:
    """A file is taken for what it holds; one whose name promises something else may have been meant otherwise."""
    promised = (mimetypes.guess_type(clip.file_name, strict=False)[0] or "").partition("/")[0]
    held = {ItemKind.PICTURE: "image", ItemKind.SOUND: "audio"}.get(clip.kind)
    if held is None or promised not in {"video", "image", "audio"} - {held}:
        return []
    return [f"it holds a {clip.kind.value}, though its name ends with {PurePosixPath(clip.file_name).suffix}"]
