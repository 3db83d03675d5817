"""Tables of pairs and of placements as CSV; the other tables and cells are here by name too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Arrangement
from ..rdm import n_pairs, pair_index
from .bundle_tables import RDM_COLUMNS, Column
from .cells import csv_lines, escape_formula, format_cell, parse_cell, read_rows, unescape_formula
from .npz import read_npz, write_npz
from .rdm_set import OPTIONAL_ROWS, RDMSet
from .square import read_square_csv, write_square_csv
from .text import Table, check_names, is_missing, numbers, read_table

__all__ = [
    "PLACEMENT_COLUMNS",
    "csv_lines",
    "escape_formula",
    "format_cell",
    "parse_cell",
    "rdm_rows",
    "read_long_csv",
    "read_npz",
    "read_placements_csv",
    "read_rows",
    "read_square_csv",
    "unescape_formula",
    "write_long_csv",
    "write_npz",
    "write_placements_csv",
    "write_square_csv",
]

# Positions may miss the arena's edge by what is lost when a program writes seven digits.
EDGE = 0.5 + 1e-6
# How the column that says whose judgment a row holds is called in other programs' tables.
PERSON = re.compile(
    r"(rater|participant|subject|subj|sub|person|session|observer|judge|respondent|worker|user|prolific|vp|vpn)"
    r"([ _.-]*(id|pid|name|no|nr|num|number|code|key))?",
    re.IGNORECASE,
)


def rdm_rows(rdms: RDMSet) -> Iterator[list[Any]]:
    """One row for each rater and pair, in the columns of `RDM_COLUMNS`."""
    first, second = np.triu_indices(len(rdms.names), 1)
    extras = [getattr(rdms, label) for label in OPTIONAL_ROWS]
    for row, rater in enumerate(rdms.raters):
        for pair, (i, j) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
            more = [None if values is None else float(values[row, pair]) for values in extras]
            yield [rdms.method, rater, rdms.names[i], rdms.names[j], float(rdms.rdms[row, pair]), *more]


def write_long_csv(file: str | Path, rdms: RDMSet) -> None:
    """Write the RDMs as a table of pairs: one row for each rater and pair (columns: `RDM_COLUMNS`)."""
    with open(file, "w", encoding="utf-8", newline="") as handle:
        handle.writelines(csv_lines(RDM_COLUMNS, rdm_rows(rdms)))


def read_long_csv(file: str | Path, names: Sequence[str] | None = None, *, negative: bool = False) -> RDMSet:
    """Read a table of pairs: columns clip_a, clip_b and dissimilarity, and what else of `RDM_COLUMNS` is there.

    Without `rater` and `method` it is one RDM of the rater "". The clips of a pair may come in either order; a pair
    without a row, or without a number, is missing. Without `names`, items and raters are in the order of their first
    appearance. With `negative`, dissimilarities may be negative, as cross-validated distances can be.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason: a column is missing, a cell does not hold its kind, a pair comes twice
        (in either order) or is of a clip with itself, a clip is not in `names`, a dissimilarity is negative or
        infinite, or the methods of the rows differ.
    """
    table = _read(file, ("clip_a", "clip_b", "dissimilarity"))
    if "rater" not in table.header:
        _check_one_rater(table, "name that column rater")
    texts = {key: _texts(table, key) for key in ("method", "rater", "clip_a", "clip_b")}
    values = _numbers(table, [label for label in ("dissimilarity", *OPTIONAL_ROWS) if label in table.header])
    methods = sorted(set(texts["method"]))
    if len(methods) > 1:
        raise ValueError(f"{file}: rows of several methods: {', '.join(methods)}")
    items = list(dict.fromkeys(texts["clip_a"] + texts["clip_b"])) if names is None else list(names)
    raters = list(dict.fromkeys(texts["rater"]))
    lines = [line for line, _ in table.rows]
    given = [] if names is None else [(name, None) for name in names]
    rows = zip(lines, texts["clip_a"], texts["clip_b"], strict=True)
    check_names([*given, *((clip, line) for line, *pair in rows for clip in pair)], str(file))
    check_names(zip(texts["rater"], lines, strict=True), str(file))
    place = {name: index for index, name in enumerate(items)}
    rater_place = {rater: index for index, rater in enumerate(raters)}
    found = {label: np.full((len(raters), n_pairs(len(items))), np.nan) for label in values}
    line_of: dict[tuple[str, int], int] = {}
    for k, (line, _) in enumerate(table.rows):
        rater, one, other = texts["rater"][k], texts["clip_a"][k], texts["clip_b"][k]
        where = f"{file}, line {line}"
        for clip in (one, other):
            if clip not in place:
                raise ValueError(f"{where}: the clip {clip!r} is not among the names")
        if one == other:
            raise ValueError(f"{where}: the pair of {one!r} with itself; leave such rows out")
        pair = int(pair_index(np.array(place[one]), np.array(place[other]), len(items)))
        if (rater, pair) in line_of:
            raise ValueError(
                f"{where}: the pair ({one}, {other}) came before, in line {line_of[rater, pair]}"
                + (f", for the rater {rater!r}" if rater else "")
            )
        line_of[rater, pair] = line
        if values["dissimilarity"][k] < 0 and not negative:
            raise ValueError(f"{where}: the dissimilarity {values['dissimilarity'][k]:.10g} is negative")
        for label, column in values.items():
            found[label][rater_place[rater], pair] = column[k]
    extras = {label: found[label] for label in OPTIONAL_ROWS if label in found and np.isfinite(found[label]).any()}
    return RDMSet(found["dissimilarity"], items, raters, methods[0] if methods else "", **extras)


def _read(file: str | Path, required: Sequence[str]) -> Table:
    def lacks(header: Sequence[str]) -> str:
        """Which of the required columns are missing."""
        missing = [column for column in required if column not in header]
        return f"no column is named {', '.join(missing)}" if missing else ""

    return read_table(file, lacks)


def _check_one_rater(table: Table, remedy: str) -> None:
    """Refuse judgments of several people, which would be put together as those of one."""
    for place, column in enumerate(table.header):
        people = list(dict.fromkeys(cells[place].strip() for _, cells in table.rows))
        if PERSON.fullmatch(column) and len(people) > 1:
            shown = ", ".join(map(repr, people[:3])) + (", ..." if len(people) > 3 else "")
            raise ValueError(f"{table.name}, line 1: column {column!r} names several people ({shown}); {remedy}")


def _texts(table: Table, column: str) -> list[str]:
    """The column's texts; a column that is not there is empty."""
    if column not in table.header:
        return [""] * len(table.rows)
    place = table.header.index(column)
    found = [unescape_formula(cells[place]) for _, cells in table.rows]
    for (line, _), text in zip(table.rows, found, strict=True):
        if column not in ("method", "rater") and not text.strip():
            raise ValueError(f"{table.name}, line {line}: column {column} is empty")
    return found


