"""What the page of a draft's clips asks for: names, places, attributes, removal. Bodies are JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeVar

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from app.accounts.members import require_study
from app.domain import Role
from app.errors import Invalid
from app.models import Study
from app.studies.board import attributes_table, move_clip, remove_from_draft, rename_clip, set_attribute, take_table
from app.web.context import database, settings
from app.web.login import account, account_id

blueprint = Blueprint("clip_board", __name__, url_prefix="/api/v1/studies/<name>/clips")

ClipId = Annotated[str, Field(min_length=1, max_length=32)]
Text = Annotated[str, Field(max_length=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RenameBody(_Body):
    """The clip's new name, without the ending of its file."""

    name: Text


class MoveClipBody(_Body):
    """The clip's new place among the study's clips, from 1."""

    place: int


class ClipsBody(_Body):
    """Several clips."""

    clips: Annotated[list[ClipId], Field(min_length=1, max_length=10_000)]


class AttributeBody(ClipsBody):
    """The value that these clips get in this column; an empty one is taken away."""

    column: Text
    value: Text


Body = TypeVar("Body", bound=_Body)


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


@blueprint.post("/<clip>/rename")
def rename(name: str, clip: str) -> Response:
    """Give a clip of a draft another name."""
    with _draft(name) as (db, study):
        rename_clip(db, study, clip, _body(RenameBody).name, by=account())
    return jsonify(done=True)


@blueprint.post("/<clip>/move")
def move(name: str, clip: str) -> Response:
    """Put a clip of a draft at another place."""
    with _draft(name) as (db, study):
        move_clip(db, study, clip, _body(MoveClipBody).place, by=account())
    return jsonify(done=True)


@blueprint.post("/remove")
def remove(name: str) -> Response:
    """Take clips out of a draft."""
    with _draft(name) as (db, study):
        remove_from_draft(db, settings(), study, _body(ClipsBody).clips, by=account())
    return jsonify(done=True)


@blueprint.post("/attribute")
def attribute(name: str) -> Response:
    """Give clips of a draft the same value of an attribute."""
    with _draft(name) as (db, study):
        body = _body(AttributeBody)
        set_attribute(db, study, body.clips, body.column, body.value, by=account())
    return jsonify(done=True)


@blueprint.post("/attributes")
def table(name: str) -> Response:
    """Take attributes from a table: the body is a CSV, TSV or XLSX file, and `file` in the address its name."""
    with _draft(name) as (db, study):
        clips, columns = take_table(
            db, settings(), study, request.args.get("file", ""), request.get_data(cache=False), by=account()
        )
    return jsonify(clips=clips, columns=columns)


@blueprint.get("/attributes.csv")
def attributes(name: str) -> Response:
    """The attributes of all clips, as attributes.csv."""
    with database().reading() as db:
        content = attributes_table(settings(), require_study(db, account_id(), name, Role.VIEWER))
    answer = Response(content, mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="attributes.csv"'
    return answer


@contextmanager
def _draft(name: str) -> Iterator[tuple[Session, Study]]:
    with database().writing() as db:
        yield db, require_study(db, account_id(), name, Role.EDITOR)


def _body(model: type[Body]) -> Body:
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Invalid(f"{field or 'The body'}: {first['msg']}", field=field) from error
