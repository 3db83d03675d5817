"""A sheet of questions as its page sees it, in the participant's language; which answers end a session is not said."""

from __future__ import annotations

from typing import Any

from app.definition.questions import Question, in_language, is_told
from app.definition.ratings import RatingQuestion
from app.definition.study_toml import StudyDefinition
from app.participation.sheets import questions_of
from app.web.study_texts import ToHtml


def sheet_view(definition: StudyDefinition, sheet: str, language: str) -> dict[str, Any]:
    """The sheet's name and its questions, for the API."""
    return {"sheet": sheet, "questions": [_question(one, language) for one in questions_of(definition, sheet)]}


def sheets_of_page(definition: StudyDefinition, language: str, html: ToHtml) -> list[dict[str, Any]]:
    """All sheets of the study for the page's template, where `ask_html` is what is asked, as HTML that is safe."""
    return [
        {"sheet": sheet, "questions": [page_question(one, language, html) for one in questions_of(definition, sheet)]}
        for sheet in dict.fromkeys(question.sheet for question in definition.questions)
    ]


def page_question(question: Question | RatingQuestion, language: str, html: ToHtml) -> dict[str, Any]:
    """A question for the page's template, with what the page's script needs to know of it (`asked`)."""
    view = _question(question, language)
    asked = {key: value for key, value in view.items() if key not in ("ask", "choices")}
    whole = float(view.get("step") or 0.5).is_integer()
    return view | {"ask_html": html(view["ask"]), "asked": asked, "whole": whole}


def _question(question: Question | RatingQuestion, language: str) -> dict[str, Any]:
    """Those keys of the question that its page is told."""
    return {key: _told(getattr(question, key), language) for key in type(question).model_fields if is_told(key)}


def _told(value: Any, language: str) -> Any:
    """A key's value as the page gets it: texts in one language, and 18 rather than 18.0, as people write it."""
    if isinstance(value, list):
        return [{"value": choice.value, "label": in_language(choice.label, language)} for choice in value]
    if isinstance(value, dict):
        return in_language(value, language)
    return int(value) if isinstance(value, float) and value.is_integer() else value