def _numbers(table: Table, labels: Sequence[str]) -> dict[str, list[float]]:
    """Columns of numbers by name; true and false, in any case, are 1 and 0."""
    words = {"true": "1", "false": "0"}
    cells = [
        (f"{table.name}, line {line}: column {label}", words.get(cell.strip().lower(), cell))
        if label == "predicted"
        else (f"{table.name}, line {line}: column {label}", cell)
        for label in labels
        for line, row in table.rows
        for cell in [row[table.header.index(label)]]
    ]
    values = numbers(cells, table.delimiter)
    n = len(table.rows)
    return {label: values[k * n : (k + 1) * n] for k, label in enumerate(labels)}


PLACEMENT_COLUMNS = (
    Column("trial", "int", "", "Place of the trial in the list, from 1", True),
    Column("item", "text", "", "Name of the item", True),
    Column("x", "float", "arena diameters", "To the right of the arena's centre", True),
    Column("y", "float", "arena diameters", "See the source for the direction", True),
)


def write_placements_csv(file: str | Path, arrangements: Iterable[Arrangement], names: Sequence[str]) -> None:
    """Write one rater's arrangements as a table of placements: trial (from 1), item, x, y in arena diameters."""
    rows = (
        [number, names[item], x, y]
        for number, trial in enumerate(arrangements, start=1)
        for item, (x, y) in zip(trial.items.tolist(), trial.positions.tolist(), strict=True)
    )
    with open(file, "w", encoding="utf-8", newline="") as handle:
        handle.writelines(csv_lines(PLACEMENT_COLUMNS, rows))


