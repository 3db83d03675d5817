"""Erasing what a person gave, at the person's request."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.domain import LEFT_OUT, SessionState, transition_session
from app.errors import NotFound
from app.models import ParticipantSession, Study, now
from app.participation.people import session_named
from app.participation.session_log import log
from app.participation.withdrawal import forget_results
from app.removal import overwrite_deleted, remove_below

BY_EXPERIMENTER = "experimenter"
# The log line that says that nothing else is left of a session.
ERASED = "erased"


def sessions_of_person(db: Session, study: Study, rater: str, *, lock: bool = False) -> list[ParticipantSession]:
    """All sessions of the person behind a rater ("P003") or a public id, in the order of the visits; with `lock` held.

    Raises
    ------
    NotFound
        When the study has no such rater.
    """
    session = session_named(db, study, rater)
    if session.is_pilot:
        raise NotFound(f"The study {study.name} has no participant {rater}.")
    of_study = select(ParticipantSession).where(ParticipantSession.study_id == study.id)
    visits = of_study.where(ParticipantSession.person == session.person).order_by(ParticipantSession.visit)
    return list(db.scalars(visits.with_for_update() if lock else visits))


def erase_person(db: Session, study: Study, rater: str, *, by: Account | None = None) -> list[str]:
    """Delete all that the person behind a rater gave: trials, answers, log, tokens, the recruiter's ids, and results.

    The numbers of the sessions stay, as withdrawn or turned away, so that no later rater gets the name of an earlier
    one. Backups and exports that were made before still hold what they held.

    Returns
    -------
    list of str
        The raters that were erased.

    Raises
    ------
    NotFound
        As `sessions_of_person`.
    """
    sessions = sessions_of_person(db, study, rater, lock=True)
    erase_sessions(db, sessions, ended_by=BY_EXPERIMENTER)
    note(db, by, "erased", study, raters=[session.rater for session in sessions])
    db.commit()
    return [session.rater for session in sessions]


def erase_sessions(db: Session, sessions: Sequence[ParticipantSession], *, ended_by: str) -> None:
    """Delete all that was given in these sessions, of which only the numbers stay. Does not commit."""
    overwrite_deleted(db)
    gone = ParticipantSession.id.in_([session.id for session in sessions])
    remove_below(db, ParticipantSession, gone)
    for session in sessions:
        forget_results(db, session)
        # Those who were turned away are still counted as such.
        if session.state not in LEFT_OUT:
            session.state = transition_session(session.state, SessionState.WITHDRAWN)
        session.recruiter, session.recruiter_key, session.id_note = {}, None, None
        session.note, session.exclusion_reason = None, None
        session.tab, session.language, session.expected_minutes, session.progress = None, "en", None, 0.0
        session.ended_at, session.ended_by = now(), ended_by
        log(db, session.id, ERASED, session.ended_at)
