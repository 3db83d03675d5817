"""Tables of studies: their settings, the versions of them, and their members."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain import Role, StudyState
from app.models.base import Base, UtcDateTime, now, states

if TYPE_CHECKING:
    from app.models.clips import Clip


class Study(Base):
    """A study: its definition (the validated study.toml) and its state."""

    __tablename__ = "study"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[StudyState] = mapped_column(states(StudyState), default=StudyState.DRAFT)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    definition_toml: Mapped[str] = mapped_column(Text)
    # Says who made it, and gives no right; None for the command line.
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("experimenter.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The version that new sessions begin with: 0 while it has never been open.
    version: Mapped[int] = mapped_column(Integer, default=0, server_default=text("0"))
    # Archived studies are out of the list, and take nobody until they are brought back.
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Where the data came from when they were brought in (`app.studies.origin`); NULL where participants took part here.
    origin: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    clips: Mapped[list[Clip]] = relationship(order_by="Clip.position", back_populates="study")


class StudyRevision(Base):
    """A study's settings as they were from one moment on, since it was opened; written once and never changed.

    What changes the task makes a new version; other changes are revisions of the same one.
    """

    __tablename__ = "study_revision"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    definition: Mapped[dict[str, Any]] = mapped_column(JSON)
    definition_toml: Mapped[str] = mapped_column(Text)
    # The e-mail address as it was then; None for the command line.
    account: Mapped[str | None] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class StudyMember(Base):
    """An account's role in a study. A study has an owner as soon as there is an account."""

    __tablename__ = "study_member"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    experimenter_id: Mapped[int] = mapped_column(
        ForeignKey("experimenter.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[Role] = mapped_column(states(Role))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
