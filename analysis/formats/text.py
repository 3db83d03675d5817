"""The text layer of all tables that people bring: bytes to cells, without guessing (`number_cells`: cells to numbers).

* Encoding: UTF-8, with or without a byte order mark, or UTF-16 or UTF-32 with one. Anything else is refused with the
  way to save it right: Windows-1252, Mac Roman and their kind cannot be told apart.
* Cells are separated by commas, semicolons or tabs: by what the first line contains, or by a line `sep=;` before it.
* R's row names (a first column without a name, or a header that is one cell short) and the empty columns and lines that
  Excel leaves at the end are passed over.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from pathlib import Path
from typing import IO

from ..words import counted
from .file_kinds import SAVE_RIGHT, why_no_text, why_no_workbook
from .workbook import WORKBOOKS, is_workbook, workbook_records

# A table of 2000 clips as a square has lines of 40 kB.
MAX_LINE = 1 << 22
MAX_BYTES = 1 << 28
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
Record = tuple[int, list[str]]


@dataclass(frozen=True)
class Grid:
    """The cells of a file as they are.

    `records` are (line, cells), lines from 1, without empty lines; `delimiter` is "" for a workbook.
    """

    name: str
    records: list[Record]
    delimiter: str


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, each as long as the header: (line, cells)."""

    name: str
    header: list[str]
    rows: list[Record]
    delimiter: str


def read_text(file: str | Path) -> str:
    """The text of a file.

    Raises
    ------
    ValueError
        Naming the file and the reason, when it is too large, no text, or in an encoding that cannot be known.
    OSError
        When it cannot be read.
    """
    with open(file, "rb") as handle:
        data = handle.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ValueError(f"{file}: is larger than {MAX_BYTES >> 20} MB")
    return decode(data, str(file))


