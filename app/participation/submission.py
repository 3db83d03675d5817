"""How a trial comes in: validated, stored once, and acked only after its commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.db import Database
from app.definition.study_toml import definition_of
from app.domain import Proof, SessionState, transition_session
from app.errors import Busy, Conflict, Invalid, NotFound, NotProven
from app.models import (
    Clip,
    Draft,
    ParticipantSession,
    Placement,
    Seat,
    SessionEvent,
    StoredRater,
    StoredResults,
    Study,
    Submission,
    Trial,
    now,
)
from app.participation import attention_checks as checks
from app.participation.enrolment import proof_of, session_of
from app.participation.payloads import TrialBody, check_placements, parse_event, parse_trial
from app.participation.practice import open_round, rounds_of, submit_round
from app.participation.record import SessionRecord, TrialRecord, record_of_token
from app.participation.trials import NextStep, advance, next_step, take

# So often a submit begins anew because another request of its session was faster; each time it finds more done.
MAX_TRIES = 3
# For so long after another tab has taken a session, a draft of the older one is taken for its last.
LATE_DRAFT = timedelta(seconds=10)

# Of a session's log: the bodies of refused submits (half a megabyte each at most), and what its page reported.
MAX_REFUSED_BODIES = 5
MAX_EVENTS = 2000
LOG_FULL = "log_full"
# Kinds of log lines that the experimenter's page and the export count.
UNPROVEN_TRIAL = "unproven_trial"
ASKED_TO_LEAVE = "asked_to_leave"


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
        The ack, and where the session stands after it.

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
                _log_capped(db, record.session.id, "invalid_submit", moment, detail)
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
            return ack, written if step is not None else advance(database, token, at=at)
    raise Busy("The server is busy at the moment. Nothing is lost: please try again.")


def save_draft(db: Session, token: str, trial_key: str, raw: bytes, *, tab: str) -> bool:
    """Keep the placements of an unfinished trial, for a reload or another device (F11, F15).

    Returns
    -------
    bool
        Whether they were kept; those of a practice round are not.

    Raises
    ------
    Conflict
        With code "ended" when the session has, "elsewhere" when another tab holds the lease (F17), "stale" when the
        trial is stored already.
    Invalid, NotFound, Unauthorised
        As `submit` does.
    """
    session = session_of(db, token, lock=True)
    trial = _trial_of(db, session, trial_key)
    if trial is None:
        definition = definition_of(db.get_one(Study, session.study_id))
        if trial_key == open_round(session, definition, rounds_of(db, session)):
            return False
        raise NotFound("This round does not exist.")
    if session.state != SessionState.ARRANGING:
        raise Conflict("This session has ended.", code="ended")
    draft = db.get(Draft, trial.id)
    elsewhere = session.tab is not None and session.tab != tab
    if elsewhere and not _may_be_late(db, session, draft):
        raise Conflict("The task goes on in another window.", code="elsewhere")
    if trial.is_stored:
        raise Conflict("This round is stored already.", code="stale")
    body = parse_trial(raw)
    check_placements(body, trial.clips, complete=False)
    # What was watched once stays watched, even if a page that does not know of it saves the draft.
    watched = set(body.watched or []) | set([] if draft is None else draft.body.get("watched", []))
    kept = {"placements": [placement.model_dump() for placement in body.placements], "watched": sorted(watched)}
    moment = now()
    if draft is None:
        db.add(Draft(trial_id=trial.id, body=kept, saved_at=moment))
    else:
        draft.body = kept
        draft.saved_at = moment
    session.last_seen_at = moment
    db.commit()
    if elsewhere:
        raise Conflict("The task goes on in another window.", code="elsewhere")
    return True


def take_lease(db: Session, token: str, *, tab: str) -> bool:
    """The newest tab may save drafts; the older one learns at its next request that the task is elsewhere (F17).

    Returns
    -------
    bool
        Whether somebody was placing clips in the older one a moment ago, so that a last draft may be on its way.
    """
    session = session_of(db, token, lock=True)
    moment = now()
    draft_coming = False
    if session.tab != tab:
        if session.tab is not None:
            _log(db, session.id, "other_tab", moment)
            saved = select(func.max(Draft.saved_at)).join(Trial).where(Trial.session_id == session.id)
            latest = db.scalar(saved)
            draft_coming = latest is not None and latest > moment - LATE_DRAFT
        session.tab = tab
    session.last_seen_at = moment
    db.commit()
    return draft_coming


def _may_be_late(db: Session, session: ParticipantSession, draft: Draft | None) -> bool:
    """Whether a tab that has just lost the session may save what it had not sent yet: once, and over nothing newer."""
    taken = db.scalar(
        select(func.max(SessionEvent.at)).where(SessionEvent.session_id == session.id, SessionEvent.kind == "other_tab")
    )
    if taken is None or taken < now() - LATE_DRAFT:
        return False
    return draft is None or draft.saved_at < taken


def record_event(db: Session, token: str, raw: bytes) -> bool:
    """Put something that the page reports into the session's log.

    Returns
    -------
    bool
        Whether it was kept: the log of a session holds at most `MAX_EVENTS` of a page's reports (F50).

    Raises
    ------
    Invalid
        When the body cannot be used.
    """
    session = session_of(db, token, lock=True)
    event = parse_event(raw)
    moment = now()
    kept = _log_capped(db, session.id, "page_" + event.kind[:27], moment, event.detail)
    session.last_seen_at = moment
    db.commit()
    return kept


def withdraw(db: Session, token: str) -> None:
    """The participant withdraws: the session ends, and no result or export holds it any more. Twice is as once.

    It cannot be undone, so a browser that came by somebody's id alone cannot do it (F35); the wish is noted for the
    experimenter.

    Raises
    ------
    NotProven
        When the session began in another browser, and the link was not signed.
    """
    session = session_of(db, token, lock=True)
    if session.state == SessionState.WITHDRAWN:
        return
    if proof_of(db, token) in {Proof.ID, Proof.NONE}:
        noted = select(SessionEvent.id).where(
            SessionEvent.session_id == session.id, SessionEvent.kind == ASKED_TO_LEAVE
        )
        if db.scalar(noted.limit(1)) is None:
            _log(db, session.id, ASKED_TO_LEAVE, now())
            db.commit()
        raise NotProven(
            "This session was started in another browser and can only be ended for good there. You can simply close "
            "this page. The people who run the study will see that you asked to leave."
        )
    session.state = transition_session(session.state, SessionState.WITHDRAWN)
    session.ended_at = session.last_seen_at = now()
    session.ended_by = "participant"
    _log(db, session.id, "withdrawn", session.ended_at)
    _forget_results(db, session)
    db.commit()


def _forget_results(db: Session, session: ParticipantSession) -> None:
    """What was computed from the session goes with it; without their rows, those who compute now store nothing."""
    db.execute(delete(StoredRater).where(StoredRater.session_id == session.id))
    db.execute(delete(StoredResults).where(StoredResults.study_id == session.study_id))


@dataclass(frozen=True)
class _DraftedTrial:
    """What a draft is held against: the trial's clips by their public ids, and whether it is submitted."""

    id: int
    is_stored: bool
    clips: set[str]


