"""Tables of trials: what each shows, and what came back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Enum,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from analysis.purposes import Purpose
from app.models.base import Base, UtcDateTime, now

if TYPE_CHECKING:
    from app.models.clips import Clip
    from app.models.sessions import ParticipantSession


class Trial(Base):
    """What one trial shows; written once, when it is assigned."""

    __tablename__ = "trial"
    __table_args__ = (UniqueConstraint("session_id", "number"), UniqueConstraint("session_id", "key"))

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[Purpose] = mapped_column(
        Enum(Purpose, native_enum=False, length=16, values_callable=lambda kinds: [k.value for k in kinds]),
        default=Purpose.MAIN,
    )
    repeat_of: Mapped[int | None] = mapped_column(Integer)
    design: Mapped[str] = mapped_column(String(32))
    seed: Mapped[int] = mapped_column(BigInteger)
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    session: Mapped[ParticipantSession] = relationship(back_populates="trials")
    seats: Mapped[list[Seat]] = relationship(order_by="Seat.seat", lazy="selectin")
    submission: Mapped[Submission | None] = relationship(back_populates="trial")


class Seat(Base):
    """A clip of a trial and the seat around the arena where it waits."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("trial_id", "clip_id"),)

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    seat: Mapped[int] = mapped_column(Integer, primary_key=True)
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"))

    clip: Mapped[Clip] = relationship(lazy="joined")


class Draft(Base):
    """The placements of an unfinished trial as last seen; the only row of a trial that is ever replaced."""

    __tablename__ = "draft"

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Submission(Base):
    """What came back for a trial; written once and never changed."""

    __tablename__ = "submission"

    trial_id: Mapped[int] = mapped_column(ForeignKey("trial.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    # The only place of the moves and plays. Up to half a megabyte: read only when it is asked for.
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    duration_ms: Mapped[float] = mapped_column(Float)
    hidden_ms: Mapped[float] = mapped_column(Float)
    active_ms: Mapped[float] = mapped_column(Float)
    viewport_width: Mapped[float] = mapped_column(Float)
    viewport_height: Mapped[float] = mapped_column(Float)
    pixel_ratio: Mapped[float] = mapped_column(Float)
    arena_x: Mapped[float] = mapped_column(Float)
    arena_y: Mapped[float] = mapped_column(Float)
    arena_diameter: Mapped[float] = mapped_column(Float)
    item_width: Mapped[float] = mapped_column(Float)

    trial: Mapped[Trial] = relationship(back_populates="submission")
    placements: Mapped[list[Placement]] = relationship(lazy="selectin")


class Placement(Base):
    """Where a clip was put, in arena units: centre (0, 0), diameter 1, y upwards."""

    __tablename__ = "placement"
    __table_args__ = (CheckConstraint("x * x + y * y <= 0.250000001", name="inside_the_arena"),)

    trial_id: Mapped[int] = mapped_column(ForeignKey("submission.trial_id"), primary_key=True)
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    x: Mapped[float] = mapped_column(Float(53))
    y: Mapped[float] = mapped_column(Float(53))
    # NULL where the page did not say, as before the column existed.
    watched: Mapped[str | None] = mapped_column(String(16))
