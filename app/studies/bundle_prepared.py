"""What a bundle holds, as rows of the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.definition.study_toml import StudyDefinition


@dataclass
class Prepared:
    """What a bundle holds, as rows: references go by the bundle's own names until they are stored."""

    definition: StudyDefinition
    toml: str
    versions: dict[int, tuple[StudyDefinition, str]]
    origin: dict[str, Any]
    clips: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    trials: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ratings: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    decisions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    given: dict[str, bytes] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
