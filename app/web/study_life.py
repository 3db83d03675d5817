"""The experimenter's pages that duplicate, archive and delete a study."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.members import require_study
from app.domain import Role
from app.errors import Invalid
from app.studies.archiving import archive_study, bring_back_study
from app.studies.deletion import delete_study, holdings_of
from app.studies.duplication import duplicate_study
from app.studies.naming import MAX_LENGTH, propose_name
from app.web.context import database, settings
from app.web.login import account, account_id
from app.web.study_json import study_view

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("life", __name__, url_prefix="/studies/<name>")


@blueprint.get("/duplicate")
def ask_duplicate(name: str) -> str:
    """The page that asks for the title and name of a duplicate."""
    return _duplicate_page(name, clips=request.args.getlist("clip"))


@blueprint.post("/duplicate")
def duplicate(name: str) -> Response | tuple[str, int]:
    """Make the duplicate, and show it."""
    title, new_name = request.form.get("title", ""), request.form.get("name", "").strip()
    clips = request.form.getlist("clip")
    try:
        with database().writing() as db:
            study = require_study(db, account_id(), name, Role.EDITOR)
            wanted = new_name or propose_name(db, title)
            made = duplicate_study(db, study, name=wanted, title=title, clips=clips, by=account())
    except Invalid as error:
        return _duplicate_page(name, title, new_name, error, clips), error.status
    return redirect(url_for("researcher.participants", name=made), 303)


@blueprint.post("/archive")
def archive(name: str) -> Response:
    """Take the study out of the list."""
    with database().writing() as db:
        archive_study(db, require_study(db, account_id(), name, Role.OWNER), by=account())
    return redirect(url_for("researcher.studies"), 303)


@blueprint.post("/bring-back")
def bring_back(name: str) -> Response:
    """Put the study into the list again."""
    with database().writing() as db:
        bring_back_study(db, require_study(db, account_id(), name, Role.OWNER), by=account())
    return redirect(url_for("researcher.participants", name=name), 303)


@blueprint.get("/delete")
def ask_delete(name: str) -> str:
    """The page that says what goes with the study, offers it as a download, and asks for its name."""
    return _delete_page(name)


@blueprint.post("/delete")
def delete(name: str) -> Response | tuple[str, int]:
    """Delete the study."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
    try:
        delete_study(database(), settings(), study.name, typed=request.form.get("typed", ""), by=account())
    except Invalid as error:
        return _delete_page(name, error), error.status
    return redirect(url_for("researcher.studies"), 303)


def _duplicate_page(
    name: str, title: str = "", new_name: str = "", error: Invalid | None = None, clips: Sequence[str] = ()
) -> str:
    with database().reading() as db:
        study = study_view(require_study(db, account_id(), name, Role.EDITOR))
        if error is None:
            title = f"{study['title']} (copy)"[:200]
            new_name = propose_name(db, study["name"])
    wrong = {} if error is None else {error.field or "title": error.message}
    return render_template(
        "researcher/duplicate.html",
        study=study,
        title=title,
        name=new_name,
        wrong=wrong,
        longest_name=MAX_LENGTH,
        clips=clips,
    )


def _delete_page(name: str, error: Invalid | None = None) -> str:
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
        held = holdings_of(db, settings(), study)
        return render_template("researcher/delete.html", study=study_view(study), held=held, wrong=error)
