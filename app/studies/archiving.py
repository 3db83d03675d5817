"""Archived studies are out of the list and take nobody; their data stay, and they can be brought back."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.domain import StudyState, transition_study
from app.errors import NotAllowed
from app.models import Study, now


def archive_study(db: Session, study: Study, *, by: Account | None = None) -> None:
    """Archive the study; an open one is closed by it, and those at the task can finish. Commits.

    Raises
    ------
    NotAllowed
        When it is archived already.
    """
    if study.archived_at is not None:
        raise NotAllowed(f"The study {study.name} is archived already.")
    if study.state == StudyState.OPEN:
        study.state = transition_study(study.state, StudyState.CLOSED)
    study.archived_at = now()
    note(db, by, "archived", study)
    db.commit()


def bring_back_study(db: Session, study: Study, *, by: Account | None = None) -> None:
    """Bring an archived study back, as the draft or the closed study that it was. Commits.

    Raises
    ------
    NotAllowed
        When it is not archived.
    """
    if study.archived_at is None:
        raise NotAllowed(f"The study {study.name} is not archived.")
    study.archived_at = None
    note(db, by, "brought back", study)
    db.commit()
