"""A sheet of questions as its page sees it, in the participant's language; which answers end a session is not said."""

from __future__ import annotations

from typing import Any

from app.definition.questions import (
    NumberQuestion,
    Question,
    Scale,
    TextQuestion,
    WithChoices,
    in_language,
)
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
    """A question for the page's template."""
    view = _question(question, language)
    return view | {"ask_html": html(view["ask"]), "whole": float(view.get("step") or 0.5).is_integer()}


def _question(question: Question | RatingQuestion, language: str) -> dict[str, Any]:
    view: dict[str, Any] = {
        "name": question.name,
        "kind": question.kind,
        "ask": in_language(question.ask, language),
        "required": question.required,
    }
    if isinstance(question, TextQuestion):
        view |= {"max_length": question.max_length}
    elif isinstance(question, NumberQuestion):
        view |= {key: _plain(getattr(question, key)) for key in ("min", "max", "step")}
    elif isinstance(question, WithChoices):
        view |= {
            "choices": [
                {"value": choice.value, "label": in_language(choice.label, language)} for choice in question.choices
            ]
        }
    elif isinstance(question, Scale):
        ends = (("min_label", question.min_label), ("max_label", question.max_label))
        view |= {"min": question.min, "max": question.max}
        view |= {key: None if text is None else in_language(text, language) for key, text in ends}
    return view


def _plain(number: float | None) -> float | None:
    """18 rather than 18.0, as people write it."""
    return int(number) if number is not None and number.is_integer() else number
