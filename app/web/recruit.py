"""The tab "Recruit" of a study: its links, ready for each recruiter, personal ones by a table, and the ways back."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.audit import note
from app.accounts.members import require_study
from app.definition.study_toml import definition_of
from app.domain import Role
from app.errors import Invalid
from app.models import now
from app.recruiters.personal_links import links_table, read_people
from app.recruiters.qr import qr_svg
from app.recruiters.ready import endings_of, ready_links
from app.studies.admission import admission_of
from app.web.context import database, settings
from app.web.login import account, account_id
from app.web.study_json import public_address, study_view

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("recruit", __name__, url_prefix="/studies/<name>/recruit")

MAX_TABLE = 5 * 1024 * 1024


@blueprint.get("")
def show(name: str) -> str:
    """The links and the ways back."""
    return _page(name)


@blueprint.get("/link.svg")
def qr(name: str) -> Response:
    """The participants' link as a QR code; with `download` as a file."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
    svg = qr_svg(_link(study.name), title=f"Link to the study {study.name}")
    answer = Response(svg, mimetype="image/svg+xml")
    if "download" in request.args:
        answer.headers["Content-Disposition"] = f'attachment; filename="{study.name}_link.svg"'
    return answer


@blueprint.post("/links.csv")
def links(name: str) -> Response | tuple[str, int]:
    """A table comes in, and goes back with a link for each of its lines."""
    request.max_content_length = MAX_TABLE
    with database().reading() as db:
        require_study(db, account_id(), name, Role.EDITOR)
    try:
        file = request.files.get("table")
        if file is None or not file.filename:
            raise Invalid("Choose a table with a line for each person.", field="table")
        table = read_people(file.read(), file.filename)
        with database().writing() as db:
            study = require_study(db, account_id(), name, Role.EDITOR)
            made = links_table(
                study, table, public_address(""), settings().secret_key, new_ids="new_ids" in request.form
            )
            note(db, account(), "personal links made", study, links=len(table.rows))
            db.commit()
    except Invalid as error:
        return _page(name, wrong=error.message), error.status
    answer = Response(made, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{study.name}_links.csv"'
    return answer


def _page(name: str, wrong: str | None = None) -> str:
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        admission = admission_of(db, study, now())
    recruitment = definition_of(study).recruitment
    return render_template(
        "researcher/recruit.html",
        study=study_view(study),
        admission=admission,
        ready=ready_links(recruitment, _link(study.name)),
        endings=endings_of(recruitment),
        recruitment=recruitment,
        min_window=definition_of(study).arena.min_window,
        devices=recruitment.devices,
        wrong=wrong,
    )


def _link(name: str) -> str:
    return public_address(url_for("participant.consent", name=name))
