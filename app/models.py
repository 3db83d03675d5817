"""Tables and constraints. The units and meaning of every column are in docs/data-dictionary.md.

Over 300 lines: the tables refer to each other, and are read side by side.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from analysis.purposes import Purpose
from app.domain import ClipState, ItemKind, LinkKind, Proof, Role, SessionState, StudyState, Verdict, WorkState


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite keeps it without its zone, so the zone is put back when it is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC before it is stored."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Mark what was read as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def states(of: type[StrEnum]) -> Enum:
    """A column type for the states `of`, checked by the database too."""
    return Enum(
        of, native_enum=False, length=16, create_constraint=True, values_callable=lambda kinds: [k.value for k in kinds]
    )


def now() -> datetime:
    """The server's clock, which alone decides about times."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all tables, with constraint names that migrations can refer to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Experimenter(Base):
    """Somebody who may log in. What the account may do with a study is in `StudyMember`."""

    __tablename__ = "experimenter"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    # May see and remove all accounts, and invite people without a study.
    is_administrator: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Login(Base):
    """A browser in which an experimenter is logged in; logging out deletes it, and with it every copy of its cookie."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    experimenter_id: Mapped[int] = mapped_column(ForeignKey("experimenter.id"), index=True)
    # In words, as "Firefox on Linux": by it somebody knows which of several logins is which.
    browser: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SetupLink(Base):
    """The one-time link by which the first experimenter sets a password; only its hash is kept."""

    __tablename__ = "setup_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountLink(Base):
    """A one-time link: an invitation, with which somebody joins, or one to set a new password. It goes when it is used.

    Only the hash of its token is kept. An invitation may be to a study, with a role in it; a reset is of an account.
    """

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[LinkKind] = mapped_column(states(LinkKind))
    email: Mapped[str] = mapped_column(String(254))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role | None] = mapped_column(states(Role))
    experimenter_id: Mapped[int | None] = mapped_column(ForeignKey("experimenter.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ApiToken(Base):
    """A token with which a program acts for an account; only its hash is kept. Revoking deletes it."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    experimenter_id: Mapped[int] = mapped_column(ForeignKey("experimenter.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    # The only study that it sees; None: all of its account.
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # To the minute; None while it was never used.
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


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


class AuditEntry(Base):
    """Who did what. It refers to no other table, so that it outlives what it tells of."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_study", "study", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The e-mail address as it was then; None for the command line.
    account: Mapped[str | None] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(64))
    study: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Clip(Base):
    """One item of a study (a clip, a picture or a sound), from the experimenter's file to its renditions."""

    __tablename__ = "clip"
    __table_args__ = (
        UniqueConstraint("study_id", "source_sha256"),
        UniqueConstraint("study_id", "file_name"),
        UniqueConstraint("study_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    position: Mapped[int] = mapped_column(Integer)
    file_name: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    attributes: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # Known once the file is converted, from what it holds; until then it counts as a clip.
    kind: Mapped[ItemKind] = mapped_column(
        Enum(ItemKind, native_enum=False, length=16, values_callable=lambda kinds: [kind.value for kind in kinds]),
        default=ItemKind.CLIP,
        server_default=ItemKind.CLIP.value,
    )
    state: Mapped[ClipState] = mapped_column(states(ClipState), default=ClipState.WAITING)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    reason: Mapped[str | None] = mapped_column(Text)
    # The heartbeat of whoever converts the clip: a worker that was killed sends none, and the clip is taken up again.
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    duration_s: Mapped[float | None] = mapped_column(Float)
    # Of the experimenter's file, as shown: turned upright, with square pixels.
    source_width: Mapped[int | None] = mapped_column(Integer)
    source_height: Mapped[int | None] = mapped_column(Integer)
    frames: Mapped[int | None] = mapped_column(Integer)
    fps: Mapped[float | None] = mapped_column(Float)
    codec: Mapped[str | None] = mapped_column(String(32))
    has_audio: Mapped[bool | None] = mapped_column()
    # What the experimenter should know of the conversion: sentences.
    remarks: Mapped[list[str] | None] = mapped_column(JSON, default=list)
    converted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    study: Mapped[Study] = relationship(back_populates="clips")
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="clip", lazy="selectin", cascade="all, delete-orphan"
    )


class Rendition(Base):
    """A file that a browser loads for an item: mp4, webm, picture or poster; stored under its SHA-256."""

    __tablename__ = "rendition"

    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)

    clip: Mapped[Clip] = relationship(back_populates="renditions")


