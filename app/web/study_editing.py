"""The experimenter's pages that make a study and change its settings."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.errors import Invalid
from app.studies.lifecycle import create_draft
from app.studies.naming import MAX_LENGTH, name_problem, propose_name
from app.web.context import database
from app.web.login import account

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("editing", __name__)


@blueprint.get("/new-study")
def new_study() -> str:
    """The page that makes a study."""
    return _new_study_page()


@blueprint.get("/new-study/name")
def check_new_name() -> Response:
    """A free name for a title, or what is wrong with a name that was typed."""
    with database().reading() as db:
        name = request.args.get("name")
        if name is None:
            name = propose_name(db, request.args.get("title", ""))
        return jsonify(name=name, problem=name_problem(db, name))


@blueprint.post("/new-study")
def make_study() -> AnyResponse | tuple[str, int]:
    """Make a draft, which belongs to the account, and show it."""
    title, name = request.form.get("title", "").strip(), request.form.get("name", "").strip()
    try:
        with database().writing() as db:
            name = create_draft(db, title=title, name=name or propose_name(db, title), by=account())
    except Invalid as error:
        return _new_study_page(title=title, name=name, error=error), error.status
    return redirect(url_for("researcher.participants", name=name), 303)


def _new_study_page(title: str = "", name: str = "", error: Invalid | None = None) -> str:
    problems = {} if error is None else {error.field or "title": error.message}
    return render_template("researcher/new_study.html", title=title, name=name, wrong=problems, longest_name=MAX_LENGTH)
