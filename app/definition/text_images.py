"""The pictures and clips that a study's texts name: `![what it shows](name)` in any Markdown of study.toml."""

from __future__ import annotations

from collections.abc import Iterator

from app.definition.controls import markdown_texts
from app.definition.study_toml import StudyDefinition
from app.markdown import ImageMark, image_marks


def images_of(definition: StudyDefinition) -> Iterator[tuple[str, ImageMark]]:
    """Each picture that a text names, with the setting that holds the text."""
    for key, text in _texts(definition):
        for mark in image_marks(text):
            yield key, mark


def _texts(definition: StudyDefinition) -> Iterator[tuple[str, str]]:
    for key, text in markdown_texts(definition).items():
        if text:
            yield key, text
    asked: tuple[tuple[str, list[str | dict[str, str]]], ...] = (
        ("consent.clauses", [one.ask for one in definition.consent.clauses]),
        ("questions", [one.ask for one in definition.questions]),
        ("ratings.questions", [one.ask for one in definition.ratings.questions]),
    )
    for key, asks in asked:
        for ask in asks:
            yield from ((key, text) for text in ([ask] if isinstance(ask, str) else ask.values()))
