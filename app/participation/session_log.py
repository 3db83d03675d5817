"""A session's log: what happened in it beside its trials, and what its page reports. It is bounded (F50)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import SessionEvent, now
from app.participation.enrolment import session_of
from app.participation.payloads import parse_event

# The bodies of refused submits (half a megabyte each at most), and what its page reported.
MAX_REFUSED_BODIES = 5
MAX_EVENTS = 2000
LOG_FULL = "log_full"
# Kinds of log lines that the experimenter's page and the export count.
UNPROVEN_TRIAL = "unproven_trial"
ASKED_TO_LEAVE = "asked_to_leave"


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
    kept = log_capped(db, session.id, "page_" + event.kind[:27], moment, event.detail)
    session.last_seen_at = moment
    db.commit()
    return kept


def log_refused(
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
        log(db, session_id, "refused_submit", at, trial=trial_key, reason=reason, sha256=digest, body=_text(raw))
    else:
        detail = {"trial": trial_key, "reason": reason, "sha256": digest}
        log_capped(db, session_id, "refused_submit_dropped", at, detail)


def log_capped(db: Session, session_id: int, kind: str, at: datetime, detail: Mapping[str, object]) -> bool:
    """Log what a page can cause at will; whether it was kept. The last line kept says that more were dropped."""
    of_pages = SessionEvent.kind.startswith("page_", autoescape=True) | SessionEvent.kind.in_(
        ["invalid_submit", "refused_submit_dropped", LOG_FULL]
    )
    query = select(func.count()).select_from(SessionEvent).where(SessionEvent.session_id == session_id, of_pages)
    there = db.scalar(query) or 0
    if there < MAX_EVENTS:
        db.add(SessionEvent(session_id=session_id, kind=kind, at=at, detail=dict(detail)))
    elif there == MAX_EVENTS:
        log(db, session_id, LOG_FULL, at)
    return there < MAX_EVENTS


def log(db: Session, session_id: int, kind: str, at: datetime, **detail: object) -> None:
    db.add(SessionEvent(session_id=session_id, kind=kind, at=at, detail=detail))


def _text(raw: bytes) -> str:
    # PostgreSQL's text cannot hold a zero character.
    return raw.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
