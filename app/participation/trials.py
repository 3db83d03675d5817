"""What a session does next: the server chooses each trial from what the participant did so far, or ends the session.

The next step is computed from a snapshot, outside any writing transaction, because the larger designs take a while. It
is a pure function of the session's seed and its submitted trials, so two requests that compute it at once get the same;
the unique number of a trial lets only one of them in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from analysis import Arrangement, next_items, pair_evidence
from analysis.designs import SessionProgress, StopRule, choose_repeat, session_progress
from analysis.purposes import JUDGMENTS, Purpose
from app.db import Database
from app.domain import SessionState, transition_session
from app.models import ParticipantSession, Seat, SessionEvent, Study, Submission, Trial, now
from app.participation import attention_checks as checks
from app.participation.arrangements import item_order, session_arrangements
from app.participation.practice import open_round
from app.participation.time_left import expected_minutes
from app.studies.definition import Design, StudyDefinition, check_definition
from app.tokens import new_trial_key

# A repeat follows every four trials.
TRIALS_BETWEEN_REPEATS = 4


@dataclass(frozen=True)
class NextTrial:
    """The next trial of a session: its number, and its clips (database ids) in seat order."""

    number: int
    purpose: Purpose
    design: str
    seed: int
    clip_ids: list[int]
    repeat_of: int | None = None


@dataclass(frozen=True)
class NextStep:
    """What comes next: a trial, or the end by the rule that `ended_by` names; and how far the session has come."""

    trial: NextTrial | None
    ended_by: str | None
    fraction: float
    expected_minutes: float | None


def open_trial(db: Session, session: ParticipantSession) -> Trial | None:
    """The session's trial that is assigned and not submitted yet, if there is one."""
    query = (
        select(Trial)
        .outerjoin(Submission)
        .where(Trial.session_id == session.id, Submission.trial_id.is_(None))
        .order_by(Trial.number)
    )
    return db.scalars(query).first()


def active_minutes(db: Session, session: ParticipantSession) -> float:
    """Minutes that the participant worked on submitted trials; breaks and hidden pages are left out."""
    query = select(func.sum(Submission.active_ms)).join(Trial).where(Trial.session_id == session.id)
    return float(db.scalar(query) or 0.0) / 60_000


def session_progress_of(
    db: Session,
    session: ParticipantSession,
    definition: StudyDefinition,
    arrangements: list[Arrangement],
    n_clips: int,
) -> SessionProgress:
    """How far the session has come by the study's stop rules."""
    evidence = pair_evidence(arrangements, n_clips)
    stop = definition.stop
    rule = StopRule(min_evidence=stop.min_evidence, max_minutes=stop.max_minutes, max_trials=stop.max_trials)
    return session_progress(evidence, rule=rule, n_trials=len(arrangements), minutes=active_minutes(db, session))


