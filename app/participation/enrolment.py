"""How a person who opens a study's link becomes a participant's session, once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.definition.study_toml import Recruitment, StudyDefinition, definition_of
from app.domain import Proof
from app.errors import Crowded, LinkRefused, NoRoom, NoStudy, StudyFull, Unauthorised
from app.models import COUNTED, Draft, ParticipantSession, SessionEvent, SessionToken, Study, Submission, Trial, now
from app.participation.consent import clauses_given, keep_clauses, require_read
from app.participation.people import (
    held_token,
    may_visit_again,
    next_number,
    person_id_of,
    proof_of_link,
    visit_key,
    visit_of_link,
    visits_of,
)
from app.participation.places import no_answer_has_a_place, places_taken, reading, why_closed
from app.participation.set_choice import sets_for
from app.recruiters.arrival import Arrival, IdNote
from app.recruiters.signing import is_signed, link_key
from app.tokens import hash_token, new_public_id, new_token

# So many may have agreed to a study within READING_LEASE without having begun: a campus, but not a script all night.
MAX_READING = 1000
# So often an hour a session's link leads to it in a browser that does not have it yet.
MAX_RESUMED_PER_HOUR = 30
# In its own browser a session that was seen more recently than this has only been opened again.
RESUMED_AFTER = timedelta(minutes=1)


UNKNOWN_LINK = "We do not recognise this link. Open the link from your invitation again."

# Made once: making the query costs more than running it.
_OF_TOKEN = (
    select(ParticipantSession)
    .join(SessionToken, SessionToken.session_id == ParticipantSession.id)
    .where(SessionToken.token_hash == bindparam("token"))
)
_LOCKED = _OF_TOKEN.with_for_update(of=ParticipantSession)


@dataclass(frozen=True)
class Entry:
    """What a participant gets on entering: the bearer token, and whether an earlier session continues."""

    token: str
    session_id: str
    resumed: bool


def check_link(study_name: str, recruitment: Recruitment, arrival: Arrival, sig: str, secret: str) -> None:
    """Refuse a link that does not say who opens it where the study wants to know, or whose signature is wrong (F35).

    Raises
    ------
    LinkRefused
        With words for the participant.
    """
    person_id = person_id_of(recruitment, arrival.parameters)
    if recruitment.signed:
        if person_id is None or not is_signed(link_key(secret, study_name), study_name, person_id, sig):
            raise LinkRefused(
                "This link is incomplete or has been changed. Please open the whole link from your invitation again."
            )
        return
    if arrival.has_id or recruitment.without_id == "anybody":
        return
    if recruitment.without_id == "plain_link" and arrival.note == IdNote.PLAIN_LINK:
        return
    raise LinkRefused(
        "This link does not say who you are, so your work could not be counted as yours. Please go back to the page or "
        "message that invited you and open the study from there. If that does not help, write to the people who run it."
    )


@dataclass(frozen=True)
class Door:
    """What a link leads to: the person's session, or None where a new one begins; and whether the session is finished,
    but another visit may begin, so that the participant chooses.
    """

    session: ParticipantSession | None = None
    may_again: bool = False


def check_entry(db: Session, study: Study, recruiter: Mapping[str, str], *, has_room: bool) -> Door:
    """Refuse somebody for whom there is no place before the consent is read; who comes back gets in.

    Raises
    ------
    StudyClosed, StudyFull, Crowded, NoRoom
        As `enter`.
    """
    definition = definition_of(study)
    visits = visits_of(db, study, person_id_of(definition.recruitment, recruiter))
    may_again = may_visit_again(db, study, definition, visits)
    session = visit_of_link(visits, recruiter, may_again=may_again)
    if session is None:
        _require_place(db, study, definition, visits, has_room=has_room)
        return Door()
    return Door(session, may_again)


def enter(
    db: Session,
    study_name: str,
    recruiter: Mapping[str, str],
    *,
    id_note: IdNote | None = None,
    held: Sequence[str] = (),
    again: bool = False,
    language: str = "en",
    read: str | None = None,
    ticked: Collection[str] | None = None,
    is_simulated: bool = False,
    has_room: bool = True,
) -> Entry:
    """Admit a participant who has consented, or let the person continue an earlier session (F14, F20, F48).

    The study's row is locked while visits and places are counted, so that two who come at once cannot take the same.

    Parameters
    ----------
    recruiter
        The link's parameters by the study's names. The first identifies the person.
    id_note
        A remark about the person's id.
    held
        Tokens of the study that the browser has kept: one of the session that goes on shows that it is the same person.
    again
        Whether the participant asked for another visit, where the study allows one and the link alone does not say.
    read
        The mark of the consent page that was read, as in `consent.require_read`.
    ticked
        The names of the clauses that were ticked there, as in `consent.clauses_given`.

    Raises
    ------
    NoStudy
        When there is no study of that name.
    StudyClosed, StudyFull
        When the study takes nobody, or has no place left; existing sessions continue regardless (F13).
    Crowded
        When very many have agreed without beginning, or the link was opened too often within an hour (F50).
    NoRoom
        When a new session would be made, and the server has no room for its data (`has_room`, F05).
    ReadAnother
        When a new session would be made, and the study is no longer what the person has read.
    ClausesMissing
        When a new session would be made, and a required clause was not ticked.
    """
    study = db.scalar(select(Study).where(Study.name == study_name.lower()).with_for_update())
    if study is None:
        raise NoStudy(study_name)
    definition = definition_of(study)
    person_id = person_id_of(definition.recruitment, recruiter)
    visits = visits_of(db, study, person_id)
    may_again = may_visit_again(db, study, definition, visits)
    session = None if again and may_again else visit_of_link(visits, recruiter, may_again=may_again)
    if session is not None:
        proof = proof_of_link(person_id, is_signed=definition.recruitment.signed)
        return _resume(db, session, held, proof)
    _require_place(db, study, definition, visits, has_room=has_room)
    require_read(db, study, language, read)
    clauses = clauses_given(definition, ticked)
    number = next_number(db, study)
    visit = len(visits) + 1
    session = ParticipantSession(
        study_id=study.id,
        public_id=new_public_id("S"),
        number=number,
        person=visits[0].person if visits else number,
        visit=visit,
        recruiter=dict(recruiter),
        recruiter_key=visit_key(person_id, visit),
        id_note=id_note,
        seed=session_seed(definition.seed, number),
        language=language,
        is_simulated=is_simulated,
    )
    return admit(db, session, clauses)


def admit(db: Session, session: ParticipantSession, clauses: Mapping[str, bool]) -> Entry:
    """Store a new session with its sets of clips, its clauses of the consent, and the token of the browser in which it
    begins; commits. The study's row must be locked.
    """
    study = db.get_one(Study, session.study_id)
    session.version = study.version
    session.clip_sets = sets_for(db, session, definition_of(study), now())
    db.add(session)
    db.flush()
    token = new_token()
    db.add(SessionToken(token_hash=hash_token(token), session_id=session.id, proof=Proof.BEGAN))
    db.add(SessionEvent(session_id=session.id, kind="consented"))
    keep_clauses(db, session.id, clauses)
    db.commit()
    return Entry(token, session.public_id, resumed=False)


def session_of(db: Session, token: str, *, lock: bool = False) -> ParticipantSession:
    """The session that a bearer token belongs to; with `lock` its row is held until the transaction ends.

    Raises
    ------
    Unauthorised
        When nobody was given this token.
    """
    session = db.scalar(_LOCKED if lock else _OF_TOKEN, {"token": hash_token(token)})
    if session is None:
        raise Unauthorised(UNKNOWN_LINK)
    return session


def proof_of(db: Session, token: str) -> Proof:
    """What shows that whoever holds the token is the session's participant; the token must be known."""
    return db.get_one(SessionToken, hash_token(token)).proof


