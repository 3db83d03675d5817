"""How a trial comes in: validated, stored once, and acked only after its commit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.domain import Proof, SessionState, transition_session
from app.errors import Conflict, Invalid, NotFound, NotProven
from app.models import (
    Draft,
    Move,
    ParticipantSession,
    Placement,
    Play,
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
from app.participation.payloads import (
    GapBody,
    MoveBody,
    PlayBody,
    TrialBody,
    check_placements,
    parse_event,
    parse_trial,
)
from app.participation.practice import open_round, submit_round
from app.studies.definition import check_definition

# For so long after another tab has taken a session, a draft of the older one is taken for its last.
LATE_DRAFT = timedelta(seconds=10)

Entry = TypeVar("Entry", MoveBody, PlayBody)

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


def submit(db: Session, token: str, trial_key: str, raw: bytes, *, at: datetime | None = None) -> Ack:
    """Store a finished trial, once (F03, F09, F10).

    The same bytes sent again get the same ack. Other bytes for a stored trial are refused, and kept in the
    session's log for the experimenter; a session can fill it with a few of them only (F50).

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
    session = session_of(db, token, lock=True)
    digest = hashlib.sha256(raw).hexdigest()
    session.last_seen_at = moment
    definition = check_definition(db.get_one(Study, session.study_id).definition)
    if submit_round(db, session, definition, trial_key, raw):
        db.commit()
        return Ack(trial_key, digest)
    trial = _trial_of(db, session, trial_key)
    stored = db.get(Submission, trial.id)
    if stored is not None and stored.sha256 == digest:
        db.commit()
        return Ack(trial_key, digest)
    if stored is not None or session.state != SessionState.ARRANGING:
        reason = "conflict" if stored is not None else "not_arranging"
        _log_refused(db, session, moment, trial_key, reason, digest, raw)
        db.commit()
        if stored is None:
            raise Conflict("This session has ended.", code="ended")
        raise Conflict("This round is stored already, with other contents.")
    try:
        body = parse_trial(raw)
        check_placements(body, {seat.clip.public_id for seat in trial.seats}, complete=True)
    except Invalid as error:
        detail = {"trial": trial_key, "field": error.field, "reason": error.message}
        _log_capped(db, session, "invalid_submit", moment, detail)
        db.commit()
        raise
    _store(db, trial, body, raw, digest, moment)
    if trial.purpose == Purpose.CHECK:
        passed = checks.passed(body.placements)
        _log(db, session, checks.KIND, moment, trial=trial_key, passed=passed)
    if proof_of(db, token) == Proof.NONE:
        _log(db, session, UNPROVEN_TRIAL, moment, trial=trial_key)
    draft = db.get(Draft, trial.id)
    if draft is not None:
        db.delete(draft)
    db.commit()
    return Ack(trial_key, digest)


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
    if trial_key == open_round(db, session, check_definition(db.get_one(Study, session.study_id).definition)):
        return False
    trial = _trial_of(db, session, trial_key)
    if session.state != SessionState.ARRANGING:
        raise Conflict("This session has ended.", code="ended")
    elsewhere = session.tab is not None and session.tab != tab
    if elsewhere and not _may_be_late(db, session, trial):
        raise Conflict("The task goes on in another window.", code="elsewhere")
    if db.get(Submission, trial.id) is not None:
        raise Conflict("This round is stored already.", code="stale")
    body = parse_trial(raw)
    check_placements(body, {seat.clip.public_id for seat in trial.seats}, complete=False)
    draft = db.get(Draft, trial.id)
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
            _log(db, session, "other_tab", moment)
            saved = select(func.max(Draft.saved_at)).join(Trial).where(Trial.session_id == session.id)
            latest = db.scalar(saved)
            draft_coming = latest is not None and latest > moment - LATE_DRAFT
        session.tab = tab
    session.last_seen_at = moment
    db.commit()
    return draft_coming


def _may_be_late(db: Session, session: ParticipantSession, trial: Trial) -> bool:
    """Whether a tab that has just lost the session may save what it had not sent yet: once, and over nothing newer."""
    taken = db.scalar(
        select(func.max(SessionEvent.at)).where(SessionEvent.session_id == session.id, SessionEvent.kind == "other_tab")
    )
    if taken is None or taken < now() - LATE_DRAFT:
        return False
    draft = db.get(Draft, trial.id)
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
    kept = _log_capped(db, session, "page_" + event.kind[:27], moment, event.detail)
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
            _log(db, session, ASKED_TO_LEAVE, now())
            db.commit()
        raise NotProven(
            "This session was started in another browser and can only be ended for good there. You can simply close "
            "this page. The people who run the study will see that you asked to leave."
        )
    session.state = transition_session(session.state, SessionState.WITHDRAWN)
    session.ended_at = session.last_seen_at = now()
    session.ended_by = "participant"
    _log(db, session, "withdrawn", session.ended_at)
    _forget_results(db, session)
    db.commit()


