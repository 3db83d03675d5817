"""The clips that a session rates: which are rated how, and whether any are left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.definition.study_toml import StudyDefinition
from app.domain import ClipState, SessionState
from app.models import Clip, ClipToRate, ParticipantSession, Rating, Study
from app.participation.time_left import rating_minutes


@dataclass(frozen=True)
class Rated:
    """How a clip was rated last: which revision it is, and all revisions' checksums."""

    revision: int
    answers: dict[str, Any]
    watched: str
    sha256s: tuple[str, ...]


@dataclass(frozen=True)
class RatingRecord:
    """A clip to rate, and what came back; `active_ms` is of all its revisions."""

    id: int
    key: str
    place: int
    clip_id: int
    is_repeat: bool
    assigned_at: datetime
    rated: Rated | None = None
    active_ms: float = 0.0


def stage_of(definition: StudyDefinition) -> SessionState | None:
    """The state in which a session rates clips; None where the study asks for no ratings."""
    if not definition.ratings.questions:
        return None
    return SessionState.INSTRUCTED if definition.ratings.when == "before" else SessionState.FINISHED


def ratings_of(db: Session, session_id: int) -> tuple[RatingRecord, ...]:
    """The session's clips to rate in their order; none before they are chosen."""
    records: dict[int, RatingRecord] = {}
    for row in db.execute(_RATINGS, {"session": session_id}):
        before = records.get(row.id)
        rated, active = None, 0.0
        if row.revision is not None:
            earlier = () if before is None or before.rated is None else before.rated.sha256s
            rated = Rated(row.revision, row.answers, row.watched, (*earlier, row.sha256))
            active = row.active_ms + (0.0 if before is None else before.active_ms)
        records[row.id] = RatingRecord(
            row.id, row.key, row.place, row.clip_id, row.is_repeat, row.assigned_at, rated, active
        )
    return tuple(records.values())


_RATINGS = (
    select(
        ClipToRate.id,
        ClipToRate.key,
        ClipToRate.place,
        ClipToRate.clip_id,
        ClipToRate.is_repeat,
        ClipToRate.assigned_at,
        Rating.revision,
        Rating.answers,
        Rating.watched,
        Rating.sha256,
        Rating.active_ms,
    )
    .outerjoin(Rating, Rating.to_rate_id == ClipToRate.id)
    .where(ClipToRate.session_id == bindparam("session"))
    .order_by(ClipToRate.place, Rating.revision)
)


def expected_rating_minutes(db: Session, study: Study, definition: StudyDefinition) -> float:
    """Minutes that rating clips will take a participant, before anything is known of the pace; 0 without ratings."""
    if not definition.ratings.questions:
        return 0.0
    ready = select(func.count(), func.avg(Clip.duration_s)).where(
        Clip.study_id == study.id, Clip.state == ClipState.READY
    )
    n_ready, seconds = db.execute(ready).one()
    left, n_questions = definition.ratings.n_shown(n_ready), len(definition.ratings.questions)
    return rating_minutes(0, 0.0, left, clip_seconds=float(seconds or 0.0), n_questions=n_questions)


def owes_ratings(db: Session, session: ParticipantSession, definition: StudyDefinition) -> bool:
    """Whether the session is at its ratings, and has not given all of them yet."""
    if stage_of(definition) != session.state:
        return False
    given = ratings_of(db, session.id)
    return not given or any(one.rated is None for one in given)
