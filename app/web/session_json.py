"""A session as its page sees it: where it stands, what to show now, and how far along it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.domain import ClipState, SessionState
from app.models import Clip, Draft, ParticipantSession, Rendition, Seat, Study, Submission, Trial
from app.participation import attention_checks
from app.participation.practice import AssetUrl, open_round, practice_feedback, practice_view
from app.participation.time_left import minutes_left
from app.participation.trials import active_minutes, open_trial
from app.recruiters.completion import completion_address
from app.studies.definition import StudyDefinition, check_definition
from app.studies.labels import clip_numbers, label_of

DEFAULT_QUESTION = "Put clips that are similar close together, and clips that differ far apart."
MAX_UPCOMING = 20
MIME_TYPES = {"mp4": "video/mp4", "webm": "video/webm"}

MediaUrl = Callable[[int, str, str, Rendition], str]


def session_view(
    db: Session,
    session: ParticipantSession,
    *,
    tab: str,
    media_url: MediaUrl,
    asset_url: AssetUrl,
    practised: str | None = None,
) -> dict[str, Any]:
    """The whole view as plain data, ready for JSON.

    Parameters
    ----------
    tab
        The tab that asks; another one may hold the lease.
    media_url
        (study id, audience, clip's public id, rendition) -> its address.
    asset_url
        (path below static/) -> address of one of the program's own files.
    practised
        The key of what was just handed in; where it was a practice round, the view says how it went.
    """
    study = db.get_one(Study, session.study_id)
    definition = check_definition(study.definition)
    arranging = session.state == SessionState.ARRANGING
    over = session.state in {SessionState.FINISHED, SessionState.WITHDRAWN}
    practice = open_round(db, session, definition) if arranging else None
    trial = open_trial(db, session) if arranging else None
    shown = None
    if practice is not None:
        shown = practice_view(session, practice, asset_url)
    elif trial is not None:
        shown = _trial(db, session, trial, definition, media_url)
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
        "playback": definition.playback.model_dump() | {"sound": definition.playback.sound and _has_sound(db, session)},
        "arena": definition.arena.model_dump(),
        "progress": _progress(db, session, definition),
        "trial": shown,
        "practice": None if practised is None else practice_feedback(db, session, definition, practised, asset_url),
        "upcoming": _upcoming(db, session, media_url) if not over else [],
        "completion": _completion(session, definition),
        "elsewhere": session.tab is not None and session.tab != tab,
    }


def _trial(
    db: Session, session: ParticipantSession, trial: Trial, definition: StudyDefinition, media_url: MediaUrl
) -> dict[str, Any]:
    draft = db.get(Draft, trial.id)
    numbers = clip_numbers(db, session)
    return {
        "key": trial.key,
        "number": trial.number,
        "purpose": trial.purpose,
        "clips": [_clip(seat.clip, session, definition, numbers[seat.clip_id], media_url) for seat in trial.seats],
        "draft": None if draft is None else draft.body,
        "question": attention_checks.QUESTION if trial.purpose == Purpose.CHECK else None,
    }


def _upcoming(db: Session, session: ParticipantSession, media_url: MediaUrl) -> list[dict[str, Any]]:
    """Media that a later trial will need: clips that no trial of this session has shown yet."""
    shown = select(Seat.clip_id).join(Trial, Trial.id == Seat.trial_id).where(Trial.session_id == session.id)
    query = select(Clip).where(Clip.study_id == session.study_id, Clip.state == ClipState.READY, Clip.id.not_in(shown))
    # In the order of their random names: the study's own order is that of the file names.
    clips = db.scalars(query.order_by(Clip.public_id).limit(MAX_UPCOMING))
    return [_media(clip, session, media_url) for clip in clips]


def _clip(
    clip: Clip, session: ParticipantSession, definition: StudyDefinition, number: int, media_url: MediaUrl
) -> dict[str, Any]:
    return {
        "id": clip.public_id,
        "number": number,
        "label": label_of(clip, definition),
        "width": clip.width,
        "height": clip.height,
        "duration": clip.duration_s,
        "sound": bool(clip.has_audio) and definition.playback.sound,
        **_media(clip, session, media_url),
    }


def _media(clip: Clip, session: ParticipantSession, media_url: MediaUrl) -> dict[str, Any]:
    address = {
        rendition.kind: media_url(clip.study_id, session.public_id, clip.public_id, rendition)
        for rendition in clip.renditions
    }
    return {
        "poster": address["poster"],
        "sources": [{"src": address[kind], "type": mime} for kind, mime in MIME_TYPES.items() if kind in address],
    }


def _progress(db: Session, session: ParticipantSession, definition: StudyDefinition) -> dict[str, Any]:
    query = select(func.count()).select_from(Submission).join(Trial).where(Trial.session_id == session.id)
    done = db.scalar(query) or 0
    minutes = active_minutes(db, session)
    left, at_most = minutes_left(session.expected_minutes, minutes, definition.stop.max_minutes)
    return {
        "fraction": session.progress,
        "trials_done": done,
        "minutes_left": left,
        "at_most": at_most,
        "minutes_a_trial": minutes / done if done else None,
    }


def _has_sound(db: Session, session: ParticipantSession) -> bool:
    query = select(Clip.id).where(
        Clip.study_id == session.study_id, Clip.state == ClipState.READY, Clip.has_audio.is_(True)
    )
    return db.scalar(query.limit(1)) is not None


def _completion(session: ParticipantSession, definition: StudyDefinition) -> dict[str, Any] | None:
    # The way back to the recruiter exists only once every trial of the session is stored (F04).
    if session.state != SessionState.FINISHED:
        return None
    recruitment = definition.recruitment
    code, url = recruitment.completion_code, recruitment.completion_url
    filled = None if url is None else completion_address(url, session.recruiter, recruitment.parameters, code)
    # A link that did not bring what the way back needs leaves the participant without one, and the page says so.
    return {"code": code, "url": filled, **({"incomplete": True} if url is not None and filled is None else {})}
