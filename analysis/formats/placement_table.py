"""Tables of placements, one row for each item of a trial: of one rater, or of many, in columns of any name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..arrangement import Arrangement
from .bundle_tables import Column
from .cells import csv_lines
from .names_alike import check_names
from .number_cells import is_missing
from .source import Source, SourceRater
from .table_columns import check_one_rater, number_columns, read_with_columns, texts_of
from .text import Table

# Positions may miss the arena's edge by what is lost when a program writes seven digits.
EDGE = 0.5 + 1e-6
WHOLE_ARENA = (0.0, 0.0, 1.0)
KIND = "a table of placements"
PLACEMENT_COLUMNS = (
    Column("trial", "int", "", "Place of the trial in the list, from 1", True),
    Column("item", "text", "", "Name of the item", True),
    Column("x", "float", "arena diameters", "To the right of the arena's centre", True),
    Column("y", "float", "arena diameters", "See the source for the direction", True),
)
# Of a trial, also as R and pandas write it: 1, 01 and 1.0 are one.
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.0*)?")
ROLES = ("rater", "trial", "item", "x", "y")


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
    file: str | Path, names: Sequence[str] | None = None, *, arena: tuple[float, float, float] = WHOLE_ARENA
) -> tuple[list[Arrangement], tuple[str, ...]]:
    """Arrangements and names of one rater's table of placements, with the columns of `write_placements_csv`.

    Without `names`, items are in the order in which they come. Trials are in the order of their numbers.

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
        not in `names` or appears twice in a trial, or a position lies outside the arena, as it does when the unit is
        another.
    """
    table = read_with_columns(file, [column.name for column in PLACEMENT_COLUMNS], {})
    check_one_rater(table, "placements are read from one file for each")
    numbers = number_columns(table, ["trial"])["trial"]
    for (line, cells), number in zip(table.rows, numbers, strict=True):
        if is_missing(cells[table.header.index("trial")]):
            raise ValueError(f"{table.name}, line {line}: column trial is empty")
        if not number.is_integer():
            raise ValueError(f"{table.name}, line {line}: column trial holds whole numbers, got {number}")
    trials, order = _arrangements(table, [""] * len(numbers), [int(number) for number in numbers], names, arena)
    return trials.get("", []), order


def read_raters_table(
    file: str | Path,
    columns: Mapping[str, str],
    *,
    names: Sequence[str] | None = None,
    arena: tuple[float, float, float] = WHOLE_ARENA,
    y_down: bool = False,
) -> Source:
    """Raters' arrangements from one table of placements in columns of any name.

    Parameters
    ----------
    columns
        The table's names of the columns rater, trial, item, x and y, for those that are called otherwise; "-" for a
        rater or trial without a column, where the table has one rater, or each rater one trial.
    names, arena
        As in `read_placements_csv`.
    y_down
        Whether y grows downwards, as it does on screens. It changes no distance.

    Raises
    ------
    ValueError
        As `read_placements_csv`, and when a column is named that the table does not have.
    """
    wanted = [role for role in ROLES if columns.get(role) != "-"]
    table = read_with_columns(file, wanted, {role: name for role, name in columns.items() if name != "-"})
    if "rater" not in wanted:
        check_one_rater(table, "say which column has the rater (columns rater=NAME)")
    keys = {}
    for role, instead in (("rater", "rater 1"), ("trial", "1")):
        cells = texts_of(table, role) if role in wanted else [instead] * len(table.rows)
        for (line, _), text in zip(table.rows, cells, strict=True):
            if is_missing(text):
                reason = f"holds {text.strip()!r}, which says that there is none" if text.strip() else "is empty"
                raise ValueError(f"{table.name}, line {line}: column {columns.get(role, role)} {reason}")
        keys[role] = [text.strip() for text in cells]
    check_names(zip(keys["rater"], (line for line, _ in table.rows), strict=True), str(file))
    trials, order = _arrangements(table, keys["rater"], _in_order(keys["trial"]), names, arena)
    if y_down:
        trials = {rater: [Arrangement(t.items, t.positions * (1, -1)) for t in done] for rater, done in trials.items()}
    raters = tuple(SourceRater(name, tuple(done), ((None, None),) * len(done)) for name, done in trials.items())
    told = [f"{columns[role]} was taken for {role}" for role in ROLES if columns.get(role, "-") != "-"]
    remarks = [f"Columns: {', '.join(told)}."] if told else []
    if arena != WHOLE_ARENA:
        remarks.append(f"The arena has its centre at ({arena[0]:g}, {arena[1]:g}) and a diameter of {arena[2]:g}.")
    return Source(KIND, order, raters, tuple(remarks))


def _in_order(trials: Sequence[str]) -> list[int]:
    """Numbers that put trials into the order of their numbers, or of their first appearance where they have names."""
    if all(WHOLE_NUMBER.fullmatch(text) for text in trials):
        return [int(text.partition(".")[0]) for text in trials]
    place = {text: number for number, text in enumerate(dict.fromkeys(trials))}
    return [place[text] for text in trials]


def _arrangements(
    table: Table,
    raters: Sequence[str],
    trials: Sequence[int],
    names: Sequence[str] | None,
    arena: tuple[float, float, float],
) -> tuple[dict[str, list[Arrangement]], tuple[str, ...]]:
    """The arrangements by rater, and the items; `raters` and `trials` have one entry for each row."""
    x0, y0, diameter = arena
    if not (np.isfinite(arena).all() and diameter > 0):
        raise ValueError(f"arena must be (x, y, diameter) with a diameter above 0, got {arena}")
    items = texts_of(table, "item")
    values = number_columns(table, ["x", "y"])
    order = tuple(dict.fromkeys(items)) if names is None else tuple(names)
    given = [] if names is None else [(name, None) for name in names]
    check_names([*given, *zip(items, (line for line, _ in table.rows), strict=True)], table.name)
    place = {name: index for index, name in enumerate(order)}
    by_rater: dict[str, dict[int, dict[int, tuple[float, float]]]] = {}
    for k, (line, cells) in enumerate(table.rows):
        where = f"{table.name}, line {line}"
        for column in ("x", "y"):
            if is_missing(cells[table.header.index(column)]):
                raise ValueError(f"{where}: column {column} is empty")
        if items[k] not in place:
            raise ValueError(f"{where}: the item {items[k]!r} is not among the names")
        x, y = (values["x"][k] - x0) / diameter, (values["y"][k] - y0) / diameter
        if x * x + y * y > EDGE * EDGE:
            raise ValueError(f"{where}: {_outside(values['x'][k], values['y'][k], arena)}")
        trial = by_rater.setdefault(raters[k], {}).setdefault(trials[k], {})
        if place[items[k]] in trial:
            whose = f" of {raters[k]}" if raters[k] else ""
            raise ValueError(f"{where}: the item {items[k]!r} appears twice in trial {trials[k]}{whose}")
        trial[place[items[k]]] = (x, y)
    arrangements = {
        rater: [Arrangement(list(theirs[t]), list(theirs[t].values())) for t in sorted(theirs)]
        for rater, theirs in by_rater.items()
    }
    return arrangements, order


def _outside(x: float, y: float, arena: tuple[float, float, float]) -> str:
    told = f"the position ({x:g}, {y:g}) lies outside the arena"
    if arena != WHOLE_ARENA:
        return f"{told} with the centre ({arena[0]:g}, {arena[1]:g}) and the diameter {arena[2]:g}"
    return (
        f"{told}, whose centre is (0, 0) and whose diameter is 1. If the unit is another, say so (arena): 0,0,2 "
        "where the arena's radius is 1, or x,y,diameter in pixels"
    )
