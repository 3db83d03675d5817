"""The experimenter's pages that make a study and change its settings."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.members import require_study
from app.clips.text_files import MAX_BYTES, MAX_SECONDS
from app.definition.controls import control_groups, markdown_texts
from app.definition.question_fields import question_forms
from app.definition.setting_texts import SETTING_TEXTS
from app.definition.study_toml_errors import DefinitionRefused
from app.domain import Role
from app.errors import Invalid
from app.i18n.catalogues import known_texts
from app.studies.editing import current_text, edited
from app.studies.lifecycle import create_draft
from app.studies.naming import MAX_LENGTH, name_problem, propose_name
from app.studies.versions import revision_of, revisions_of
from app.web.context import database
from app.web.definition_api import definition_view
from app.web.login import account, account_id
from app.web.study_json import study_view
from app.web.study_texts import html_of

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
    """Make a draft, which belongs to the account, and go to its settings."""
    title, name = request.form.get("title", "").strip(), request.form.get("name", "").strip()
    try:
        with database().writing() as db:
            name = create_draft(db, title=title, name=name or propose_name(db, title), by=account())
    except Invalid as error:
        return _new_study_page(title=title, name=name, error=error), error.status
    return redirect(url_for(".settings", name=name), 303)


@blueprint.get("/studies/<name>/settings")
def settings(name: str) -> str:
    """The settings in a form and as the text of study.toml."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        state = definition_view(db, edited(db, study, current_text(study)), study)
        columns = sorted({column for clip in study.clips for column in clip.attributes})
        return render_template(
            "researcher/settings.html",
            study=study_view(study),
            state=state,
            revisions=revisions_of(db, study),
            text_seconds=round(MAX_SECONDS),
            text_megabytes=MAX_BYTES // 1_000_000,
            groups=control_groups(),
            question_forms={key: asdict(form) for key, form in question_forms().items()},
            known_texts=sorted(known_texts()),
            labels=["numbers", "file_names", *(f"attributes.{column}" for column in columns)],
        )


@blueprint.get("/studies/<name>/settings/revisions/<int:revision>")
def one_revision(name: str, revision: int) -> str:
    """The settings and texts as they were."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        former = revision_of(db, study, revision)
        to_html = html_of(db, study)
        html = {key: to_html(text) for key, text in markdown_texts(former.definition).items() if text}
        return render_template(
            "researcher/revision.html", study=study_view(study), revision=former, html=html, texts=SETTING_TEXTS
        )


def _new_study_page(title: str = "", name: str = "", error: Invalid | None = None) -> str:
    told = error.problems[0].sentence if isinstance(error, DefinitionRefused) else str(error)
    problems = {} if error is None else {error.field or "title": told[:1].upper() + told[1:]}
    return render_template("researcher/new_study.html", title=title, name=name, wrong=problems, longest_name=MAX_LENGTH)
