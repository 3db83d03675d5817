"""The clip that a participant is to rate, as the page sees it, and the questions about clips."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.definition.study_toml import StudyDefinition
from app.participation.ratings import RatingRecord
from app.participation.record import SessionRecord
from app.web.questions_json import page_question
from app.web.study_texts import ToHtml

# Clips whose media are fetched before they are to be rated.
MAX_AHEAD = 4


def clips_ahead(record: SessionRecord) -> list[int]:
    """The clip to rate, the one before it, and those that come next; none where nothing is to be rated now."""
    now = record.open_rating
    if now is None:
        return []
    last = record.last_rating
    places = [*([] if last is None else [last.place]), *range(now.place, now.place + 1 + MAX_AHEAD)]
    return [one.clip_id for one in record.ratings if one.place in places]


def rating_view(record: SessionRecord, clip_view: Callable[[int, int], dict[str, Any]]) -> dict[str, Any] | None:
    """What is to be rated now, and `last`, what was rated before it; None where nothing is.

    Parameters
    ----------
    clip_view
        (database id, number) -> the clip for the page.
    """
    now, last = record.open_rating, record.last_rating
    if now is None:
        return None
    return {
        "of": len(record.ratings),
        "watch": record.definition.ratings.watch,
        "now": _view(now, clip_view),
        "last": None if last is None else _view(last, clip_view),
    }


def _view(one: RatingRecord, clip_view: Callable[[int, int], dict[str, Any]]) -> dict[str, Any]:
    return {
        "key": one.key,
        "number": one.place + 1,
        "clip": clip_view(one.clip_id, one.place + 1),
        "revision": 0 if one.rated is None else one.rated.revision + 1,
        "watched": None if one.rated is None else one.rated.watched,
        "answers": {} if one.rated is None else one.rated.answers,
    }


def rating_questions(definition: StudyDefinition, language: str, html: ToHtml) -> list[dict[str, Any]]:
    """The questions about each clip for the page's template, with what is asked as HTML that is safe."""
    return [page_question(one, language, html) for one in definition.ratings.questions]
