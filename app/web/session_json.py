"""A session as its page sees it: what to show now, and how far along it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from analysis.purposes import Purpose
from app.definition.labels import clip_numbers, label_of
from app.definition.question import question_of
from app.definition.study_toml import StudyDefinition
from app.domain import LEFT_OUT, ItemKind, SessionState
from app.media import sources_of
from app.models import Draft, ParticipantSession
from app.participation import attention_checks
from app.participation.practice import AssetUrl, practice_feedback, practice_view
from app.participation.record import SessionRecord
from app.participation.time_left import minutes_left
from app.participation.trial_records import TrialRecord
from app.recruiters.endings import ENDING_OF_STATE, NO_WAY_BACK, Ending, WayBack, way_back
from app.web.questions_json import sheet_view
from app.web.ratings_json import clips_ahead, rating_view
from app.web.shown_clips import ShownClip, shown_clips
from app.web.signing import MediaFile

MAX_UPCOMING = 20

MediaUrl = Callable[[int, str, str, MediaFile], str]


def session_view(
    db: Session,
    record: SessionRecord,
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
        (study id, audience, clip's public id, file) -> its address.
    asset_url
        (path below static/) -> address of one of the program's own files.
    practised
        The key of what was just handed in; where it was a practice round, the view says how it went.
    """
    session, definition = record.session, record.definition
    sheet = record.open_sheet
    arranging = record.state == SessionState.ARRANGING and sheet is None
    over = record.state in {SessionState.FINISHED, *LEFT_OUT}
    to_rate = clips_ahead(record)
    practice = record.open_round if arranging else None
    trial = record.open_trial if arranging else None
    # Clips to rate, and then those of the first trial.
    upcoming = list(dict.fromkeys([*to_rate, *([] if over else _upcoming(record))]))[:MAX_UPCOMING]
    clips = shown_clips(db, [*upcoming, *(trial.clip_ids if trial is not None else ())])
    shown = None
    if practice is not None:
        shown = practice_view(session, practice, asset_url)
    elif trial is not None:
        shown = _trial(db, record, trial, clips, media_url)
    feedback = None
    if practised is not None and all(one.key != practised for one in record.trials):
        feedback = practice_feedback(db, session, definition, practised, asset_url)
    return {
        "session": {
            "id": session.public_id,
            "state": record.state.value,
            "simulated": session.is_simulated,
        },
        "study": {
            "name": record.study.name,
            "title": definition.title,
            "question": question_of(definition),
            "language": session.language,
        },
        "playback": definition.playback.model_dump() | {"sound": _is_heard(record)},
        "arena": definition.arena.model_dump(),
        "progress": _progress(record),
        "trial": shown,
        "practice": feedback,
        "questions": None if sheet is None else sheet_view(definition, sheet, session.language),
        "rating": rating_view(
            record, lambda clip_id, number: _clip(clips[clip_id], session, definition, number, media_url)
        ),
        "upcoming": [_media(clips[clip_id], session, media_url) for clip_id in upcoming],
        "completion": _completion(record),
        "comment": record.may_comment,
        "elsewhere": session.tab is not None and session.tab != tab,
    }


def _trial(
    db: Session, record: SessionRecord, trial: TrialRecord, clips: Mapping[int, ShownClip], media_url: MediaUrl
) -> dict[str, Any]:
    draft = db.get(Draft, trial.id) if trial.has_draft else None
    numbers = clip_numbers(clip_id for one in record.trials for clip_id in one.clip_ids)
    return {
        "key": trial.key,
        "number": trial.number,
        "purpose": trial.purpose,
        "clips": [
            _clip(clips[clip_id], record.session, record.definition, numbers[clip_id], media_url)
            for clip_id in trial.clip_ids
        ],
        "draft": None if draft is None else draft.body,
        "question": attention_checks.QUESTION if trial.purpose == Purpose.CHECK else None,
    }


def _upcoming(record: SessionRecord) -> list[int]:
    """Clips whose media a later trial will need: those that no trial of this session has shown yet."""
    shown = {clip_id for trial in record.trials for clip_id in trial.clip_ids}
    # In the order of their random names: the study's own order is that of the file names.
    later = sorted((clip for clip in record.clips if clip.id not in shown), key=lambda clip: clip.public_id)
    return [clip.id for clip in later[:MAX_UPCOMING]]


def _clip(
    clip: ShownClip, session: ParticipantSession, definition: StudyDefinition, number: int, media_url: MediaUrl
) -> dict[str, Any]:
    return {
        "id": clip.public_id,
        "number": number,
        "label": label_of(clip.label, clip.attributes, definition),
        "width": clip.width,
        "height": clip.height,
        "duration": clip.seconds,
        "kind": clip.kind.value,
        "sound": clip.has_audio and (definition.playback.sound or clip.kind == ItemKind.SOUND),
        **_media(clip, session, media_url),
    }


def _media(clip: ShownClip, session: ParticipantSession, media_url: MediaUrl) -> dict[str, Any]:
    address = {file.kind: media_url(clip.study_id, session.public_id, clip.public_id, file) for file in clip.files}
    return {
        "poster": address["poster"],
        "sources": sources_of(address),
    }


def _progress(record: SessionRecord) -> dict[str, Any]:
    done, minutes = len(record.submitted), record.active_minutes
    left, at_most = minutes_left(record.expected_minutes, minutes, record.definition.stop.max_minutes)
    fraction = record.progress
    if record.definition.ratings.questions:
        # By the time that each part takes: clips that are rated are work done, as trials are.
        rated, to_rate = record.rating_minutes
        arranging = record.expected_minutes or record.definition.stop.max_minutes
        fraction = (record.progress * arranging + rated) / (arranging + rated + to_rate)
        left = to_rate + (0.0 if record.state == SessionState.FINISHED else left)
        at_most = at_most and record.state != SessionState.FINISHED
    is_over = record.open_sheet is None and not record.is_rating
    # Nobody is at the end while there are questions.
    return {
        "fraction": fraction if is_over else min(fraction, 0.99),
        "trials_done": done,
        "minutes_left": left,
        "at_most": at_most,
        "minutes_a_trial": minutes / done if done else None,
    }


def _is_heard(record: SessionRecord) -> bool:
    """Whether anything is to be heard: sounds always, the sound of clips where the study wants it."""
    if any(clip.kind == ItemKind.SOUND for clip in record.clips):
        return True
    return record.definition.playback.sound and any(clip.has_audio for clip in record.clips)


def _completion(record: SessionRecord) -> dict[str, Any] | None:
    # The way back to the recruiter exists only once every trial and all answers of the session are stored (F04).
    ending = ENDING_OF_STATE.get(record.state)
    if ending is None or record.open_sheet is not None or record.owes_ratings:
        return None
    back = way_back(record.definition.recruitment, ending, record.session.recruiter)
    if ending == Ending.WITHDRAWN and back == NO_WAY_BACK:
        return None
    # Whoever tries the study looks at the last page as long as they like.
    return way_back_view(replace(back, seconds=None) if record.session.is_pilot else back)


def way_back_view(back: WayBack) -> dict[str, Any]:
    """The way back, as pages get it."""
    # A link that did not bring what the way back needs leaves the participant without one, and the page says so.
    return {
        "code": back.code,
        "url": back.url,
        **({"incomplete": True} if back.incomplete else {}),
        **({"seconds": back.seconds} if back.seconds is not None else {}),
    }
