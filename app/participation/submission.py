"""How a trial comes in: validated, stored once, and acked only after its commit."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import bindparam, delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.db import Database
from app.definition.study_toml import definition_of_session
from app.domain import Proof, SessionState
from app.errors import Busy, Conflict, Invalid, NotFound
from app.models import Draft, Placement, Study, Submission, now, table_of
from app.participation import attention_checks as checks
from app.participation.enrolment import session_of
from app.participation.payloads import TrialBody, check_placements, parse_trial
from app.participation.practice import submit_round
from app.participation.record import SessionRecord, record_of_token
from app.participation.session_log import UNPROVEN_TRIAL, log, log_capped, log_refused
from app.participation.trial_records import TrialRecord
from app.participation.trials import NextStep, advance, next_step, take

# How often a submit starts over when another request of its session was faster; each time it finds more done.
MAX_TRIES = 3


@dataclass(frozen=True)
class Ack:
    """Says that a trial is committed: its key, and the SHA-256 of the very bytes that were sent."""

    trial_key: str
    sha256: str


def submit(
    database: Database, token: str, trial_key: str, raw: bytes, *, at: datetime | None = None
) -> tuple[Ack, SessionRecord]:
    """Store a finished trial, once (F03, F09, F10), and what comes next, in one transaction.

    The same bytes sent again get the same ack. Other bytes for a stored trial are refused, and kept in the
    session's log for the experimenter; a session can fill it with a few of them only (F50).

    Returns
    -------
    tuple of Ack and SessionRecord
        The ack, and the session's state after it.

    Raises
    ------
    Unauthorised, NotFound
        When the token is unknown, or the trial is not one of its session's.
    Invalid
        When the body cannot be used; nothing but a line in the log is stored.
    Conflict
        When the trial was stored with other contents before, or the session was withdrawn.
    """
    moment = at or now()
    ack = Ack(trial_key, hashlib.sha256(raw).hexdigest())
    for _ in range(MAX_TRIES):
        with database.reading() as db:
            record = record_of_token(db, token)
        trial = next((one for one in record.trials if one.key == trial_key), None)
        if trial is None:
            _submit_round(database, token, trial_key, raw)
            return ack, advance(database, token, at=at)
        if trial.sha256 == ack.sha256:
            return ack, advance(database, token, at=at)
        if trial.sha256 is not None or record.state != SessionState.ARRANGING:
            _refuse(database, record, trial, ack, raw, moment)
        try:
            body = parse_trial(raw)
            shown = [clip for clip in record.clips if clip.id in trial.clip_ids]
            check_placements(body, {clip.public_id for clip in shown}, complete=True)
        except Invalid as error:
            detail = {"trial": trial_key, "field": error.field, "reason": error.message}
            with database.writing() as db:
                log_capped(db, record.session.id, "invalid_submit", moment, detail)
                db.commit()
            raise
        after, rows = _submitted(record, trial, body, raw, ack.sha256, moment)
        step = _step_if_possible(after)
        try:
            with database.writing() as db:
                written = take(db, after, step, moment)
                if written is not None:
                    _store(db, record, trial, rows, moment)
                    db.commit()
        except IntegrityError:
            # The same trial came in twice at once. What is stored now says what this one gets.
            continue
        if written is not None:
            # After the last trial there may be clips to rate, which are yet to be chosen.
            return ack, written if step is not None and not written.is_rating else advance(database, token, at=at)
    raise Busy("The server is busy at the moment. Nothing is lost: please try again.")


def _submit_round(database: Database, token: str, key: str, raw: bytes) -> None:
    with database.writing() as db:
        session = session_of(db, token, lock=True)
        session.last_seen_at = now()
        definition = definition_of_session(db, session, db.get_one(Study, session.study_id))
        if not submit_round(db, session, definition, key, raw):
            raise NotFound("This round does not exist.")
        db.commit()


def _refuse(
    database: Database, record: SessionRecord, trial: TrialRecord, ack: Ack, raw: bytes, at: datetime
) -> NoReturn:
    """Keep what was sent for a trial that takes nothing (more), and say so."""
    reason = "not_arranging" if trial.sha256 is None else "conflict"
    with database.writing() as db:
        log_refused(db, record.session.id, at, trial.key, reason, ack.sha256, raw)
        db.commit()
    if trial.sha256 is None:
        raise Conflict("This session has ended.", code="ended")
    raise Conflict("This round is stored already, with other contents.")


def _step_if_possible(record: SessionRecord) -> NextStep | None:
    """What comes next; None where that fails, since a trial is stored even so. `advance` then meets the same error."""
    try:
        return next_step(record)
    except Exception:
        return None


@dataclass(frozen=True)
class _Rows:
    """What is inserted for a submitted trial, and for a check whether it was passed."""

    submission: dict[str, Any]
    placements: list[dict[str, Any]]
    passed: bool | None


def _submitted(
    record: SessionRecord, trial: TrialRecord, body: TrialBody, raw: bytes, sha256: str, at: datetime
) -> tuple[SessionRecord, _Rows]:
    """The session with this trial in, and the trial's rows. Moves and plays are read from the body when asked for."""
    # The participant's clock may count a break that the page did not see; the server's clock bounds it (F23).
    elapsed = max((at - trial.assigned_at).total_seconds() * 1000, 0.0)
    active = min(max(body.duration - body.hidden, 0.0), elapsed)
    submission = {
        "trial_id": trial.id,
        "sha256": sha256,
        "body": raw,
        "received_at": at,
        "duration_ms": body.duration,
        "hidden_ms": body.hidden,
        "active_ms": active,
        "viewport_width": body.viewport.width,
        "viewport_height": body.viewport.height,
        "pixel_ratio": body.viewport.pixel_ratio,
        "arena_x": body.arena.x,
        "arena_y": body.arena.y,
        "arena_diameter": body.arena.diameter,
        "item_width": body.arena.item,
    }
    ids = {clip.public_id: clip.id for clip in record.clips}
    placed = {ids[place.clip]: place for place in body.placements}
    places = tuple((placed[clip_id].x, placed[clip_id].y) for clip_id in trial.clip_ids)
    placements = [
        {"trial_id": trial.id, "clip_id": clip_id, "x": place.x, "y": place.y, "watched": _watched(body, place.clip)}
        for clip_id, place in placed.items()
    ]
    after = record.with_trial(replace(trial, sha256=sha256, active_ms=active, places=places, has_draft=False))
    passed = checks.passed(body.placements) if trial.purpose == Purpose.CHECK else None
    return after, _Rows(submission, placements, passed)


def _store(db: Session, record: SessionRecord, trial: TrialRecord, rows: _Rows, at: datetime) -> None:
    connection = db.connection()
    connection.execute(_SUBMISSION, rows.submission)
    connection.execute(_PLACEMENTS, rows.placements)
    connection.execute(_NO_DRAFT, {"trial": trial.id})
    if rows.passed is not None:
        log(db, record.session.id, checks.KIND, at, trial=trial.key, passed=rows.passed)
    if record.proof == Proof.NONE:
        log(db, record.session.id, UNPROVEN_TRIAL, at, trial=trial.key)


def _watched(body: TrialBody, clip: str) -> str | None:
    """Whether a clip was watched to its end: "yes", "no", "unplayable" (F49), or None where the page does not say."""
    if body.watched is None:
        return None
    if clip in body.watched:
        return "yes"
    return "unplayable" if clip in body.unplayable else "no"


# Made once, and of the tables, as in `trials`.
_draft = table_of(Draft)
_SUBMISSION, _PLACEMENTS = insert(table_of(Submission)), insert(table_of(Placement))
_NO_DRAFT = delete(_draft).where(_draft.c.trial_id == bindparam("trial"))
