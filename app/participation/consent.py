"""What somebody agrees to is what the page showed: the page's form repeats the mark of what it said."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.definition.study_toml import definition_of
from app.errors import Conflict
from app.models import Study, StudyRevision


class ReadAnother(Conflict):
    """The study was changed after the consent page was shown: nobody has agreed to what it is now."""

    code = "read_another"


def consent_mark(study: Study, language: str) -> str:
    """Names what the consent page of the study says now in that language: its version, and each text that may change
    without a new one.
    """
    definition = definition_of(study)
    said = [study.version, language, definition.title, definition.texts.consent, definition.texts.replace]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def require_read(db: Session, study: Study, language: str, read: str | None) -> None:
    """Return if what was read is what the study's page says now.

    Parameters
    ----------
    read
        The mark in the form that was sent; "" for a form without one, which counts only where the study has never been
        changed since it was opened; None where no page was shown, as to a simulated rater.

    Raises
    ------
    ReadAnother
        When it is not.
    """
    if read is None or read == consent_mark(study, language):
        return
    revisions = select(func.count()).select_from(StudyRevision).where(StudyRevision.study_id == study.id)
    if read or (db.scalar(revisions) or 0) > 1:
        raise ReadAnother("This study was changed after you opened this page. Please read it again before you agree.")
