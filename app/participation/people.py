"""Who is one person: a study's sessions by the recruiter's id of the person, and the visits of that person."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.definition.study_toml import Recruitment, StudyDefinition, definition_of_session
from app.domain import Proof, SessionState
from app.errors import NotFound
from app.models import COUNTED, ParticipantSession, SessionToken, Study, now
from app.participation.places import why_closed
from app.participation.ratings import owes_ratings
from app.participation.sheets import owes_answers
from app.recruiters.known import is_guessable
from app.tokens import hash_token


def person_id_of(recruitment: Recruitment, recruiter: Mapping[str, str]) -> str | None:
    """The recruiter's id of the person, the study's first parameter; None when the link brought none."""
    return (recruiter.get(recruitment.parameters[0]) or None) if recruitment.parameters else None


def visit_key(person_id: str | None, visit: int) -> str | None:
    """One value for a person's visit, unique in a study; None without an id, which is equal to nobody's.

    The id counts as it came: two ids that differ in case, or in a character that looks the same, are two people.
    """
    if person_id is None:
        return None
    return hashlib.sha256(json.dumps([person_id, visit]).encode()).hexdigest()


def visits_of(db: Session, study: Study, person_id: str | None) -> list[ParticipantSession]:
    """All sessions of the person, in the order of the visits."""
    if person_id is None:
        return []
    person = (
        select(ParticipantSession.person)
        .where(
            ParticipantSession.study_id == study.id, ParticipantSession.recruiter_key == visit_key(person_id, visit=1)
        )
        .scalar_subquery()
    )
    query = select(ParticipantSession).where(
        ParticipantSession.study_id == study.id, ParticipantSession.person == person
    )
    return list(db.scalars(query.order_by(ParticipantSession.visit)))


def may_visit_again(
    db: Session, study: Study, definition: StudyDefinition, visits: Sequence[ParticipantSession]
) -> bool:
    """Whether the person has finished what was begun, and the study allows one visit more."""
    return (
        bool(visits)
        and visits[-1].state == SessionState.FINISHED
        and len(visits) < definition.recruitment.visits
        and why_closed(study, definition.recruitment, now()) is None
        and not _owes(db, visits[-1], definition_of_session(db, visits[-1], study))
    )


def _owes(db: Session, session: ParticipantSession, definition: StudyDefinition) -> bool:
    """Whether a finished session has yet to rate clips or to answer the questions after them."""
    return owes_ratings(db, session, definition) or owes_answers(db, session, definition)


def visit_of_link(
    visits: Sequence[ParticipantSession], recruiter: Mapping[str, str], *, may_again: bool
) -> ParticipantSession | None:
    """The session that a link leads to: that of the very same link, else the person's last; None when a new one begins.

    A recruiter gives a new id of its own for each time that a person takes the study. While another visit is allowed,
    such a link begins it; otherwise it leads to the session that the person has.
    """
    same = [visit for visit in visits if visit.recruiter == recruiter]
    if same:
        return same[-1]
    return visits[-1] if visits and not may_again else None


def proof_of_link(person_id: str | None, *, is_signed: bool) -> Proof:
    """What a link shows about whoever opens it in another browser than the session's own."""
    if is_signed:
        return Proof.SIGNED
    return Proof.NONE if person_id is None or is_guessable(person_id) else Proof.ID


def held_token(db: Session, session: ParticipantSession, held: Sequence[str]) -> str | None:
    """The first of the tokens that a browser kept which belongs to the session."""
    hashes = {hash_token(token): token for token in held}
    query = select(SessionToken.token_hash).where(
        SessionToken.session_id == session.id, SessionToken.token_hash.in_(hashes)
    )
    known = set(db.scalars(query))
    return next((token for digest, token in hashes.items() if digest in known), None)


def next_number(db: Session, study: Study) -> int:
    """The number of the study's next session; the study's row must be locked."""
    query = select(func.max(ParticipantSession.number)).where(ParticipantSession.study_id == study.id, COUNTED)
    return (db.scalar(query) or 0) + 1


def session_named(db: Session, study: Study, name: str, *, lock: bool = False) -> ParticipantSession:
    """A session of the study by its rater (P001) or its public id (S-…), pilots by the latter; with `lock` held.

    Raises
    ------
    NotFound
        When the study has no such session.
    """
    number = re.fullmatch(r"[Pp]0*(\d{1,9})", name)
    of_name = ParticipantSession.public_id == name
    if number is not None:
        of_name = (ParticipantSession.number == int(number[1])) & COUNTED
    query = select(ParticipantSession).where(ParticipantSession.study_id == study.id, of_name)
    session = db.scalar(query.with_for_update() if lock else query)
    if session is None:
        raise NotFound(f"The study {study.name} has no participant {name}.")
    return session
