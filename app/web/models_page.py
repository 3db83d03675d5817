"""The page "Models" of a study, and what it loads: candidate models and attributes against the raters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from analysis.figures import file_of
from analysis.formats.tables import csv_lines
from analysis.models.activations import DISTANCES, Distance, Frames
from analysis.models.controversial import MAX_MODELS
from analysis.paper import draw_model_figure, model_script
from analysis.results import COMPARATOR_LABELS
from analysis.results.model_tables import MODEL_TABLES, model_rows, models_methods
from analysis.results.models import ModelFindings
from app.accounts.members import require_study
from app.domain import Role, WorkState
from app.errors import Invalid, NotFound
from app.heartbeat import worker_state
from app.json_numbers import finite
from app.results.chosen import options_of
from app.results.controversial import choose_clips
from app.results.figures import MIME, SCRIPT, drawing
from app.results.model_files import (
    MAX_IN_PIECES,
    MAX_UPLOAD,
    add_model,
    attributes_of,
    blocks_named,
    kept_models,
    remove_model,
)
from app.results.model_settings import settings_of
from app.results.model_work import choice_of, model_options, request_comparison, standing_of
from app.studies import bring_in_files
from app.web.bodies import Body, body_of
from app.web.context import database, settings
from app.web.downloads import download
from app.web.login import account, account_id
from app.web.study_json import study_view

# Parts of the experimenter's pages and of their API: guarded as all of these.
blueprint = Blueprint("models", __name__)
api = Blueprint("models", __name__)

# Pairs of more models than this are in the table to download alone.
MAX_PAIRS = 2000
# Nor can anybody read the axes of more spaces, or the specificity of more models, attribute by attribute.
MAX_MATRICES = 60


class ComparisonBody(BaseModel):
    """How models are to be compared."""

    model_config = ConfigDict(extra="forbid", strict=True)

    settings: dict[str, Any] = Field(default={}, description="Settings by name; the others have their usual values.")


class ControversialBody(Body):
    """Which models are to be told apart, by how many clips."""

    models: list[str] = Field(max_length=MAX_MODELS, description="Names of 2 to 6 models.")
    clips: int = Field(description="Number of clips to be chosen.")


@blueprint.get("/studies/<name>/models")
def page(name: str) -> str:
    """Candidate models, and how near they are to the raters."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        return render_template(
            "researcher/models.html",
            study=study_view(study),
            asked=standing_of(db, study).asked,
            comparators=COMPARATOR_LABELS,
            distances=DISTANCES,
            largest=MAX_IN_PIECES,
            at_once=MAX_UPLOAD,
        )


@blueprint.get("/studies/<name>/models/<table>.csv")
def table(name: str, table: str) -> AnyResponse:
    """A table of what was computed last."""
    findings = _findings(name)
    if table not in MODEL_TABLES:
        raise NotFound("There is no such table.")
    lines = csv_lines(MODEL_TABLES[table], model_rows(findings, table))
    return download((line.encode() for line in lines), "text/csv", f"{name}_{table}.csv")


@blueprint.get("/studies/<name>/models/figures/<picture>.<any(svg, pdf, png, py):kind>")
def figure(name: str, picture: str, kind: str) -> AnyResponse:
    """A figure of what was computed last, for a paper, or the script that remakes it from the bundle: one of
    `MODEL_FIGURES`, or layers-1 and so on."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        standing = standing_of(db, study)
        findings, computed = standing.findings, standing.computed
        choice = None if computed is None else choice_of(study, computed)
    if findings is None or computed is None or choice is None:
        raise NotFound("Nothing has been compared yet.")
    try:
        if kind == SCRIPT:
            content = model_script(picture, name, choice, model_options(computed), findings).encode()
        else:
            with drawing:
                content = file_of(draw_model_figure(picture, findings), kind)
    except ValueError as error:
        raise NotFound(str(error)) from error
    return download([content], MIME[kind], f"{name}_{picture}.{kind}")


@api.get("/<name>/models")
def read(name: str) -> Response:
    """The study's models, what they came to last, and the state of the work on a newer comparison."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        standing, models = standing_of(db, study), kept_models(db, study)
        attributes = attributes_of(db, study, options_of(choice_of(study, standing.asked)))
        blocks = blocks_named(db, study, attributes)
    work = None
    if standing.state != WorkState.IDLE:
        work = {
            "state": standing.state.value,
            "done": standing.done,
            "step": standing.step,
            "reason": standing.reason,
            "worker": worker_state(settings()),
        }
    return jsonify(
        models=[asdict(one) for one in models],
        attributes=len(attributes),
        blocks=blocks,
        asked=standing.asked.model_dump(mode="json"),
        computed_at=None if standing.computed_at is None else standing.computed_at.isoformat(),
        changes=standing.changes,
        work=work,
        findings=None if standing.findings is None else _view(standing.findings),
    )


