"""What can be done with whole studies under /api/v1/studies: made, opened, closed, duplicated, archived, deleted."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import Field
from werkzeug.wrappers import Response as AnyResponse

from app.accounts.audit import entries_of_study, note
from app.accounts.members import require_study
from app.domain import Role
from app.errors import Invalid
from app.models import Study
from app.participation.test_data import delete_test_data
from app.recruiters.personal_links import links_table, read_people
from app.studies.archiving import archive_study, bring_back_study
from app.studies.deletion import delete_study
from app.studies.duplication import duplicate_study
from app.studies.lifecycle import close_study, create_draft, open_study
from app.studies.naming import propose_name
from app.web import figures, quality, researcher
from app.web.bodies import Body, body_of
from app.web.context import database, settings
from app.web.json_values import iso_time
from app.web.login import account, account_id
from app.web.query import switch
from app.web.recruit import MAX_TABLE
from app.web.study_json import public_address, study_view

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("life", __name__)

LINES = 100


class NewStudyBody(Body):
    """A new study, as a draft without clips or with those of another."""

    title: str = Field(max_length=200, description="The title that participants see.")
    name: str | None = Field(
        default=None, max_length=64, description="Part of its link; made of the title if left out."
    )


class DuplicateBody(NewStudyBody):
    """A draft with the clips of another study, or with some of them."""

    clips: list[str] = Field(default=[], max_length=1000, description="File names of the clips; all if left out.")


class OpenBody(Body):
    """How a study is to be opened."""

    without_failed: bool = Field(default=False, description="Whether without the files that cannot be used.")


@blueprint.post("")
def create() -> Response:
    """Make a draft, which belongs to the account; its settings follow by PUT …/definition, its clips by …/uploads."""
    body = body_of(NewStudyBody)
    with database().writing() as db:
        name = create_draft(db, title=body.title, name=body.name or propose_name(db, body.title), by=account())
    return _made(name)


@blueprint.post("/<name>/duplicate")
def duplicate(name: str) -> Response:
    """Make a draft with the same settings, clips and attributes, and nobody's data."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        body = body_of(DuplicateBody)
        wanted = body.name or propose_name(db, body.title)
        made = duplicate_study(db, study, name=wanted, title=body.title, clips=body.clips, by=account())
    return _made(made)


@blueprint.post("/<name>/open")
def open_it(name: str) -> Response:
    """Let participants in; from then on the clips are fixed."""
    with database().writing() as db:
        require_study(db, account_id(), name, Role.EDITOR)
        study = open_study(db, name, without_failed=body_of(OpenBody).without_failed, by=account())
        return _shown(study)


@blueprint.post("/<name>/close")
def close(name: str) -> Response:
    """Let no new participants in; those at the task can finish."""
    with database().writing() as db:
        require_study(db, account_id(), name, Role.EDITOR)
        return _shown(close_study(db, name, by=account()))


@blueprint.post("/<name>/archive")
def archive(name: str) -> Response:
    """Take the study out of the list; its data stay."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
        archive_study(db, study, by=account())
        return _shown(study)


@blueprint.post("/<name>/bring-back")
def bring_back(name: str) -> Response:
    """Put an archived study into the list again."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
        bring_back_study(db, study, by=account())
        return _shown(study)


@blueprint.delete("/<name>")
def delete(name: str) -> Response:
    """Delete the study with all its data, and say what it held; `typed` in the address is its name once more."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
    held = delete_study(database(), settings(), study.name, typed=request.args.get("typed", ""), by=account())
    return jsonify(deleted=asdict(held))


@blueprint.delete("/<name>/test-data")
def remove_test_data(name: str) -> Response:
    """Delete all pilots, or with `what=simulated` all simulated raters."""
    what = request.args.get("what", "pilots")
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        if what not in ("pilots", "simulated"):
            raise Invalid("what is pilots or simulated.", field="what")
        return jsonify(deleted=delete_test_data(db, study, simulated=what == "simulated", by=account()))


@blueprint.get("/<name>/log")
def log(name: str) -> Response:
    """Who did what with the study, newest first; `before` goes on from the number that `older` was."""
    before = request.args.get("before", type=int)
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        lines = entries_of_study(db, study, limit=LINES + 1, before=before)
    entries = [
        {"number": number, "at": iso_time(one.at), "who": one.who, "action": one.action} | {"detail": one.detail}
        for number, one in lines[:LINES]
    ]
    return jsonify(entries=entries, older=entries[-1]["number"] if len(lines) > LINES else None)


@blueprint.post("/<name>/links")
def links(name: str) -> Response:
    """Add personal links to a table of people: the body is a CSV, TSV or XLSX file, and `file` its name."""
    request.max_content_length = MAX_TABLE
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        table = read_people(request.get_data(cache=False), request.args.get("file", "people.csv"))
        new_ids = switch("new_ids", default=False)
        made = links_table(study, table, public_address(""), settings().secret_key, new_ids=new_ids)
        note(db, account(), "personal links made", study, links=len(table.rows))
        db.commit()
    return Response(made, mimetype="text/csv")


@blueprint.get("/<name>/bundle.zip")
def bundle(name: str) -> AnyResponse:
    """The export bundle; 202 while the results in it are being computed: ask again at the address in `again`."""
    return researcher.bundle(name)


@blueprint.get("/<name>/<any(raters, group):whose>.<kind>")
def rdms(name: str, whose: str, kind: str) -> AnyResponse:
    """RDMs of the raters or of the group as one file; 202 while they wait."""
    return researcher.rdms(name, whose, kind)


@blueprint.get("/<name>/figures/<figure>.<any(svg, pdf, png, py):kind>")
def figure(name: str, figure: str, kind: str) -> AnyResponse:
    """A figure of the results as a file for a paper, or as the script that remakes it; 202 while it has to wait."""
    return figures.figure(name, figure, kind)


@blueprint.get("/<name>/flow.<any(svg, pdf, png):kind>")
def flow_figure(name: str, kind: str) -> AnyResponse:
    """The participant flow as a figure for a paper."""
    return quality.flow_figure(name, kind)


def _shown(study: Study) -> Response:
    return jsonify(study=study_view(study))


def _made(name: str) -> Response:
    with database().reading() as db:
        answer = _shown(require_study(db, account_id(), name, Role.OWNER))
    answer.status_code = 201
    answer.headers["Location"] = url_for("researcher_api.study", name=name)
    return answer
