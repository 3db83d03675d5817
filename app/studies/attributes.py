"""What an experimenter knows about each clip: attributes.csv, .tsv or .xlsx, matched with the clips that exist."""

from __future__ import annotations

import csv
import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from analysis.formats.number_cells import COMMA_NUMBER, GROUPED, NUMBER, numbers
from analysis.formats.text import Table, read_table
from app.errors import Invalid

# The column that names the clip, in any case: "File name" is "filename".
KEYS = ("clip", "clipname", "file", "filename")
# How R, Excel (in several languages), databases and SPSS write an unknown value. In other cases these are words.
UNKNOWN = frozenset({".", "NA", "N/A", "NaN", "NULL", "#N/A", "#NV", "#N/D"})
# Among numbers they say so, too; beside words they may be words themselves.
PERHAPS_UNKNOWN = "- -- --- – — ? ?? x na n/a n.a. nan null nil none missing unknown inf -inf k.a. s/d n.d. nd n/d"
PERCENT = re.compile(rf"({NUMBER.pattern}|{COMMA_NUMBER.pattern})\s*%")
NUMBERS = re.compile(f"{COMMA_NUMBER.pattern}|{NUMBER.pattern}|{GROUPED.pattern}")

MAX_HEADER, MAX_CELL = 200, 10_000
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")

Attributes = dict[str, dict[str, str]]


def read_attributes(file: Path, files: Sequence[str]) -> Attributes:
    """The attributes of each clip by its file's name: one column names the clip, each other one is an attribute.

    A clip is named by its file, with or without the extension; where no file is spelled so, case does not count.

    Parameters
    ----------
    files
        The names of the clips' files.

    Raises
    ------
    Invalid
        Naming the file, the line and the reason: the text cannot be read, no column names the clip, a header is empty
        or repeated, a row is too short or too long, a clip appears twice, is not there or could be several, a number
        cannot be told, or a text is too long or holds control characters.
    """
    try:
        table = read_table(file, _lacks)
        _check_keys(table)
        place = next(table.header.index(column) for column in _keys(table.header))
        columns = [(k, column) for k, column in enumerate(table.header) if k != place]
        _check_texts(table, columns)
        values = {column: _values(table, k) for k, column in columns}
        _check_numbers_alone(table, values)
        values = _with_points(table, values)
    except FileNotFoundError as error:
        raise Invalid(f"{file}: no such file") from error
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Invalid(str(error), field="clip") from error
    rows: Attributes = {}
    line_of: dict[str, int] = {}
    for row, (line, cells) in enumerate(table.rows):
        clip = _clip(cells[place].strip(), files, f"{file}, line {line}: clip")
        if clip in rows:
            raise Invalid(
                f"{file}, line {line}: clip: {clip!r} appears twice; first in line {line_of[clip]}", field="clip"
            )
        line_of[clip] = line
        rows[clip] = {column: values[column][row] for _, column in columns}
    return rows


def write_attributes(file: Path, rows: Iterable[tuple[str, dict[str, str]]]) -> None:
    """Write attributes.csv; a column for each attribute that any clip has, in order of appearance."""
    listed = list(rows)
    columns = list(dict.fromkeys(name for _, attributes in listed for name in attributes))
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["clip", *columns])
        writer.writerows([clip, *(attributes.get(name, "") for name in columns)] for clip, attributes in listed)


def names_the_clip(column: str) -> bool:
    """Whether a column of this name may say which clip a row is about."""
    return _plain(column) in KEYS


def _keys(header: Sequence[str]) -> list[str]:
    """The columns that may name the clip; one that is called clip decides."""
    columns = [column for column in header if names_the_clip(column)]
    return [column for column in columns if _plain(column) == "clip"] or columns


def _plain(column: str) -> str:
    return "".join(c for c in column.casefold() if c not in " _-\u00a0")


def _lacks(header: Sequence[str]) -> str:
    return "" if _keys(header) else "no column is named clip (or file, or filename)"


