"""Which answers fit a question, and in which form they are stored."""

from __future__ import annotations

import math
from typing import Any

from app.definition.questions import (
    Answer,
    ConsentQuestion,
    NumberQuestion,
    Question,
    Scale,
    SeveralOfQuestion,
    TextQuestion,
    WithChoices,
    in_language,
)
from app.definition.ratings import RatingQuestion


def checked(question: Question | RatingQuestion, answer: Any) -> tuple[Answer, str | None]:
    """An answer in the form in which it is stored, and what is wrong with it, if anything.

    A text loses blanks at its ends, and an empty one is none; choices are put in the order of the question.
    """
    value, problem = _checked(question, answer)
    # By identity: 0 equals False, and is an answer.
    if problem is None and question.required and (value is None or value is False or value == []):
        return value, "must be ticked" if question.kind == "consent" else "must be answered"
    return value, problem


def in_words(question: Question | RatingQuestion, answer: Answer, language: str) -> str:
    """A stored answer as the experimenter reads it: choices by their labels in that language, "" for none."""
    if isinstance(question, ConsentQuestion):
        return "ticked" if answer else "not ticked"
    if isinstance(question, WithChoices):
        labels = {choice.value: in_language(choice.label, language) for choice in question.choices}
        chosen = answer if isinstance(answer, list) else [str(answer)] if answer is not None else []
        return ", ".join(labels.get(one, one) for one in chosen)
    if isinstance(answer, float) and not isinstance(answer, bool):
        return f"{answer:g}"
    return "" if answer is None else str(answer)


def _checked(question: Question | RatingQuestion, answer: Any) -> tuple[Answer, str | None]:
    if isinstance(question, ConsentQuestion):
        return (bool(answer), None) if answer is None or isinstance(answer, bool) else (None, "must be true or false")
    if isinstance(question, SeveralOfQuestion):
        return _several(question, [] if answer is None else answer)
    if answer is None:
        return None, None
    if isinstance(question, TextQuestion):
        return _text(question, answer)
    if isinstance(question, WithChoices):
        offered = [choice.value for choice in question.choices]
        return (answer, None) if isinstance(answer, str) and answer in offered else (None, "is not one of the choices")
    return _number(question, answer)


def _several(question: SeveralOfQuestion, answer: Any) -> tuple[Answer, str | None]:
    offered = [choice.value for choice in question.choices]
    if not isinstance(answer, list) or not all(isinstance(one, str) for one in answer):
        return None, "must be a list of choices"
    if unknown := [one for one in answer if one not in offered]:
        return None, f"{unknown[0][:100]!r} is not one of the choices"
    if len(set(answer)) < len(answer):
        return None, "names a choice twice"
    return [value for value in offered if value in answer], None


def _text(question: TextQuestion, answer: Any) -> tuple[Answer, str | None]:
    if not isinstance(answer, str):
        return None, "must be a text"
    text = answer.replace("\r\n", "\n").replace("\r", "\n").strip()
    if "\x00" in text:
        return None, "holds a zero byte, which no database stores"
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        return None, "is not valid Unicode"
    if len(text) > question.max_length:
        return None, f"must have at most {question.max_length} characters, not {len(text)}"
    return text or None, None


def _number(question: NumberQuestion | Scale, answer: Any) -> tuple[Answer, str | None]:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None, "must be a number"
    if not -1e15 < answer < 1e15:
        return None, "is not a number that can be used"
    low, high = question.min, question.max
    if (low is not None and answer < low) or (high is not None and answer > high):
        bounds = [*([] if low is None else [f"at least {low:g}"]), *([] if high is None else [f"at most {high:g}"])]
        return None, f"must be {' and '.join(bounds)}"
    step = question.step if isinstance(question, NumberQuestion) else 1.0
    if step is not None:
        steps = (answer - (low or 0.0)) / step
        if not math.isclose(steps, round(steps), rel_tol=1e-9, abs_tol=1e-6):
            return None, "must be a whole number" if step == 1 and float(
                low or 0
            ).is_integer() else f"must be in steps of {step:g}"
    whole = float(answer).is_integer() and (isinstance(answer, int) or step == 1)
    return int(answer) if whole else float(answer), None
