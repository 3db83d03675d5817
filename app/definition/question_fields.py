"""The fields of the form in which questions are written, made from the models of their kinds, with what each does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.definition.consent import MAX_CLAUSES, Clause
from app.definition.controls import bounds, kind_of, limits_of
from app.definition.questions import KINDS, MAX_QUESTIONS
from app.definition.ratings import MAX_RATING_QUESTIONS, RATING_KINDS

FieldKind = Literal["line", "texts", "tick", "choice", "whole", "number", "choices", "some"]


@dataclass(frozen=True)
class QuestionField:
    """A field of a question.

    `kind`: one line; a text or one for each language; a tick; one of `choices`; a number; the question's choices; or
    some of those. `only` names the field and the value with which this one goes.
    """

    name: str
    label: str
    does: str
    kind: FieldKind
    default: Any = None
    choices: tuple[str, ...] = ()
    only: tuple[str, str] | None = None


# In the order of the form.
KIND_NAMES = {
    "text": "Text",
    "number": "Number",
    "one_of": "One of several choices",
    "several_of": "Any of several choices",
    "scale": "Scale",
    "consent": "Clause to tick",
    "clause": "Clause to tick",
}
TEXTS = {
    "ask": ("Question", "What is read. **Bold** and *italic* are Markdown."),
    "choices": ("Choices", "At least two, in this order. The files have the text, unless you give a shorter name."),
    "min": ("Least", "The smallest answer that can be given."),
    "max": ("Most", "The largest answer that can be given."),
    "step": ("Steps", "1 allows whole numbers only; empty: any number."),
    "min_label": ("Words at the lower end", "For example: not at all."),
    "max_label": ("Words at the upper end", "For example: very."),
    "max_length": ("Longest answer", "In characters. Up to 100 the box has one line."),
    "required": ("Must be answered", "Nobody goes on without an answer."),
    "when": ("Asked", ""),
    "after_trial": ("After trial", "The number of the trial after which it is asked."),
    "screen_out": ("Ends the session", "Whoever gives one of these answers cannot take part."),
    "screen_out_below": ("Ends the session below", "Whoever answers less than this cannot take part."),
    "screen_out_above": ("Ends the session above", "Whoever answers more than this cannot take part."),
    "name": ("Name in the files", "Letters, digits and _; it becomes the name of a column."),
}
# Where a kind has words of its own.
OF_KINDS = {
    ("consent", "required"): ("Must be ticked", "Nobody goes on without it."),
    ("clause", "required"): ("Must be ticked", "Nobody can take part without it."),
    ("clause", "ask"): ("Clause", "What is agreed to. **Bold** and *italic* are Markdown."),
}
ONLY = {
    "after_trial": ("when", "between"),
    "screen_out": ("when", "before"),
    "screen_out_below": ("when", "before"),
    "screen_out_above": ("when", "before"),
}
SPECIAL: dict[str, FieldKind] = {"choices": "choices", "screen_out": "some"}


@dataclass(frozen=True)
class QuestionForm:
    """How one list of questions is written: the fields of each kind, and how many there can be."""

    kinds: dict[str, list[QuestionField]]
    names: dict[str, str]
    most: int


def question_forms() -> dict[str, QuestionForm]:
    """The forms by the settings that hold them."""
    return {
        "questions": _form(KINDS, MAX_QUESTIONS),
        "ratings.questions": _form(RATING_KINDS, MAX_RATING_QUESTIONS),
        "consent.clauses": _form({"clause": Clause}, MAX_CLAUSES),
    }


def _form(models: dict[str, type[BaseModel]], most: int) -> QuestionForm:
    kinds = {kind: _fields(kind, model.model_fields) for kind, model in models.items()}
    return QuestionForm(kinds, {kind: name for kind, name in KIND_NAMES.items() if kind in kinds}, most)


def _fields(of: str, fields: dict[str, FieldInfo]) -> list[QuestionField]:
    return [_field(of, name, fields[name]) for name in TEXTS if name in fields]


def _field(of: str, name: str, field: FieldInfo) -> QuestionField:
    label, does = OF_KINDS.get((of, name), TEXTS[name])
    kind, choices = kind_of(field.annotation)
    entered: Any = SPECIAL.get(name, "texts" if kind == "toml" else kind)
    within = bounds(limits_of(field)) if kind == "whole" else ""
    return QuestionField(
        name=name,
        label=label,
        does=" ".join(filter(None, (does, f"Allowed: {within}." if within else ""))),
        kind=entered,
        default=None if field.is_required() else field.get_default(),
        choices=choices,
        only=ONLY.get(name),
    )
