"""Mistakes in TOML itself: the line, and what was probably meant."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

# Signs that word processors put in place of the straight ones.
SMART_QUOTES = "“”„‟«»‘’‚‹›"


def toml_problem(text: str, error: tomllib.TOMLDecodeError) -> tuple[int | None, str]:
    """The line of a mistake in TOML, and the reason with a hint at what was probably meant."""
    place = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
    reason = re.sub(r"\s*\(at .*\)$", "", str(error))
    lines = text.splitlines()
    number = int(place[1]) if place and place[1] else None
    if number is None:
        number = _unclosed(lines)
        return number, f"not valid TOML: {reason}; something is opened here that nothing closes"
    line = lines[number - 1] if number <= len(lines) else ""
    hint = _hint(line, reason)
    if not hint and number > 1 and "=" not in line and _hint(lines[number - 2], reason):
        return number - 1, f"not valid TOML: {reason}; {_hint(lines[number - 2], reason)}"
    return number, f"not valid TOML: {reason}" + (f"; {hint}" if hint else "")


def _unclosed(lines: Sequence[str]) -> int | None:
    """The last line that opens a long text, a list or a quote."""
    marks = [number for number, line in enumerate(lines, start=1) if line.count('"""') % 2 or line.count("'''") % 2]
    if len(marks) % 2:
        return marks[-1]
    opened = [number for number, line in enumerate(lines, start=1) if line.count("[") + line.count("{") > 0]
    return opened[-1] if opened else (len(lines) or None)


def _hint(line: str, reason: str) -> str:
    """What was probably meant by a line that is no TOML."""
    bare = line.split("#", maxsplit=1)[0].strip()
    key, _, value = (part.strip() for part in bare.partition("="))
    if line.lstrip().startswith(("{\\rtf", "PK\x03\x04", "<")):
        return "this is not plain text: save it as plain text, with a plain text editor"
    if any(sign in line for sign in SMART_QUOTES):
        sign = next(sign for sign in line if sign in SMART_QUOTES)
        return f'{sign} is not the quote of TOML: write straight quotes ("), as a plain text editor does'
    if "\u00a0" in line or "\u200b" in line:
        return "the line contains a non-breaking or zero-width space: type it again"
    if "declare" in reason and bare.startswith("["):
        return f"the section {bare} appears twice: put its keys together"
    if "overwrite" in reason:
        return f"{key} appears twice: keep one"
    if bare.startswith("[") and not bare.endswith("]"):
        return f"a section's name is closed by a bracket: {bare}]"
    if "=" not in bare and re.match(r"[A-Za-z_][\w .-]*:", bare):
        name, _, rest = (part.strip() for part in bare.partition(":"))
        return f"write = in place of the colon: {name} = {rest}"
    if "=" not in bare and re.fullmatch(r"[A-Za-z_][\w-]*\s+\S.*", bare):
        name, rest = bare.split(None, 1)
        return f"an = is missing: {name} = {rest}"
    if re.fullmatch(r"[A-Za-z_][\w-]*(?:\s+[\w-]+)+", key):
        return f"a key has no blanks: {re.sub(r'[ ]+', '_', key)} = {value}"
    if not value:
        return f"the value is missing behind {key} =" if "=" in bare else ""
    if value.startswith("="):
        return f"one = is enough: {key} = {value.lstrip('= ')}"
    return _hint_at_value(key, value)


def _hint_at_value(key: str, value: str) -> str:
    word = value.rstrip(";,")
    if word.lower() in ("true", "false", "yes", "no", "on", "off"):
        plain = "true" if word.lower() in ("true", "yes", "on") else "false"
        return f"write it in small letters: {key} = {plain}"
    if word.lower() in ("none", "null", "nil", "na"):
        return f"leave the line out where {key} has no value"
    if re.fullmatch(r"[+-]?\d+,\d+", word):
        return f"decimals have a point: {key} = {word.replace(',', '.')}"
    if re.fullmatch(r"[+-]?0\d+", word):
        return f"numbers have no leading zero: {key} = {int(word)}"
    if re.fullmatch(r"[+-]?\.\d+|[+-]?\d+\.", word):
        return f"write the 0 on both sides of the point: {key} = {float(word)}"
    if number := re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*[A-Za-z%]+", word):
        return f"write the number alone: {key} = {number[1]}"
    if "\\" in value and value[0] == '"':
        return "a backslash is written twice (\\\\), or put the text in single quotes"
    if re.fullmatch(r"""("[^"\\]*"|'[^']*')\s*[,;]+""", value):
        return f"nothing may follow a value: {key} = {value.rstrip(',; ')}"
    if value.startswith("[") and '"' not in value and "'" not in value:
        return 'put each text of a list in quotes: ["…", "…"]'
    if value[0] in "\"'":
        if value.count(value[0]) % 2:
            return f"the quote ({value[0]}) is never closed; a longer text goes between three quotes"
        return 'a quote inside a text is written \\", or put the text in single quotes'
    if re.fullmatch(r"[+-]?\d+(?:\.\d+)?;", value):
        return f"nothing may follow a value: {key} = {word}"
    return f'put text in quotes: {key} = "{word}"'
