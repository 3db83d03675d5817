"""How the ratings of clips come in, one at a time: checked, stored once, and acked only after their commit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.db import Database
from app.definition.questions import Answer
from app.definition.ratings import Ratings
from app.domain import LEFT_OUT
from app.errors import Conflict, Invalid, NotFound
from app.models import Rating, now
from app.participation.answers import check_answers
from app.participation.enrolment import session_of
from app.participation.payloads import RatingBody, parse_rating
from app.participation.ratings import RatingRecord
from app.participation.record import SessionRecord, record_of_token
from app.participation.session_log import log_refused
from app.participation.trials import advance


@dataclass(frozen=True)
class RatingAck:
    """Says that a rating is committed: its clip's key, and the SHA-256 of the very bytes that were sent."""

    rating_key: str
    sha256: str


def rate(
    database: Database, token: str, key: str, raw: bytes, *, at: datetime | None = None
) -> tuple[RatingAck, SessionRecord]:
    """Store how a clip was rated, once. The last clip that was rated can be rated again, as a revision.

    The same bytes sent again get the same ack. Other bytes for a revision that is stored are refused, and kept in the
    session's log.

    Returns
    -------
    tuple of RatingAck and SessionRecord
        The ack, and the session's state after it.

    Raises
    ------
    Unauthorised, NotFound
        When the token is unknown, or the clip is not one that the session is to rate.
    Invalid
        When the body or an answer cannot be used; `field` names it, and nothing is stored.
    Conflict
        When the revision was stored with other contents, another clip is to be rated now, or the session has ended.
    """
    moment = at or now()
    ack = RatingAck(key, hashlib.sha256(raw).hexdigest())
    refusal: Conflict | None = None
    with database.writing() as db:
        session = session_of(db, token, lock=True)
        record = record_of_token(db, token)
        to_rate = next((one for one in record.ratings if one.key == key), None)
        if to_rate is None:
            raise NotFound("This session has no such clip to rate.")
        stored = to_rate.rated.sha256s if to_rate.rated is not None else ()
        if ack.sha256 not in stored:
            body = parse_rating(raw)
            refusal = _refusal(record, to_rate, body)
            if refusal is None:
                answers = _answers(record.definition.ratings, body)
                db.add(_row(record, to_rate, body, answers, ack.sha256, moment))
                session.last_seen_at = moment
            else:
                log_refused(db, session.id, moment, key, refusal.code, ack.sha256, raw)
            db.commit()
    if refusal is not None:
        raise refusal
    return ack, advance(database, token, at=at)


def _refusal(record: SessionRecord, to_rate: RatingRecord, body: RatingBody) -> Conflict | None:
    """Why a rating cannot be taken now; None if it can."""
    if record.state in LEFT_OUT:
        return Conflict("This session has ended.", code="ended")
    if to_rate.rated is not None and body.revision <= to_rate.rated.revision:
        return Conflict("This clip is rated already, in another way.", code="rated")
    if to_rate not in (record.open_rating, record.last_rating):
        return Conflict("This clip is not to be rated now.", code="not_asked")
    if body.revision != (0 if to_rate.rated is None else to_rate.rated.revision + 1):
        raise Invalid("revision: one before it is missing", field="revision")
    return None


def _answers(ratings: Ratings, body: RatingBody) -> dict[str, Answer]:
    """The answers as they are stored. Nobody has to rate what could not be seen."""
    questions = ratings.questions
    if body.watched == "unplayable":
        questions = [one.model_copy(update={"required": False}) for one in questions]
    return check_answers(questions, body.answers)


def _row(
    record: SessionRecord,
    to_rate: RatingRecord,
    body: RatingBody,
    answers: dict[str, Answer],
    sha256: str,
    at: datetime,
) -> Rating:
    # The participant's clock may count a break that the page did not see; the server's clock bounds it (F23).
    elapsed = max((at - to_rate.assigned_at).total_seconds() * 1000, 0.0)
    return Rating(
        to_rate_id=to_rate.id,
        revision=body.revision,
        sha256=sha256,
        answers=answers,
        watched=body.watched,
        plays=body.plays,
        played_ms=body.played,
        duration_ms=body.duration,
        hidden_ms=body.hidden,
        active_ms=min(max(body.duration - body.hidden, 0.0), elapsed),
        rated_at=at,
    )


def skip_ratings(db: Session, record: SessionRecord, *, at: datetime) -> None:
    """Rate the clips that are left without answers, for a pilot that goes past them. Does not commit."""
    body = RatingBody(answers={}, watched="unplayable", plays=0, played=0.0, duration=0.0, hidden=0.0)
    answers = _answers(record.definition.ratings, body)
    for one in record.ratings:
        if one.rated is None:
            db.add(_row(record, one, body, answers, "", at))
