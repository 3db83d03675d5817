"""The bucket itself: what its server is asked, and what its refusals mean in words."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from app.bucket.signing import OF_NOTHING, Keys, signed_address, signed_headers
from app.config import Settings

# Of everything that is ours in a bucket.
PREFIX = "clips/"
TIMEOUT_SECONDS = 30.0
# What a browser has loaded once it need not load again: a name is never given to other bytes.
CACHE = "private, max-age=31536000, immutable"
WORDS = {
    "InvalidAccessKeyId": "it does not know the key (ASTERISM_BUCKET_KEY)",
    "SignatureDoesNotMatch": "the secret is wrong (ASTERISM_BUCKET_SECRET)",
    "AuthorizationHeaderMalformed": "the region is wrong (ASTERISM_BUCKET_REGION)",
    "PermanentRedirect": "the bucket is in another region (ASTERISM_BUCKET_URL, ASTERISM_BUCKET_REGION)",
    "NoSuchBucket": "there is no such bucket (ASTERISM_BUCKET_URL)",
    "AccessDenied": "the key may not list, read, write and delete there",
    "RequestTimeTooSkewed": "its clock and this machine's differ by more than a quarter of an hour",
}


class BucketError(Exception):
    """What is wrong with a bucket, in words that hold neither keys nor signed addresses."""


@dataclass(frozen=True)
class Bucket:
    """Where objects are kept, and the keys to it."""

    url: str
    keys: Keys


def bucket_of(settings: Settings) -> Bucket | None:
    """The bucket that is set; None where none is."""
    if not settings.bucket_url:
        return None
    return Bucket(settings.bucket_url, Keys(settings.bucket_key, settings.bucket_secret, settings.bucket_region))


def origin_of(address: str) -> str:
    """Scheme and host, as a content security policy names them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def put(bucket: Bucket, name: str, file: Path, sha256: str, mime: str) -> None:
    """Store a file; the server refuses it when its SHA-256 is another one.

    Raises
    ------
    BucketError
        When it was not stored.
    OSError
        When the file cannot be read.
    """
    headers = {"Content-Type": mime, "Content-Length": str(file.stat().st_size), "Cache-Control": CACHE}
    with file.open("rb") as content:
        _ask(bucket, "PUT", _address(bucket, name), headers, content, payload=sha256)


def delete(bucket: Bucket, name: str) -> None:
    """Delete an object, also one that is not there.

    Raises
    ------
    BucketError
        When the server does not do it.
    """
    _ask(bucket, "DELETE", _address(bucket, name))


def sizes(bucket: Bucket) -> dict[str, int]:
    """All objects of ours by name, with their bytes.

    Raises
    ------
    BucketError
        When the server does not say.
    """
    found: dict[str, int] = {}
    token = ""
    while True:
        query = f"list-type=2&prefix={quote(PREFIX, safe='')}"
        if token:
            query = f"continuation-token={quote(token, safe='')}&{query}"
        _, body = _ask(bucket, "GET", f"{bucket.url}?{query}")
        try:
            listing = ET.fromstring(body)  # noqa: S314 - of the server that the operator named
            found |= {_text(one, "Key"): int(_text(one, "Size")) for one in listing.iter() if _is(one, "Contents")}
        except (ET.ParseError, ValueError) as error:
            raise BucketError("it answers something else than a bucket does (ASTERISM_BUCKET_URL)") from error
        if not _is(listing, "ListBucketResult"):
            raise BucketError("it answers something else than a bucket does (ASTERISM_BUCKET_URL)")
        token = _text(listing, "NextContinuationToken")
        if not token:
            return found


def address_until(bucket: Bucket, name: str, at: datetime, seconds: int) -> str:
    """An address by which anybody can load the object until then."""
    return signed_address(_address(bucket, name), bucket.keys, at, seconds)


def headers_of_listing(bucket: Bucket) -> Message:
    """The headers of the server's answer, as for its clock.

    Raises
    ------
    BucketError
        When it does not answer, or refuses.
    """
    return _ask(bucket, "GET", f"{bucket.url}?list-type=2&max-keys=1&prefix={quote(PREFIX, safe='')}")[0]


def asked_by_anybody(address: str, *, origin: str = "") -> tuple[int, str]:
    """What a browser without keys gets: the status, and which origin may read it (empty: none).

    Raises
    ------
    BucketError
        When the server does not answer.
    """
    headers = {"Range": "bytes=0-0"} | ({"Origin": origin} if origin else {})
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - the bucket's
    try:
        with _in_words(), _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.status, answer.headers.get("Access-Control-Allow-Origin", "")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Access-Control-Allow-Origin", "")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is signed for one server is not sent to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _address(bucket: Bucket, name: str) -> str:
    return f"{bucket.url}/{name}"


def _ask(
    bucket: Bucket,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: BinaryIO | None = None,
    *,
    payload: str = OF_NOTHING,
) -> tuple[Message, bytes]:
    signed = signed_headers(method, url, bucket.keys, datetime.now(UTC), headers=headers or {}, payload=payload)
    request = urllib.request.Request(url, data=body, headers=signed, method=method)  # noqa: S310 - checked in config
    try:
        with _in_words(), _OPENER.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            raise BucketError(_refusal(error)) from None


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn what a network does into a sentence; an answer that refuses stays what it is."""
    try:
        yield
    except urllib.error.HTTPError:
        raise
    except urllib.error.URLError as error:
        raise BucketError(f"it cannot be reached ({error.reason})") from None
    except (OSError, http.client.HTTPException) as error:
        raise BucketError(f"the connection to it broke ({str(error) or type(error).__name__})") from None


def _refusal(error: urllib.error.HTTPError) -> str:
    with _in_words():
        body = error.read(65536)
    try:
        code = _text(ET.fromstring(body), "Code")  # noqa: S314 - of the server that the operator named
    except ET.ParseError:
        code = ""
    return WORDS.get(code, f"it refuses with status {error.code}" + (f", {code}" if code else ""))


def _is(element: ET.Element, name: str) -> bool:
    # With a namespace from AWS, without one from some others.
    return element.tag.rpartition("}")[2] == name


def _text(element: ET.Element, name: str) -> str:
    return next((one.text or "" for one in element if _is(one, name)), "")