def decode(data: bytes, name: str) -> str:
    """Bytes as text, by their byte order mark or as UTF-8.

    Raises
    ------
    ValueError
        Naming the file and the reason, when they are no text or in an encoding that cannot be known.
    """
    if reason := why_no_text(data):
        raise ValueError(f"{name}: {reason}")
    mark, encoding = next(((m, e) for m, e in BYTE_ORDER_MARKS if data.startswith(m)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[len(mark) :][: error.start]
        line = before.decode(encoding, errors="replace").count("\n") + 1
        shown = data[len(mark) + error.start : len(mark) + error.end]
        if mark:
            raise ValueError(f"{name}, line {line}: damaged {encoding.upper()} text ({error.reason})") from error
        raise ValueError(
            f"{name}, line {line}: is not UTF-8 text (byte 0x{shown[:1].hex()}), and no other encoding can be told for "
            f"sure: save it as UTF-8; {SAVE_RIGHT}"
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise ValueError(f"{name}, line {line}: holds a zero byte: damaged, or UTF-16 without its mark; {SAVE_RIGHT}")
    return text


def csv_records(lines: IO[str] | Iterable[str], name: str, delimiter: str = ",") -> Iterator[Record]:
    """Records of CSV as (line on which it begins, cells), one at a time; empty lines are left out.

    Raises
    ------
    ValueError
        Naming the file and line, when a quote is never closed, or a line or a cell is too long.
    """
    reader = csv.reader(_bounded(lines, name), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{name}, line {line}: {_csv_reason(str(error))}") from error
        if cells:
            yield line, cells


def _bounded(lines: IO[str] | Iterable[str], name: str) -> Iterator[str]:
    """The lines, none of them longer than memory should have to hold."""
    read = getattr(lines, "readline", None)
    pieces = iter(lines) if read is None else iter(lambda: read(MAX_LINE), "")
    for number, line in enumerate(pieces, start=1):
        if len(line) >= MAX_LINE:
            raise ValueError(f"{name}, line {number}: is longer than {MAX_LINE >> 20} MB")
        yield line


def _csv_reason(message: str) -> str:
    if "unexpected end of data" in message:
        return 'a quote (") opens here that nothing closes'
    if "expected after" in message:
        return (
            'something follows a closing quote ("): cells are separated by commas, semicolons or tabs, not by '
            "spaces, and a quote inside a quoted cell is written twice"
        )
    if "field larger" in message:
        return f'a cell is longer than the limit of {csv.field_size_limit()} characters; is a quote (") never closed?'
    return message


def read_grids(file: str | Path) -> list[Grid]:
    """The cells of a file, once for each delimiter that its first line allows.

    Raises
    ------
    ValueError
        As `read_text` and `csv_records`, and when a `sep=` line names another delimiter.
    """
    name = str(file)
    with open(file, "rb") as handle:
        is_zip = handle.read(4) == b"PK\x03\x04"
    if is_zip and is_workbook(file):
        return [Grid(name, workbook_records(file), "")]
    if is_zip and (reason := why_no_workbook(file)):
        raise ValueError(f"{name}: {reason}")
    if is_zip and Path(file).suffix.lower() in WORKBOOKS:
        # A damaged one says what is wrong with it.
        return [Grid(name, workbook_records(file), "")]
    text = read_text(file)
    first, rest = _first_line(text)
    # Excel saves the line itself with a delimiter for each empty cell after it.
    if announced := re.fullmatch(r'"?sep=(.)\1*"?|"?sep=(.*?)"?', first, re.IGNORECASE):
        delimiter = (announced[1] or announced[2]).replace("\\t", "\t")
        if delimiter not in DELIMITERS:
            raise ValueError(f"{name}, line 1: cells can be separated by , or ; or a tab, not by {delimiter!r}")
        records = [(line + 1, cells) for line, cells in _records(rest, name, delimiter)]
        return [Grid(name, records, delimiter)]
    grids = []
    failures = []
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        try:
            records = _records(text, name, delimiter)
        except ValueError as error:
            failures.append(error)
            continue
        if records and len(records[0][1]) > 1:
            grids.append(Grid(name, records, delimiter))
    if not grids and failures:
        raise failures[0]
    return grids or [Grid(name, _records(text, name, ","), ",")]


def _first_line(text: str) -> tuple[str, str]:
    """The first line and the rest, whichever line ends the file has."""
    end = re.search(r"\r\n?|\n", text)
    return (text, "") if end is None else (text[: end.start()], text[end.end() :])


def _records(text: str, name: str, delimiter: str) -> list[Record]:
    return list(csv_records(io.StringIO(text, newline=""), name, delimiter))


def read_table(file: str | Path, lacks: Callable[[Sequence[str]], str]) -> Table:
    """A header and its rows.

    Parameters
    ----------
    lacks
        What a header lacks, for the message ("no column is named clip"), or "" when it is the one that is looked for:
        where the first line allows several delimiters, the one that gives such a header counts.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason, when there is no such header, a column has no name or the name of
        another, or a row is longer or shorter than the header.
    """
    grids = [(grid, _header(grid)) for grid in map(_from_first_cell, read_grids(file))]
    name = grids[0][0].name
    if not grids[0][0].records:
        raise ValueError(f"{name}: holds nothing: {lacks([])}")
    fitting = [(grid, header) for grid, header in grids if not lacks(header)]
    if len(fitting) > 1:
        kinds = " and ".join(DELIMITERS[grid.delimiter] for grid, _ in fitting)
        raise ValueError(f"{name}, line 1: {kinds} both give columns; write sep=, or sep=; as the first line")
    if not fitting:
        grid, header = grids[0]
        line = grid.records[0][0]
        shown = ", ".join(repr(cell) for cell in header[:8]) + (", ..." if len(header) > 8 else "")
        hint = "; cells are separated by commas, semicolons or tabs" if len(header) == 1 else ""
        raise ValueError(f"{name}, line {line}: {lacks(header)}; the header has {shown}{hint}")
    return _fitted(*fitting[0])


def _from_first_cell(grid: Grid) -> Grid:
    """Without the blank lines above the header."""
    return replace(grid, records=list(dropwhile(lambda record: not any(map(str.strip, record[1])), grid.records)))


def _header(grid: Grid) -> list[str]:
    header = [cell.strip() for cell in grid.records[0][1]] if grid.records else []
    while header and not header[-1]:
        header.pop()
    return header


def _fitted(grid: Grid, header: list[str]) -> Table:
    """Rows below their header: without blank lines, trailing blank cells and R's row names."""
    width = len(header)
    rows = []
    for line, given in grid.records[1:]:
        cells = list(given)
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if any(cell.strip() for cell in cells):
            rows.append((line, cells))
    if rows and all(len(cells) == width + 1 for _, cells in rows) and _are_row_numbers(rows):
        header = ["", *header]
    for line, cells in rows:
        if len(cells) != len(header):
            raise ValueError(
                f"{grid.name}, line {line}: {counted(len(cells), 'cell')} under {counted(len(header), 'column')}"
            )
    if header and not header[0] and _are_row_numbers(rows):
        header, rows = header[1:], [(line, cells[1:]) for line, cells in rows]
    line = grid.records[0][0]
    for number, column in enumerate(header, start=1):
        if not column:
            raise ValueError(f"{grid.name}, line {line}: column {number} has no name; each needs a name of its own")
        if header.count(column) > 1:
            raise ValueError(
                f"{grid.name}, line {line}: two columns are named {column!r}; each needs a name of its own"
            )
    return Table(grid.name, header, rows, grid.delimiter)


def _are_row_numbers(rows: Sequence[Record]) -> bool:
    first = [cells[0].strip() for _, cells in rows]
    return all(re.fullmatch(r"[0-9]+", cell) for cell in first) and len(set(first)) == len(first)