def read_placements_csv(
    file: str | Path, names: Sequence[str] | None = None, *, arena: tuple[float, float, float] = (0.0, 0.0, 1.0)
) -> tuple[list[Arrangement], tuple[str, ...]]:
    """Arrangements and names of a table of placements; without `names`, items are in the order in which they come.

    Parameters
    ----------
    names
        The items that trials may hold, in the order of their indices.
    arena
        The arena in the unit of the table: x and y of its centre, and its diameter. (0, 0, 1) where positions are in
        arena diameters, as `write_placements_csv` writes them; (0, 0, 2) where the arena's radius is 1; for pixels its
        centre and diameter on the screen.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason: a column is missing, a cell is empty or not of its kind, an item is
        not in `names` or comes twice in a trial, or a position lies outside the arena, as it does when the unit is
        another.
    """
    x0, y0, diameter = arena
    if not (np.isfinite(arena).all() and diameter > 0):
        raise ValueError(f"arena must be (x, y, diameter) with a diameter above 0, got {arena}")
    table = _read(file, [column.name for column in PLACEMENT_COLUMNS])
    _check_one_rater(table, "placements are read from one file for each")
    items = _texts(table, "item")
    values = _numbers(table, ["trial", "x", "y"])
    order = tuple(dict.fromkeys(items)) if names is None else tuple(names)
    given = [] if names is None else [(name, None) for name in names]
    check_names([*given, *zip(items, (line for line, _ in table.rows), strict=True)], str(file))
    place = {name: index for index, name in enumerate(order)}
    trials: dict[int, dict[int, tuple[float, float]]] = {}
    for k, (line, cells) in enumerate(table.rows):
        where = f"{file}, line {line}"
        for column in ("trial", "x", "y"):
            if is_missing(cells[table.header.index(column)]):
                raise ValueError(f"{where}: column {column} is empty")
        if not values["trial"][k].is_integer():
            raise ValueError(f"{where}: column trial holds whole numbers, got {values['trial'][k]}")
        if items[k] not in place:
            raise ValueError(f"{where}: the item {items[k]!r} is not among the names")
        x, y = (values["x"][k] - x0) / diameter, (values["y"][k] - y0) / diameter
        if x * x + y * y > EDGE * EDGE:
            raise ValueError(f"{where}: {_outside(values['x'][k], values['y'][k], arena)}")
        trial = trials.setdefault(int(values["trial"][k]), {})
        if place[items[k]] in trial:
            raise ValueError(f"{where}: the item {items[k]!r} comes twice in trial {int(values['trial'][k])}")
        trial[place[items[k]]] = (x, y)
    return [Arrangement(list(trials[t]), list(trials[t].values())) for t in sorted(trials)], order


def _outside(x: float, y: float, arena: tuple[float, float, float]) -> str:
    told = f"the position ({x:g}, {y:g}) lies outside the arena"
    if arena != (0.0, 0.0, 1.0):
        return f"{told} with the centre ({arena[0]:g}, {arena[1]:g}) and the diameter {arena[2]:g}"
    return (
        f"{told}, whose centre is (0, 0) and whose diameter is 1. If the unit is another, say so: arena=(0, 0, 2) "
        "where the arena's radius is 1, arena=(x, y, diameter) for pixels"
    )