def _forget_results(db: Session, session: ParticipantSession) -> None:
    """What was computed from the session goes with it; without their rows, those who compute now store nothing."""
    db.execute(delete(StoredRater).where(StoredRater.session_id == session.id))
    db.execute(delete(StoredResults).where(StoredResults.study_id == session.study_id))


def _trial_of(db: Session, session: ParticipantSession, key: str) -> Trial:
    trial = db.scalar(select(Trial).where(Trial.session_id == session.id, Trial.key == key))
    if trial is None:
        raise NotFound("This round does not exist.")
    return trial


def _store(db: Session, trial: Trial, body: TrialBody, raw: bytes, digest: str, at: datetime) -> None:
    ids = {seat.clip.public_id: seat.clip_id for seat in trial.seats}
    # The participant's clock may count a break that the page did not see; the server's clock bounds it (F23).
    elapsed = max((at - trial.assigned_at).total_seconds() * 1000, 0.0)
    active = min(max(body.duration - body.hidden, 0.0), elapsed)
    db.add(
        Submission(
            trial_id=trial.id,
            sha256=digest,
            body=raw,
            received_at=at,
            duration_ms=body.duration,
            hidden_ms=body.hidden,
            active_ms=active,
            viewport_width=body.viewport.width,
            viewport_height=body.viewport.height,
            pixel_ratio=body.viewport.pixel_ratio,
            arena_x=body.arena.x,
            arena_y=body.arena.y,
            arena_diameter=body.arena.diameter,
            item_width=body.arena.item,
        )
    )
    db.flush()
    db.add_all(
        Placement(trial_id=trial.id, clip_id=ids[p.clip], x=p.x, y=p.y, watched=_watched(body, p.clip))
        for p in body.placements
    )
    db.add_all(
        Move(trial_id=trial.id, order=order, clip_id=ids[m.clip], t_ms=m.t, x=m.x, y=m.y, how=m.how)
        for order, m in _numbered(body.moves, body.moves_gap)
    )
    db.add_all(
        Play(
            trial_id=trial.id,
            order=order,
            clip_id=ids[p.clip],
            t_ms=p.t,
            played_ms=p.ms,
            how=p.how,
            ended=p.ended,
            muted=p.muted,
        )
        for order, p in _numbered(body.plays, body.plays_gap)
    )


def _watched(body: TrialBody, clip: str) -> str | None:
    """Whether a clip was watched to its end: "yes", "no", "unplayable" (F49), or None where the page does not say."""
    if body.watched is None:
        return None
    if clip in body.watched:
        return "yes"
    return "unplayable" if clip in body.unplayable else "no"


def _numbered(entries: list[Entry], gap: GapBody | None) -> Iterator[tuple[int, Entry]]:
    """Each entry with its own number in the trial: what was left out of a very long record keeps its numbers."""
    for place, entry in enumerate(entries):
        yield (place + gap.left_out if gap is not None and place >= gap.after else place), entry


def _log_refused(
    db: Session, session: ParticipantSession, at: datetime, trial_key: str, reason: str, digest: str, raw: bytes
) -> None:
    """Keep the body of a refused submit, unless the log holds it already or is full."""
    query = select(SessionEvent.detail["sha256"].as_string(), SessionEvent.detail["trial"].as_string()).where(
        SessionEvent.session_id == session.id, SessionEvent.kind == "refused_submit"
    )
    kept = list(db.execute(query).tuples())
    if (digest, trial_key) in kept:
        return
    if len(kept) < MAX_REFUSED_BODIES:
        _log(db, session, "refused_submit", at, trial=trial_key, reason=reason, sha256=digest, body=_text(raw))
    else:
        detail = {"trial": trial_key, "reason": reason, "sha256": digest}
        _log_capped(db, session, "refused_submit_dropped", at, detail)


def _log_capped(
    db: Session, session: ParticipantSession, kind: str, at: datetime, detail: Mapping[str, object]
) -> bool:
    """Log what a page can cause at will; whether it was kept. The last line kept says that more were dropped."""
    of_pages = SessionEvent.kind.startswith("page_", autoescape=True) | SessionEvent.kind.in_(
        ["invalid_submit", "refused_submit_dropped", LOG_FULL]
    )
    query = select(func.count()).select_from(SessionEvent).where(SessionEvent.session_id == session.id, of_pages)
    there = db.scalar(query) or 0
    if there < MAX_EVENTS:
        db.add(SessionEvent(session_id=session.id, kind=kind, at=at, detail=dict(detail)))
    elif there == MAX_EVENTS:
        _log(db, session, LOG_FULL, at)
    return there < MAX_EVENTS


def _log(db: Session, session: ParticipantSession, kind: str, at: datetime, **detail: object) -> None:
    db.add(SessionEvent(session_id=session.id, kind=kind, at=at, detail=detail))


def _text(raw: bytes) -> str:
    # PostgreSQL's text cannot hold a zero character.
    return raw.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
