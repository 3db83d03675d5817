"""Trying a study: the link that begins pilots, what only a pilot's page can ask for, and the preview of the consent."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from app.accounts.members import require_study
from app.definition.kinds import kind_of_study
from app.domain import Role
from app.errors import AsterismError
from app.health import has_room
from app.participation.consent import ClausesMissing, ReadAnother
from app.participation.pilots import begin_pilot, check_pilot, place_rest, skip_to, study_of_ticket
from app.participation.test_data import delete_pilot, delete_test_data
from app.participation.trials import advance
from app.web.context import database, settings
from app.web.language import page_language
from app.web.limits import count_join
from app.web.login import account, account_id
from app.web.participant import consent_page
from app.web.participant_api import bearer_token, view_of
from app.web.researcher import failed

blueprint = Blueprint("pilots", __name__, url_prefix="/try")
api = Blueprint("pilots_api", __name__, url_prefix="/api/v1/session/pilot")
pages = Blueprint("pilot_pages", __name__, url_prefix="/studies/<name>")

pages.register_error_handler(AsterismError, failed)


@pages.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """These routes are for experimenters alone."""


@blueprint.get("/<name>/<ticket>")
def consent(name: str, ticket: str, *, changed: str | None = None, missing: ClausesMissing | None = None) -> str:
    """The study's consent page; whoever agrees begins a pilot."""
    with database().reading() as db:
        study = study_of_ticket(db, settings().secret_key, name, ticket)
        check_pilot(db, study)
        kind = kind_of_study(db, study.id)
    return consent_page(study, kind, params={}, pilot="pilot", changed=changed, missing=missing)


@blueprint.post("/<name>/<ticket>")
def agree(name: str, ticket: str) -> Response | tuple[str, int]:
    """A pilot begins."""
    count_join(settings())
    try:
        with database().writing() as db:
            study = study_of_ticket(db, settings().secret_key, name, ticket)
            read = request.form.get("read", "")
            entry = begin_pilot(
                db,
                study.id,
                language=page_language(),
                read=read,
                ticked=request.form.getlist("clause"),
                has_room=has_room(settings()),
            )
    except ClausesMissing as error:
        return consent(name, ticket, missing=error), error.status
    except ReadAnother as error:
        return consent(name, ticket, changed=error.message), error.status
    return redirect(url_for("participant.task", name=study.name, token=entry.token), 303)


@api.post("/place")
def place() -> Response:
    """The present trial is placed as a simulated rater would, and handed in."""
    record, key = place_rest(database(), bearer_token())
    return jsonify(view_of(record, practised=key))


@api.post("/skip/<screen>")
def skip(screen: str) -> Response:
    """The pilot goes on at a screen: `questions_before`, `ratings`, `instructions`, `first_trial`, `questions_after`,
    `thanks`.
    """
    skip_to(database(), bearer_token(), screen)
    return jsonify(view_of(advance(database(), bearer_token())))


@pages.get("/preview")
def preview(name: str) -> str:
    """The consent page as participants will see it, in any state of the study; nothing can be begun there."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        kind = kind_of_study(db, study.id)
    return consent_page(study, kind, params={}, pilot="preview")


@pages.post("/test-data/delete")
def delete_all(name: str) -> Response:
    """Delete all pilots of the study, or its simulated raters."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        delete_test_data(db, study, simulated=request.form.get("what") == "simulated", by=account())
    return redirect(url_for("researcher.participants", name=name), 303)


@pages.post("/sessions/<session>/delete")
def delete_one(name: str, session: str) -> Response:
    """Delete one pilot."""
    with database().writing() as db:
        delete_pilot(db, require_study(db, account_id(), name, Role.EDITOR), session, by=account())
    return redirect(url_for("researcher.participants", name=name), 303)
