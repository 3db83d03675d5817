"""Drafts of unfinished trials, and which browser tab may save them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.definition.study_toml import definition_of
from app.domain import SessionState
from app.errors import Conflict, NotFound
from app.models import Clip, Draft, ParticipantSession, Seat, SessionEvent, Study, Submission, Trial, now
from app.participation.enrolment import session_of
from app.participation.payloads import check_placements, parse_trial
from app.participation.practice import open_round, rounds_of
from app.participation.session_log import log

# For so long after another tab has taken a session, a draft of the older one is taken for its last.
LATE_DRAFT = timedelta(seconds=10)


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
            log(db, session.id, "other_tab", moment)
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


@dataclass(frozen=True)
class _DraftedTrial:
    """What a draft is checked against: the trial's clips by their public ids, and whether it is submitted."""

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
