"""What a session does next: the server chooses each trial from what the participant did so far, or ends the session.

The next step is computed from a snapshot, outside any writing transaction, because the larger designs take a while. It
is a pure function of the session's seed and its submitted trials, so two requests that compute it at once get the same;
the unique number of a trial lets only one of them in. Of a design over a cohort only the clips are chosen later, in the
transaction that stores the trial, because they depend on what others were given (`cohort`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from analysis import next_items
from analysis.designs import DESIGNS, repeat_due
from analysis.purposes import JUDGMENTS, Purpose
from app.db import Database
from app.definition.study_toml import Design
from app.domain import SessionState, transition_session
from app.models import ParticipantSession, Seat, SessionEvent, Trial, now, table_of
from app.participation import attention_checks as checks
from app.participation.cohort import Among, choose_clips, lock_cohort
from app.participation.enrolment import session_of
from app.participation.rating_choice import assign_ratings
from app.participation.record import SessionRecord, record_of_token
from app.participation.set_turns import turn_of
from app.participation.time_left import expected_minutes
from app.participation.trial_records import TrialRecord
from app.tokens import new_trial_key

# One choice at a time in a process: several would hand Python's lock to each other at every one of the thousand small
# steps of NumPy, which costs the processor as much again and makes none of them come sooner.
_choosing = Lock()


@dataclass(frozen=True)
class NextTrial:
    """The next trial of a session: its number, and its clips (database ids) in seat order.

    In a cohort the clips are not known yet, and `among` says from what they are chosen.
    """

    number: int
    purpose: Purpose
    design: str
    seed: int
    clip_ids: list[int]
    repeat_of: int | None = None
    among: Among | None = None


@dataclass(frozen=True)
class NextStep:
    """What comes next: a trial, or the end by the rule that `ended_by` names; and how far the session has come."""

    trial: NextTrial | None
    ended_by: str | None
    fraction: float
    expected_minutes: float | None


def next_step(record: SessionRecord) -> NextStep:
    """The session's next trial, or its end; a pure function of the study, the seed and the submitted trials."""
    with _choosing:
        return _next_step(record)


def _next_step(record: SessionRecord) -> NextStep:
    design, stop, minutes = record.definition.design, record.definition.stop, record.active_minutes
    entry, arrangements = DESIGNS[design.method], record.arrangements()
    turn = turn_of(record.sets, arrangements, stop, minutes=minutes, ends_by_evidence=not entry.is_over_cohort)
    progress, clips = turn.progress, [record.clips[item] for item in turn.items]
    number = len(record.trials)
    seed = int(np.random.SeedSequence([record.session.seed, number]).generate_state(1, np.uint64)[0] >> np.uint64(1))
    rng = np.random.default_rng(seed)
    repeat = _repeat(record.trials, design, rng, at_end=progress.done)
    if progress.done and (repeat is None or progress.reason != "evidence"):
        return NextStep(None, progress.reason, 1.0, record.expected_minutes)
    if repeat is not None:
        ids = rng.permutation(repeat.clip_ids)
        trial = NextTrial(number, Purpose.REPEAT, repeat.design, seed, [int(clip) for clip in ids], repeat.number)
    elif checks.is_due(number, sum(trial.purpose == Purpose.CHECK for trial in record.trials), design.checks):
        shown = checks.choose_clips([clip.id for clip in clips], rng)
        trial = NextTrial(number, Purpose.CHECK, checks.DESIGN, seed, shown)
    elif entry.is_over_cohort:
        among = Among(tuple(clip.id for clip in clips), turn.arrangements, design.method, design.max_items)
        trial = NextTrial(number, Purpose.MAIN, design.method, seed, [], among=among)
    else:
        items = next_items(
            turn.arrangements,
            len(clips),
            design=design.method,
            max_items=min(design.max_items, len(clips)),
            rng=rng,
        )
        seated = rng.permutation(items)
        trial = NextTrial(number, Purpose.MAIN, design.method, seed, [clips[int(item)].id for item in seated])
    expected = expected_minutes(
        record.expected_minutes,
        minutes,
        progress.fraction,
        weakest=turn.weakest,
        lifts_the_weakest=entry.aims_at_the_weakest,
        by_count=max(len(arrangements) / stop.max_trials, minutes / stop.max_minutes),
        max_minutes=stop.max_minutes,
    )
    return NextStep(trial, None, min(progress.fraction, 0.99), expected)


def _repeat(
    earlier: Sequence[TrialRecord], design: Design, rng: np.random.Generator, *, at_end: bool
) -> TrialRecord | None:
    """The earlier trial to show again now: one after every few others, and at the end those that are still missing."""
    judged = [trial for trial in earlier if trial.purpose in JUDGMENTS]
    place = {trial.number: index for index, trial in enumerate(judged)}
    chosen = repeat_due(
        [np.array(trial.clip_ids) for trial in judged],
        [None if trial.repeat_of is None else place[trial.repeat_of] for trial in judged],
        design.repeats,
        at_end=at_end,
        rng=rng,
    )
    return None if chosen is None else judged[chosen]


