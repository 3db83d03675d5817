"""A session as its page sees it: where it stands, what to show now, and how far along it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.definition import StudyDefinition, check_definition
from app.domain import SessionState
from app.models import Clip, Draft, ParticipantSession, Study, Submission, Trial
from app.services.trials import active_minutes, open_trial

DEFAULT_QUESTION = "Put clips that are similar close together, and clips that differ far apart."
MIME_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}

MediaUrl = Callable[[int, str, str, str], str]


def session_view(db: Session, session: ParticipantSession, *, tab: str, media_url: MediaUrl) -> dict[str, Any]:
    """The whole view as plain data, ready for JSON.

    Parameters
    ----------
    tab
        The tab that asks; another one may hold the lease.
    media_url
        (study id, audience, sha256, kind) -> address of a rendition.
    """
    study = db.get_one(Study, session.study_id)
    definition = check_definition(study.definition)
    trial = open_trial(db, session) if session.state == SessionState.ARRANGING else None
    return {
        "session": {
            "id": session.public_id,
            "state": session.state.value,
            "simulated": session.is_simulated,
        },
        "study": {
            "name": study.name,
            "title": definition.title,
            "question": definition.texts.question or DEFAULT_QUESTION,
            "language": session.language,
        },
        "playback": definition.playback.model_dump(),
        "arena": definition.arena.model_dump(),
        "progress": _progress(db, session, definition),
        "trial": None if trial is None else _trial(db, session, trial, media_url),
        "upcoming": [],
        "completion": _completion(session, definition),
        "elsewhere": session.tab is not None and session.tab != tab,
    }


def _trial(db: Session, session: ParticipantSession, trial: Trial, media_url: MediaUrl) -> dict[str, Any]:
    draft = db.get(Draft, trial.id)
    return {
        "key": trial.key,
        "number": trial.number,
        "purpose": trial.purpose,
        "clips": [_clip(seat.clip, session, media_url) for seat in trial.seats],
        "draft": None if draft is None else draft.body,
        "target": None,
    }


def _clip(clip: Clip, session: ParticipantSession, media_url: MediaUrl) -> dict[str, Any]:
    files = {rendition.kind: rendition.sha256 for rendition in clip.renditions}
    address = {kind: media_url(clip.study_id, session.public_id, sha, kind) for kind, sha in files.items()}
    return {
        "id": clip.public_id,
        "label": clip.label,
        "width": clip.width,
        "height": clip.height,
        "duration": clip.duration_s,
        "poster": address["poster"],
        "sources": [{"src": address[kind], "type": mime} for kind, mime in MIME_TYPES.items() if kind in address],
    }


def _progress(db: Session, session: ParticipantSession, definition: StudyDefinition) -> dict[str, Any]:
    query = select(func.count()).select_from(Submission).join(Trial).where(Trial.session_id == session.id)
    minutes = active_minutes(db, session)
    return {
        "fraction": session.progress,
        "trials_done": db.scalar(query) or 0,
        "minutes_left": minutes_left(session.progress, minutes, definition.stop.max_minutes),
    }


def minutes_left(fraction: float, minutes: float, max_minutes: float) -> float:
    """Minutes that the rest will take at this participant's own pace, never more than the time rule leaves.

    Before anything was done only the time rule is known.
    """
    by_rule = max(max_minutes - minutes, 0.0)
    if fraction <= 0 or minutes <= 0:
        return by_rule
    return min(by_rule, minutes * (1 - fraction) / fraction)


def _completion(session: ParticipantSession, definition: StudyDefinition) -> dict[str, Any] | None:
    # The way back to the recruiter exists only once every trial of the session is stored (F04).
    if session.state != SessionState.FINISHED:
        return None
    return {"code": definition.recruitment.completion_code, "url": definition.recruitment.completion_url}
