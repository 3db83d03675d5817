"""Pictures, clips and sounds that a study's texts show: kept by their names, and made into what browsers show at once.

What participants may have read stays as it was: once a study was opened, a file that one of its texts names is neither
replaced nor removed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.clip_files import plain_name
from app.clips.importing import keep_source
from app.clips.unused_files import files_of_texts, write_down
from app.config import Settings
from app.definition.study_toml import check_definition
from app.definition.text_images import images_of
from app.errors import Invalid, NotAllowed, NotFound
from app.media import media_path
from app.models import Study, StudyRevision, TextFile
from app.tokens import new_public_id
from app.video import Converted, Limits, Options, VideoError, convert

MAX_BYTES, MAX_SECONDS, MAX_FILES = 50_000_000, 30.0, 100
# As a Markdown text can have them without quoting.
NAME = re.compile(r"\w[\w.-]{0,94}\.\w{1,5}")
# Pages are light or dark; white is what pictures for print are made for.
OPTIONS = Options(side=1280, sound=True, background=(255, 255, 255))
LIMITS = Limits(file_bytes=MAX_BYTES, duration=MAX_SECONDS, wall_seconds=120.0)


@dataclass(frozen=True)
class Prepared:
    """A file that can be shown, before a study has it."""

    name: str
    bytes: int
    source_sha256: str
    made: Converted


def usable_name(name: str) -> str:
    """The name of a file as texts can name it: without folders, and with - for what is not allowed there."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    return re.sub(r"[^\w.]+", "-", last).strip("-.").replace("-.", ".")


def check_text_name(name: str) -> None:
    """Return if a file may have this name.

    Raises
    ------
    Invalid
        When a text could not name it.
    """
    if not NAME.fullmatch(name):
        raise Invalid(
            f"{name}: a text cannot name this file: rename it, with letters, digits, - and _ alone, no spaces, and "
            "its ending",
            field="name",
        )


def prepare(settings: Settings, path: Path, name: str) -> Prepared:
    """Make what browsers show of a file; takes seconds, so nothing may be locked meanwhile.

    Raises
    ------
    Invalid
        Naming the file and the reason, when it cannot be shown.
    """
    check_text_name(name)
    try:
        made = convert(path, settings.media_folder, OPTIONS, limits=LIMITS)
    except VideoError as error:
        raise Invalid(f"{name}: {error}", field="name") from error
    sha256 = keep_source(settings, path)
    # Should no study come to have it, it is removed.
    files = [file.path for file in made.files.values()]
    write_down(settings, [*files, media_path(settings.source_folder, sha256, "source")])
    return Prepared(name, path.stat().st_size, sha256, made)


def check_may_have(db: Session, study: Study, name: str) -> TextFile | None:
    """Return the file that a new one of this name replaces, or None, if the study may have it.

    Raises
    ------
    Invalid
        When the name differs from another file's in capitals alone, or the study has as many files as it may.
    NotAllowed
        When participants may have read a text that shows the one of this name.
    """
    known = {plain_name(one.name): one for one in text_files(db, study)}
    same = known.get(plain_name(name))
    if same is None and len(known) >= MAX_FILES:
        raise Invalid(f"{name}: the texts of a study show at most {MAX_FILES} files", field="name")
    if same is not None and same.name != name:
        raise Invalid(f"{name}: there is {same.name}, which differs in capitals alone; rename one", field="name")
    if same is not None:
        _refuse_what_was_read(db, study, name)
    return same


def store(db: Session, settings: Settings, study: Study, ready: Prepared, *, by: Account | None = None) -> None:
    """Give the study a file, in place of one of the same name; without a commit.

    Raises
    ------
    Invalid, NotAllowed
        As `check_may_have`.
    """
    same = check_may_have(db, study, ready.name)
    row = same or TextFile(study_id=study.id, public_id=new_public_id("T"), name=ready.name)
    if same is not None:
        write_down(settings, files_of_texts(db, settings, TextFile.id == same.id))
    made = ready.made
    row.bytes, row.source_sha256, row.remarks = ready.bytes, ready.source_sha256, list(made.remarks)
    row.width, row.height = made.width, made.height
    for kind in ("picture", "mp4", "webm", "poster"):
        setattr(row, kind, made.files[kind].sha256 if kind in made.files else None)
    db.add(row)
    note(db, by, "file of texts added" if same is None else "file of texts replaced", study, file=ready.name)


def remove_text_file(db: Session, settings: Settings, study: Study, name: str, *, by: Account | None = None) -> None:
    """Take a file from the study's texts. Commits.

    Raises
    ------
    NotFound
        When there is none of this name.
    NotAllowed
        When participants may have read a text that shows it.
    """
    row = db.scalar(select(TextFile).where(TextFile.study_id == study.id, TextFile.name == name))
    if row is None:
        raise NotFound("There is no such file.")
    _refuse_what_was_read(db, study, name)
    write_down(settings, files_of_texts(db, settings, TextFile.id == row.id))
    db.delete(row)
    note(db, by, "file of texts removed", study, file=name)
    db.commit()


def text_files(db: Session, study: Study) -> list[TextFile]:
    """The files of the study's texts, by name."""
    query = select(TextFile).where(TextFile.study_id == study.id)
    return list(db.scalars(query.order_by(func.lower(TextFile.name), TextFile.name)))


def _refuse_what_was_read(db: Session, study: Study, name: str) -> None:
    revisions = db.scalars(select(StudyRevision.definition).where(StudyRevision.study_id == study.id))
    if any(mark.name == name for one in revisions for _, mark in images_of(check_definition(one))):
        raise NotAllowed(
            f"Participants may have read a text that shows {name}, so it stays as it is. Add another file under "
            "another name, and show that one."
        )
