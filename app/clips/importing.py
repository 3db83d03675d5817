"""An experimenter's files become clips of a study: each is copied under its SHA-256 and waits for conversion."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clips.clip_files import ClipFile, plain_name
from app.config import Settings
from app.domain import ClipState, StudyState
from app.errors import Invalid, NotAllowed
from app.health import require_room_for
from app.media import media_path
from app.models import Clip, Study
from app.tokens import new_public_id
from app.video import apart

CHUNK = 1024 * 1024


@dataclass
class Imported:
    """What became of the files: those that are new clips (or repair one that could not be used), and those whose
    content is a clip already, with its name."""

    added: list[str] = field(default_factory=list)
    same: list[tuple[str, str]] = field(default_factory=list)


def require_draft(study: Study) -> None:
    """Return if the study's clips may change.

    Raises
    ------
    NotAllowed
        When participants may have seen them already.
    """
    if study.state != StudyState.DRAFT:
        raise NotAllowed(f"The study {study.name} is {study.state.value}: its clips are fixed.")


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
    by_name = {plain_name(clip.file_name): clip for clip in clips}
    position = max((clip.position for clip in clips), default=-1) + 1
    for file in files:
        too_large = _size(file.path) > settings.max_clip_bytes
        sha256 = keep_source(settings, file.path, copy=not too_large)
        if sha256 in by_content:
            imported.same.append((file.name, by_content[sha256]))
            continue
        by_content[sha256] = file.name
        namesake = by_name.get(plain_name(file.name))
        if namesake is not None and namesake.state != ClipState.FAILED:
            raise Invalid(f"{file.path}: the study holds another clip named {namesake.file_name}", field="clips")
        if namesake is None and len(by_name) >= settings.max_clips:
            raise Invalid(f"{file.path}: a study holds at most {settings.max_clips} clips", field="clips")
        clip = namesake or new_clip(study, file, position, attributes.get(file.name, {}))
        wait_for_conversion(clip, sha256)
        if too_large:
            clip.state, clip.reason = ClipState.FAILED, too_large_reason(settings.max_clip_bytes, _size(file.path))
        if namesake is None:
            db.add(clip)
            by_name[plain_name(file.name)] = clip
            position += 1
        imported.added.append(file.name)
    return imported


def new_clip(study: Study, file: ClipFile, position: int, attributes: dict[str, str]) -> Clip:
    """A clip of a file's name that has no content yet."""
    return Clip(
        study_id=study.id,
        public_id=new_public_id("C"),
        position=position,
        file_name=file.name,
        label=file.label,
        attributes=attributes,
    )


def wait_for_conversion(clip: Clip, sha256: str) -> None:
    """Give a clip this content, which is in the data folder and will be converted."""
    clip.source_sha256 = sha256
    clip.state, clip.progress, clip.reason = ClipState.WAITING, 0.0, None


def source_path(settings: Settings, clip: Clip) -> Path:
    """The experimenter's own file, byte for byte."""
    return media_path(settings.source_folder, clip.source_sha256, "source")


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}", field="clips") from error


def too_large_reason(most: int, size: int) -> str:
    """Why a file of this many bytes is not taken."""
    has, allowed = apart(size / 1e6, most / 1e6)
    return f"the file has {has} MB; at most {allowed} MB are allowed"


def keep_source(settings: Settings, file: Path, *, copy: bool = True) -> str:
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
