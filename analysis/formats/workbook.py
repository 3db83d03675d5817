"""The cells of an Excel workbook (.xlsx), as if its one sheet had been saved as CSV."""

from __future__ import annotations

import datetime
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

MAX_UNPACKED = 1 << 28
MAX_CELLS = 5_000_000
WORKBOOKS = (".xlsx", ".xlsm")
# What openpyxl and zipfile raise on damaged files; their documentation does not list it. (An XML parser's error is a
# SyntaxError, an unknown compression a NotImplementedError, which is a RuntimeError.)
DAMAGE = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    SyntaxError,
    RuntimeError,
    EOFError,
    MemoryError,
    zlib.error,
)


def is_workbook(file: str | Path) -> bool:
    """Whether the file is an Excel workbook by its contents, whatever it is called."""
    try:
        with open(file, "rb") as handle, zipfile.ZipFile(handle) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (OSError, *DAMAGE, zipfile.BadZipFile):
        return False


def workbook_records(file: str | Path) -> list[tuple[int, list[str]]]:
    """The rows of the only sheet that holds anything, as (row number, cells); numbers have a decimal point.

    Raises
    ------
    ValueError
        Naming the file, the cell and the reason: it is no workbook, several sheets hold something, cells are merged, a
        formula was never computed or failed, or the sheet is too large.
    """
    name = str(file)
    values, formulas = _loaded(file, name)
    sheets = [(sheet, formulas[sheet.title]) for sheet in values.worksheets if _holds_something(sheet, name)]
    if not sheets:
        return []
    if len(sheets) > 1:
        titles = ", ".join(
            f"{sheet.title!r}{', which is hidden' if sheet.sheet_state != 'visible' else ''}" for sheet, _ in sheets
        )
        raise ValueError(f"{name}: several sheets hold something ({titles}): keep the one that is meant")
    sheet, computed_from = sheets[0]
    if sheet.merged_cells.ranges:
        raise ValueError(f"{name}: the cells {sorted(map(str, sheet.merged_cells.ranges))[0]} are merged: unmerge them")
    return [(row[0].row, [_text(cell, computed_from, name) for cell in row]) for row in sheet.iter_rows() if row]


def _loaded(file: str | Path, name: str) -> tuple[Any, Any]:
    """The workbook with the values of its formulas, and with the formulas themselves."""
    import openpyxl

    try:
        # Opened here, because openpyxl looks at the name of a file that it opens itself.
        with open(file, "rb") as handle:
            with zipfile.ZipFile(handle) as archive:
                unpacked = sum(info.file_size for info in archive.infolist())
            if unpacked <= MAX_UNPACKED:
                with warnings.catch_warnings():
                    # About parts of a workbook that hold no cells, such as drop-down lists.
                    warnings.simplefilter("ignore")
                    return openpyxl.load_workbook(handle, data_only=True), openpyxl.load_workbook(handle)
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{name}: is not an Excel workbook, or protected by a password, or damaged ({error})"
        ) from error
    except DAMAGE as error:
        raise ValueError(f"{name}: is a damaged Excel workbook ({error})") from error
    raise ValueError(f"{name}: unpacks to more than {MAX_UNPACKED >> 20} MB")


def _holds_something(sheet: Any, name: str) -> bool:
    if sheet.max_row * sheet.max_column > MAX_CELLS:
        raise ValueError(
            f"{name}: the sheet {sheet.title!r} reaches to row {sheet.max_row} and column {sheet.max_column}: delete "
            "what is far beyond the table"
        )
    return any(cell is not None for row in sheet.iter_rows(values_only=True) for cell in row)


def _text(cell: Any, formulas: Any, name: str) -> str:
    value = cell.value
    where = f"{name}, cell {cell.coordinate}"
    if value is None:
        # A formula that gives an empty text has a value of texts, without one.
        if formulas[cell.coordinate].data_type == "f" and cell.data_type == "n":
            raise ValueError(f"{where}: its formula was never computed: open the file in Excel and save it again")
        return ""
    if cell.data_type == "e" and value != "#N/A":
        raise ValueError(f"{where}: holds the error {value}")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return (value.date() if value.time() == datetime.time() else value).isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