def next_step(db: Session, session: ParticipantSession, definition: StudyDefinition) -> NextStep:
    """The session's next trial, or its end; a pure function of the study, the seed and the submitted trials."""
    clips = item_order(db, session.study_id)
    arrangements = session_arrangements(db, session)
    progress = session_progress_of(db, session, definition, arrangements, len(clips))
    query = select(Trial).where(Trial.session_id == session.id).options(selectinload(Trial.seats).lazyload(Seat.clip))
    earlier = list(db.scalars(query.order_by(Trial.number)))
    number = len(earlier)
    seed = int(np.random.SeedSequence([session.seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    rng = np.random.default_rng(seed)
    repeat = _repeat(earlier, definition.design, rng, at_end=progress.done)
    if progress.done and (repeat is None or progress.reason != "evidence"):
        return NextStep(None, progress.reason, 1.0, session.expected_minutes)
    if repeat is not None:
        ids = rng.permutation([seat.clip_id for seat in repeat.seats])
        trial = NextTrial(number, Purpose.REPEAT, repeat.design, seed, [int(clip) for clip in ids], repeat.number)
    elif checks.is_due(number, sum(trial.purpose == Purpose.CHECK for trial in earlier), definition.design.checks):
        shown = checks.choose_clips(clips, rng)
        trial = NextTrial(number, Purpose.CHECK, "random", seed, shown)
    else:
        items = next_items(
            arrangements,
            len(clips),
            design=definition.design.method,
            max_items=min(definition.design.max_items, len(clips)),
            rng=rng,
        )
        seated = rng.permutation(items)
        trial = NextTrial(number, Purpose.MAIN, definition.design.method, seed, [clips[int(item)] for item in seated])
    stop, minutes = definition.stop, active_minutes(db, session)
    expected = expected_minutes(
        session.expected_minutes,
        minutes,
        progress.fraction,
        weakest=min(progress.min_evidence / stop.min_evidence, 1.0),
        lifts_the_weakest=definition.design.method == "lift_the_weakest",
        by_count=max(len(arrangements) / stop.max_trials, minutes / stop.max_minutes),
        max_minutes=stop.max_minutes,
    )
    return NextStep(trial, None, min(progress.fraction, 0.99), expected)


def _repeat(earlier: list[Trial], design: Design, rng: np.random.Generator, *, at_end: bool) -> Trial | None:
    """The earlier trial to show again now: one after every few others, and at the end those that are still missing."""
    repeated = [trial.repeat_of for trial in earlier if trial.purpose == Purpose.REPEAT]
    if len(repeated) >= design.repeats:
        return None
    judged = [trial for trial in earlier if trial.purpose in JUDGMENTS]
    if not at_end and len(judged) < TRIALS_BETWEEN_REPEATS * (len(repeated) + 1) + len(repeated):
        return None
    chosen = choose_repeat(
        [np.array([seat.clip_id for seat in trial.seats]) for trial in judged],
        repeats=[k for k, trial in enumerate(judged) if trial.purpose == Purpose.REPEAT],
        repeated=[k for k, trial in enumerate(judged) if trial.number in repeated],
        rng=rng,
    )
    return None if chosen is None else judged[chosen]


def advance(database: Database, session_id: int, *, at: datetime | None = None) -> None:
    """Make sure that a session at its task has a trial to work on, or is finished. Safe to call at any time, twice.

    Called after each submit and on each return: a server that died between a submit and the next assignment, or a
    page that comes back a week later, both continue here.
    """
    with database.reading() as db:
        session = db.get_one(ParticipantSession, session_id)
        if session.state != SessionState.ARRANGING or open_trial(db, session) is not None:
            return
        definition = check_definition(db.get_one(Study, session.study_id).definition)
        if open_round(db, session, definition) is not None:
            return
        step = next_step(db, session, definition)
    with database.writing() as db:
        _take(db, session_id, step, at or now())


def _take(db: Session, session_id: int, step: NextStep, at: datetime) -> None:
    session = db.scalars(select(ParticipantSession).where(ParticipantSession.id == session_id).with_for_update()).one()
    if session.state != SessionState.ARRANGING or open_trial(db, session) is not None:
        return
    session.progress = max(session.progress, step.fraction)
    session.expected_minutes = step.expected_minutes
    if step.trial is None:
        session.state = transition_session(session.state, SessionState.FINISHED)
        session.ended_at = at
        session.ended_by = step.ended_by
        db.add(SessionEvent(session_id=session_id, kind="finished", at=at, detail={"by": step.ended_by}))
    else:
        db.add(
            Trial(
                session_id=session_id,
                key=new_trial_key(),
                number=step.trial.number,
                purpose=step.trial.purpose,
                repeat_of=step.trial.repeat_of,
                design=step.trial.design,
                seed=step.trial.seed,
                assigned_at=at,
                seats=[Seat(seat=seat, clip_id=clip_id) for seat, clip_id in enumerate(step.trial.clip_ids)],
            )
        )
    try:
        db.commit()
    except IntegrityError:
        # Another request of the same session took the same step a moment ago.
        db.rollback()


def start(database: Database, session_id: int, *, at: datetime | None = None) -> None:
    """The participant has read the instructions: the task begins. Nothing happens if it has begun before."""
    moment = at or now()
    with database.writing() as db:
        query = select(ParticipantSession).where(ParticipantSession.id == session_id).with_for_update()
        session = db.scalars(query).one()
        if session.state == SessionState.INSTRUCTED:
            session.state = transition_session(session.state, SessionState.ARRANGING)
            session.started_at = session.last_seen_at = moment
            db.add(SessionEvent(session_id=session_id, kind="started", at=moment))
            db.commit()
    advance(database, session_id, at=at)
