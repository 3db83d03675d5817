"""AWS Signature Version 4, as every server that speaks S3 wants it: in headers, or in an address that expires."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
OF_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Keys:
    """Who signs, and for which region."""

    key: str
    secret: str = field(repr=False)
    region: str


def signed_headers(
    method: str, url: str, keys: Keys, at: datetime, *, headers: Mapping[str, str], payload: str = OF_NOTHING
) -> dict[str, str]:
    """The headers of a request with its signature.

    Parameters
    ----------
    at
        The time in UTC.
    payload
        The SHA-256 of the body: the server refuses another one.
    """
    parts = urlsplit(url)
    made = {name.lower(): value.strip() for name, value in headers.items()}
    made |= {"host": parts.netloc, "x-amz-content-sha256": payload, "x-amz-date": _stamp(at)}
    names = ";".join(sorted(made))
    signature = _signature(keys, at, _canonical(method, parts, _query(parts), made, payload))
    made["authorization"] = (
        f"{ALGORITHM} Credential={keys.key}/{_scope(keys, at)}, SignedHeaders={names}, Signature={signature}"
    )
    return made


def signed_address(url: str, keys: Keys, at: datetime, seconds: int) -> str:
    """An address by which anybody can GET the object until `seconds` after `at` (in UTC)."""
    parts = urlsplit(url)
    query = _query(parts) | {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{keys.key}/{_scope(keys, at)}",
        "X-Amz-Date": _stamp(at),
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    canonical = _canonical("GET", parts, query, {"host": parts.netloc}, "UNSIGNED-PAYLOAD")
    return parts._replace(
        path=_path(parts), query=f"{_query_text(query)}&X-Amz-Signature={_signature(keys, at, canonical)}"
    ).geturl()


def _canonical(
    method: str, parts: SplitResult, query: Mapping[str, str], headers: Mapping[str, str], payload: str
) -> str:
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    return "\n".join([method, _path(parts), _query_text(query), *lines, "", ";".join(sorted(headers)), payload])


def _signature(keys: Keys, at: datetime, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join([ALGORITHM, _stamp(at), _scope(keys, at), digest])
    key = f"AWS4{keys.secret}".encode()
    for part in _scope(keys, at).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _scope(keys: Keys, at: datetime) -> str:
    return f"{at:%Y%m%d}/{keys.region}/s3/aws4_request"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _path(parts: SplitResult) -> str:
    return quote(unquote(parts.path) or "/", safe="/-_.~")


def _query(parts: SplitResult) -> dict[str, str]:
    return dict(parse_qsl(parts.query, keep_blank_values=True))


def _query_text(query: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
