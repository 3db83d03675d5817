"""study.toml as text: settings are written into it, and its comments and all other lines stay as they are."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any

import tomlkit

from app.definition.changes import value_at
from app.definition.study_toml import StudyDefinition
from app.errors import Invalid
from app.studies.text_lists import has_blocks, is_list_of_tables, with_tables

# A study keeps the design and the stop rules that it was made with. Its file may leave them out, and another release
# may have other defaults: read there, the file alone would be another study.
SPELT_OUT = ("design", "stop")


def study_text(given: str, definition: StudyDefinition) -> str:
    """study.toml as it leaves the program: `given`, with each key of [design] and [stop] that it leaves out and that
    has a value in `definition`; in comments at its beginning where nothing can be written into it.
    """
    there = tomllib.loads(given + "\n")
    missing = {
        f"{section}.{key}": value
        for section in SPELT_OUT
        for key, value in getattr(definition, section).model_dump().items()
        if value is not None and key not in there.get(section, {})
    }
    try:
        return with_settings(given, missing)
    except Invalid:
        return "".join(f"# {key} = {json.dumps(value)}\n" for key, value in missing.items()) + given


def with_settings(text: str, settings: Mapping[str, Any]) -> str:
    """The text with each of these keys, such as "design.max_items", set to its value; None takes the key out.

    Raises
    ------
    Invalid
        When the text is not TOML, or has a form into which a key cannot be written, as where a section is a number.
    """
    if not settings:
        return text
    try:
        with_lists, others = _lists_changed(text, settings)
        document = tomlkit.parse(with_lists)
        for key, value in others.items():
            *sections, name = key.split(".", 1)
            if value is None and (not sections or sections[0] not in document):
                document.pop(name, None) if not sections else None
                continue
            table: MutableMapping[str, Any] = document
            if sections:
                table = document.setdefault(sections[0], tomlkit.table())
            _set(table, name, value)
        # tomlkit would put together a list of tables whose blocks are apart.
        written = tomlkit.dumps(document) if others else with_lists
        wanted = _expected(tomllib.loads(text + "\n"), settings)
        # Only what reads as it was meant is right.
        if _without_empty(tomllib.loads(written + "\n")) == _without_empty(wanted):
            return written
    except (tomlkit.exceptions.TOMLKitError, tomllib.TOMLDecodeError, TypeError, AttributeError, ValueError) as error:
        raise Invalid(f"{', '.join(settings)} cannot be written into this text: {error}") from error
    raise Invalid(f"{', '.join(settings)} cannot be written into this text: change it by hand")


def _lists_changed(text: str, settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The text with the lists of tables among the settings changed, and the settings that remain to be written."""
    others = dict(settings)
    for key, value in settings.items():
        before = value_at(tomllib.loads(text + "\n"), key)
        is_written = is_list_of_tables(before) and has_blocks(text, key)
        if is_written or (before is None and is_list_of_tables(value)):
            text = with_tables(text, key, before or [], value or [])
            others.pop(key)
    return text, others


def _set(table: MutableMapping[str, Any], name: str, value: Any) -> None:
    if value is None:
        table.pop(name, None)
    elif isinstance(value, Mapping) and isinstance(table.get(name), MutableMapping):
        # In place, so that comments between its lines stay.
        inner = table[name]
        for key in [key for key in inner if key not in value]:
            del inner[key]
        for key, one in value.items():
            if inner.get(key) != one:
                inner[key] = one
    elif isinstance(value, str) and "\n" in value:
        table[name] = tomlkit.string(value, multiline=True)
    else:
        table[name] = value


def _without_empty(raw: dict[str, Any]) -> dict[str, Any]:
    """An empty section says nothing; the last table of a list takes its section along."""
    return {key: value for key, value in raw.items() if value != {}}


def _expected(before: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in settings.items():
        *sections, name = key.split(".", 1)
        table = before
        if sections:
            table = before.setdefault(sections[0], {}) if value is not None else before.get(sections[0], {})
        if value is None:
            table.pop(name, None)
        else:
            table[name] = value
    return before
