"""Clips on their way from an experimenter's file to what a browser plays.

A file is copied and registered first. Whoever is free (the jobs' worker, or a command) then claims a waiting clip,
sends a heartbeat while it converts, and stores the result. A claim without a heartbeat is taken back (F33).
"""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app.clips.folder import ClipFile
from app.config import Settings
from app.db import Database
from app.domain import ClipState
from app.errors import Invalid
from app.health import require_room_for
from app.media import media_path
from app.models import Clip, Rendition, Study, now
from app.studies.definition import definition_of
from app.tokens import new_public_id
from app.video import Converted, Limits, Options, VideoError, apart, convert

# A worker sends a heartbeat every few seconds; without one for this long its clip is taken up by another.
SIGN_OF_LIFE_SECONDS = 2.0
CLAIM_LEASE = timedelta(seconds=30)
CHUNK = 1024 * 1024
# What is seen through transparent clips; the grey is that of the arena (static/arena/arena.css).
BLACK, GREY = (0, 0, 0), (128, 128, 128)


@dataclass
class Imported:
    """What became of the files: those that are new clips (or repair one that could not be used), and those whose
    content is a clip already, with its name."""

    added: list[str] = field(default_factory=list)
    same: list[tuple[str, str]] = field(default_factory=list)


def register_clips(
    db: Session, settings: Settings, study: Study, files: list[ClipFile], attributes: dict[str, dict[str, str]]
) -> Imported:
    """Copy files into the data folder and add each as a waiting clip; a file that is there already adds nothing.

    A file with the name of a clip that could not be used takes its place: the experimenter has repaired it.

    Does not commit: the caller does, once.

    Raises
    ------
    Invalid
        When a file cannot be read, a different clip has its name, the study would hold more clips than allowed, or the
        disk has no room for the files beside what participants need.
    """
    sizes = [_size(file.path) for file in files]
    require_room_for(settings, sum(size for size in sizes if size <= settings.max_clip_bytes))
    imported = Imported()
    clips = list(db.scalars(select(Clip).where(Clip.study_id == study.id)))
    by_content = {clip.source_sha256: clip.file_name for clip in clips}
    by_name = {clip.file_name: clip for clip in clips}
    position = max((clip.position for clip in clips), default=-1) + 1
    for file in files:
        too_large = _size(file.path) > settings.max_clip_bytes
        sha256 = _keep_source(settings, file.path, copy=not too_large)
        if sha256 in by_content:
            imported.same.append((file.name, by_content[sha256]))
            continue
        by_content[sha256] = file.name
        namesake = by_name.get(file.name)
        if namesake is not None and namesake.state == ClipState.FAILED:
            namesake.source_sha256 = sha256
            namesake.state = ClipState.FAILED if too_large else ClipState.WAITING
            namesake.progress, namesake.reason = 0.0, _too_large(settings, file.path) if too_large else None
            imported.added.append(file.name)
            continue
        if namesake is not None:
            raise Invalid(f"{file.path}: the study holds another clip named {file.name}", field="clips")
        if len(by_name) >= settings.max_clips:
            raise Invalid(f"{file.path}: a study holds at most {settings.max_clips} clips", field="clips")
        clip = Clip(
            study_id=study.id,
            public_id=new_public_id("C"),
            position=position,
            file_name=file.name,
            label=file.label,
            source_sha256=sha256,
            attributes=attributes.get(file.name, {}),
            state=ClipState.FAILED if too_large else ClipState.WAITING,
            reason=_too_large(settings, file.path) if too_large else None,
        )
        db.add(clip)
        by_name[file.name] = clip
        position += 1
        imported.added.append(file.name)
    return imported


def source_path(settings: Settings, clip: Clip) -> Path:
    """The experimenter's own file, byte for byte."""
    return media_path(settings.source_folder, clip.source_sha256, "source")


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

    A clip that cannot be used is marked with the reason, and the others go on.

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
        """Convert one clip after the other until none waits, and tell of each."""
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
    try:
        with _signs_of_life(database, clip.id, share):
            renditions = convert(
                source_path(settings, clip),
                settings.media_folder,
                options,
                limits=conversion_limits(settings),
                progress=lambda done: share.__setitem__(0, done),
            )
    except VideoError as error:
        with database.writing() as db:
            _fail(db.get_one(Clip, clip.id), str(error))
            db.commit()
    except OSError:
        with database.writing() as db:
            db.get_one(Clip, clip.id).state = ClipState.WAITING
            db.commit()
        raise
    else:
        with database.writing() as db:
            store_conversion(db.get_one(Clip, clip.id), renditions)
            db.commit()
    return True


@contextmanager
def _signs_of_life(database: Database, clip_id: int, share: list[float]) -> Iterator[None]:
    """While the block lasts, store every few seconds that somebody works on the clip, and the share that is done."""
    over = threading.Event()

    def tell() -> None:
        """Write the share and the time, every few seconds until the work is over."""
        while not over.wait(SIGN_OF_LIFE_SECONDS):
            with database.writing() as db:
                clip = db.get_one(Clip, clip_id)
                clip.progress = share[0]
                clip.worked_at = now()
                db.commit()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _fail(clip: Clip, reason: str) -> None:
    clip.state = ClipState.FAILED
    clip.reason = reason


def store_conversion(clip: Clip, made: Converted) -> None:
    """Write what a conversion gave to the clip's row; the renditions that it had are replaced."""
    clip.state = ClipState.READY
    clip.reason = None
    clip.progress = 1.0
    clip.width, clip.height, clip.duration_s = made.width, made.height, made.duration
    clip.fps, clip.codec, clip.has_audio = made.source.fps, made.source.codec, made.has_sound
    clip.source_width, clip.source_height, clip.frames = made.source.width, made.source.height, made.frames
    clip.remarks, clip.converted_at = list(made.remarks), now()
    files = {"mp4": made.mp4, "webm": made.webm, "poster": made.poster}
    clip.renditions = [Rendition(kind=kind, sha256=file.sha256, bytes=file.size) for kind, file in files.items()]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}", field="clips") from error


def _too_large(settings: Settings, file: Path) -> str:
    size, most = apart(_size(file) / 1e6, settings.max_clip_bytes / 1e6)
    return f"the file has {size} MB; at most {most} MB are allowed"


def _keep_source(settings: Settings, file: Path, *, copy: bool) -> str:
    """Copy a file into the data folder under its SHA-256, which is returned; it is there whole or not at all.

    A file that is too large is only read for its SHA-256: copies of it could fill the disk (F50).
    """
    digest = hashlib.sha256()
    part = Path(tempfile.mkdtemp(dir=settings.work_folder)) / "source"
    try:
        with file.open("rb") as source, part.open("wb") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                if copy:
                    target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        sha256 = digest.hexdigest()
        if copy:
            part.replace(media_path(settings.source_folder, sha256, "source"))
    except OSError as error:
        raise Invalid(f"{file}: cannot be read or copied: {error.strerror}", field="clips") from error
    finally:
        shutil.rmtree(part.parent, ignore_errors=True)
    return sha256
