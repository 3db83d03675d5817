"""What downloads of results share: the page that waits for what they hold, and the answer that is saved as a file."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import jsonify, render_template, request, stream_with_context
from werkzeug.wrappers import Response

from analysis.results import Choice
from app.domain import WorkState
from app.errors import Invalid
from app.heartbeat import worker_state
from app.models import Study
from app.results.inputs import inputs_of
from app.results.stored import standing_of
from app.results.work import ensure_results, request_results
from app.web.context import database, settings
from app.web.study_json import study_view

# Between two looks of a page that waits for results.
WAIT_SECONDS = 2


def wait_page(study: Study, choices: list[Choice]) -> Response | None:
    """A page (below /api/ JSON) that waits until the worker has computed what a download holds; None when it is there.

    The page loads itself again. What comes in while it waits does not keep it waiting: that is computed with the
    download. Without a worker everything is computed here, and kept.

    Raises
    ------
    Invalid
        With the reason, when the results cannot be computed.
    """
    if worker_state(settings()) != "running":
        for choice in choices:
            ensure_results(database(), study.id, choice)
        return None
    asked = request.args.get("asked", default=time.time(), type=float)
    waiting = []
    with database().reading() as db:
        by_choice = {inputs.choice: inputs for inputs in (inputs_of(db, study.id, choice) for choice in choices)}
    for choice, inputs in by_choice.items():
        with database().reading() as db:
            standing = standing_of(db, inputs)
        if standing.is_current or (standing.computed_at is not None and standing.computed_at.timestamp() >= asked):
            continue
        if standing.state == WorkState.FAILED and "asked" in request.args:
            raise Invalid(f"The results cannot be computed: {standing.reason}")
        with database().writing() as db:
            request_results(db, inputs, retry=True)
        words = choice.method.replace("_", " ") + (", with what was left out" if choice.with_excluded else "")
        waiting.append((words, standing))
    if not waiting:
        return None
    again = f"{request.path}?{urlencode(request.args.to_dict() | {'asked': asked})}"
    if request.path.startswith("/api/"):
        answer = jsonify(state="working", again=again)
        answer.status_code, answer.headers["Retry-After"] = 202, str(WAIT_SECONDS)
        return answer
    page = render_template("researcher/preparing.html", study=study_view(study), waiting=waiting)
    return Response(page, 202, {"Refresh": f"{WAIT_SECONDS}; url={again}"}, mimetype="text/html")


def download(pieces: Iterable[bytes], mimetype: str, name: str) -> Response:
    """An answer that is saved as a file of that name."""
    answer = Response(stream_with_context(iter(pieces)), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def file_name(study: Study) -> str:
    """The beginning of a download's name: the study and the day."""
    return f"{study.name}_{datetime.now(UTC):%Y-%m-%d}"
