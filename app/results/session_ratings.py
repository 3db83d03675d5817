"""What one session rated, clip by clip in the order in which it was shown, to be read by the experimenter."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.definition.answers import in_words
from app.definition.questions import in_language
from app.definition.study_toml import definition_of_session
from app.models import Clip, ParticipantSession, Study
from app.participation.ratings import ratings_of


@dataclass(frozen=True)
class ShownRating:
    """A clip and how it was rated: `answers` by question in words; `changed` is how often the rating was changed."""

    place: int
    clip: str
    is_repeat: bool
    answers: tuple[str, ...]
    watched: str
    changed: int
    seconds: float


@dataclass(frozen=True)
class SessionRatings:
    """The questions as they were asked, what was rated, and how many clips the session was to rate."""

    asks: tuple[str, ...]
    ratings: tuple[ShownRating, ...]
    of: int


def session_ratings(db: Session, study: Study, session: ParticipantSession) -> SessionRatings:
    """The session's ratings by the questions of its version; no ratings, of 0, where none were asked."""
    questions = definition_of_session(db, session, study).ratings.questions
    records = ratings_of(db, session.id)
    names = dict(
        db.execute(select(Clip.id, Clip.label).where(Clip.id.in_({one.clip_id for one in records}))).tuples().all()
    )
    shown = [
        ShownRating(
            one.place + 1,
            names[one.clip_id],
            one.is_repeat,
            tuple(in_words(asked, one.rated.answers.get(asked.name), session.language) for asked in questions),
            one.rated.watched,
            one.rated.revision,
            one.active_ms / 1000,
        )
        for one in records
        if one.rated is not None
    ]
    asks = tuple(in_language(asked.ask, session.language) for asked in questions)
    return SessionRatings(asks, tuple(shown), len(records))
