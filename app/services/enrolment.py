"""How a person who opens a study's link becomes a participant's session, once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.definition import check_definition
from app.domain import SessionState, StudyState
from app.errors import Invalid, NoRoom, NotFound, StudyClosed, StudyFull, Unauthorised
from app.models import ParticipantSession, SessionEvent, SessionToken, Study, now
from app.tokens import hash_token, new_public_id, new_token

LONGEST_PARAMETER = 200
# What recruiters' sites fill in for each participant, as it stands in a link that nobody filled in.
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|%\w+%", re.DOTALL)
# A place is free again when its participant has not been seen for this long (F19).
PLACE_LEASE = timedelta(minutes=60)


@dataclass(frozen=True)
class Entry:
    """What somebody gets who enters: the bearer token, and whether an earlier session goes on."""

    token: str
    session_id: str
    resumed: bool


def find_study(db: Session, name: str) -> Study:
    """The study of that name, whatever its state.

    Raises
    ------
    NotFound
        When there is none.
    """
    study = db.scalar(select(Study).where(Study.name == name))
    if study is None:
        raise NotFound("There is no such study.")
    return study


def recruiter_parameters(names: list[str], query: Mapping[str, list[str]]) -> dict[str, str]:
    """The recruiter's parameters of a link: those that the study names, each given exactly once and not empty.

    A parameter that is missing, empty, repeated, or still the recruiter's placeholder, is left out, so that nobody is
    merged with anybody by it (F18).

    Raises
    ------
    Invalid
        When a value is longer than 200 characters (it would not fit, and cutting it could merge two people), or holds a
        zero byte.
    """
    found: dict[str, str] = {}
    for name in names:
        values = [value.strip() for value in query.get(name, [])]
        if len(values) != 1 or not values[0] or PLACEHOLDER.fullmatch(values[0]):
            continue
        if "\x00" in values[0]:
            raise Invalid(f"{name} holds a zero byte.", field=name)
        if len(values[0]) > LONGEST_PARAMETER:
            raise Invalid(f"{name} is longer than {LONGEST_PARAMETER} characters.", field=name)
        found[name] = values[0]
    return found


def enter(
    db: Session,
    study_name: str,
    recruiter: Mapping[str, str],
    *,
    language: str = "en",
    is_simulated: bool = False,
    has_room: bool = True,
) -> Entry:
    """Admit a participant who has consented, or let the session of the same recruiter's link go on (F14, F20).

    The study's row is locked while places are counted, so that two who come at once cannot take the same place.

    Raises
    ------
    NotFound
        When there is no such study.
    StudyClosed, StudyFull
        When the study takes nobody, or has no place left; sessions that exist go on regardless (F13).
    NoRoom
        When a new session would be made, and the server has no room for its data (`has_room`, F05).
    """
    study = db.scalar(select(Study).where(Study.name == study_name).with_for_update())
    if study is None:
        raise NotFound("There is no such study.")
    definition = check_definition(study.definition)
    key = _recruiter_key(definition.recruitment.parameters, recruiter)
    session = None
    if key is not None:
        session = db.scalar(
            select(ParticipantSession).where(
                ParticipantSession.study_id == study.id, ParticipantSession.recruiter_key == key
            )
        )
    resumed = session is not None
    if session is None:
        if not has_room:
            raise NoRoom("The server cannot take new participants at the moment. Please try again later.")
        _require_place(db, study, definition.recruitment.places)
        number = (
            db.scalar(select(func.max(ParticipantSession.number)).where(ParticipantSession.study_id == study.id)) or 0
        ) + 1
        session = ParticipantSession(
            study_id=study.id,
            public_id=new_public_id("S"),
            number=number,
            recruiter=dict(recruiter),
            recruiter_key=key,
            seed=session_seed(definition.seed, number),
            language=language,
            is_simulated=is_simulated,
        )
        db.add(session)
        db.flush()
    token = new_token()
    db.add(SessionToken(token_hash=hash_token(token), session_id=session.id))
    db.add(SessionEvent(session_id=session.id, kind="resumed" if resumed else "consented"))
    session.last_seen_at = now()
    db.commit()
    return Entry(token, session.public_id, resumed)


def session_of(db: Session, token: str, *, lock: bool = False) -> ParticipantSession:
    """The session that a bearer token belongs to; with `lock` its row is held until the transaction ends.

    Raises
    ------
    Unauthorised
        When nobody was given this token.
    """
    query = (
        select(ParticipantSession)
        .join(SessionToken, SessionToken.session_id == ParticipantSession.id)
        .where(SessionToken.token_hash == hash_token(token))
    )
    session = db.scalar(query.with_for_update(of=ParticipantSession) if lock else query)
    if session is None:
        raise Unauthorised("This link is not known. Open the link from your invitation again.")
    return session


def session_seed(study_seed: int, number: int) -> int:
    """The seed of a study's session `number`: everything random about the session follows from it."""
    return int(np.random.SeedSequence([study_seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _require_place(db: Session, study: Study, places: int | None) -> None:
    if study.state != StudyState.OPEN:
        raise StudyClosed("This study is not taking new participants at the moment.")
    if places is None:
        return
    taken = db.scalar(
        select(func.count())
        .select_from(ParticipantSession)
        .where(
            ParticipantSession.study_id == study.id,
            or_(
                ParticipantSession.state == SessionState.FINISHED,
                ParticipantSession.state.in_([SessionState.INSTRUCTED, SessionState.ARRANGING])
                & (ParticipantSession.last_seen_at > now() - PLACE_LEASE),
            ),
        )
    )
    if (taken or 0) >= places:
        raise StudyFull("All places of this study are taken. Thank you for your interest.")


def _recruiter_key(names: list[str], recruiter: Mapping[str, str]) -> str | None:
    """One value for the configured parameters together, or None when the first of them, the person's id, is absent."""
    if not names or not recruiter.get(names[0]):
        return None
    values = [recruiter.get(name, "") for name in names]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()
