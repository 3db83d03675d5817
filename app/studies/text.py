"""study.toml as it leaves the program: as it was given, with the settings written in that decide how sessions ran.

A study keeps the design and the stop rules that it was made with. Its file may leave them out, and another release may
have other defaults: read there, the file alone would be another study.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from app.definition.study_toml import StudyDefinition

SECTIONS = ("design", "stop")
Settings = dict[str, Any]


def study_text(given: str, definition: StudyDefinition) -> str:
    """`given` with each key of [design] and [stop] that it leaves out and that has a value in `definition`.

    Comments and all other lines stay as they are. Where the file has a form into which nothing can be written, the
    settings are in comments at its beginning.
    """
    text = given
    for section in SECTIONS:
        settings = {key: value for key, value in getattr(definition, section).model_dump().items() if value is not None}
        text = _with_settings(text, section, settings)
    return text


def _with_settings(text: str, section: str, settings: Settings) -> str:
    there = tomllib.loads(text + "\n").get(section, {})
    missing = {key: _line(key, value) for key, value in settings.items() if key not in there}
    if not missing:
        return text
    # Only TOML itself knows whether a line that looks like a heading is inside a text: what parses as wanted is right.
    for edited in _edits(text, section, list(missing.values()), is_empty=not there):
        try:
            if tomllib.loads(edited).get(section) == {**there, **{key: settings[key] for key in missing}}:
                return edited
        except tomllib.TOMLDecodeError:
            continue
    return "".join(f"# {section}.{line}\n" for line in missing.values()) + text


def _edits(text: str, section: str, lines: list[str], *, is_empty: bool) -> Iterator[str]:
    """Where the lines could go: under a heading, into an inline table, as dotted keys at the top, or at the end."""
    block = "\n".join(lines)
    for heading in re.finditer(rf"^[ \t]*\[[ \t]*[\"']?{section}[\"']?[ \t]*\][^\n]*$", text, re.MULTILINE):
        yield f"{text[: heading.end()]}\n{block}{text[heading.end() :]}"
    for table in re.finditer(rf"^[ \t]*[\"']?{section}[\"']?[ \t]*=[ \t]*\{{", text, re.MULTILINE):
        more = ", ".join(lines) + ("" if is_empty else ",")
        yield f"{text[: table.end()]} {more} {text[table.end() :].lstrip(' ')}"
    if not is_empty:
        yield "".join(f"{section}.{line}\n" for line in lines) + text
    yield f"{text.rstrip()}\n\n[{section}]\n{block}\n"


def _line(key: str, value: bool | float | str) -> str:
    return f"{key} = {json.dumps(value)}"
