"""Cells of CSV files that Asterism writes: typed, exact, and read as they are meant by R, Python and spreadsheets.

Missing values are NA, booleans TRUE and FALSE. A text that a program would change or run has an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from ..words import counted
from .bundle_tables import Column
from .text import csv_records

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MISSING = "NA"
# What R's read.csv and pandas take for a number.
NUMBER = re.compile(r"[+-]?(0[xX][0-9a-fA-F.]+([pP][+-]?\d+)?|(\d+\.?\d*|\.\d+)([eEdD][+-]?\d*)?L?)")
# Whole numbers below this are exact in a double.
EXACT = 2**53


def escape_text(text: str) -> str:
    """The text as a cell that other programs read as this very text; `unescape_text` takes it back.

    An apostrophe is put before a text that begins with = + - @, a tab, a line end (a spreadsheet would run it) or an
    apostrophe, also after blanks; before NA, which is a missing value; and before what would be read as a number and
    written in another way, such as 007 or a number of more digits than a double holds.
    """
    is_changed = text == MISSING or (NUMBER.fullmatch(text.strip()) and not _is_plain_number(text))
    return "'" + text if is_changed or text.startswith("'") or text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _is_plain_number(text: str) -> bool:
    """Whether the text is a number as this program writes it, so that nothing is lost when it is read as one."""
    if not NUMBER.fullmatch(text) or not text[-1].isdigit() or text[0] == "+":
        return False
    try:
        whole = int(text)
        return str(whole) == text and abs(whole) < EXACT
    except ValueError:
        try:
            return repr(float(text)) == text
        except ValueError:
            return False


def unescape_text(cell: str) -> str:
    """The text that `escape_text` was given."""
    return cell[1:] if cell.startswith("'") else cell


def format_cell(value: Any, column: Column) -> str:
    """One value as the text of its CSV cell; None and NaN are NA.

    Raises
    ------
    ValueError
        When the value is not of the column's kind, is infinite, or is absent from a required column.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if column.required:
            raise ValueError(f"column {column.name} must have a value")
        return MISSING
    if column.kind == "text":
        if not isinstance(value, str):
            raise ValueError(f"column {column.name} holds text, got {value!r}")
        return escape_text(value)
    if column.kind == "time":
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"column {column.name} holds times with a time zone, got {value!r}")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if column.kind == "bool":
        if value not in (0, 1):
            raise ValueError(f"column {column.name} holds true or false, got {value!r}")
        return "TRUE" if value else "FALSE"
    try:
        number = float(value) if column.kind == "float" else int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"column {column.name} holds numbers, got {value!r}") from None
    if number != value or not math.isfinite(number):
        raise ValueError(f"column {column.name} holds {column.kind} numbers, got {value!r}")
    return f"'{number}" if column.kind == "digits" else repr(number)


def parse_cell(cell: str, column: Column, *, version: int = 2) -> Any:
    """The value of a CSV cell: str, int, float, bool, datetime in UTC, or None where there is none.

    Of version 1 of the format, missing values are empty cells, and NA is a text; an empty cell of a required text
    column is the empty text there, as all empty cells of texts are since.

    Raises
    ------
    ValueError
        When the cell does not hold the column's kind.
    """
    is_text = column.kind == "text"
    if cell == "" and is_text:
        return "" if column.required or version > 1 else None
    if cell == "" or (cell == MISSING and version > 1):
        if column.required:
            raise ValueError(f"column {column.name} is empty")
        return None
    try:
        if column.kind == "int":
            return int(cell)
        if column.kind == "digits":
            return int(unescape_text(cell))
        if column.kind == "float":
            return float(cell)
        if column.kind == "bool":
            return {"true": True, "false": False}[cell.lower()]
        if column.kind == "time":
            moment = datetime.fromisoformat(cell)
            if moment.tzinfo is None:
                raise ValueError("has no time zone")
            return moment
    except (KeyError, ValueError):
        raise ValueError(f"column {column.name} holds {column.kind} values, got {cell!r}") from None
    return unescape_text(cell)


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> Iterator[str]:
    """The header and the rows as lines of CSV, one at a time: rows are sequences in column order, or mappings by name.

    A sequence may leave out columns at the end that are not required.

    Raises
    ------
    ValueError
        Naming the row (from 1) when a value does not fit its column, a row has the wrong length, or a mapping has a
        name that is not a column.
    """
    names = [column.name for column in columns]
    known = set(names)
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(names)
    yield line.getvalue()
    for number, row in enumerate(rows, start=1):
        line.seek(0)
        line.truncate()
        if isinstance(row, Mapping):
            if unknown := row.keys() - known:
                raise ValueError(f"row {number}: no column is named {', '.join(sorted(map(str, unknown)))}")
            values: Sequence[Any] = [row.get(name) for name in names]
        else:
            # Columns are appended over the years: rows in the order of an earlier version leave the last ones out.
            left_out = columns[len(row) :]
            values = row if any(column.required for column in left_out) else [*row, *[None] * len(left_out)]
        try:
            writer.writerow([format_cell(value, column) for value, column in zip(values, columns, strict=True)])
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        yield line.getvalue()


def read_rows(file: IO[str], columns: Sequence[Column], name: str, *, version: int = 2) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file written by `csv_lines`, as dictionaries of typed values; other columns are left out.

    `version` is that of the format in which the file was written.

    A column that need not have a value may be missing, as in a file that is older than the column: its values are None.

    Raises
    ------
    ValueError
        Naming the file and line, when a required column is missing or appears twice, or a cell does not hold its kind.
    """
    records = csv_records(file, name)
    _, header = next(records, (1, []))
    if missing := [column.name for column in columns if column.required and column.name not in header]:
        raise ValueError(f"{name}: no column is named {', '.join(missing)}")
    if twice := [column.name for column in columns if header.count(column.name) > 1]:
        raise ValueError(f"{name}: two columns are named {twice[0]}")
    places = [(column, header.index(column.name)) for column in columns if column.name in header]
    absent: dict[str, Any] = {column.name: None for column in columns if column.name not in header}
    for line, cells in records:
        if len(cells) != len(header):
            raise ValueError(
                f"{name}, line {line}: {counted(len(cells), 'cell')} under {counted(len(header), 'column')}"
            )
        try:
            yield {column.name: parse_cell(cells[place], column, version=version) for column, place in places} | absent
        except ValueError as error:
            raise ValueError(f"{name}, line {line}: {error}") from None
