"""Tables of what participants answered: questions, and ratings of clips."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime, now


class Answer(Base):
    """What a participant answered to one of the study's questions; written once, with all of its sheet.

    A question that was asked and left without an answer has a row too, with the value null.
    """

    __tablename__ = "answer"

    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"), primary_key=True)
    question: Mapped[str] = mapped_column(String(64), primary_key=True)
    sheet: Mapped[str] = mapped_column(String(32))
    value: Mapped[Any] = mapped_column(JSON, nullable=False)
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ClipToRate(Base):
    """A clip that a participant is to rate, and its place among them; written once, when all of them are chosen."""

    __tablename__ = "clip_to_rate"
    __table_args__ = (UniqueConstraint("session_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"))
    place: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), index=True)
    # Whether the participant has rated the clip before: it is shown again to see how alike both ratings are.
    is_repeat: Mapped[bool] = mapped_column(default=False)
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Rating(Base):
    """How a participant rated a clip; written once. Going back to it makes another revision: the last one counts."""

    __tablename__ = "rating"

    to_rate_id: Mapped[int] = mapped_column(ForeignKey("clip_to_rate.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    # By the names of the questions; null where one was left out.
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    watched: Mapped[str] = mapped_column(String(16))
    plays: Mapped[int] = mapped_column(Integer)
    played_ms: Mapped[float] = mapped_column(Float)
    duration_ms: Mapped[float] = mapped_column(Float)
    hidden_ms: Mapped[float] = mapped_column(Float)
    active_ms: Mapped[float] = mapped_column(Float)
    rated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
