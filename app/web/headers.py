"""Headers of every answer: a strict content security policy and its companions."""

from __future__ import annotations

from flask import Flask, Response, request

from app.web.context import settings

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)


def register(app: Flask) -> None:
    """Add the headers to every response of the app."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    # Recruiters show participants' pages in a frame of their own (MTurk does). A frame around them gains nothing: no
    # cookie comes with their requests. Experimenters are logged in, and their pages stay out of other sites' frames.
    ancestors = "*" if request.blueprint == "participant" else "'self'"
    headers.setdefault("Content-Security-Policy", f"{POLICY}; frame-ancestors {ancestors}")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if settings().secure_cookies:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint == "static":
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response
