"""Is the server well?"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from app.health import problems
from app.heartbeat import worker_state
from app.version import VERSION
from app.web.context import database, settings

blueprint = Blueprint("status", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """200 when the database answers, with what is wrong besides; the error handler says 503 when it does not."""
    with database().reading() as db:
        db.execute(text("SELECT 1"))
    found = problems(settings())
    return jsonify(
        status="degraded" if found else "ok", problems=found, worker=worker_state(settings()), version=VERSION
    )
