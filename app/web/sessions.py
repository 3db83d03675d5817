"""A session's page: what is known of it, and what an experimenter may do with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from analysis.results import TRIAL_MEASURES
from app.accounts.members import require_study
from app.domain import Role
from app.participation.answers import answers_in_words
from app.participation.decisions import MAX_REASON, TEST, exclude, include
from app.participation.erasure import erase_person, sessions_of_person
from app.participation.notes import MAX_NOTE, withdraw_for, write_note
from app.participation.people import session_named
from app.results.session_ratings import session_ratings
from app.studies.monitoring import session_statuses
from app.web.context import database
from app.web.login import account, account_id
from app.web.session_work import work_of_session
from app.web.study_json import study_view
from app.web.study_texts import html_of

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("sessions", __name__, url_prefix="/studies/<name>/sessions/<session>")


@blueprint.get("")
def show(name: str, session: str) -> str:
    """The page of a session."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        html = html_of(db, study)
        row = session_named(db, study, session)
        (shown,) = session_statuses(db, study, pilots=None, only=[row.id])
        answers = answers_in_words(db, study, row)
        ratings = session_ratings(db, study, row)
        work = work_of_session(db, study, row, chosen=request.args.get("trial", type=int))
        visits = [] if shown.is_pilot else [one.rater for one in sessions_of_person(db, study, shown.rater)]
    return render_template(
        "researcher/session.html",
        study=study_view(study),
        session=shown,
        visits=visits,
        trial_measures=TRIAL_MEASURES,
        **work,
        answers=[(html(one.ask), one.answer) for one in answers],
        ratings=ratings,
        rating_asks=[html(ask) for ask in ratings.asks],
        test=TEST,
        longest_note=MAX_NOTE,
        longest_reason=MAX_REASON,
    )


@blueprint.post("/note")
def note(name: str, session: str) -> Response:
    """Keep a note."""
    return _done(name, session, "The note is saved.", write_note, request.form.get("note", ""))


@blueprint.post("/exclude")
def leave_out(name: str, session: str) -> Response:
    """Leave the session out of the results."""
    said = "The session is left out of the results, which are computed anew."
    return _done(name, session, said, exclude, request.form.get("reason", ""))


@blueprint.post("/include")
def take_in(name: str, session: str) -> Response:
    """Take the session into the results again."""
    said = "The session is in the results again, which are computed anew."
    return _done(name, session, said, include, request.form.get("reason", ""))


@blueprint.post("/withdraw")
def withdraw(name: str, session: str) -> Response:
    """Withdraw the participant, who asked for it."""
    return _done(name, session, "The participant is withdrawn.", withdraw_for)


@blueprint.post("/erase")
def erase(name: str, session: str) -> Response:
    """Erase all that the person gave."""
    return _done(name, session, "All that the person gave is erased.", erase_person, role=Role.OWNER)


def _done(name: str, session: str, said: str, act: Any, *values: str, role: Role = Role.EDITOR) -> Response:
    with database().writing() as db:
        study = require_study(db, account_id(), name, role)
        act(db, study, session, *values, by=account())
    flash(said)
    return redirect(url_for(".show", name=name, session=session), 303)
