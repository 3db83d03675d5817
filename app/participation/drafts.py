"""Drafts of unfinished trials, and which browser tab may save them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from app.definition.study_toml import definition_of_session
from app.domain import SessionState
from app.errors import Conflict, NotFound, Unauthorised
from app.models import (
    Clip,
    Draft,
    ParticipantSession,
    Seat,
    SessionEvent,
    SessionToken,
    Study,
    Submission,
    Trial,
    now,
    table_of,
)
from app.participation.enrolment import UNKNOWN_LINK, session_of
from app.participation.payloads import check_placements, parse_trial
from app.participation.practice import open_round, rounds_of
from app.participation.session_log import log
from app.tokens import hash_token

# For so long after another tab has taken a session, a draft of the older one is taken for its last.
LATE_DRAFT = timedelta(seconds=10)


def save_draft(db: Connection, token: str, trial_key: str, raw: bytes, *, tab: str) -> bool:
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
    moment = now()
    session = db.execute(_SEEN, {"token": hash_token(token), "moment": moment}).one_or_none()
    if session is None:
        raise Unauthorised(UNKNOWN_LINK)
    trial = _trial_of(db, session.id, trial_key)
    if trial is None:
        if trial_key == _open_round(db, session.id):
            return False
        raise NotFound("This round does not exist.")
    if session.state != SessionState.ARRANGING:
        raise Conflict("This session has ended.", code="ended")
    elsewhere = session.tab is not None and session.tab != tab
    if elsewhere and not _may_be_late(db, session.id, trial):
        raise Conflict("The task is open in another window.", code="elsewhere")
    if trial.is_stored:
        raise Conflict("This round is stored already.", code="stale")
    body = parse_trial(raw)
    check_placements(body, trial.clips, complete=False)
    # What was watched once stays watched, even if a page that does not know of it saves the draft.
    watched = set(body.watched or []) | set([] if trial.draft is None else trial.draft.get("watched", []))
    kept = {"placements": [placement.model_dump() for placement in body.placements], "watched": sorted(watched)}
    write = _INSERT if trial.draft is None else _UPDATE
    db.execute(write, {"trial": trial.id, "kept": kept, "moment": moment})
    db.commit()
    if elsewhere:
        raise Conflict("The task is open in another window.", code="elsewhere")
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
            log(db, session.id, "other_tab", moment)
            saved = select(func.max(Draft.saved_at)).join(Trial).where(Trial.session_id == session.id)
            latest = db.scalar(saved)
            draft_coming = latest is not None and latest > moment - LATE_DRAFT
        session.tab = tab
    session.last_seen_at = moment
    db.commit()
    return draft_coming


def _may_be_late(db: Connection, session_id: int, trial: _DraftedTrial) -> bool:
    """Whether a tab that has just lost the session may save what it had not sent yet: once, and over nothing newer."""
    taken = db.scalar(
        select(func.max(SessionEvent.at)).where(SessionEvent.session_id == session_id, SessionEvent.kind == "other_tab")
    )
    if taken is None or taken < now() - LATE_DRAFT:
        return False
    return trial.saved_at is None or trial.saved_at < taken


@dataclass(frozen=True)
class _DraftedTrial:
    """What a draft is checked against: the trial's clips by their public ids, its draft, whether it is submitted."""

    id: int
    is_stored: bool
    clips: set[str]
    draft: dict[str, Any] | None
    saved_at: datetime | None


def _trial_of(db: Connection, session_id: int, key: str) -> _DraftedTrial | None:
    row = db.execute(_TRIAL, {"session": session_id, "key": key}).one_or_none()
    if row is None:
        return None
    return _DraftedTrial(row.id, row.stored is not None, set(row.clips.split()), row.body, row.saved_at)


def _open_round(connection: Connection, session_id: int) -> str | None:
    with Session(connection) as db:
        session = db.get_one(ParticipantSession, session_id)
        definition = definition_of_session(db, session, db.get_one(Study, session.study_id))
        return open_round(session, definition, rounds_of(db, session))


# Drafts are most of what a server is asked for. So these are made once, and of the tables: neither making a query nor
# mapping its rows to objects is needed to store a few places.
_trial, _seat, _clip, _draft, _submission, _session, _token = map(
    table_of, (Trial, Seat, Clip, Draft, Submission, ParticipantSession, SessionToken)
)
# The update locks the session's row before anything is read that another request of it may be changing.
_SEEN = (
    update(_session)
    .where(
        _session.c.id == select(_token.c.session_id).where(_token.c.token_hash == bindparam("token")).scalar_subquery()
    )
    .values(last_seen_at=bindparam("moment"))
    .returning(_session.c.id, _session.c.state, _session.c.tab)
)
_CLIPS = (
    select(func.aggregate_strings(_clip.c.public_id, " "))
    .select_from(_seat.join(_clip, _clip.c.id == _seat.c.clip_id))
    .where(_seat.c.trial_id == _trial.c.id)
    .scalar_subquery()
)
_TRIAL = (
    select(
        _trial.c.id,
        _submission.c.trial_id.label("stored"),
        _draft.c.body,
        _draft.c.saved_at,
        _CLIPS.label("clips"),
    )
    .select_from(
        _trial.outerjoin(_submission, _submission.c.trial_id == _trial.c.id).outerjoin(
            _draft, _draft.c.trial_id == _trial.c.id
        )
    )
    .where(_trial.c.session_id == bindparam("session"), _trial.c.key == bindparam("key"))
)
_INSERT = insert(_draft).values(trial_id=bindparam("trial"), body=bindparam("kept"), saved_at=bindparam("moment"))
_UPDATE = (
    update(_draft)
    .where(_draft.c.trial_id == bindparam("trial"))
    .values(body=bindparam("kept"), saved_at=bindparam("moment"))
)
