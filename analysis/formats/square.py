"""An RDM as a square table: written with the names in its first row and column, read in the shapes that people have.

Over 300 lines: the shapes of one kind of table, each weighed against the others before one is accepted.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ..arrangement import Floats
from ..rdm import n_pairs, to_square, upper_triangle
from ..words import counted
from .cells import escape_text, unescape_text
from .names_alike import check_names
from .number_cells import MISSING, NUMBER, numbers
from .rdm_set import RDMSet
from .text import DELIMITERS, Grid, read_grids

# What is 0, or equal, up to the rounding of single precision, in which many programs compute distances.
ROUNDING = 1e-6
NOT_NEGATIVE = (
    "a dissimilarity is not negative. Are these similarities? (Cross-validated distances can be: say so, negative)"
)


def write_square_csv(file: str | Path, names: Sequence[str], rdm: Floats) -> None:
    """Write one condensed RDM (P,) as a square table, names in its first row and column; missing pairs are empty.

    Raises
    ------
    ValueError
        When the vector does not have a value for each pair of names.
    """
    if rdm.shape != (n_pairs(len(names)),):
        raise ValueError(f"rdm must have shape ({n_pairs(len(names))},) for {len(names)} items, got {rdm.shape}")
    with open(file, "w", encoding="utf-8", newline="") as handle:
        handle.writelines(square_lines(names, rdm))


def square_lines(names: Sequence[str], rdm: Floats) -> Iterator[str]:
    """The lines of `write_square_csv`, for an RDM (P,) that fits the names."""
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    rows = ([escape_text(name), *map(_cell, row)] for name, row in zip(names, to_square(rdm).tolist(), strict=True))
    for cells in chain([["", *map(escape_text, names)]], rows):
        line.seek(0)
        line.truncate()
        writer.writerow(cells)
        yield line.getvalue()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else repr(value)


def read_square_csv(file: str | Path, *, names: Sequence[str] | None = None, negative: bool = False) -> RDMSet:
    """Read a square table of dissimilarities as an RDM of the rater "".

    Names are in the first row, the first column, or both, where the corner may be empty, hold a word, or be left out
    (as R's `write.table` does). Row numbers beside names in the first row are passed over. A lower or an upper triangle
    is read where the other holds zeros or nothing at all. Empty cells and NA are missing pairs.

    Parameters
    ----------
    names
        The items of a table without names, in its order; of a table with names, what they must be.
    negative
        Whether dissimilarities may be negative, as cross-validated distances can be.

    Raises
    ------
    ValueError
        Naming the file, the line or the pair, and the reason: the table is not square, has no names and none were
        given, its names differ or repeat, a cell is no number, the diagonal is not 0, the two triangles disagree, or a
        value is negative or infinite.
    """
    grids = read_grids(file)
    readings = [reading for grid in grids for reading in _readings(grid)]
    if len({(reading.grid.delimiter, reading.kind) for reading in readings}) > 1:
        # Numbers for names, or names with commas: the table can be read in two ways. One that is an RDM is the one.
        possible = [reading for reading in readings if _is_rdm(reading)]
        if len(possible) > 1:
            raise ValueError(
                f"{file}: can be read with and without names; give each item a name with a letter in it, or write 0 on "
                "the diagonal"
            )
        readings = possible or readings
    if not readings:
        raise ValueError(f"{file}: {_why_not_square(grids[0])}")
    reading = readings[0]
    if reading.flaw:
        raise ValueError(f"{file}{reading.flaw}")
    if reading.names is None and names is None:
        raise ValueError(
            f"{file}: has no names: all its cells are numbers. Write the items' names into the first row and column, "
            "or give them in order (names)"
        )
    labels = reading.names if reading.names is not None else list(names or ())
    if names is not None and list(names) != labels:
        raise ValueError(f"{file}: its names are not those that were given, in the same order")
    if len(labels) != len(reading.body):
        raise ValueError(
            f"{file}: has {counted(len(reading.body), 'row')} for the {counted(len(labels), 'name')} given"
        )
    for name in labels:
        if labels.count(name) > 1 or not name.strip():
            raise ValueError(f"{file}: {f'the name {name!r} appears twice' if name.strip() else 'a name is empty'}")
    check_names(zip(labels, _lines_of_names(reading), strict=True), str(file))
    square = _square(reading)
    return RDMSet(condensed_of_square(square, labels, str(file), negative=negative), labels, [""])


def condensed_of_square(square: Floats, names: Sequence[str], where: str, *, negative: bool = False) -> Floats:
    """The condensed vector (P,) of a square matrix (n, n) of dissimilarities, NaN where a pair is missing.

    A triangle that is all zero, or all missing, while the other is not, is taken as left out.

    Raises
    ------
    ValueError
        Naming `where`, the item or pair, the values and the reason, when the matrix is not one of dissimilarities.
    """
    n = len(names)
    if square.shape != (n, n):
        raise ValueError(f"{where}: has shape {square.shape} for {n} items")
    if np.isinf(square).any():
        i, j = np.argwhere(np.isinf(square))[0]
        raise ValueError(f"{where}: the value of ({names[i]}, {names[j]}) is infinite")
    _check_diagonal(square, names, where)
    row, col = upper_triangle(n)
    upper, lower = square[row, col], square[col, row]
    chosen = _triangle(upper, lower)
    if chosen is None:
        scale = np.nanmax(np.abs(np.concatenate([upper, lower])))
        same = np.isclose(upper, lower, rtol=ROUNDING, atol=ROUNDING * scale * 1e-3, equal_nan=True)
        if not same.all():
            k = int(np.flatnonzero(~same)[0])
            raise ValueError(
                f"{where}: the table is not symmetric: the pair ({names[row[k]]}, {names[col[k]]}) has "
                f"{_shown(upper[k])} above the diagonal and {_shown(lower[k])} below it"
            )
        chosen = upper
    return np.asarray(chosen if negative else not_negative(chosen, names, where), dtype=np.float64)


def _without_rounding_below_zero(values: Floats) -> Floats:
    """With 0 for what rounding has made negative, as 1 minus the correlation of two equal items can be."""
    scale = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    return np.where((values < 0) & (values >= -ROUNDING * scale), 0.0, values)


def not_negative(rdm: Floats, names: Sequence[str], where: str) -> Floats:
    """The condensed RDM (P,), with 0 for what rounding has made negative.

    Raises
    ------
    ValueError
        Naming `where`, the pair and its value, when one is negative.
    """
    rdm = _without_rounding_below_zero(rdm)
    if (rdm < 0).any():
        k = int(np.flatnonzero(rdm < 0)[0])
        i, j = (int(axis[k]) for axis in upper_triangle(len(names)))
        raise ValueError(f"{where}: the pair ({names[i]}, {names[j]}) has {_shown(rdm[k])}: {NOT_NEGATIVE}")
    return rdm


def _triangle(upper: Floats, lower: Floats) -> Floats | None:
    """The triangle that holds the values when the other was left out; None when both hold values."""
    if np.isnan(upper).all() and not np.isnan(lower).all():
        return lower
    if np.isnan(lower).all():
        return upper
    if len(upper) > 1 and not upper.any() and lower.any():
        return lower
    if len(upper) > 1 and not lower.any() and upper.any():
        return upper
    return None


def _check_diagonal(square: Floats, names: Sequence[str], where: str) -> None:
    diagonal = np.diag(square)
    off = square[~np.eye(len(square), dtype=bool)]
    largest = float(np.nanmax(np.abs(off))) if np.isfinite(off).any() else 0.0
    wrong = np.flatnonzero(np.abs(diagonal) > ROUNDING * max(largest, 1e-300))
    if not wrong.size:
        return
    values = diagonal[wrong]
    if wrong.size == len(diagonal) and np.ptp(values) <= ROUNDING * abs(values[0]):
        raise ValueError(
            f"{where}: its diagonal is {_shown(values[0])}, not 0: these are similarities, not dissimilarities. "
            f"Convert them first, for example to {_shown(values[0])} minus similarity"
        )
    raise ValueError(
        f"{where}: the diagonal must be 0 or empty, but {names[wrong[0]]} has {_shown(values[0])} with itself"
    )


def _shown(value: float) -> str:
    return "nothing" if math.isnan(value) else f"{value:.10g}"


@dataclass(frozen=True)
class _Reading:
    """One way to take a grid: where its names are (`kind`), the names, and the square body as (line, cells).

    `flaw` says which line's names contradict each other.
    """

    grid: Grid
    kind: str
    names: list[str] | None
    body: list[tuple[int, list[str]]]
    flaw: str = ""


def _lines_of_names(reading: _Reading) -> list[int | None]:
    """The line of each name (n,); None for names that were given beside the file."""
    if reading.names is None:
        return [None] * len(reading.body)
    if reading.kind == "first row":
        return [reading.grid.records[0][0]] * len(reading.body)
    return [line for line, _ in reading.body]


def _is_value(cell: str) -> bool:
    text = cell.strip()
    return text.lower() in MISSING or bool(NUMBER.fullmatch(text.replace(",", ".")))


def _has_words(cells: Sequence[str]) -> bool:
    return any(not _is_value(cell) for cell in cells)


def _readings(grid: Grid) -> list[_Reading]:
    """The ways in which a grid is a square: which of them counts is decided by what the cells hold."""
    records = _trimmed(grid)
    if not records:
        return []
    readings = []
    top = records[0][1]
    below = records[1:]
    first = [cells[0] for _, cells in below]
    widths = {len(cells) for _, cells in below}
    n = len(below)
    if len(top) == n + 1 and _fits(below, 1):
        header = [unescape_text(cell) for cell in top[1:]]
        side = [unescape_text(cell) for cell in first]
        if all(cell.strip() for cell in header) and (_has_words([top[0]]) or not top[0].strip()):
            is_counted = not top[0].strip() and _counts(side) and _has_words(header)
            flaw = "" if is_counted else _differing_names(header, side, below)
            readings.append(_Reading(grid, "both", header, _without_first(below, n), flaw))
            if _has_words([top[0]]) and not flaw:
                # A word in the corner heads the names below it, also where these are numbers.
                return readings
    if len(top) == n and widths == {n + 1} and n > 0:
        header, side = [unescape_text(cell) for cell in top], [unescape_text(cell) for cell in first]
        flaw = "" if _counts(side) and _has_words(header) else _differing_names(header, side, below)
        if not flaw or _has_words(header):
            readings.append(_Reading(grid, "short header", header, _without_first(below, n), flaw))
    if len(top) == n and _fits(below, 0) and all(cell.strip() for cell in top):
        readings.append(_Reading(grid, "first row", [unescape_text(cell) for cell in top], _padded(below, n)))
    if _fits(records, 1, cut=True) and _has_words([cells[0] for _, cells in records]) and not _has_words(top[1:]):
        n = len(records)
        readings.append(
            _Reading(grid, "first column", [unescape_text(c[0]) for _, c in records], _without_first(records, n))
        )
    size = max(len(records), *(len(cells) for _, cells in records))
    if not any(_has_words(cells) for _, cells in records) and size - len(records) in (0, 1) and size > 1:
        padded = records if len(records) == size else [*records, (records[-1][0] + 1, [""] * size)]
        if _fits(padded, 0, cut=True):
            readings.append(_Reading(grid, "none", None, _padded(padded, size)))
    # Where names have letters in them nothing else is meant.
    return [reading for reading in readings if reading.names is not None and _has_words(reading.names)] or readings


def _counts(cells: Sequence[str]) -> bool:
    """Whether these are the row numbers that R and pandas write: 1, 2, 3, … or 0, 1, 2, …"""
    return [cell.strip() for cell in cells] in ([str(k + start) for k in range(len(cells))] for start in (0, 1))


def _trimmed(grid: Grid) -> list[tuple[int, list[str]]]:
    """The records without the blank cells and lines that Excel leaves at the right and at the end."""
    records = [(line, list(cells)) for line, cells in grid.records]
    while records and not any(cell.strip() for cell in records[-1][1]):
        records.pop()
    width = max((k + 1 for _, cells in records for k, cell in enumerate(cells) if cell.strip()), default=0)
    return [(line, cells[:width]) for line, cells in records]


def _fits(records: Sequence[tuple[int, list[str]]], offset: int, *, cut: bool = False) -> bool:
    """Whether the rows are a square behind `offset` cells: all of one length, or a lower triangle that grows by one.

    With `cut` the last column may be gone, as that of a lower triangle without its diagonal is when nothing names it.
    """
    n = len(records)
    lengths = [len(cells) - offset for _, cells in records]
    triangles = list(range(1, n + 1)), list(range(n))
    return n > 0 and (set(lengths) == {n} or lengths in triangles or (cut and set(lengths) == {n - 1}))


def _padded(records: Sequence[tuple[int, list[str]]], n: int) -> list[tuple[int, list[str]]]:
    return [(line, cells + [""] * (n - len(cells))) for line, cells in records]


def _without_first(records: Sequence[tuple[int, list[str]]], n: int) -> list[tuple[int, list[str]]]:
    return _padded([(line, cells[1:]) for line, cells in records], n)


def _differing_names(header: list[str], side: list[str], rows: Sequence[tuple[int, list[str]]]) -> str:
    for column, row, (line, _) in zip(header, side, rows, strict=True):
        if column != row:
            return (
                f", line {line}: the row is named {row!r}, but the column in its place {column!r}: a square table "
                "needs the same names in the same order in its first row and first column"
            )
    return ""


def _square(reading: _Reading) -> Floats:
    names = reading.names or [str(k + 1) for k in range(len(reading.body))]
    cells = [
        (f"{reading.grid.name}, line {line}, column {name}", cell)
        for line, row in reading.body
        for name, cell in zip(names, row, strict=True)
    ]
    return np.array(numbers(cells, reading.grid.delimiter)).reshape(len(names), len(names))


def _is_rdm(reading: _Reading) -> bool:
    if reading.flaw:
        return False
    try:
        square = _square(reading)
        condensed_of_square(square, [str(k) for k in range(len(square))], "", negative=True)
    except ValueError:
        return False
    missing = np.isnan(np.diag(square))
    return bool(missing.all() or not missing.any())


def _why_not_square(grid: Grid) -> str:
    records = _trimmed(grid)
    if not records:
        return "not a square table with the same names in its first row and first column: it holds nothing"
    widths = sorted({len(cells) for _, cells in records})
    shape = f"{counted(len(records), 'line')} of "
    f"{' to '.join(str(w) for w in dict.fromkeys((widths[0], widths[-1])))} cells"
    kind = DELIMITERS.get(grid.delimiter, "columns")
    if widths == [1] and len(records) > 1:
        kind = "commas, semicolons or tabs; nothing else separates them"
    return f"not a square table with the same names in its first row and first column: {shape} (separated by {kind})"