class TextFile(Base):
    """A picture, clip or sound that a study's texts show by its name: the experimenter's file and its renditions."""

    __tablename__ = "text_file"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    # What the experimenter should know of the conversion: sentences.
    remarks: Mapped[list[str]] = mapped_column(JSON, default=list)
    # The SHA-256 of the experimenter's file, and of each rendition that there is.
    source_sha256: Mapped[str] = mapped_column(String(64), index=True)
    picture: Mapped[str | None] = mapped_column(String(64), index=True)
    mp4: Mapped[str | None] = mapped_column(String(64), index=True)
    webm: Mapped[str | None] = mapped_column(String(64), index=True)
    poster: Mapped[str | None] = mapped_column(String(64), index=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @property
    def renditions(self) -> dict[str, str]:
        """The SHA-256 of each rendition by its kind."""
        found = {"picture": self.picture, "mp4": self.mp4, "webm": self.webm, "poster": self.poster}
        return {kind: sha256 for kind, sha256 in found.items() if sha256 is not None}


class FormerRendition(Base):
    """A clip's file from before it was converted again; kept, and still served to open pages."""

    __tablename__ = "former_rendition"

    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    frames: Mapped[int | None] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    duration_s: Mapped[float | None] = mapped_column(Float)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


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


class GivenRdm(Base):
    """The RDM of a rater whose placements nobody kept; it came with a study that was brought in."""

    __tablename__ = "given_rdm"

    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id", ondelete="CASCADE"), primary_key=True)
    # Little-endian doubles in condensed order, NaN where a pair is missing.
    values: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class StoredRater(Base):
    """What one estimator makes of one session's trials; deleted with the session, and when it is withdrawn.

    `inputs` names what it was computed from (`app.results.inputs`), `content` is written by `app.results.packing`.
    """

    __tablename__ = "rater_result"

    session_id: Mapped[int] = mapped_column(ForeignKey("participant_session.id", ondelete="CASCADE"), primary_key=True)
    method: Mapped[str] = mapped_column(String(32), primary_key=True)
    # True for what is made of all trials of a session some of whose trials are left out.
    with_excluded: Mapped[bool] = mapped_column(primary_key=True, default=False, server_default=false())
    uncertainty: Mapped[bool] = mapped_column(primary_key=True, default=False, server_default=false())
    # The name of the set of clips; empty for all of the study's.
    clip_set: Mapped[str] = mapped_column(String(64), primary_key=True, default="", server_default=text("''"))
    inputs: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class StoredResults(Base):
    """A study's results for one choice of estimator and raters, and how the work on newer ones stands.

    `inputs`, `content` and `computed_at` belong to what is there, and are NULL before the first time. The other columns
    are about the work: whoever computes holds the `claim` and gives a heartbeat in `worked_at`; `done` of `raters` are
    computed; `reason` says why it failed, for the `wanted` inputs.
    """

    __tablename__ = "study_result"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    method: Mapped[str] = mapped_column(String(32), primary_key=True)
    with_simulated: Mapped[bool] = mapped_column(primary_key=True)
    with_unfinished: Mapped[bool] = mapped_column(primary_key=True)
    with_excluded: Mapped[bool] = mapped_column(primary_key=True, default=False, server_default=false())
    uncertainty: Mapped[bool] = mapped_column(primary_key=True, default=False, server_default=false())
    # The name of the set of clips; empty for all of the study's.
    clip_set: Mapped[str] = mapped_column(String(64), primary_key=True, default="", server_default=text("''"))
    inputs: Mapped[str | None] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[WorkState] = mapped_column(states(WorkState), default=WorkState.WAITING)
    wanted: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claim: Mapped[str | None] = mapped_column(String(32))
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    raters: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(Text)


class StudyPlan(Base):
    """A study's plan: what was asked for last, what was computed last, and how the work on it stands.

    `asked` are the settings (`app.planning.asked`), `models` two models of the clips as an NPZ archive. `content` holds
    the plan with what it was computed from (`app.planning.stored`). The other columns are as in `study_result`.
    """

    __tablename__ = "study_plan"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    models: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[WorkState] = mapped_column(states(WorkState), default=WorkState.WAITING)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claim: Mapped[str | None] = mapped_column(String(32))
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    of: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(Text)


class StudyModel(Base):
    """A file of candidate models that was given to a study: its model RDMs over the `clips` it was read for.

    `content` is an NPZ archive with `rdms` (M, P) in the order of `clips`; the file itself is not kept.
    """

    __tablename__ = "study_model"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(16))
    models: Mapped[list[str]] = mapped_column(JSON)
    clips: Mapped[list[str]] = mapped_column(JSON)
    remarks: Mapped[list[str]] = mapped_column(JSON)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ModelComparison(Base):
    """What a study's models and attributes came to against its raters, and how the work on a newer comparison stands.

    `content` holds the findings with what they were computed from (`app.results.model_work`). The other columns are as
    in `study_plan`; `step` says in words what is being done, `done` how many per cent of it.
    """

    __tablename__ = "model_comparison"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[WorkState] = mapped_column(states(WorkState), default=WorkState.WAITING)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claim: Mapped[str | None] = mapped_column(String(32))
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    step: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str | None] = mapped_column(Text)
