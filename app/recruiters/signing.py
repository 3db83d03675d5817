"""Signed links: a link's `sig` shows that the person's id was given out by somebody who has the study's key (F35)."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

PARAMETER = "sig"


def link_key(secret: str, study_name: str) -> str:
    """The key of a study's signed links, 64 hexadecimal digits: it follows from the installation's secret."""
    return hmac.new(secret.encode(), f"signed links of {study_name}".encode(), hashlib.sha256).hexdigest()


def signature(key: str, study_name: str, person_id: str) -> str:
    """HMAC-SHA256 over `<study>:<id>` in UTF-8 with the key's text, as 64 hexadecimal digits in lower case."""
    return hmac.new(key.encode(), f"{study_name}:{person_id}".encode(), hashlib.sha256).hexdigest()


def is_signed(key: str, study_name: str, person_id: str, given: str) -> bool:
    """Whether `given` is the signature of this id; compared in constant time."""
    expected = signature(key, study_name, person_id)
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode())


def personal_link(address: str, parameter: str, person_id: str, *, key: str | None, study_name: str) -> str:
    """The link of one person: `address` with the person's id, and with its signature where there is a key."""
    query = {parameter: person_id}
    if key is not None:
        query[PARAMETER] = signature(key, study_name, person_id)
    return f"{address}?{urlencode(query)}"