def session_seed(study_seed: int, number: int) -> int:
    """The seed of a study's session `number`: everything random about the session follows from it."""
    return int(np.random.SeedSequence([study_seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _resume(db: Session, session: ParticipantSession, held: Sequence[str], proof: Proof) -> Entry:
    token = held_token(db, session, held)
    detail: dict[str, object] = {}
    if token is None:
        hour_ago = now() - timedelta(hours=1)
        query = select(func.count()).where(SessionToken.session_id == session.id, SessionToken.created_at > hour_ago)
        if (db.scalar(query) or 0) > MAX_RESUMED_PER_HOUR:
            raise Crowded("This link was opened very often in the last hour. Please try again later.")
        token = new_token()
        db.add(SessionToken(token_hash=hash_token(token), session_id=session.id, proof=proof))
        detail = {"proof": proof.value}
        draft = _draft_of(db, session) if proof == Proof.NONE else None
        if draft is not None:
            # Whoever this is may continue and overwrite the draft: the log keeps what it was.
            detail["draft"] = draft
    # Whoever opens the link by the dozen in the session's own browser fills no log by it.
    if detail or session.last_seen_at < now() - RESUMED_AFTER:
        db.add(SessionEvent(session_id=session.id, kind="resumed", detail=detail))
    session.last_seen_at = now()
    db.commit()
    return Entry(token, session.public_id, resumed=True)


def _draft_of(db: Session, session: ParticipantSession) -> dict[str, object] | None:
    query = (
        select(Draft.body)
        .join(Trial, Trial.id == Draft.trial_id)
        .outerjoin(Submission, Submission.trial_id == Trial.id)
        .where(Trial.session_id == session.id, Submission.trial_id.is_(None))
    )
    return db.scalar(query)


def _require_place(
    db: Session, study: Study, definition: StudyDefinition, visits: Sequence[ParticipantSession], *, has_room: bool
) -> None:
    """Whether a new session may begin. Places are people's: somebody's second visit needs none of its own.

    Raises
    ------
    StudyClosed, StudyFull, Crowded, NoRoom
        When it may not.
    """
    moment = now()
    if (closed := why_closed(study, definition.recruitment, moment)) is not None:
        raise closed
    if not has_room:
        raise NoRoom("The server cannot take new participants at the moment. Please try again later.")
    places = definition.recruitment.places
    no_place = places is not None and not visits and places_taken(db, study, moment) >= places
    if no_place or (not visits and no_answer_has_a_place(db, study, definition, moment)):
        raise StudyFull("This study is full. Thank you for your interest.")
    of_study = and_(ParticipantSession.study_id == study.id, COUNTED)
    if (db.scalar(select(func.count()).where(of_study, reading(moment))) or 0) >= MAX_READING:
        raise Crowded("Very many people are opening this study at the moment. Please try again in a few minutes.")
