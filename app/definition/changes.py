"""In which settings two definitions of a study differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.definition.controls import setting_keys
from app.definition.setting_texts import SETTING_TEXTS
from app.definition.study_toml import StudyDefinition

LONGEST = 40


@dataclass(frozen=True)
class Change:
    """A setting's value before and after, as in study.toml; None: unset."""

    key: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """The change in words."""
        name = SETTING_TEXTS[self.key].name if self.key in SETTING_TEXTS else self.key
        return f"{name}: {_shown(self.before)} → {_shown(self.after)}"


def changes_between(before: StudyDefinition, after: StudyDefinition) -> list[Change]:
    """The settings that differ, in the model's order."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    pairs = ((key, value_at(old, key), value_at(new, key)) for key, _ in setting_keys())
    return [Change(key, one, other) for key, one, other in pairs if one != other]


def value_at(raw: dict[str, Any], key: str, default: Any = None) -> Any:
    """The value of a key such as "design.max_items"; `default` where it is unset."""
    value: Any = raw
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


def _shown(value: Any) -> str:
    if value is None or value in ({}, []):
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
