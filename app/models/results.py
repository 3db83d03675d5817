"""Tables of results: RDMs that were brought in, what was computed, and how work on them stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain import WorkState
from app.models.base import Base, UtcDateTime, now, states


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


class BackgroundWork:
    """Columns of what the worker computes for a study: when it last did, and the state of the work on something newer.

    Whoever computes holds the `claim` and sends a heartbeat in `worked_at`; `done` tells how far it is, `reason` why it
    failed.
    """

    computed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[WorkState] = mapped_column(states(WorkState), default=WorkState.WAITING)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    claim: Mapped[str | None] = mapped_column(String(32))
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    done: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(Text)


class StoredResults(BackgroundWork, Base):
    """A study's results for one choice of estimator and raters, and the state of the work on newer ones.

    `inputs`, `content` and `computed_at` belong to what is there, and are NULL before the first time. The work is on
    the `wanted` inputs: `done` of `raters` are computed.
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
    wanted: Mapped[str] = mapped_column(String(64))
    raters: Mapped[int] = mapped_column(Integer, default=0)


class StudyPlan(BackgroundWork, Base):
    """A study's plan: what was asked for last, what was computed last, and the state of the work on it.

    `asked` are the settings (`app.planning.plan_settings`), `models` two models of the clips as an NPZ archive.
    `content` holds the plan with what it was computed from (`app.planning.stored`); `done` of `of` simulations are.
    """

    __tablename__ = "study_plan"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    models: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    of: Mapped[int] = mapped_column(Integer, default=0)


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


class ModelComparison(BackgroundWork, Base):
    """What a study's models and attributes came to against its raters, and the state of the work on a newer comparison.

    `content` holds the findings with what they were computed from (`app.results.model_work`); `step` says in words what
    is being done, `done` how many per cent of it.
    """

    __tablename__ = "model_comparison"

    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    step: Mapped[str] = mapped_column(Text, default="")
