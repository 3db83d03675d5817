"""Cells of text to numbers, without guessing.

Numbers have a decimal point; in files with semicolons or tabs a decimal comma, but never both in one file. Thousands
separators and infinity are refused. An empty cell, NA, N/A, NaN, NULL, #N/A and the lone point of SPSS, SAS and Stata
mean that there is no number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

# Excel writes #N/A in its user's language.
MISSING = frozenset({"", ".", "na", "n/a", "nan", "null", "#n/a", "#nv", "#n/d"})
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
COMMA_NUMBER = re.compile(r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?")
INFINITE = re.compile(r"[+-]?inf(?:inity)?|-?1\.#inf", re.IGNORECASE)
GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ .,'’\u00a0\u2009\u202f][0-9]{3})+(?:[.,][0-9]+)?")
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")


def is_missing(cell: str) -> bool:
    """Whether a cell of numbers says that there is none."""
    return cell.strip().lower() in MISSING


def numbers(cells: Sequence[tuple[str, str]], delimiter: str) -> list[float]:
    """All numeric cells of a file as numbers, NaN where there is none.

    They are read together, because a decimal comma in one rules out a decimal point in all others.

    Parameters
    ----------
    cells
        (where, cell): `where` names file, line and column for a message.
    delimiter
        Of the file. Where it is a comma, no decimal commas are taken.

    Raises
    ------
    ValueError
        When a cell holds no number, an infinite one, or a decimal comma or thousands separator that is ambiguous.
    """
    with_comma = [one for one in cells if COMMA_NUMBER.fullmatch(one[1].strip())]
    with_point = [one for one in cells if "." in one[1] and NUMBER.fullmatch(one[1].strip())]
    if with_comma and delimiter in ("", ","):
        where, cell = with_comma[0]
        raise ValueError(
            f"{where}: {cell.strip()!r} has a decimal comma or a thousands separator; write a decimal point, or "
            "separate the cells by semicolons"
        )
    if with_comma and with_point:
        (where, comma), (_, point) = with_comma[0], with_point[0]
        raise ValueError(
            f"{where}: {comma.strip()!r} has a comma, but the file also has {point.strip()!r}: "
            "it is unclear which mark is the decimal point; write all numbers with a decimal point"
        )
    if delimiter in (";", "\t"):
        _check_not_thousands(with_comma or with_point)
    return [_number(where, cell.strip(), comma=bool(with_comma)) for where, cell in cells]


def _check_not_thousands(cells: Sequence[tuple[str, str]]) -> None:
    """Where each separator comes before three digits, 1.000 may be a thousand, as it is in half of the world."""
    if cells and all(THOUSANDS.fullmatch(cell.strip()) for _, cell in cells):
        where, cell = cells[0]
        raise ValueError(
            f"{where}: {cell.strip()!r} may have decimals or a thousands separator, and no number of the file shows "
            "which; write numbers without thousands separators, and decimals with more or fewer than three digits"
        )


def _number(where: str, cell: str, *, comma: bool) -> float:
    if cell.lower() in MISSING:
        return math.nan
    if INFINITE.fullmatch(cell):
        raise ValueError(f"{where}: {cell!r} is infinite")
    text = cell.replace(",", ".") if comma and COMMA_NUMBER.fullmatch(cell) else cell
    if not NUMBER.fullmatch(text):
        hint = ""
        if GROUPED.fullmatch(cell):
            hint = ": leave out thousands separators"
        elif cell.startswith("#"):
            hint = ": the spreadsheet could not compute it"
        elif cell.startswith(("\u2212", "\u2013")):
            hint = ": its minus is not the sign on the keyboard"
        raise ValueError(f"{where}: {cell!r} is not a number{hint}")
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{where}: {cell!r} is too large")
    return value
