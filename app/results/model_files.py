"""The candidate models of a study: kept as RDMs with their clips' names, matched to the clips that there are now."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.models.activations import Distance, Frames
from analysis.models.array_kinds import CandidateKind
from analysis.models.candidates import Candidates
from analysis.models.clip_names import match_clips
from analysis.rdm import subset
from analysis.results.model_list import ALL_ATTRIBUTES, ALL_RATINGS, BUILT_IN, Attribute, full_name
from app.accounts.account import Account
from app.accounts.audit import note
from app.db import Database
from app.errors import Conflict, Invalid, NotFound
from app.models import Study, StudyModel
from app.participation.arrangements import clip_order
from app.results.chosen import Cells, ExportOptions
from app.results.model_reading import read_models
from app.results.ratings import rated_attributes
from app.studies.kept_models import MAX_MODELS, pack_rdms, unpack_rdms

MAX_NAME = 255
# Of the page and the API, sent in one request and in pieces; files of any size come by the command.
MAX_UPLOAD = 1024 * 1024
MAX_IN_PIECES = 256 * 1024 * 1024


@dataclass(frozen=True)
class KeptModel:
    """A file of models as the page lists it; `problem` says why it cannot be compared now."""

    number: int
    name: str
    kind: str
    models: tuple[str, ...]
    file_name: str
    sha256: str
    added_at: str
    remarks: tuple[str, ...]
    problem: str | None


@dataclass(frozen=True)
class Added:
    """A file of models that was just kept."""

    number: int
    name: str
    kind: str
    models: tuple[str, ...]


def add_model(
    database: Database,
    study_id: int,
    file_name: str,
    content: bytes | Path,
    *,
    distance: Distance = "correlation",
    frames: Frames | None = None,
    most_bytes: int | None = None,
    by: Account | None = None,
) -> Added:
    """Read a file of models for the study's clips and keep its RDMs.

    Activations are large and take seconds: the file is read while no transaction is open, and not kept.

    Parameters
    ----------
    file_name
        What its owner calls the file; its stem is the name of what is kept.
    content
        The file's bytes, or where it is on this machine.
    distance, frames
        How activations become RDMs.
    most_bytes
        What it may take in memory, unpacked; more is refused before it is read.

    Raises
    ------
    Invalid
        Naming the file and the reason: it is too large, holds no models of these clips, there is one of the same name,
        or too many.
    Conflict
        When the study's clips changed while it was read.
    """
    called = file_name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    _check_name(called)
    with database.reading() as db:
        clips = [clip.file_name for clip in clip_order(db, study_id)]
    candidates, digest = read_models(called, content, clips, distance, frames, most_bytes)
    with database.writing() as db:
        if (study := db.get(Study, study_id)) is None:
            raise NotFound("There is no such study.")
        row = keep_models(db, study, candidates, clips, file_name=called, sha256=digest, by=by)
        return Added(row.id, candidates.name, candidates.kind, candidates.models)


def keep_models(
    db: Session,
    study: Study,
    candidates: Candidates,
    clips: Sequence[str],
    *,
    file_name: str,
    sha256: str,
    by: Account | None = None,
) -> StudyModel:
    """Keep RDMs over the study's `clips`, which came from the file of this name; commits.

    Raises
    ------
    Invalid
        When there is one of the same name, or too many.
    Conflict
        When these are not the study's clips any more: they changed while the RDMs were computed.
    """
    # Who adds at the same moment waits here.
    db.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    if list(clips) != [clip.file_name for clip in clip_order(db, study.id)]:
        raise Conflict(f"{file_name}: the study's clips changed while it was read. Please add it again.")
    check_room(db, study, candidates.name, len(candidates.models))
    row = StudyModel(
        study_id=study.id,
        name=candidates.name,
        kind=candidates.kind,
        models=list(candidates.models),
        clips=list(clips),
        remarks=list(candidates.remarks),
        content=pack_rdms(candidates.rdms),
        file_name=file_name,
        sha256=sha256,
    )
    db.add(row)
    note(db, by, "model added", study, file=file_name, models=len(candidates.models))
    db.commit()
    return row


def check_room(db: Session, study: Study, name: str, n_models: int) -> None:
    """Refuse models that the study could not keep: the name is taken or none, or there would be too many.

    Raises
    ------
    Invalid
        In these cases.
    """
    _check_name(name)
    if name in BUILT_IN:
        raise Invalid(f"{name} is a name that this program uses for something else; rename the file.", field="file")
    rows = db.scalars(select(StudyModel).where(StudyModel.study_id == study.id)).all()
    if any(row.name == name for row in rows):
        raise Invalid(f"There is a model named {name}; remove it first, or rename the file.", field="file")
    if (many := sum(len(row.models) for row in rows) + n_models) > MAX_MODELS:
        raise Invalid(f"That would make {many} models; a study can keep {MAX_MODELS}.", field="file")


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"A file of models needs a name of at most {MAX_NAME} printable characters.", field="file")


def remove_model(db: Session, study: Study, number: int, by: Account | None = None) -> None:
    """Remove a file of models; commits.

    Raises
    ------
    NotFound
        When the study has none of that number.
    """
    row = db.scalars(select(StudyModel).where(StudyModel.study_id == study.id, StudyModel.id == number)).first()
    if row is None:
        raise NotFound("There is no such model.")
    note(db, by, "model removed", study, file=row.file_name, models=len(row.models))
    db.delete(row)
    db.commit()


def kept_models(db: Session, study: Study) -> list[KeptModel]:
    """The study's files of models in the order in which they came."""
    clips = [clip.file_name for clip in clip_order(db, study.id)]
    models = []
    for row in _rows(db, study):
        try:
            match_clips(row.clips, clips)
            problem = None
        except ValueError as error:
            problem = f"{row.name} {error}."
        models.append(
            KeptModel(
                number=row.id,
                name=row.name,
                kind=row.kind,
                models=tuple(row.models),
                file_name=row.file_name,
                sha256=row.sha256,
                added_at=row.added_at.isoformat(),
                remarks=tuple(row.remarks),
                problem=problem,
            )
        )
    return models


