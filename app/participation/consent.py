"""What somebody agrees to is what the page showed: the page's form repeats the mark of what it said.

Clauses are ticked one by one, and kept beside the session's answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.definition.consent import CONSENT
from app.definition.study_toml import StudyDefinition
from app.errors import Conflict, Invalid
from app.models import Answer, Study, StudyRevision


class ReadAnother(Conflict):
    """The study was changed after the consent page was shown: nobody has agreed to what it is now."""

    code = "read_another"


class ClausesMissing(Invalid):
    """Clauses without which nobody can take part were left without a tick; `ticked` are those that were not."""

    code = "clauses_missing"

    def __init__(self, missing: Collection[str], ticked: Collection[str]) -> None:
        super().__init__(f"must be ticked: {', '.join(missing)}", field="clauses")
        self.missing, self.ticked = tuple(missing), tuple(ticked)


def clauses_given(definition: StudyDefinition, ticked: Collection[str] | None) -> dict[str, bool]:
    """Each clause of the study, and whether it was ticked; none where no page was shown (`ticked` is None), as to a
    simulated rater.

    Raises
    ------
    ClausesMissing
        When a required one was not.
    """
    if ticked is None:
        return {}
    clauses = definition.consent.clauses
    missing = [clause.name for clause in clauses if clause.required and clause.name not in ticked]
    if missing:
        raise ClausesMissing(missing, ticked)
    return {clause.name: clause.name in ticked for clause in clauses}


def keep_clauses(db: Session, session_id: int, given: Mapping[str, bool]) -> None:
    """Store what was ticked as answers; whose words they were follows from the session's version. Does not commit."""
    db.add_all(Answer(session_id=session_id, question=name, sheet=CONSENT, value=yes) for name, yes in given.items())


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
    # A draft's clauses can change without a version; pages of studies without clauses keep the mark that they had.
    said += [clauses] if (clauses := definition.get("consent", {}).get("clauses")) else []
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
