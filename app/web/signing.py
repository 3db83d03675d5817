"""Signed addresses of media files: for one study and one audience, until a given time (F36)."""

from __future__ import annotations

import time

from itsdangerous import BadSignature, URLSafeSerializer

from app.errors import NotFound
from app.web.context import settings

EXTENSIONS = {"mp4": "mp4", "webm": "webm", "poster": "webp"}
MIME_TYPES = {"mp4": "video/mp4", "webm": "video/webm", "webp": "image/webp"}
PERIOD = 12 * 3600


def media_url(study_id: int, audience: str, sha256: str, kind: str) -> str:
    """The address of a rendition for `audience` (a session's or an experimenter's public name).

    It holds between 12 and 24 hours. Within a period the same file has the same address, so the browser's cache serves
    a reload.
    """
    expires = (int(time.time()) // PERIOD + 2) * PERIOD
    ticket = _serializer().dumps([study_id, audience, expires])
    return f"/media/{ticket if isinstance(ticket, str) else ticket.decode()}/{sha256}.{EXTENSIONS[kind]}"


def open_ticket(ticket: str) -> int:
    """The study that a ticket opens.

    Raises
    ------
    NotFound
        When the ticket was not made here, or has expired.
    """
    try:
        study_id, _audience, expires = _serializer().loads(ticket)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("There is no such file.") from error
    if expires < time.time():
        raise NotFound("There is no such file.")
    return int(study_id)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt="media")