def candidates_of(db: Session, study: Study) -> tuple[list[Candidates], list[str]]:
    """The models over the study's clips as they are now, and sentences about those that no longer fit them."""
    clips = [clip.file_name for clip in clip_order(db, study.id)]
    candidates, problems = [], []
    for row in _rows(db, study):
        try:
            places, remark = match_clips(row.clips, clips)
        except ValueError as error:
            problems.append(f"{row.name} is not compared: it {error}.")
            continue
        rdms = np.array([subset(rdm, np.array(places)) for rdm in unpack_rdms(row.content)])
        remarks = (*row.remarks, *([remark] if remark else []))
        kind: CandidateKind = "layers" if row.kind == "layers" else "rdms"
        candidates.append(Candidates(row.name, kind, tuple(row.models), rdms, remarks))
    return candidates, problems


def attributes_of(db: Session, study: Study, options: ExportOptions) -> list[Attribute]:
    """The attributes of the study's clips: the experimenter's own, and what the chosen raters' ratings came to."""
    clips = clip_order(db, study.id)
    own = {clip.file_name: clip.attributes for clip in clips}
    rated = rated_attributes(db, study, options)
    attributes = []
    for values, is_rated in ((own, False), (rated, True)):
        names = dict.fromkeys(name for mine in values.values() for name in mine)
        for name in names:
            each = tuple(str(values.get(clip.file_name, {}).get(name, "")) for clip in clips)
            attributes.append(Attribute(name, each, is_rated))
    return attributes


def blocks_named(db: Session, study: Study, attributes: Sequence[Attribute]) -> dict[str, list[str]]:
    """What can be named for shares of variance: groups of models, models of files, attributes and ratings."""
    rows = _rows(db, study)
    groups = [row.name for row in rows if len(row.models) > 1]
    for name, is_rated in ((ALL_ATTRIBUTES, False), (ALL_RATINGS, True)):
        if sum(one.is_rated == is_rated for one in attributes) > 1:
            groups.append(name)
    models = [full_name(row.name, row.models, name) for row in rows for name in row.models]
    return {"groups": groups, "models": models, "attributes": [one.name for one in attributes]}


def model_cells(db: Session, study: Study) -> Iterator[Cells]:
    """Each pair of each model, as a bundle holds them."""
    for row in _rows(db, study):
        first, second = (axis.tolist() for axis in np.triu_indices(len(row.clips), 1))
        for place, (model, rdm) in enumerate(zip(row.models, unpack_rdms(row.content), strict=True), start=1):
            common = {"name": row.name, "kind": row.kind, "number": place, "model": model}
            remarks = " ".join(row.remarks) if place == 1 else ""
            for i, j, value in zip(first, second, rdm.tolist(), strict=True):
                yield {
                    **common,
                    "clip_a": row.clips[i],
                    "clip_b": row.clips[j],
                    "dissimilarity": value if math.isfinite(value) else None,
                    "remarks": remarks or None,
                }
                remarks = ""


def model_marks(db: Session, study: Study) -> list[list[object]]:
    """What tells one set of models from another."""
    query = select(StudyModel.id, StudyModel.name, StudyModel.sha256).where(StudyModel.study_id == study.id)
    return [list(row) for row in db.execute(query.order_by(StudyModel.id))]


def _rows(db: Session, study: Study) -> Sequence[StudyModel]:
    return db.scalars(select(StudyModel).where(StudyModel.study_id == study.id).order_by(StudyModel.id)).all()
