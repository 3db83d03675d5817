"""Tables that hold raters' judgments, recognised by their header: placements, pairs, squares, stacks, jsPsych's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Floats
from . import jspsych
from .bundle_tables import RDM_COLUMNS
from .hints import Hints
from .number_cells import NUMBER, is_missing, numbers
from .placement_table import ROLES, WHOLE_ARENA, read_raters_table
from .rdm_stacks import MIN_ITEMS, is_square_rdm
from .readable import READABLE
from .source import Source, source_of_rdms
from .square import read_square_csv
from .stack_source import stack_source
from .tables import read_long_csv
from .text import Grid, Record, read_grids

PAIR_ROLES = ("rater", "clip_a", "clip_b", "dissimilarity")


def table_source(file: Path, hints: Hints) -> Source:
    """The raters of a table: of placements, of pairs, a square, a stack of RDMs, or jsPsych's.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason; or how to say which column is which.
    """
    grids = read_grids(file)
    headers = [{cell.strip() for cell in grid.records[0][1]} for grid in grids if grid.records]
    if others := hints.columns.keys() - {*ROLES, *PAIR_ROLES}:
        roles = ", ".join(dict.fromkeys((*ROLES, *PAIR_ROLES)))
        raise ValueError(f"{file}: there is no column {sorted(others)[0]!r} to say; there are {roles}")
    if any(jspsych.LOCATIONS in header for header in headers):
        hints.only(jspsych.KIND, "arena", "columns", "names")
        return jspsych.read_csv_data(
            file, arena=hints.arena, rater=jspsych.rater_field(hints.columns), names=hints.names
        )
    if any({"clip_a", "clip_b"} & {*header, *hints.columns} for header in headers):
        hints.only("a table of pairs", "columns", "names", "negative")
        rdms = read_long_csv(file, hints.names or None, negative=hints.negative, columns=hints.columns)
        used = {*PAIR_ROLES, *(column.name for column in RDM_COLUMNS), *hints.columns.values()}
        required = {hints.columns.get(role, role) for role in ("clip_a", "clip_b")}
        remarks = _not_used(headers, required, used)
        return source_of_rdms("RDMs in a table of pairs", rdms, remarks, unnamed=file.stem)
    if hints.columns or any({"trial", "item", "x", "y"} <= header for header in headers):
        return _placements(file, headers, hints)
    return _matrix(file, grids, headers, hints)


def _placements(file: Path, headers: Sequence[set[str]], hints: Hints) -> Source:
    hints.only("a table of placements", "columns", "arena", "y_down", "names")
    columns = dict(hints.columns)
    if "rater" not in columns and not any("rater" in header for header in headers):
        columns["rater"] = "-"
    arena = hints.arena or WHOLE_ARENA
    source = read_raters_table(file, columns, names=hints.names or None, arena=arena, y_down=hints.y_down)
    theirs = {role: columns.get(role, role) for role in ROLES}
    told = _not_used(headers, set(theirs.values()) - {"-"}, set(theirs.values()))
    return replace(source, remarks=(*source.remarks, *told))


def _not_used(headers: Sequence[set[str]], required: set[str], used: set[str]) -> list[str]:
    """Which columns of a table nothing was read from, in words: one of them may tell apart what was put together."""
    header = next((header for header in headers if required & header), set[str]())
    unused = sorted(header - used - {""})
    return [f"Not used: the column{'s' if len(unused) > 1 else ''} {', '.join(unused)}."] if unused else []


def _matrix(file: Path, grids: Sequence[Grid], headers: Sequence[set[str]], hints: Hints) -> Source:
    """A square with names, or numbers alone."""
    hints.only("a table of numbers", "names", "raters", "negative")
    try:
        rdms = read_square_csv(file, names=hints.names or None, negative=hints.negative)
        if len(rdms.names) < MIN_ITEMS:
            raise ValueError(f"{file}: a square of {len(rdms.names)} cells holds no dissimilarities")
        return source_of_rdms("a square table of dissimilarities", rdms, unnamed=file.stem)
    except ValueError as error:
        array = next((one for grid in grids if (one := _numbers_alone(grid.records, grid)) is not None), None)
        if array is not None:
            _check_counts_nothing(array, file)
            return stack_source("RDMs in a table of numbers", array, file, str(file), hints)
        columns = [cell.strip() for cell in grids[0].records[0][1] if cell.strip()] if headers else []
        words = [word for name in columns for word in name.split() if not NUMBER.fullmatch(word)]
        if any(re.search(r"[^\W\d]", word) for word in words) and not _is_named_square(grids[0]):
            only_numbers = _numbers_alone(grids[0].records[1:], grids[0]) is not None
            stack = "Of RDMs as rows or columns of numbers take out the line with names. " if only_numbers else ""
            shown = ", ".join(columns[:12]) + (", …" if len(columns) > 12 else "")
            raise ValueError(
                f"{file}: its columns are {shown}. Of a table of placements say which column is which "
                "(columns rater=…,trial=…,item=…,x=…,y=…), of a table of pairs too (columns rater=…,clip_a=…,clip_b=…,"
                f"dissimilarity=…). {stack}Otherwise: {str(error).removeprefix(f'{file}: ')}. What can be read: "
                f"{' '.join(READABLE.split())}"
            ) from error
        raise


def _is_named_square(grid: Grid) -> bool:
    """Whether a table has about as many columns as rows, and names of its columns are names of its rows too, or
    numbers alone are below them."""
    widths = [len(cells) for _, cells in grid.records]
    if len(widths) < 3 or abs(max(widths) - len(widths)) > 1:
        return False
    columns = {cell.strip() for cell in grid.records[0][1]} - {""}
    below = [(line, cells[1:]) for line, cells in grid.records[1:]]
    return bool(columns & {cells[0].strip() for _, cells in grid.records[1:] if cells}) or (
        _numbers_alone(below, grid) is not None
    )


def _numbers_alone(records: Sequence[Record], grid: Grid) -> Any:
    """The numbers of lines without names, (rows, columns); None when they hold something else."""
    widths = {len(cells) for _, cells in records}
    if len(widths) != 1:
        return None
    cells = [(f"{grid.name}, line {line}", cell) for line, row in records for cell in row]
    try:
        values = numbers(cells, grid.delimiter)
    except ValueError:
        return None
    if all(is_missing(cell) for _, cell in cells):
        return None
    return np.array(values).reshape(len(records), widths.pop())


def _check_counts_nothing(array: Floats, file: Path) -> None:
    """Refuse a header or row numbers among the numbers, as pandas writes them: 0, 1, 2, … would be part of an RDM."""
    if array.shape[0] == array.shape[1] and is_square_rdm(array) and not np.isnan(np.diagonal(array)).any():
        return
    for lines, what in ((array, "line"), (array.T, "column")):
        # The corner of both is empty.
        counted = lines[0][1:] if np.isnan(lines[0][0]) else lines[0]
        if len(lines) < 2 or len(counted) < 3 or counted[0] not in (0, 1):
            continue
        if np.array_equal(counted, np.arange(len(counted)) + counted[0]):
            shown = ", ".join(f"{value:g}" for value in counted[:3])
            raise ValueError(
                f"{file}: its first {what} counts {shown}, … as a header or row numbers do: take these out, so that "
                "only dissimilarities are left"
            )
