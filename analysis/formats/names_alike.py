"""Names that look the same and are not: they would silently be two."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def check_names(names: Iterable[tuple[str, int | None]], file: str) -> None:
    """Two spellings that look the same are meant as one name, and would silently be two.

    They differ in blanks, in invisible characters, or in how an accent is stored (a Mac writes ä as two characters).
    `names` are (name, its line of the file, or None for one that was given beside the file).

    Raises
    ------
    ValueError
        Naming the file, the lines and both spellings.
    """
    line_of: dict[str, int | None] = {}
    for name, line in names:
        line_of.setdefault(name, line)
    if (pair := _alike(line_of)) is not None:
        lines = [str(number) for number in dict.fromkeys(line_of[name] for name in pair) if number is not None]
        where = f"{file}, line{'s' if len(lines) > 1 else ''} {' and '.join(lines)}" if lines else file
        raise ValueError(f"{where}: the names {_told_alike(pair)}")


def names_alike(names: Iterable[str]) -> str | None:
    """Two of the names that look the same, and what to do, in words; None when there are none."""
    return None if (pair := _alike(names)) is None else _told_alike(pair)


def _told_alike(pair: tuple[str, str]) -> str:
    return (
        f"{pair[0]!r} and {pair[1]!r} look the same, but differ in blanks or in how letters are stored; write one of "
        "them throughout"
    )


def _alike(names: Iterable[str]) -> tuple[str, str] | None:
    spelled: dict[str, str] = {}
    for name in names:
        first = spelled.setdefault(_look(name), name)
        if first != name:
            return first, name
    return None


def _look(name: str) -> str:
    visible = "".join(c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())
