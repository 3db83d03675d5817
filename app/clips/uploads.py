"""Files on their way from a browser to a study: sent piece by piece, and taken as clips, or for the texts, when they
are whole.

Neither a lost network nor a restart on either side costs more than a piece. `unfinished` keeps what came.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.clips.clip_files import FOLDER, ClipFile, check_file_name, is_passed_over, plain_name
from app.clips.importing import new_clip, require_draft, source_path, too_large_reason, wait_for_conversion
from app.clips.order import place_by_name
from app.clips.text_files import MAX_BYTES, check_may_have, check_text_name, prepare, store, usable_name
from app.clips.unfinished import (
    Upload,
    all_uploads,
    bytes_here,
    keep_note,
    of_account,
    part_of,
    remove_upload,
    touch_note,
)
from app.clips.unused_files import files_of, write_down
from app.config import Settings
from app.db import Database
from app.domain import ClipState, ItemKind
from app.errors import Conflict, Invalid, NoRoom, NotAllowed, NotFound
from app.health import has_room, require_room_for
from app.models import Clip, Study
from app.video import sha256_file

# As much as the app and nginx, where nothing is set, take in one request. A lost network costs no more than this.
CHUNK_BYTES = 1024 * 1024
# Of one account at a time. A browser sends a few files at once, so these are files that it gave up.
MAX_UNFINISHED = 100
MAX_UNFINISHED_FILES_OF_FULL_SIZE = 20
SHA256 = re.compile(r"[0-9a-f]{64}")


def begin_upload(
    db: Session,
    settings: Settings,
    study: Study,
    account_id: int,
    name: str,
    size: int,
    sha256: str,
    *,
    replaces: str = "",
    for_texts: bool = False,
) -> Upload:
    """Announce a file. One that the same account began to send to the same study before is the same upload.

    Parameters
    ----------
    replaces
        The public id of the clip that gets this file in place of its own.
    for_texts
        Whether the study's texts are to show it; else it becomes a clip.

    Raises
    ------
    NotAllowed
        When the study is not a draft; of a file for texts, when participants may have read the one of its name.
    Conflict
        When the study has a clip of the same content (`code` "same").
    Invalid
        Naming the file and the reason: it lies beside clips and never is one (`code` "passed_over"), its name cannot be
        used or is that of another clip, it is empty or too large, or there is no room for it.
    """
    if for_texts:
        name = usable_name(name)
        check_text_name(name)
        check_may_have(db, study, name)
    else:
        require_draft(study)
        check_file_name(name, name)
    if is_passed_over(name):
        raise Invalid(
            f"{name}: passed over, being hidden or no video, picture or sound", field="name", code="passed_over"
        )
    if not SHA256.fullmatch(sha256):
        raise Invalid(f"{name}: the SHA-256 must be 64 hexadecimal digits", field="sha256")
    if size <= 0:
        raise Invalid(f"{name}: the file is empty", field="size")
    most = min(settings.max_clip_bytes, MAX_BYTES) if for_texts else settings.max_clip_bytes
    if size > most:
        raise Invalid(f"{name}: {too_large_reason(most, size)}", field="size")
    if not for_texts:
        _clip_for(db, settings, study, name, sha256, replaces)
    own_id = _id_of(settings, study.id, account_id, name, size, sha256, replaces, *(["texts"] if for_texts else []))
    upload = Upload(own_id, study.id, account_id, name, size, sha256, replaces, for_texts)
    if not touch_note(settings, upload):
        _require_room(settings, upload)
        keep_note(settings, upload)
    return upload


def receive(database: Database, settings: Settings, upload: Upload, offset: int, chunk: bytes, *, by: Account) -> int:
    """Keep the next bytes of a file, and take it as a clip once it is whole; returns how many bytes are here now.

    An empty chunk at the end of a file that is whole takes it as a clip, too: the server may have ended in between.

    Raises
    ------
    Conflict
        When these are not the next bytes (`code` "offset"), other bytes of the file are just being stored ("busy"), the
        whole is not what was announced ("damaged"; it has to be sent again), or it is a clip by now ("same").
    Invalid
        When it would become longer than was announced, or its name was taken in the meantime.
    NotAllowed
        When the study is no draft any longer. The upload is gone then, as after every other refusal of a whole file.
    NoRoom
        When the disk is full; what is here stays.
    """
    with _alone(settings, upload):
        here = bytes_here(settings, upload)
        if offset != here:
            raise Conflict(f"{upload.name}: byte {here} is next, not {offset}", code="offset")
        if here + len(chunk) > upload.size:
            raise Invalid(f"{upload.name}: more came than the {upload.size} bytes that were announced")
        if chunk:
            _append(settings, upload, chunk)
        if here + len(chunk) == upload.size:
            try:
                _take(database, settings, upload, by)
            except (Conflict, Invalid, NotAllowed, NotFound):
                remove_upload(settings, upload)
                raise
        return here + len(chunk)


def _take(database: Database, settings: Settings, upload: Upload, by: Account) -> None:
    """Make the whole file a clip that waits for conversion."""
    part = part_of(settings, upload.id)
    if sha256_file(part) != upload.sha256:
        raise Conflict(f"{upload.name}: what arrived is not what the file held; please send it again", code="damaged")
    if upload.for_texts:
        _take_for_texts(database, settings, upload, by)
        return
    with part.open("rb") as file:
        os.fsync(file.fileno())
    with database.writing() as db:
        # Locked, so that no other file takes the same place among the clips.
        study = db.get(Study, upload.study_id, with_for_update=True)
        if study is None:
            raise NotFound("There is no such study.")
        require_draft(study)
        clip = _clip_for(db, settings, study, upload.name, upload.sha256, upload.replaces)
        if clip is not None and upload.replaces:
            _empty(db, settings, clip, upload.name)
        if clip is None:
            file_of_clip = ClipFile(part, upload.name)
            folder = file_of_clip.folder
            position = place_by_name(db, study.id, upload.name)
            clip = new_clip(study, file_of_clip, position, {FOLDER: folder} if folder else {})
            db.add(clip)
        wait_for_conversion(clip, upload.sha256)
        note(db, by, "clip replaced" if upload.replaces else "clip uploaded", study, clip=clip.file_name)
        db.flush()
        part.replace(source_path(settings, clip))
        db.commit()
    remove_upload(settings, upload)


def _take_for_texts(database: Database, settings: Settings, upload: Upload, by: Account) -> None:
    ready = prepare(settings, part_of(settings, upload.id), upload.name)
    with database.writing() as db:
        study = db.get(Study, upload.study_id, with_for_update=True)
        if study is None:
            raise NotFound("There is no such study.")
        store(db, settings, study, ready, by=by)
        db.commit()
    remove_upload(settings, upload)


def _empty(db: Session, settings: Settings, clip: Clip, name: str) -> None:
    """Take its content from a clip that gets another file: its name stays, with the ending of the new file."""
    write_down(settings, files_of(db, settings, Clip.id == clip.id))
    clip.file_name = str(PurePosixPath(clip.file_name).with_suffix(PurePosixPath(name).suffix))
    clip.renditions, clip.kind = [], ItemKind.CLIP
    clip.width = clip.height = clip.duration_s = clip.fps = clip.codec = clip.has_audio = None
    clip.source_width = clip.source_height = clip.frames = None
    clip.remarks = []


def _clip_for(db: Session, settings: Settings, study: Study, name: str, sha256: str, replaces: str) -> Clip | None:
    """The clip that gets this file: the one to replace, or one of this name that could not be used. None: a new one."""
    of_study = Clip.study_id == study.id
    same = db.scalar(select(Clip.file_name).where(of_study, Clip.source_sha256 == sha256))
    if same is not None:
        same_name = f"{name} is in the study already"
        raise Conflict(
            same_name if same == name else f"{name}: the same clip as {same}; taken once", field="sha256", code="same"
        )
    replaced = None
    if replaces:
        replaced = db.scalar(select(Clip).where(of_study, Clip.public_id == replaces))
        if replaced is None:
            raise NotFound("There is no such clip.")
        name = str(PurePosixPath(replaced.file_name).with_suffix(PurePosixPath(name).suffix))
        of_study &= Clip.id != replaced.id
    named = [
        clip_id
        for clip_id, known in db.execute(select(Clip.id, Clip.file_name).where(of_study))
        if plain_name(known) == plain_name(name)
    ]
    if not named and replaced is not None:
        return replaced
    if not named:
        if (db.scalar(select(func.count()).select_from(Clip).where(of_study)) or 0) >= settings.max_clips:
            raise Invalid(f"{name}: a study holds at most {settings.max_clips} clips", field="name")
        return None
    namesake = db.get_one(Clip, named[0])
    if replaced is not None or namesake.state != ClipState.FAILED:
        raise Invalid(f"{name}: the study holds another clip named {namesake.file_name}", field="name")
    return namesake


def _append(settings: Settings, upload: Upload, chunk: bytes) -> None:
    if not has_room(settings):
        raise NoRoom("The server's disk is nearly full. What was sent is kept: the upload goes on once there is room.")
    try:
        with part_of(settings, upload.id).open("ab") as part:
            part.write(chunk)
    except OSError as error:
        # Bytes that were written before are the next ones of the file, and its size says how many.
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoRoom(
                "The server's disk is full. What was sent is kept: the upload goes on once there is room."
            ) from error
        raise


def _require_room(settings: Settings, upload: Upload) -> None:
    own = of_account(settings, upload.account_id)
    if len(own) >= MAX_UNFINISHED:
        raise Invalid(
            f"{upload.name}: {MAX_UNFINISHED} uploads of yours are not finished; finish or remove some first",
            field="name",
        )
    most = MAX_UNFINISHED_FILES_OF_FULL_SIZE * settings.max_clip_bytes
    if sum(one.size for one in own) + upload.size > most:
        raise Invalid(
            f"{upload.name}: your unfinished uploads would exceed {most / 1e6:,.0f} MB; finish or remove some first",
            field="size",
        )
    to_come = sum(one.size - bytes_here(settings, one) for one in all_uploads(settings))
    require_room_for(settings, to_come + upload.size)


def _id_of(settings: Settings, *about: object) -> str:
    """The same for the same file, account and study; nobody who does not know the server's secret can tell it."""
    return hmac.new(settings.secret_key.encode(), json.dumps(about).encode(), hashlib.sha256).hexdigest()[:40]


@contextmanager
def _alone(settings: Settings, upload: Upload) -> Iterator[None]:
    """Let one request at a time add to an upload, whichever process of the server has it.

    Where the system knows no such lock (Windows), the SHA-256 of the whole tells what came of two at once.
    """
    with part_of(settings, upload.id).open("ab") as part:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Conflict(f"{upload.name}: another part of it is just being stored", code="busy") from error
        yield
