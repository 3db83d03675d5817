"""Answers that the front gives itself, without the app: short and in words. And the headers that every answer has."""

from __future__ import annotations

import http
import json

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)
STRICT = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
BUSY = "The server has too many connections at the moment. Nothing is lost: please try again."
WORDS = {
    400: "The request is not HTTP as this server speaks it.",
    408: "The request did not arrive in time.",
    431: "The head of the request is too large.",
    500: "Something went wrong on the server. The error is in the server's log.",
    503: BUSY,
}

Headers = list[tuple[bytes, bytes]]


def short_answer(status: int, path: str = "") -> tuple[Headers, bytes]:
    """Headers and body of an answer after which the connection ends: JSON below /api/, else a line of text."""
    words = WORDS[status]
    if path.startswith("/api/"):
        code = http.HTTPStatus(status).phrase.lower().replace(" ", "_")
        kind, body = "application/json", json.dumps({"error": {"code": code, "message": words, "field": None}})
    else:
        kind, body = "text/plain; charset=utf-8", words + "\n"
    data = body.encode()
    headers = {"Content-Type": kind, "Content-Length": str(len(data)), **STRICT, "Cache-Control": "no-store"}
    headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors 'self'"
    if status == 503:
        headers["Retry-After"] = "5"
    headers["Connection"] = "close"
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], data


def as_bytes(status: int) -> bytes:
    """The whole answer as it goes over the line, for a connection whose request cannot be read."""
    headers, body = short_answer(status)
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join([*lines, b"", body])