def _check_keys(table: Table) -> None:
    keys = _keys(table.header)
    if len(keys) > 1:
        raise ValueError(
            f"{table.name}, line 1: {keys[0]!r} and {keys[1]!r} could both name the clip; call one of them clip"
        )


def _check_texts(table: Table, columns: Sequence[tuple[int, str]]) -> None:
    """Exported tables and figures have to hold all of it, and a bundle is read back within these bounds."""
    for k, column in columns:
        if len(column) > MAX_HEADER or _CONTROLS.search(column):
            raise ValueError(
                f"{table.name}, line 1: the name of column {k + 1} must be one line of at most {MAX_HEADER} "
                f"characters, not {column[:MAX_HEADER]!r}"
            )
        for line, cells in table.rows:
            if len(cells[k]) > MAX_CELL or _CONTROLS.search(re.sub(r"[\t\r\n]", " ", cells[k])):
                raise ValueError(
                    f"{table.name}, line {line}: {column}: must have at most {MAX_CELL:,} characters, and no control "
                    f"characters, not {cells[k][:20]!r}"
                )


def _values(table: Table, column: int) -> list[str]:
    values = [cells[column].strip() for _, cells in table.rows]
    return ["" if cell in UNKNOWN else cell for cell in values]


def _check_numbers_alone(table: Table, values: dict[str, list[str]]) -> None:
    """Refuse what says "unknown", or a percent sign, among numbers: the numbers would become labels in silence."""
    for column, cells in values.items():
        odd = [PERCENT.fullmatch(cell) is not None or cell.casefold() in PERHAPS_UNKNOWN.split() for cell in cells]
        others = [cell for cell, is_odd in zip(cells, odd, strict=True) if cell and not is_odd]
        if not any(odd) or not all(NUMBERS.fullmatch(cell) for cell in others):
            continue
        row = odd.index(True)
        cell, where = cells[row], f"{table.name}, line {table.rows[row][0]}: {column}"
        if PERCENT.fullmatch(cell):
            raise ValueError(f"{where}: {cell!r} would be a label: write numbers without a percent sign")
        if others:
            raise ValueError(
                f"{where}: {cell!r} among numbers would make labels of them: leave the cell empty where the value is "
                "not known"
            )


def _with_points(table: Table, values: dict[str, list[str]]) -> dict[str, list[str]]:
    """The columns of numbers with decimal points; all others as they are."""
    numeric = [
        column
        for column, cells in values.items()
        if any(cells) and all(NUMBERS.fullmatch(cell) for cell in cells if cell)
    ]
    cells = [
        (f"{table.name}, line {line}: {column}", cell)
        for column in numeric
        for (line, _), cell in zip(table.rows, values[column], strict=True)
    ]
    numbers(cells, table.delimiter)
    return values | {column: [cell.replace(",", ".") for cell in values[column]] for column in numeric}


def _same_letters(name: str) -> str:
    """A Mac spells the ä of a file's name in two characters, a table in one: they are the same name. So are two names
    with blanks of different widths.
    """
    return re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFC", name))


def _in_any_case(name: str) -> str:
    return _same_letters(name).casefold()


SPELLINGS: tuple[Callable[[str], str], ...] = (_same_letters, _in_any_case)


def _clip(name: str, files: Sequence[str], where: str) -> str:
    """The file that a cell names."""
    if not name:
        raise Invalid(f"{where}: is empty", field="clip")
    for spelling in SPELLINGS:
        matches = [
            file
            for file in files
            if spelling(name) in {spelling(file), spelling(Path(file).name), spelling(Path(file).stem)}
        ]
        whole = [file for file in matches if spelling(file) == spelling(name)]
        if len(whole or matches) > 1:
            first, second, *_ = whole or matches
            raise Invalid(f"{where}: {name!r} could be {first!r} or {second!r}; write the whole name", field="clip")
        if matches:
            return (whole or matches)[0]
    last = re.split(r"[/\\]", name)[-1]
    near = difflib.get_close_matches(last, [*files, *(Path(file).stem for file in files)], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise Invalid(f"{where}: no clip's file is named {name!r}{hint}", field="clip")
