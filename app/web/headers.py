"""Headers of every answer: a strict content security policy and its companions."""

from __future__ import annotations

from flask import Flask, Response, request

from app.bucket.store import origin_of
from app.front.answers import POLICY, STRICT
from app.web.context import settings


def register(app: Flask) -> None:
    """Add the headers to every response of the app."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    # Recruiters show participants' pages in a frame of their own (MTurk does). A frame around them gains nothing: no
    # cookie comes with their requests. Experimenters are logged in, and their pages stay out of other sites' frames.
    ancestors = "*" if request.blueprint == "participant" else "'self'"
    policy = f"{POLICY}; frame-ancestors {ancestors}"
    if request.blueprint == "participant" and (bucket := settings().bucket_url):
        # The task's page fetches clips from there, and nothing else does.
        policy += f"; connect-src 'self' {origin_of(bucket)}"
    headers.setdefault("Content-Security-Policy", policy)
    for name, value in STRICT.items():
        headers.setdefault(name, value)
    if settings().secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response