def _trial_of(db: Session, session: ParticipantSession, key: str) -> _DraftedTrial | None:
    query = (
        select(Trial.id, Submission.trial_id, Clip.public_id)
        .join_from(Trial, Seat)
        .join(Clip, Clip.id == Seat.clip_id)
        .outerjoin(Submission, Submission.trial_id == Trial.id)
        .where(Trial.session_id == session.id, Trial.key == key)
    )
    seats = list(db.execute(query).tuples())
    if not seats:
        return None
    trial_id, submission, _ = seats[0]
    return _DraftedTrial(trial_id, submission is not None, {name for _, _, name in seats})


def _submit_round(database: Database, token: str, key: str, raw: bytes) -> None:
    with database.writing() as db:
        session = session_of(db, token, lock=True)
        session.last_seen_at = now()
        definition = definition_of(db.get_one(Study, session.study_id))
        if not submit_round(db, session, definition, key, raw):
            raise NotFound("This round does not exist.")
        db.commit()


def _refuse(
    database: Database, record: SessionRecord, trial: TrialRecord, ack: Ack, raw: bytes, at: datetime
) -> NoReturn:
    """Keep what was sent for a trial that takes nothing (more), and say so."""
    reason = "not_arranging" if trial.sha256 is None else "conflict"
    with database.writing() as db:
        _log_refused(db, record.session.id, at, trial.key, reason, ack.sha256, raw)
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
    db.execute(insert(Submission), [rows.submission])
    db.execute(insert(Placement), rows.placements)
    db.execute(delete(Draft).where(Draft.trial_id == trial.id))
    if rows.passed is not None:
        _log(db, record.session.id, checks.KIND, at, trial=trial.key, passed=rows.passed)
    if record.proof == Proof.NONE:
        _log(db, record.session.id, UNPROVEN_TRIAL, at, trial=trial.key)


def _watched(body: TrialBody, clip: str) -> str | None:
    """Whether a clip was watched to its end: "yes", "no", "unplayable" (F49), or None where the page does not say."""
    if body.watched is None:
        return None
    if clip in body.watched:
        return "yes"
    return "unplayable" if clip in body.unplayable else "no"


def _log_refused(
    db: Session, session_id: int, at: datetime, trial_key: str, reason: str, digest: str, raw: bytes
) -> None:
    """Keep the body of a refused submit, unless the log holds it already or is full."""
    query = select(SessionEvent.detail["sha256"].as_string(), SessionEvent.detail["trial"].as_string()).where(
        SessionEvent.session_id == session_id, SessionEvent.kind == "refused_submit"
    )
    kept = list(db.execute(query).tuples())
    if (digest, trial_key) in kept:
        return
    if len(kept) < MAX_REFUSED_BODIES:
        _log(db, session_id, "refused_submit", at, trial=trial_key, reason=reason, sha256=digest, body=_text(raw))
    else:
        detail = {"trial": trial_key, "reason": reason, "sha256": digest}
        _log_capped(db, session_id, "refused_submit_dropped", at, detail)


def _log_capped(db: Session, session_id: int, kind: str, at: datetime, detail: Mapping[str, object]) -> bool:
    """Log what a page can cause at will; whether it was kept. The last line kept says that more were dropped."""
    of_pages = SessionEvent.kind.startswith("page_", autoescape=True) | SessionEvent.kind.in_(
        ["invalid_submit", "refused_submit_dropped", LOG_FULL]
    )
    query = select(func.count()).select_from(SessionEvent).where(SessionEvent.session_id == session_id, of_pages)
    there = db.scalar(query) or 0
    if there < MAX_EVENTS:
        db.add(SessionEvent(session_id=session_id, kind=kind, at=at, detail=dict(detail)))
    elif there == MAX_EVENTS:
        _log(db, session_id, LOG_FULL, at)
    return there < MAX_EVENTS


def _log(db: Session, session_id: int, kind: str, at: datetime, **detail: object) -> None:
    db.add(SessionEvent(session_id=session_id, kind=kind, at=at, detail=detail))


def _text(raw: bytes) -> str:
    # PostgreSQL's text cannot hold a zero character.
    return raw.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
