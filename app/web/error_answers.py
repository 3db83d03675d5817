"""Errors become one JSON shape below /api/ and one page elsewhere."""

from __future__ import annotations

import structlog
from flask import Flask, Response, jsonify, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, RequestTimeout

from app.errors import AsterismError, NoStudy
from app.front.bridge import INCOMPLETE
from app.logs import describe_error
from app.web.language import translate as _

log = structlog.get_logger()

TITLES = {
    400: "Not possible",
    401: "Unknown link",
    403: "Not available right now",
    404: "Page not found",
    405: "Not possible",
    408: "Too slow",
    409: "No longer available",
    413: "This is too large",
    422: "Not possible",
    429: "Too many at once",
    500: "Something went wrong",
    503: "The server is busy",
}
# Where the status alone would not say what is wrong.
TITLES_OF_CODES = {"link": "Incomplete link"}
MESSAGES = {
    404: "There is no page at this address.",
    408: "What was sent did not arrive in time. Nothing is lost: please try again.",
    413: "What was sent is larger than the server accepts.",
    429: "Too many requests in a short time. Please wait a moment and try again.",
}


def register(app: Flask) -> None:
    """Let the app answer every error in the same way."""
    app.before_request(_refuse_incomplete)
    app.before_request(_refuse_zero_bytes)
    app.register_error_handler(AsterismError, _domain_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_error)
    app.register_error_handler(Exception, _unexpected_error)


def _refuse_incomplete() -> None:
    """What came too slowly is answered in the app's words, without the body."""
    if request.environ.get(INCOMPLETE):
        raise RequestTimeout


def _refuse_zero_bytes() -> None:
    """PostgreSQL stores no text with a zero byte, and nothing of ours has an address with one."""
    if "\x00" in request.path:
        raise NotFound
    if any("\x00" in value for value in request.args.values()):
        raise BadRequest("The address holds a zero byte.")


def _domain_error(error: AsterismError) -> Response:
    is_link = isinstance(error, NoStudy) and request.path.lower().startswith("/join/")
    message = NoStudy.to_participants if is_link else error.message
    return failure(error.status, error.code, message, error.field)


def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return make_response(error.get_response())
    message = MESSAGES.get(status, error.description or error.name)
    return failure(status, error.name.lower().replace(" ", "_"), message)


def _database_error(error: OperationalError) -> Response:
    # The page keeps what it has and tries again on a 503 (F02, F05).
    log.error("database_unavailable", error=describe_error(error.orig or error))
    return failure(503, "database", "The database cannot be reached at the moment. Nothing is lost: please try again.")


def _unexpected_error(error: Exception) -> Response:
    # The rule, not the address itself: a participant's address holds the token.
    rule = request.url_rule.rule if request.url_rule is not None else None
    log.error("unexpected_error", method=request.method, rule=rule, exc_info=error)
    return failure(500, "unexpected", "Something went wrong on the server. The error is in the server's log.")


def failure(status: int, code: str, message: str, field: str | None = None) -> Response:
    """An error as JSON below /api/, as a page elsewhere."""
    if request.path.startswith("/api/"):
        response = jsonify(error={"code": code, "message": message, "field": field})
    else:
        title = _(TITLES_OF_CODES.get(code) or TITLES.get(status, TITLES[500] if status >= 500 else TITLES[400]))
        response = make_response(render_template("participant/message.html", title=title, message=_(message)))
    response.status_code = status
    return response
