"""What somebody agrees to is what the page showed: the page's form repeats the mark of what it said."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.models import Study, StudyRevision


class ReadAnother(Conflict):
    """The study was changed after the consent page was shown: nobody has agreed to what it is now."""

    code = "read_another"


def consent_mark(study: Study, language: str) -> str:
    """Names what the consent page of the study says now in that language: its version, and each text that may change
    without a new one.
    """
    return _mark(study.version, study.definition, language)


def require_read(db: Session, study: Study, language: str, read: str | None) -> None:
    """Return if what was read is what the study's page says now.

    Parameters
    ----------
    read
        The mark in the form that was sent; "" for a form without one, which counts only where the page has never said
        anything else; None where no page was shown, as to a simulated rater.

    Raises
    ------
    ReadAnother
        When it is not.
    """
    present = consent_mark(study, language)
    if read is None or read == present:
        return
    revisions = select(StudyRevision.version, StudyRevision.definition).where(StudyRevision.study_id == study.id)
    earlier = () if read else db.execute(revisions).tuples()
    if read or any(_mark(version, definition, language) != present for version, definition in earlier):
        raise ReadAnother("This study was changed after you opened this page. Please read it again before you agree.")


def _mark(version: int, definition: dict[str, Any], language: str) -> str:
    texts = definition.get("texts", {})
    said = [version, language, definition["title"], texts.get("consent"), texts.get("replace", {})]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