@api.post("/<name>/models")
def add(name: str) -> tuple[Response, int]:
    """Keep a file of models, whose bytes are the body; `file` in the query names it. Then all are compared anew.

    A larger file comes in pieces first (`/api/v1/imports`, one file), and `batch` in the query names what came; the
    body is empty then. `distance` and `frames` say how activations become RDMs.
    """
    request.max_content_length = MAX_UPLOAD
    query = request.args
    distance, frames = query.get("distance", "correlation"), query.get("frames") or None
    if distance not in DISTANCES:
        raise Invalid(f"The distance is one of {', '.join(DISTANCES)}.", field="distance")
    if frames is not None and frames not in get_args(Frames):
        raise Invalid(f"Frames are taken as {' or '.join(get_args(Frames))}.", field="frames")
    with database().reading() as db:
        study_id = require_study(db, account_id(), name, Role.EDITOR).id
    with _sent(query.get("batch")) as (sent, content):
        added = add_model(
            database(),
            study_id,
            query.get("file", sent),
            content,
            distance=_of_kind(distance),
            frames=frames,  # type: ignore[arg-type]
            most_bytes=MAX_IN_PIECES,
            by=account(),
        )
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        request_comparison(db, study, standing_of(db, study).asked, by=account())
    return jsonify(number=added.number, models=list(added.models)), 201


@contextmanager
def _sent(batch_id: str | None) -> Iterator[tuple[str, bytes | Path]]:
    """The name and content of the file: the body, or what came in pieces.

    That is forgotten once it is kept as models. Refused, it stays for a day: it need not come again when only what was
    said of it was wrong.
    """
    if batch_id is None:
        yield "", request.get_data(cache=False)
        return
    batch = bring_in_files.find(settings(), account_id(), batch_id)
    if len(batch.names) != 1 or not (files := bring_in_files.files_of(settings(), batch)):
        raise Invalid("Send one file of models at a time, and send it completely first.", field="batch")
    path, file_name = files[0]
    yield file_name, path
    bring_in_files.forget(settings(), batch)


@api.delete("/<name>/models/<int:number>")
def remove(name: str, number: int) -> Response:
    """Remove a file of models."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        remove_model(db, study, number, by=account())
    return jsonify(removed=number)


@api.post("/<name>/models/compare")
def compare(name: str) -> tuple[Response, int]:
    """Ask for a comparison; it is computed in the background."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        request_comparison(db, study, settings_of(_body().settings), by=account())
    return jsonify(state="waiting"), 202


@api.post("/<name>/models/controversial")
def controversial(name: str) -> Response:
    """Choose the clips that best tell models apart, and say how many raters that takes. It takes some seconds."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        body = body_of(ControversialBody)
        return jsonify(asdict(choose_clips(db, study, body.models, body.clips)))


def _of_kind(distance: str) -> Distance:
    return next(one for one in DISTANCES if one == distance)


def _body() -> ComparisonBody:
    try:
        return ComparisonBody.model_validate_json(request.get_data(cache=False) or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Invalid(f"{field or 'The body'}: {first['msg']}", field=field) from error


def _findings(name: str) -> ModelFindings:
    with database().reading() as db:
        findings = standing_of(db, require_study(db, account_id(), name, Role.VIEWER)).findings
    if findings is None:
        raise NotFound("Nothing has been compared yet.")
    return findings


def _view(findings: ModelFindings) -> dict[str, Any]:
    """The findings for the page: what is not a finite number is null, very many pairs are left to the table."""
    plain = asdict(findings) | {"label": COMPARATOR_LABELS[findings.comparator], "methods": models_methods(findings)}  # type: ignore[index]
    # Of the pairs one is enough to know that there are some.
    few = replace(findings, pairs=findings.pairs[:1])
    plain["tables"] = [table for table in MODEL_TABLES if model_rows(few, table)]
    if len(findings.pairs) > MAX_PAIRS:
        plain["pairs"] = []
    for part, matrices in (("axes", "spaces"), ("predictions", "specificity")):
        plain["parts"][part][matrices] = plain["parts"][part][matrices][:MAX_MATRICES]
    return {key: finite(value) for key, value in plain.items()}
