"""Candidate models that a study keeps, as rows of the database: their RDMs packed, copied, and out of a bundle."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from analysis.arrangement import Floats
from analysis.formats.bundle import Bundle
from analysis.results.models_of_bundle import stored_models
from app.models import Study, StudyModel

# All pairs of a study's models are tested against each other, and the page shows them.
MAX_MODELS = 200
COPIED = ("name", "kind", "models", "clips", "remarks", "content", "file_name", "sha256", "added_at")


def pack_rdms(rdms: Floats) -> bytes:
    """Model RDMs (M, P) as they are stored."""
    file = io.BytesIO()
    np.savez_compressed(file, rdms=rdms)
    return file.getvalue()


def unpack_rdms(content: bytes) -> Floats:
    """The model RDMs (M, P) of what was stored."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return np.asarray(archive["rdms"], dtype=np.float64)


def copy_models(db: Session, study: Study, made: Study) -> int:
    """Give a copy of the study's models to another study of the same clips, or some of them; returns how many files."""
    query = select(StudyModel).where(StudyModel.study_id == study.id).order_by(StudyModel.id)
    rows = db.scalars(query.options(undefer(StudyModel.content))).all()
    for row in rows:
        db.add(StudyModel(study_id=made.id, **{field: getattr(row, field) for field in COPIED}))
        # One after another: their order is that of their numbers.
        db.flush()
    return len(rows)


def model_rows(bundle: Bundle) -> list[dict[str, Any]]:
    """The models of a bundle as rows. The files they were read from are not in it, only their RDMs.

    Raises
    ------
    ValueError
        As `stored_models`, or when there are more than a study can keep.
    """
    stored = stored_models(bundle)
    if (many := sum(len(one.models) for one in stored)) > MAX_MODELS:
        raise ValueError(f"candidate_models.csv has {many} models; a study can keep {MAX_MODELS}")
    return [
        {
            "name": one.name,
            "kind": one.kind,
            "models": list(one.models),
            "clips": list(one.clips),
            "remarks": [one.remarks] if one.remarks else [],
            "content": pack_rdms(one.rdms),
            "file_name": one.name,
            "sha256": hashlib.sha256(one.rdms.tobytes()).hexdigest(),
        }
        for one in stored
    ]
