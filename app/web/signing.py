"""Signed addresses of media files: for one study and one audience, until a given time (F36)."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer

from app.errors import NotFound
from app.media import ADDRESS_ENDINGS
from app.models import FormerRendition, Rendition
from app.web.context import settings

PERIOD = 12 * 3600
EXPERIMENTER = "experimenter "
# Of what a study's texts show: whoever reads the consent page sees it, before there is a session.
READERS = "readers"


class MediaFile(NamedTuple):
    """A file that a browser loads, of a clip or of what a text shows."""

    kind: str
    sha256: str


def experimenter_audience(account_id: int) -> str:
    """The audience of the addresses that an account's pages show."""
    return f"{EXPERIMENTER}{account_id}"


def media_url(study_id: int, audience: str, clip: str, rendition: Rendition | MediaFile) -> str:
    """The address of a clip's rendition for `audience` (a session's or an experimenter's public name, or `READERS`).

    It holds between 12 and 24 hours. Within a period the same file has the same address, so the browser's cache serves
    a reload. Nothing in it says what the clip is: it goes by its public id, and by a version that only we can compute.
    """
    expires = (int(time.time()) // PERIOD + 2) * PERIOD
    name = f"{clip}.{ADDRESS_ENDINGS[rendition.kind]}"
    ticket = _ticket(settings().secret_key, study_id, audience, expires)
    return f"/media/{ticket}/{name}?v={version_of(rendition)}"


@lru_cache(maxsize=4096)
def _ticket(secret_key: str, study_id: int, audience: str, expires: int) -> str:
    """A page asks for the addresses of many clips at once, and all have the same ticket."""
    ticket = _serializer(secret_key).dumps([study_id, audience, expires])
    return ticket if isinstance(ticket, str) else ticket.decode()


def version_of(rendition: Rendition | FormerRendition | MediaFile) -> str:
    """Changes with the file's content, which it does not tell: 16 hexadecimal digits under this server's key."""
    key = settings().secret_key.encode()[:64]
    return hashlib.blake2b(rendition.sha256.encode(), key=key, digest_size=8).hexdigest()


def open_ticket(ticket: str) -> tuple[int, str]:
    """The study that a ticket opens, and for which audience.

    Raises
    ------
    NotFound
        When the ticket was not made here, or has expired.
    """
    try:
        study_id, audience, expires = _serializer(settings().secret_key).loads(ticket)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("There is no such file.") from error
    if expires < time.time():
        raise NotFound("There is no such file.")
    return int(study_id), str(audience)


def _serializer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret_key, salt="media")
