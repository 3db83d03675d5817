"""A study right now: its sessions, its clips, and the numbers above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from analysis.purposes import JUDGMENTS
from app.domain import ClipState, SessionState
from app.models import (
    COUNTED,
    Clip,
    ClipToRate,
    ParticipantSession,
    Rating,
    SessionEvent,
    Study,
    Submission,
    Trial,
    now,
)
from app.participation.attention_checks import NO_CHECKS, Checks, checks_of_sessions
from app.participation.places import PLACE_LEASE, READING_LEASE
from app.participation.session_log import ASKED_TO_LEAVE, UNPROVEN_TRIAL

# Every drop of a clip saves a draft, so a participant who is not heard of for this long is not working.
IDLE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True)
class SessionStatus:
    """One session as the study's page shows it.

    `state` is a session's state, or "idle" (not seen for five minutes), or "left" (not seen for so long that the place
    is free again). `minutes` are those of active work on submitted trials. Sessions with the same `person` (the number
    of the person's first session) are one person's visits. `to_rate` are the clips that were chosen for it to rate and
    that it has not rated, which also a finished one may have. `unproven_trials` came from a browser that only knew an
    id which can be guessed.
    """

    rater: str
    session_id: str
    state: str
    is_simulated: bool
    is_pilot: bool
    progress: float
    trials: int
    to_rate: int
    minutes: float
    checks: Checks
    consented_at: datetime
    last_seen_at: datetime
    ended_by: str | None
    recruiter: dict[str, str]
    person: int
    visit: int
    id_note: str | None
    unproven_trials: int
    asked_to_leave: bool
    note: str | None
    exclusion_reason: str | None


@dataclass(frozen=True)
class StudyCounts:
    """The numbers of a study in a list of studies; none that was left out of the results."""

    clips_ready: int
    clips_failed: int
    clips_pending: int
    finished: int
    running: int
    simulated: int


def session_statuses(
    db: Session,
    study: Study,
    *,
    pilots: bool | None = False,
    only: Sequence[int] | None = None,
    at: datetime | None = None,
) -> list[SessionStatus]:
    """Sessions of a study, withdrawn ones too, by their numbers.

    Parameters
    ----------
    pilots
        Whether those are wanted instead, which count nowhere; None: both.
    only
        The database ids of those that are wanted; None: all.
    """
    moment = at or now()
    wanted = ParticipantSession.study_id == study.id
    if pilots is not None:
        wanted &= ParticipantSession.is_pilot.is_(pilots)
    if only is not None:
        wanted &= ParticipantSession.id.in_(only)
    work = (
        select(Trial.session_id, func.count().label("trials"), func.sum(Submission.active_ms).label("active_ms"))
        .join(Submission)
        .join(ParticipantSession, ParticipantSession.id == Trial.session_id)
        .where(Trial.purpose.in_(JUDGMENTS), wanted)
        .group_by(Trial.session_id)
        .subquery()
    )
    checks = checks_of_sessions(db, wanted)
    unproven = event_counts(db, study, UNPROVEN_TRIAL, only=only)
    leaving = event_counts(db, study, ASKED_TO_LEAVE, only=only)
    to_rate = dict(
        db.execute(
            select(ClipToRate.session_id, func.count())
            .join(ParticipantSession, ParticipantSession.id == ClipToRate.session_id)
            .where(wanted, ~exists().where(Rating.to_rate_id == ClipToRate.id))
            .group_by(ClipToRate.session_id)
        )
        .tuples()
        .all()
    )
    rows = db.execute(
        select(ParticipantSession, work.c.trials, work.c.active_ms)
        .outerjoin(work, work.c.session_id == ParticipantSession.id)
        .where(wanted)
        .order_by(func.abs(ParticipantSession.number))
    )
    return [
        SessionStatus(
            rater=session.rater,
            session_id=session.public_id,
            state=shown_state(session, moment),
            is_simulated=session.is_simulated,
            is_pilot=session.is_pilot,
            progress=session.progress,
            trials=int(trials or 0),
            to_rate=to_rate.get(session.id, 0),
            # PostgreSQL adds in no fixed order, which shows in the last digits.
            minutes=round(float(active_ms or 0.0) / 60_000, 6),
            checks=checks.get(session.id, NO_CHECKS),
            consented_at=session.consented_at,
            last_seen_at=session.last_seen_at,
            ended_by=session.ended_by,
            recruiter=session.recruiter,
            person=session.person,
            visit=session.visit,
            id_note=session.id_note,
            unproven_trials=unproven.get(session.id, 0),
            asked_to_leave=session.id in leaving,
            note=session.note,
            exclusion_reason=session.exclusion_reason,
        )
        for session, trials, active_ms in rows
    ]


def event_counts(db: Session, study: Study, kind: str, *, only: Sequence[int] | None = None) -> dict[int, int]:
    """How many log lines of that kind each of the study's sessions has, by the session's id; of `only` these."""
    query = (
        select(SessionEvent.session_id, func.count())
        .join(ParticipantSession, ParticipantSession.id == SessionEvent.session_id)
        .where(ParticipantSession.study_id == study.id, SessionEvent.kind == kind)
        .group_by(SessionEvent.session_id)
    )
    if only is not None:
        query = query.where(SessionEvent.session_id.in_(only))
    return dict(db.execute(query).tuples().all())


def shown_state(session: ParticipantSession, at: datetime) -> str:
    """The session's state as people see it at that time: running sessions become "idle", then "left" (F19)."""
    if session.state not in (SessionState.INSTRUCTED, SessionState.ARRANGING):
        return session.state.value
    silence = at - session.last_seen_at
    if silence > (READING_LEASE if session.state == SessionState.INSTRUCTED else PLACE_LEASE):
        return "left"
    return "idle" if silence > IDLE_AFTER else session.state.value


def clips_of(db: Session, study: Study) -> list[Clip]:
    """All clips of a study with their renditions, in the study's order."""
    query = select(Clip).where(Clip.study_id == study.id).options(selectinload(Clip.renditions)).order_by(Clip.position)
    return list(db.scalars(query))


def study_counts(db: Session, studies: list[Study], *, at: datetime | None = None) -> dict[int, StudyCounts]:
    """The counts of several studies, by the study's database id."""
    moment = at or now()
    ids = [study.id for study in studies]
    clips: dict[int, dict[ClipState, int]] = {study_id: {} for study_id in ids}
    query = select(Clip.study_id, Clip.state, func.count()).where(Clip.study_id.in_(ids))
    for study_id, state, number in db.execute(query.group_by(Clip.study_id, Clip.state)):
        clips[study_id][state] = number
    sessions: dict[int, list[ParticipantSession]] = {study_id: [] for study_id in ids}
    counted = COUNTED & ParticipantSession.exclusion_reason.is_(None)
    for session in db.scalars(select(ParticipantSession).where(ParticipantSession.study_id.in_(ids), counted)):
        sessions[session.study_id].append(session)
    running = {SessionState.INSTRUCTED.value, SessionState.ARRANGING.value, "idle"}
    return {
        study_id: StudyCounts(
            clips_ready=clips[study_id].get(ClipState.READY, 0),
            clips_failed=clips[study_id].get(ClipState.FAILED, 0),
            clips_pending=clips[study_id].get(ClipState.WAITING, 0) + clips[study_id].get(ClipState.CONVERTING, 0),
            finished=sum(session.state == SessionState.FINISHED for session in sessions[study_id]),
            running=sum(shown_state(session, moment) in running for session in sessions[study_id]),
            simulated=sum(session.is_simulated for session in sessions[study_id]),
        )
        for study_id in ids
    }
