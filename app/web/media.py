"""Clips and posters, and what the texts of studies show, by signed address, with Range requests."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, redirect, request, send_file
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.bucket.copies import address_in_bucket
from app.domain import SessionState
from app.errors import NotFound
from app.media import ADDRESS_ENDINGS, EXTENSIONS, MIME_TYPES, media_path
from app.models import Clip, FormerRendition, ParticipantSession, Rendition, StudyMember, TextFile
from app.web.context import database, settings
from app.web.signing import EXPERIMENTER, READERS, MediaFile, open_ticket, version_of

blueprint = Blueprint("media", __name__)
KINDS = {ending: kind for kind, ending in ADDRESS_ENDINGS.items()}


@blueprint.get("/media/<ticket>/<name>")
def media(ticket: str, name: str) -> Response:
    """A rendition of a clip, or of what a text shows, of the study that the ticket opens; anything else is a 404."""
    study_id, audience = open_ticket(ticket)
    clip, _, ending = name.partition(".")
    kind = KINDS.get(ending)
    with database().reading() as db:
        if not _may_see(db, study_id, audience):
            raise NotFound("There is no such file.")
        renditions = _of_text(db, study_id, clip, kind) if audience == READERS else _of_clips(db, study_id, clip, kind)
    if not renditions:
        raise NotFound("There is no such file.")
    # A page that was loaded before the clip was converted again keeps the files it had.
    rendition = next((one for one in renditions if version_of(one) == request.args.get("v")), renditions[0])
    # A page asks so for what it loads ahead, whole, and asks without it where the bucket fails it.
    if request.args.get("from") == "bucket" and request.method == "GET":
        elsewhere = address_in_bucket(settings(), rendition.sha256)
        if elsewhere is not None:
            return cast(Response, redirect(elsewhere))
    extension = EXTENSIONS[rendition.kind]
    file = media_path(settings().media_folder, rendition.sha256, extension)
    # A name of its own for whoever saves the file: neither that of the experimenter's file nor its content's.
    response = send_file(
        file, mimetype=MIME_TYPES[extension], download_name=name, conditional=True, etag=version_of(rendition)
    )
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _may_see(db: Session, study_id: int, audience: str) -> bool:
    """Whether those who got the ticket still take part in the study, or are its members.

    A ticket holds for hours; whoever withdrew, was erased or removed meanwhile gets nothing more by it (F36).
    """
    if audience == READERS:
        return True
    if audience.startswith(EXPERIMENTER):
        account_id = int(audience.removeprefix(EXPERIMENTER))
        return db.get(StudyMember, (study_id, account_id)) is not None
    query = select(ParticipantSession.state).where(
        ParticipantSession.public_id == audience, ParticipantSession.study_id == study_id
    )
    return db.scalar(query) not in {None, SessionState.WITHDRAWN}


def _of_text(db: Session, study_id: int, name: str, kind: str | None) -> list[Any]:
    query = select(TextFile).where(TextFile.study_id == study_id, TextFile.public_id == name)
    file = db.scalar(query)
    return [] if file is None else [MediaFile(*one) for one in file.renditions.items() if one[0] == kind]


def _of_clips(db: Session, study_id: int, clip: str, kind: str | None) -> list[Any]:
    return [
        *db.scalars(_of_clip(Rendition, study_id, clip, kind)),
        *db.scalars(_of_clip(FormerRendition, study_id, clip, kind)),
    ]


def _of_clip(
    table: type[Rendition | FormerRendition], study_id: int, clip: str, kind: str | None
) -> Select[tuple[Any]]:
    return (
        select(table)
        .join(Clip, Clip.id == table.clip_id)
        .where(Clip.study_id == study_id, Clip.public_id == clip, table.kind == kind)
    )
