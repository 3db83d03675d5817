"""Is the server well, and what has it done?"""

from __future__ import annotations

import hmac
import ipaddress

from flask import Blueprint, Response, jsonify, request
from sqlalchemy import text
from werkzeug.exceptions import NotFound

from app.health import problems
from app.heartbeat import worker_state
from app.metrics import CONTENT_TYPE, metrics_text
from app.version import VERSION
from app.web.context import database, settings
from app.web.request_counts import counts

blueprint = Blueprint("health_and_metrics", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 when the database answers, with what is wrong besides; the error handler says 503 when it does not."""
    with database().reading() as db:
        db.execute(text("SELECT 1"))
    sentences = problems(settings())
    return jsonify(
        status="degraded" if sentences else "ok", problems=sentences, worker=worker_state(settings()), version=VERSION
    )


@blueprint.get("/metrics")
def metrics() -> Response:
    """The server's numbers, for whoever has the token; where none is set, for programs of this machine."""
    if not _may_see_metrics():
        raise NotFound
    return Response(metrics_text(counts(), database(), settings()), content_type=CONTENT_TYPE)


def _may_see_metrics() -> bool:
    if token := settings().metrics_token:
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(shown.encode(), token.encode())
    # A proxy on this machine would make a visitor of every visitor of the machine itself.
    if any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
