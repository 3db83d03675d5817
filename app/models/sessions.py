"""Tables of participants' sessions: their tokens, what happened in them, and what was decided about them."""

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
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain import Proof, SessionState, Verdict
from app.models.base import Base, UtcDateTime, now, states

if TYPE_CHECKING:
    from app.models.studies import Study
    from app.models.trials import Trial


def _own_number(context: Any) -> int:
    """Each session is a separate person unless it says otherwise."""
    return int(context.get_current_parameters()["number"])


class ParticipantSession(Base):
    """A participant's sitting. A rater of a study is one such row; a person may have several."""

    __tablename__ = "participant_session"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        UniqueConstraint("study_id", "recruiter_key"),
        Index("uq_participant_session_study_id_person_visit", "study_id", "person", "visit", unique=True),
        CheckConstraint("progress >= 0 AND progress <= 1", name="progress_is_a_share"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[SessionState] = mapped_column(states(SessionState), default=SessionState.INSTRUCTED)
    is_simulated: Mapped[bool] = mapped_column(default=False)
    # An experimenter's own walk through the task: nobody's data, and counted nowhere.
    is_pilot: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Why the session is left out of the results, in the experimenter's words; NULL where it is in.
    exclusion_reason: Mapped[str | None] = mapped_column(String(200))
    # What an experimenter wrote about the session.
    note: Mapped[str | None] = mapped_column(Text)
    recruiter: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # One value for a person's id and the visit, so that the database itself keeps one session of each. It is NULL
    # without an id, and NULLs are distinct: nobody is merged with another by a missing id.
    recruiter_key: Mapped[str | None] = mapped_column(String(64))
    # A remark about the person's id: see `app.recruiters.arrival.IdNote`.
    id_note: Mapped[str | None] = mapped_column(String(16))
    # The number of the person's first session, and which visit of the person this is, from 1.
    person: Mapped[int] = mapped_column(Integer, default=_own_number, server_default=text("0"))
    visit: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    # The study's version that the session began with, and keeps.
    version: Mapped[int] = mapped_column(Integer, default=1, server_default=text("1"))
    seed: Mapped[int] = mapped_column(BigInteger)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    # Minutes of work that the whole session will take at the participant's pace; NULL before the first trial is in.
    expected_minutes: Mapped[float | None] = mapped_column(Float)
    # The names of the sets of clips that the session was given, as it arranges them; NULL without sets.
    clip_sets: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    # The tab that may save drafts, and the language that the page was shown in.
    tab: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(16), default="en")
    consented_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_by: Mapped[str | None] = mapped_column(String(16))
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    study: Mapped[Study] = relationship()
    trials: Mapped[list[Trial]] = relationship(order_by="Trial.number", back_populates="session")

    @property
    def rater(self) -> str:
        """The rater's name in tables and files: P001, P002, …; pilots, whose numbers are negative, have another."""
        return f"Pilot {-self.number}" if self.is_pilot else f"P{self.number:03d}"


# Participants and simulated raters. Whatever counts, numbers or exports sessions asks for it: pilots are in nothing.
COUNTED = ParticipantSession.is_pilot.is_(False)


class SessionToken(Base):
    """A bearer token of a session, hashed. A recruiter's link opened again in another browser gives one more."""

    __tablename__ = "session_token"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"), index=True)
    proof: Mapped[Proof] = mapped_column(
        Enum(Proof, native_enum=False, length=8, values_callable=lambda kinds: [k.value for k in kinds]),
        default=Proof.BEGAN,
        server_default=text("'began'"),
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SessionEvent(Base):
    """What happened around the trials: resumed, another tab, a refused submit with its body, a clip that failed."""

    __tablename__ = "session_event"
    __table_args__ = (Index("ix_session_event_session", "session_id", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Decision(Base):
    """What somebody decided about a session, or about one of its trials; written once, also where it undoes another.

    The last row about a trial says whether it is left out; of a session `exclusion_reason` says so too.
    """

    __tablename__ = "decision"

    id: Mapped[int] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id"), index=True)
    # NULL: it is about the whole session.
    trial_id: Mapped[int | None] = mapped_column(ForeignKey("trial.id"), index=True)
    verdict: Mapped[Verdict] = mapped_column(states(Verdict))
    reason: Mapped[str | None] = mapped_column(String(200))
    # The rule of study.toml that proposed it; NULL where nobody but a person did.
    rule: Mapped[str | None] = mapped_column(String(32))
    # The e-mail address as it was then; None for the command line.
    account: Mapped[str | None] = mapped_column(String(254))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
