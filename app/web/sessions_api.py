"""Sessions under /api/v1/studies/<name>/sessions: pages of them, one as a whole, and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from pydantic import Field
from sqlalchemy import select

from app.accounts.members import includes, require_study, role_in
from app.domain import Role
from app.models import Study, Trial
from app.participation.answers import answers_in_words
from app.participation.erasure import erase_person, sessions_of_person
from app.participation.notes import MAX_NOTE, withdraw_for, write_note
from app.participation.people import session_named
from app.studies.monitoring import session_statuses
from app.studies.watching import View, page_of
from app.web.bodies import Body, body_of
from app.web.context import database
from app.web.login import account, account_id
from app.web.query import switch
from app.web.study_json import session_row

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("sessions", __name__)


class NoteBody(Body):
    """What an experimenter notes about a session."""

    note: str = Field(max_length=MAX_NOTE, description="An empty one removes the note.")


@blueprint.get("/<name>/sessions")
def sessions(name: str) -> Response:
    """A page of the study's sessions: `page` from 1, `sort`, `descending`, `only` (a state), `search`."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        with_ids = _with_ids(db, study)
        page = page_of(db, study, view_of_request(), with_ids=with_ids)
    rows = [session_row(one, with_ids=with_ids) for one in page.rows]
    return jsonify(sessions=rows, page=page.page, pages=page.pages, found=page.found)


@blueprint.get("/<name>/sessions/<session>")
def session(name: str, session: str) -> Response:
    """A session, by P001 or its id: its state, its stored trials, answers, and the person's visits."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return jsonify(_session(db, study, session))


@blueprint.put("/<name>/sessions/<session>/note")
def note(name: str, session: str) -> Response:
    """Keep a note, in place of the one before."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        write_note(db, study, session, body_of(NoteBody).note, by=account())
        return jsonify(_session(db, study, session))


@blueprint.post("/<name>/sessions/<session>/withdraw")
def withdraw(name: str, session: str) -> Response:
    """Withdraw a participant who asked for it."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        withdraw_for(db, study, session, by=account())
        return jsonify(_session(db, study, session))


@blueprint.delete("/<name>/sessions/<session>")
def erase(name: str, session: str) -> Response:
    """Erase all that the person gave, in every visit; the numbers of the sessions stay."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
        return jsonify(erased=erase_person(db, study, session, by=account()))


def view_of_request() -> View:
    """Which sessions the address asks for."""
    asked = request.args
    return View(
        page=asked.get("page", 1, type=int),
        sort=asked.get("sort", "number"),
        descending=switch("descending", default=False),
        only=asked.get("only", ""),
        search=asked.get("search", "")[:200],
    )


def _session(db: Any, study: Study, name: str) -> dict[str, Any]:
    row = session_named(db, study, name)
    (shown,) = session_statuses(db, study, pilots=None, only=[row.id])
    stored = select(Trial.number).where(Trial.session_id == row.id, Trial.submission.has()).order_by(Trial.number)
    visits = [] if shown.is_pilot else [one.rater for one in sessions_of_person(db, study, shown.rater)]
    return {
        "session": session_row(shown, with_ids=_with_ids(db, study)),
        "stored_trials": [number + 1 for number in db.scalars(stored)],
        "answers": [{"question": one.ask, "answer": one.answer} for one in answers_in_words(db, study, row)],
        "visits": visits,
    }


def _with_ids(db: Any, study: Study) -> bool:
    """Recruiters' ids are only for those who may change the study."""
    return includes(role_in(db, account_id(), study.name), Role.EDITOR)
