"""What experimenters tried out, pilots and simulated raters: how many there are, and deleting them."""

from __future__ import annotations

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.errors import NotFound
from app.models import ParticipantSession, Study
from app.participation.withdrawal import forget_results
from app.removal import overwrite_deleted, remove_below


def count_test_data(db: Session, study: Study, *, simulated: bool = False) -> int:
    """How many pilots the study has, or how many simulated raters."""
    return db.scalar(select(func.count()).select_from(_test_data(study, simulated=simulated).subquery())) or 0


def _test_data(study: Study, *, simulated: bool) -> Select[tuple[ParticipantSession]]:
    kind = ParticipantSession.is_simulated if simulated else ParticipantSession.is_pilot
    return select(ParticipantSession).where(ParticipantSession.study_id == study.id, kind)


def delete_test_data(db: Session, study: Study, *, simulated: bool = False, by: Account | None = None) -> int:
    """Delete all pilots of the study, or all its simulated raters; how many there were. Commits.

    The numbers of simulated raters are given out again only when none higher is left.
    """
    sessions = list(db.scalars(_test_data(study, simulated=simulated)))
    _delete(db, sessions)
    if simulated and sessions:
        forget_results(db, sessions[0])
    if sessions:
        note(db, by, "test data deleted", study, **{"simulated raters" if simulated else "pilots": len(sessions)})
    db.commit()
    return len(sessions)


def delete_pilot(db: Session, study: Study, public_id: str, *, by: Account | None = None) -> None:
    """Delete one pilot of the study, by its public id. Commits.

    Raises
    ------
    NotFound
        When the study has no such pilot; what participants gave is never deleted like this.
    """
    pilot = db.scalar(_test_data(study, simulated=False).where(ParticipantSession.public_id == public_id))
    if pilot is None:
        raise NotFound("There is no such pilot.")
    _delete(db, [pilot])
    note(db, by, "test data deleted", study, pilots=1)
    db.commit()


def _delete(db: Session, sessions: list[ParticipantSession]) -> None:
    gone = ParticipantSession.id.in_([session.id for session in sessions])
    overwrite_deleted(db)
    remove_below(db, ParticipantSession, gone)
    db.execute(delete(ParticipantSession).where(gone))
