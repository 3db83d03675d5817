"""The rows of the tables in this folder: read, and held to the program as it is."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent
ROOT = TABLES.parent.parent


@dataclass(frozen=True)
class Row:
    """One remedy, and how to take it out.

    `file` is relative to the project's folder. `tests` are pytest's ids without parameters, or `tests/js/FILE::TITLE`.
    """

    name: str
    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


class BadRow(ValueError):
    """A row that does not fit the program: the message names the row and the reason."""


def read_rows() -> list[Row]:
    """All rows, in the order of the tables and of their lines.

    Raises:
        BadRow: two rows have one name.
    """
    rows = list(_rows())
    for row in rows:
        if [each.name for each in rows].count(row.name) > 1:
            raise BadRow(f"{row.name}: two rows have this name")
    return rows


def _rows() -> Iterator[Row]:
    for table in sorted(TABLES.glob("*.toml")):
        for name, row in tomllib.loads(table.read_text(encoding="utf-8")).items():
            yield Row(name=name, **{**row, "tests": tuple(row["tests"])})


def without(row: Row, root: Path = ROOT) -> str:
    """The text of the row's file with the remedy taken out.

    Raises:
        BadRow: the remedy's text is not there exactly once, or what is left is not a program.
    """
    text = (root / row.file).read_text(encoding="utf-8")
    if (count := text.count(row.old)) != 1:
        raise BadRow(f"{row.name}: the remedy's text is in {row.file} {count} times, not once")
    changed = text.replace(row.old, row.new)
    if row.file.endswith(".py"):
        try:
            ast.parse(changed)
        except SyntaxError as error:
            raise BadRow(f"{row.name}: without the remedy {row.file} is not Python: {error}") from error
    return changed


def check(row: Row, root: Path = ROOT) -> None:
    """Hold a row to the program.

    Raises:
        BadRow: the remedy's text is not there exactly once, nothing changes, or a test does not exist.
    """
    if row.old == row.new or not row.tests:
        raise BadRow(f"{row.name}: a row takes something out and names a test")
    without(row, root)
    for test in row.tests:
        path, _, title = test.partition("::")
        if not (root / path).is_file() or not title:
            raise BadRow(f"{row.name}: there is no test {test}")
        if title not in titles_in(root / path):
            raise BadRow(f"{row.name}: there is no test {test}")


def titles_in(file: Path) -> set[str]:
    """Names of the functions of a Python file, or titles of a JavaScript file's tests, as they are written there."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".mjs":
        return {title for _, title in re.findall(r"^\s*test\((['\"`])(.*?)\1,", text, re.MULTILINE)}
    return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
