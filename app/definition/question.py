"""The question above the arena."""

from __future__ import annotations

from app.definition.study_toml import StudyDefinition

DEFAULT_QUESTION = "Put clips that are similar close together, and clips that differ far apart."


def question_of(definition: StudyDefinition) -> str:
    """The study's own question, or the program's in English, which pages translate."""
    return definition.texts.question or DEFAULT_QUESTION
