"""Uploads of clips by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload): core, creation, termination.

The SHA-256 of the whole file comes with its announcement, as `sha256` beside `filename` in Upload-Metadata; `replaces`
names the clip that gets the file in place of its own, and `texts` (with any value) says that the study's texts are to
show the file.
"""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, Response, jsonify, request, url_for
from flask_login import login_required
from werkzeug.exceptions import PreconditionFailed, UnsupportedMediaType

from app.accounts.members import require_study
from app.clips.unfinished import Upload, bytes_here, find_upload, remove_upload, unfinished_uploads
from app.clips.uploads import CHUNK_BYTES, begin_upload, receive
from app.domain import Role
from app.errors import Invalid
from app.web.context import database, settings
from app.web.login import account, account_id

VERSION = "1.0.0"

blueprint = Blueprint("clip_uploads", __name__, url_prefix="/api/v1/studies/<name>/uploads")


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


@blueprint.before_request
def _require_version() -> None:
    if request.headers.get("Tus-Resumable", VERSION) != VERSION:
        raise PreconditionFailed(f"Tus-Resumable must be {VERSION}.")


@blueprint.after_request
def _say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = "creation,termination"
    response.headers["Tus-Max-Size"] = str(settings().max_clip_bytes)
    return response


@blueprint.get("")
def unfinished(name: str) -> Response:
    """What the account has not sent to its end: name, size, and how much of it is here."""
    study_id = _study_id(name)
    uploads = unfinished_uploads(settings(), study_id, account_id())
    return jsonify(
        uploads=[{"id": one.id, "name": one.name, "size": one.size, "here": here} for one, here in uploads],
    )


@blueprint.post("")
def begin(name: str) -> Response:
    """Announce a file; the answer says where it goes and how much of it is here already."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        size, metadata = _number("Upload-Length"), _metadata(request.headers.get("Upload-Metadata", ""))
        told = {key: metadata.get(key, "") for key in ("filename", "sha256", "replaces")}
        upload = begin_upload(
            db,
            settings(),
            study,
            account_id(),
            told["filename"],
            size,
            told["sha256"],
            replaces=told["replaces"],
            for_texts="texts" in metadata,
        )
    response = jsonify(id=upload.id, here=bytes_here(settings(), upload), chunk=CHUNK_BYTES)
    response.status_code = 201
    response.headers["Location"] = url_for("clip_uploads.upload", name=name, upload_id=upload.id)
    response.headers["Upload-Offset"] = str(bytes_here(settings(), upload))
    return response


@blueprint.route("/<upload_id>", methods=["HEAD"])
def upload(name: str, upload_id: str) -> Response:
    """How much of a file is here."""
    known = _upload(name, upload_id)
    return _empty(200, **{"Upload-Offset": bytes_here(settings(), known), "Upload-Length": known.size})


@blueprint.patch("/<upload_id>")
def add(name: str, upload_id: str) -> Response:
    """Send the next bytes of a file; with its last byte it becomes a clip."""
    known, offset = _upload(name, upload_id), _number("Upload-Offset")
    if request.mimetype != "application/offset+octet-stream":
        raise UnsupportedMediaType("The bytes of a file come as application/offset+octet-stream.")
    here = receive(database(), settings(), known, offset, request.get_data(cache=False), by=account())
    return _empty(204, **{"Upload-Offset": here})


@blueprint.delete("/<upload_id>")
def remove(name: str, upload_id: str) -> Response:
    """Give up a file that is not finished."""
    remove_upload(settings(), _upload(name, upload_id))
    return _empty(204)


def _study_id(name: str) -> int:
    with database().reading() as db:
        return require_study(db, account_id(), name, Role.EDITOR).id


def _upload(name: str, upload_id: str) -> Upload:
    return find_upload(settings(), _study_id(name), account_id(), upload_id)


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    # More digits than any file has: Python refuses to read thousands of them.
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Invalid(f"The header {header} must be a whole number.", field=header)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    """The pairs of an Upload-Metadata header: keys, and values in Base64."""
    metadata = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            metadata[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Invalid("The header Upload-Metadata cannot be read.", field="Upload-Metadata") from error
    return metadata


def _empty(status: int, **headers: int) -> Response:
    response = Response(status=status)
    for name, value in headers.items():
        response.headers[name] = str(value)
    return response
