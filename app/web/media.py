"""Clips and posters, by signed address, with Range requests."""

from __future__ import annotations

from flask import Blueprint, Response, send_file
from sqlalchemy import select

from app.errors import NotFound
from app.media import media_path
from app.models import Clip, Rendition
from app.web.context import database, settings
from app.web.signing import EXTENSIONS, MIME_TYPES, open_ticket, version_of

blueprint = Blueprint("media", __name__)
KINDS = {extension: kind for kind, extension in EXTENSIONS.items()}


@blueprint.get("/media/<ticket>/<name>")
def media(ticket: str, name: str) -> Response:
    """A rendition of a clip of the study that the ticket opens; anything else is a 404."""
    study_id = open_ticket(ticket)
    clip, _, extension = name.partition(".")
    query = (
        select(Rendition)
        .join(Clip)
        .where(Clip.study_id == study_id, Clip.public_id == clip, Rendition.kind == KINDS.get(extension))
    )
    with database().reading() as db:
        rendition = db.scalars(query).first()
    if rendition is None:
        raise NotFound("There is no such file.")
    file = media_path(settings().media_folder, rendition.sha256, extension)
    # A name of its own for whoever saves the file: neither that of the experimenter's file nor its content's.
    response = send_file(
        file, mimetype=MIME_TYPES[extension], download_name=name, conditional=True, etag=version_of(rendition)
    )
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response