def take(db: Session, record: SessionRecord, step: NextStep | None, at: datetime) -> SessionRecord | None:
    """Write the next step, and the session's row with it. Does not commit.

    Parameters
    ----------
    step
        None when what comes next is not known: only that somebody was there is noted.

    Returns
    -------
    SessionRecord or None
        The session afterwards; None when the session is no longer at its task, and nothing was written.

    Raises
    ------
    sqlalchemy.exc.IntegrityError
        When another request of the same session took the same step a moment ago.
    """
    after = record
    trial = None if step is None else step.trial
    if trial is not None and trial.among is not None:
        lock_cohort(db, record.study.id)
    values: dict[str, Any] = {"last_seen_at": at}
    if step is not None:
        ends = step.trial is None
        state = transition_session(record.state, SessionState.FINISHED) if ends else record.state
        progress = max(record.progress, step.fraction)
        after = replace(record, state=state, progress=progress, expected_minutes=step.expected_minutes)
        values |= {"state": state, "progress": progress, "expected_minutes": step.expected_minutes}
        if ends:
            values |= {"ended_at": at, "ended_by": step.ended_by}
    # The row is locked from here on, and says whether the session is still at its task.
    if db.connection().execute(_AT_TASK, values | {"session": record.session.id}).rowcount == 0:
        return None
    if step is None:
        return after
    if trial is None:
        db.add(SessionEvent(session_id=record.session.id, kind="finished", at=at, detail={"by": step.ended_by}))
        return after
    if trial.among is not None:
        trial = replace(trial, clip_ids=choose_clips(db, record.study.id, trial.among, trial.seed, at))
    return after.with_trial(_assign(db, record.session.id, trial, at))


def _assign(db: Session, session_id: int, trial: NextTrial, at: datetime) -> TrialRecord:
    connection, key = db.connection(), new_trial_key()
    new = {
        "session_id": session_id,
        "key": key,
        "number": trial.number,
        "purpose": trial.purpose,
        "repeat_of": trial.repeat_of,
        "design": trial.design,
        "seed": trial.seed,
        "assigned_at": at,
    }
    trial_id = connection.execute(_TRIAL, new).scalar_one()
    seats = [{"trial_id": trial_id, "seat": seat, "clip_id": clip_id} for seat, clip_id in enumerate(trial.clip_ids)]
    connection.execute(_SEATS, seats)
    return TrialRecord(
        trial_id, key, trial.number, trial.purpose, trial.design, trial.repeat_of, at, clip_ids=tuple(trial.clip_ids)
    )


def advance(database: Database, token: str, *, at: datetime | None = None) -> SessionRecord:
    """Make sure that a session at its task has a trial to work on, or is finished, and that one that rates clips knows
    which. Safe to call at any time, twice.

    Each submit does the same in its own transaction. After a server that died, or a next trial that could not be
    chosen then, the session continues here when its page returns.

    Returns
    -------
    SessionRecord
        The session's state after it.

    Raises
    ------
    Unauthorised
        When nobody was given this token.
    """
    with database.reading() as db:
        record = record_of_token(db, token)
    if record.is_rating and not record.ratings:
        with database.writing() as db:
            assign_ratings(db, record, at or now())
            db.commit()
        with database.reading() as db:
            return record_of_token(db, token)
    if record.state != SessionState.ARRANGING or record.open_trial is not None or record.open_round is not None:
        return record
    step = next_step(record)
    try:
        with database.writing() as db:
            after = take(db, record, step, at or now())
            db.commit()
    except IntegrityError:
        after = None
    if after is not None:
        return after
    # Another request of the same session was faster.
    with database.reading() as db:
        return record_of_token(db, token)


def start(database: Database, token: str, *, at: datetime | None = None) -> SessionRecord:
    """The participant has read the instructions: the task begins. Nothing happens if it has begun before, or while
    questions that come before it have no answers, or clips no ratings.

    Returns
    -------
    SessionRecord
        The session with its first trial, unless practice or questions come first.

    Raises
    ------
    Unauthorised
        When nobody was given this token.
    """
    moment = at or now()
    with database.writing() as db:
        session = session_of(db, token, lock=True)
        record = record_of_token(db, token)
        if session.state == SessionState.INSTRUCTED and record.open_sheet is None and not record.owes_ratings:
            session.state = transition_session(session.state, SessionState.ARRANGING)
            session.started_at = session.last_seen_at = moment
            db.add(SessionEvent(session_id=session.id, kind="started", at=moment))
            db.commit()
    return advance(database, token, at=at)


# Made once, and of the tables: making a query, or mapping rows to objects, costs more than running it.
_session, _trial = table_of(ParticipantSession), table_of(Trial)
# Its values are those that it is run with.
_AT_TASK = update(_session).where(_session.c.id == bindparam("session"), _session.c.state == SessionState.ARRANGING)
_TRIAL = insert(_trial).returning(_trial.c.id)
_SEATS = insert(table_of(Seat))
