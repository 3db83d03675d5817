"""The controls of the settings' form, made from the model of study.toml: each key's kind, bounds and default."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.definition.setting_texts import GROUPS, SETTING_TEXTS, SettingText
from app.definition.study_toml import StudyDefinition

Kind = Literal[
    "choice", "tick", "whole", "number", "numbers", "line", "markdown", "words", "pairs", "questions", "quotas", "toml"
]
# What has an editor of its own.
EDITORS: dict[str, Kind] = {
    "questions": "questions",
    "ratings.questions": "questions",
    "consent.clauses": "questions",
    "recruitment.quotas": "quotas",
}
LISTS: dict[Kind, Kind] = {"line": "words", "number": "numbers"}
# Texts with room for more than this are Markdown.
LINE = 2000


@dataclass(frozen=True)
class Control:
    """How a setting is entered.

    `kind`: one of `choices`, a tick, a number within bounds (as a sentence), one line, Markdown, a list of words or
    numbers, pairs of texts, what the page has an editor for, or "toml": only in the text of study.toml. `default` is
    what holds where study.toml says nothing (None: nothing).
    """

    key: str
    kind: Kind
    text: SettingText
    default: Any = None
    choices: tuple[str, ...] = ()
    bounds: str = ""
    longest: int | None = None
    required: bool = False


def setting_keys(model: type[BaseModel] = StudyDefinition, section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of study.toml with its field, in the model's order."""
    for name, field in model.model_fields.items():
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield from setting_keys(nested, f"{section}{name}.")
        else:
            yield f"{section}{name}", field


def control_groups() -> list[tuple[str, list[Control]]]:
    """The controls in the groups of the page."""
    fields = dict(setting_keys())
    return [(group.name, [_control(key, fields[key]) for key in group.settings if key in fields]) for group in GROUPS]


def markdown_texts(definition: StudyDefinition) -> dict[str, str | None]:
    """The study's own Markdown texts by key."""
    keys = [control.key for _, controls in control_groups() for control in controls if control.kind == "markdown"]
    return {key: getattr(getattr(definition, key.split(".")[0]), key.split(".")[1]) for key in keys}


def _control(key: str, field: FieldInfo) -> Control:
    kind, choices = kind_of(field.annotation)
    kind = EDITORS.get(key, kind)
    limits = limits_of(field)
    longest = limits.get("max_length")
    if kind == "line" and longest is not None and longest > LINE:
        kind = "markdown"
    return Control(
        key=key,
        kind=kind,
        text=SETTING_TEXTS[key],
        default=None if field.is_required() else field.get_default(),
        choices=choices,
        bounds=bounds(limits) if kind in ("whole", "number") else "",
        longest=longest if kind in ("line", "markdown") else None,
        required=field.is_required(),
    )


def limits_of(field: FieldInfo) -> dict[str, Any]:
    """The field's bounds: ge, gt, le, lt and max_length, as far as it has them."""
    return {name: getattr(one, name) for one in field.metadata for name in _LIMITS if hasattr(one, name)}


_LIMITS = ("ge", "gt", "le", "lt", "max_length")


def kind_of(annotation: Any) -> tuple[Kind, tuple[str, ...]]:
    """How a value of that type is entered, and its choices."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        inner = [one for one in get_args(annotation) if one is not type(None)]
        return kind_of(inner[0]) if len(inner) == 1 else ("toml", ())
    if origin is Literal:
        return "choice", get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return kind_of(get_args(annotation)[0])
    if origin is list:
        return LISTS.get(kind_of(get_args(annotation)[0])[0], "toml"), ()
    if origin is dict:
        return ("pairs" if kind_of(get_args(annotation)[1])[0] == "line" else "toml"), ()
    plain: dict[Any, Kind] = {bool: "tick", int: "whole", float: "number", str: "line"}
    return plain.get(annotation, "toml"), ()


def bounds(limits: dict[str, Any]) -> str:
    """Bounds in words; "" where there are not two."""
    least, most = limits.get("ge", limits.get("gt")), limits.get("le", limits.get("lt"))
    if least is None or most is None or most >= 2**53:
        return ""
    return f"{'above ' if 'gt' in limits else ''}{least:g} to {most:,g}"
