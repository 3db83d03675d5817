"""A server that speaks as much S3 as the tests need, and refuses what is not signed by its key.

It reads signatures by the steps of AWS's documentation, not by the program's own module; both are held against the
examples that AWS publishes (tests/unit/test_bucket_signing.py).
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

KEY, SECRET, REGION, NAME = "GK31c2f218a2e44f485b94239e", "7d37d093435a41f2" * 4, "garage", "clips-of-the-lab"


@dataclass
class Stored:
    content: bytes
    headers: dict[str, str]


@dataclass
class BucketServer:
    """What the server holds, what it was asked, and how it is to behave."""

    port: int = 0
    objects: dict[str, Stored] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    allow_origin: str | None = "*"
    public: bool = False
    # Seconds by which its clock is ahead of ours.
    ahead: float = 0.0
    page: int = 1000
    refuse: tuple[int, str] | None = None
    # Whether it hangs up on everybody.
    away: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{NAME}"

    def methods(self, method: str) -> list[str]:
        return [path for one, path in self.asked if one == method]


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    held = BucketServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"held": held}))
    held.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_signed(method: str, target: str, headers: Mapping[str, str], secret: str) -> bool:
    """Whether a request, as it came over the line, has the signature that this secret gives it."""
    path, _, query = target.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    values = {name: parse_qs(f"x={value}", keep_blank_values=True)["x"][0] for name, _, value in pairs}
    if "X-Amz-Signature" in values:
        given, names = values["X-Amz-Signature"], values["X-Amz-SignedHeaders"]
        credential, stamp, payload = values["X-Amz-Credential"], values["X-Amz-Date"], "UNSIGNED-PAYLOAD"
        pairs = [pair for pair in pairs if pair[0] != "X-Amz-Signature"]
    else:
        said = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)",
            headers.get("authorization", ""),
        )
        if said is None:
            return False
        credential, names, given = said.groups()
        stamp, payload = headers["x-amz-date"], headers["x-amz-content-sha256"]
    _, day, region, service, end = credential.split("/")
    # Each step with its name in the documentation. CanonicalRequest:
    uri = quote(path, safe="/%-_.~")
    arguments = "&".join(sorted(f"{name}={value}" for name, _, value in pairs))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names.split(";"))
    request = f"{method}\n{uri}\n{arguments}\n{lines}\n{names}\n{payload}"
    # StringToSign:
    to_sign = (
        f"AWS4-HMAC-SHA256\n{stamp}\n{day}/{region}/{service}/{end}\n{hashlib.sha256(request.encode()).hexdigest()}"
    )
    # SigningKey:
    date_key = _hmac(b"AWS4" + secret.encode(), day)
    signing_key = _hmac(_hmac(_hmac(date_key, region), service), end)
    return hmac.compare_digest(_hmac(signing_key, to_sign).hex(), given)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    held: BucketServer

    def log_message(self, *_: Any) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.held.ahead, usegmt=True)

    def _take(self) -> None:
        held = self.held
        if held.away:
            self.close_connection = True
            return None
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        held.asked.append((self.command, self.path))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if held.refuse is not None:
            return self._refuse(*held.refuse)
        if (wrong := self._wrong(headers, body)) is not None:
            return self._refuse(*wrong)
        bucket, _, name = urlsplit(self.path).path.lstrip("/").partition("/")
        if bucket != NAME:
            return self._refuse(404, "NoSuchBucket")
        if not name:
            return self._list()
        if self.command == "PUT":
            held.objects[name] = Stored(body, {one: headers[one] for one in ("content-type", "cache-control")})
            return self._answer(200, {}, b"")
        if self.command == "DELETE":
            held.objects.pop(name, None)
            return self._answer(204, {}, b"")
        if name not in held.objects:
            return self._refuse(404, "NoSuchKey")
        stored = held.objects[name]
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
        if part is None:
            return self._answer(200, stored.headers, stored.content)
        first, last = int(part[1]), int(part[2] or len(stored.content) - 1)
        said = {"content-range": f"bytes {first}-{last}/{len(stored.content)}"}
        return self._answer(206, stored.headers | said, stored.content[first : last + 1])

    do_GET = do_PUT = do_DELETE = do_HEAD = _take  # noqa: N815

    def _wrong(self, headers: dict[str, str], body: bytes) -> tuple[int, str] | None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        by_address = "X-Amz-Signature" in query
        if not by_address and "authorization" not in headers:
            return None if self.held.public else (403, "AccessDenied")
        said = query.get("X-Amz-Credential") or headers["authorization"]
        if KEY not in said:
            return 403, "InvalidAccessKeyId"
        if f"/{REGION}/" not in said:
            return 400, "AuthorizationHeaderMalformed"
        if not is_signed(self.command, self.path, headers, SECRET):
            return 403, "SignatureDoesNotMatch"
        stamp = query.get("X-Amz-Date") or headers["x-amz-date"]
        age = time.time() + self.held.ahead - _seconds(stamp)
        if abs(age) > 900 and not by_address:
            return 403, "RequestTimeTooSkewed"
        if by_address and not -900 <= age <= int(query["X-Amz-Expires"]):
            return 403, "AccessDenied"
        if not by_address and hashlib.sha256(body).hexdigest() != headers["x-amz-content-sha256"]:
            return 400, "XAmzContentSHA256Mismatch"
        return None

    def _list(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        after = query.get("continuation-token", "")
        names = sorted(one for one in self.held.objects if one.startswith(query.get("prefix", "")) and one > after)
        shown = names[: self.held.page]
        rows = "".join(
            f"<Contents><Key>{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;x&quot;</ETag>"
            f"<Size>{len(self.held.objects[name].content)}</Size></Contents>"
            for name in shown
        )
        more = len(names) > len(shown)
        token = f"<NextContinuationToken>{shown[-1]}</NextContinuationToken>" if more else ""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
        )
        self._answer(200, {"content-type": "application/xml"}, body.encode())

    def _refuse(self, status: int, code: str) -> None:
        body = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>No.</Message></Error>'
        self._answer(status, {"content-type": "application/xml"}, body.encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.held.allow_origin is not None and "Origin" in self.headers:
            self.send_header("Access-Control-Allow-Origin", self.held.allow_origin)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _seconds(stamp: str) -> float:
    return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
