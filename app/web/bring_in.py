"""Data of another installation or program, brought in on a page: files come, are looked at, and become a study."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.formats.hints import HINTS, SWITCHES
from app.errors import Invalid
from app.studies import bring_in_files as files
from app.studies.bringing_in import store
from app.studies.bundle_prepared import Prepared
from app.studies.naming import MAX_LENGTH, name_problem, propose_name
from app.web.context import database, settings
from app.web.login import account, account_id

# A piece of a file; what the page sends at once.
PIECE = 512 * 1024

# A part of the experimenter's pages, and what its script calls.
blueprint = Blueprint("bring_in", __name__)
api = Blueprint("imports", __name__, url_prefix="/api/v1/imports")

B = TypeVar("B", bound=BaseModel)


@api.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


class FilesBody(BaseModel):
    """Files that are to be read together."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    names: list[str] = Field(max_length=files.MAX_FILES, description="Their names, in order.")


class HintsBody(BaseModel):
    """What the files do not say themselves; to make the study, also its name."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(default="", max_length=MAX_LENGTH, description="Of the study that is made.")
    columns: dict[str, str] = Field(default={}, max_length=20, description="By our name the table's name of a column.")
    item_names: str = Field(default="", max_length=500_000, description="Names of the items, one a line.")
    hints: dict[str, str] = Field(default={}, max_length=20, description="As the command takes them, by name.")
    switches: list[str] = Field(default=[], max_length=20, description="y-down, negative.")


@blueprint.get("/bring-in")
def page() -> str:
    """The page to which files are dropped."""
    return render_template("researcher/bring_in.html", longest_name=MAX_LENGTH, piece=PIECE)


@api.post("")
def begin() -> tuple[Response, int]:
    """Announce files; the answer says where each goes."""
    batch = files.begin(settings(), account_id(), _body(FilesBody).names)
    address = url_for(".piece", batch=batch.id, number=0)[: -len("/0")]
    return jsonify(id=batch.id, files=[f"{address}/{number}" for number in range(len(batch.names))], piece=PIECE), 201


@api.put("/<batch>/files/<int:number>")
def piece(batch: str, number: int) -> Response:
    """Take the next bytes of a file; `offset` says where they begin."""
    uploaded = files.find(settings(), account_id(), batch)
    offset = request.args.get("offset", default=0, type=int)
    here = files.add(settings(), uploaded, number, offset, request.get_data(cache=False))
    return jsonify(here=here)


@api.post("/<batch>/preview")
def preview(batch: str) -> Response:
    """What the files hold, or why they cannot be read; nothing is stored. Of a table also its columns."""
    uploaded = files.find(settings(), account_id(), batch)
    columns = files.columns_of(settings(), uploaded)
    try:
        prepared = _prepared(uploaded, _body(HintsBody))
    except Invalid as error:
        return jsonify(found=None, problem=error.message, table=columns)
    told = files.preview(prepared)
    with database().reading() as db:
        told["name"] = propose_name(db, told["title"])
    return jsonify(found=told, problem=None, table=columns)


@api.post("/<batch>/study")
def make(batch: str) -> tuple[Response, int]:
    """Make the closed study, all of it or nothing; the files are then forgotten."""
    uploaded = files.find(settings(), account_id(), batch)
    body = _body(HintsBody)
    with database().reading() as db:
        # Said before the files are read, which may take a while.
        if problem := name_problem(db, body.name):
            raise Invalid(problem, field="name")
    prepared = _prepared(uploaded, body)
    with database().writing() as db:
        store(db, body.name, prepared, by=account())
    files.forget(settings(), uploaded)
    return jsonify(name=body.name, url=url_for("researcher.results", name=body.name)), 201


@api.delete("/<batch>")
def forget(batch: str) -> tuple[str, int]:
    """Remove the files; nothing was stored of them."""
    files.forget(settings(), files.find(settings(), account_id(), batch))
    return "", 204


def _prepared(batch: files.Batch, body: HintsBody) -> Prepared:
    if unknown := sorted({*body.hints} - ({*HINTS} - {"names", "columns"}) | {*body.switches} - {*SWITCHES}):
        raise Invalid(f"There is no hint {unknown[0]}.", field="hints")
    hints = files.hints_of_form(dict(body.hints), dict.fromkeys(body.switches, True), body.item_names)
    return files.prepared(settings(), batch, files.with_columns(hints, body.columns))


def _body(model: type[B]) -> B:
    try:
        return model.model_validate_json(request.get_data() or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "body"
        raise Invalid(f"{field}: {first['msg']}", field=field) from error
