"""JSON files, in any encoding of Unicode: one value, or several one after another as JATOS saves them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .text import BYTE_ORDER_MARKS, decode

BLANK = re.compile(r"\s*")


def looks_like_json(start: bytes) -> bool:
    """Whether a file that begins so holds an object or a list."""
    mark, encoding = next(((m, e) for m, e in BYTE_ORDER_MARKS if start.startswith(m)), (b"", "utf-8"))
    return start[len(mark) :].decode(encoding, errors="ignore").lstrip()[:1] in ("{", "[")


def read_json(file: str | Path) -> Any:
    """What a JSON file holds: its value, or of several that stand one after another, such as one a line, their list.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason, when it is not JSON, or an object has a name twice.
    """
    text = decode(Path(file).read_bytes(), str(file))
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    values: list[Any] = []
    at = _after_blanks(text, 0)
    try:
        while at < len(text) or not values:
            value, end = decoder.raw_decode(text, at)
            values.append(value)
            at = _after_blanks(text, end)
    except json.JSONDecodeError as error:
        raise ValueError(f"{file}, line {error.lineno}: not a JSON file ({error.msg})") from error
    except RecursionError as error:
        raise ValueError(f"{file}: not a JSON file that can be read (nested too deeply)") from error
    except ValueError as error:
        raise ValueError(f"{file}: not a JSON file ({error})") from error
    return values[0] if len(values) == 1 else values


def _after_blanks(text: str, at: int) -> int:
    match = BLANK.match(text, at)
    return at if match is None else match.end()


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names differ: of two of the same name, one would be lost."""
    value: dict[str, Any] = {}
    for name, one in pairs:
        if name in value:
            raise ValueError(f"an object has the name {name!r} twice")
        value[name] = one
    return value
