"""How the sessions of a study did in their attention checks."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models import ParticipantSession, SessionEvent, Study

KIND = "check"


class Checks(NamedTuple):
    """A session's attention checks: how many it has done, and how many of them it passed."""

    done: int
    passed: int


NO_CHECKS = Checks(0, 0)


def checks_of_sessions(db: Session, study: Study) -> dict[int, Checks]:
    """The checks of each session of the study that has done any, by the session's database id."""
    passed = case((SessionEvent.detail["passed"].as_boolean(), 1), else_=0)
    query = (
        select(SessionEvent.session_id, func.count(), func.sum(passed))
        .join(ParticipantSession, ParticipantSession.id == SessionEvent.session_id)
        .where(ParticipantSession.study_id == study.id, SessionEvent.kind == KIND)
        .group_by(SessionEvent.session_id)
    )
    return {session_id: Checks(int(done), int(good)) for session_id, done, good in db.execute(query)}
