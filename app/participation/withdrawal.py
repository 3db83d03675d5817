"""A participant withdraws."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.domain import Proof, SessionState, transition_session
from app.errors import NotProven
from app.models import Answer, ModelComparison, ParticipantSession, SessionEvent, StoredRater, StoredResults, now
from app.participation.enrolment import proof_of, session_of
from app.participation.session_log import ASKED_TO_LEAVE, log


def withdraw(db: Session, token: str) -> None:
    """The participant withdraws: the session ends, results and exports leave it out, and its answers to questions are
    deleted. Repeating it changes nothing.

    It cannot be undone, so a browser that came by somebody's id alone cannot do it (F35); the wish is noted for the
    experimenter.

    Raises
    ------
    NotProven
        When the session began in another browser, and the link was not signed.
    """
    session = session_of(db, token, lock=True)
    if session.state == SessionState.WITHDRAWN:
        return
    if proof_of(db, token) in {Proof.ID, Proof.NONE}:
        noted = select(SessionEvent.id).where(
            SessionEvent.session_id == session.id, SessionEvent.kind == ASKED_TO_LEAVE
        )
        if db.scalar(noted.limit(1)) is None:
            log(db, session.id, ASKED_TO_LEAVE, now())
            db.commit()
        raise NotProven(
            "This session was started in another browser and can only be ended for good there. You can simply close "
            "this page. The people who run the study will see that you asked to leave."
        )
    session.last_seen_at = now()
    end_as_withdrawn(db, session, by="participant")
    db.commit()


def end_as_withdrawn(db: Session, session: ParticipantSession, *, by: str) -> None:
    """End the session, and forget what was computed from it; `by` says who asked. Does not commit."""
    session.state = transition_session(session.state, SessionState.WITHDRAWN)
    session.ended_at, session.ended_by = now(), by
    log(db, session.id, "withdrawn", session.ended_at)
    db.execute(delete(Answer).where(Answer.session_id == session.id))
    forget_results(db, session)


def forget_results(db: Session, session: ParticipantSession) -> None:
    """What was computed from the session goes with it; without their rows, those who compute now store nothing."""
    db.execute(delete(StoredRater).where(StoredRater.session_id == session.id))
    for table in (StoredResults, ModelComparison):
        db.execute(delete(table).where(table.study_id == session.study_id))
