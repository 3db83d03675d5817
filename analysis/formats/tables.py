"""CSV and NPZ: cells that no spreadsheet takes for a formula, RDMs as square and as long tables, placements."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np

from analysis.arrangement import Arrangement
from analysis.formats.bundle_tables import RDM_COLUMNS, Column
from analysis.formats.rdm_set import OPTIONAL_ROWS, RDMSet
from analysis.rdm import n_pairs, to_condensed, to_square

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def inert(text: str) -> str:
    """The text as a cell that a spreadsheet shows and does not run; `original` takes it back.

    An apostrophe is put before a text that begins with = + - @, a tab, a line end or an apostrophe, also after blanks.
    """
    return "'" + text if text.startswith("'") or text.lstrip(" ").startswith(FORMULA_STARTS) else text


def original(cell: str) -> str:
    """The text that `inert` was given."""
    return cell[1:] if cell.startswith("'") else cell


def format_cell(value: Any, column: Column) -> str:
    """One value as the text of its CSV cell; None and NaN are empty.

    Raises
    ------
    ValueError
        When the value is not of the column's kind, is infinite, or is absent from a required column.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        if column.required:
            raise ValueError(f"column {column.name} must have a value")
        return ""
    if column.kind == "text":
        if not isinstance(value, str):
            raise ValueError(f"column {column.name} holds text, got {value!r}")
        return inert(value)
    if column.kind == "time":
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ValueError(f"column {column.name} holds times with a time zone, got {value!r}")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if column.kind == "bool":
        if value not in (0, 1):
            raise ValueError(f"column {column.name} holds true or false, got {value!r}")
        return "true" if value else "false"
    try:
        number = int(value) if column.kind == "int" else float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"column {column.name} holds numbers, got {value!r}") from None
    if number != value or not math.isfinite(number):
        raise ValueError(f"column {column.name} holds {column.kind} numbers, got {value!r}")
    return repr(number)


def parse_cell(cell: str, column: Column) -> Any:
    """The value of a CSV cell: str, int, float, bool, datetime in UTC, or None for an empty cell.

    An empty cell of a required text column is the empty text.

    Raises
    ------
    ValueError
        When the cell does not hold the column's kind.
    """
    if cell == "":
        if column.required and column.kind != "text":
            raise ValueError(f"column {column.name} is empty")
        return "" if column.required else None
    try:
        if column.kind == "int":
            return int(cell)
        if column.kind == "float":
            return float(cell)
        if column.kind == "bool":
            return {"true": True, "false": False}[cell]
        if column.kind == "time":
            return datetime.fromisoformat(cell)
    except (KeyError, ValueError):
        raise ValueError(f"column {column.name} holds {column.kind} values, got {cell!r}") from None
    return original(cell)


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any] | Mapping[str, Any]]) -> Iterator[str]:
    """The header and the rows as lines of CSV, one at a time: rows are sequences in column order, or mappings by name.

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
            values = row
        try:
            writer.writerow([format_cell(value, column) for value, column in zip(values, columns, strict=True)])
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        yield line.getvalue()


def read_rows(file: IO[str], columns: Sequence[Column], name: str) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file written by `csv_lines`, as dictionaries of typed values; other columns are left out.

    Raises
    ------
    ValueError
        Naming the file and line, when a column is missing or a cell does not hold its kind.
    """
    reader = csv.reader(file)
    header = next(reader, [])
    if missing := [column.name for column in columns if column.name not in header]:
        raise ValueError(f"{name}: no column is named {', '.join(missing)}")
    places = [(column, header.index(column.name)) for column in columns]
    for cells in reader:
        if len(cells) != len(header):
            raise ValueError(f"{name}, line {reader.line_num}: {len(cells)} cells under {len(header)} columns")
        try:
            yield {column.name: parse_cell(cells[place], column) for column, place in places}
        except ValueError as error:
            raise ValueError(f"{name}, line {reader.line_num}: {error}") from None


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


def read_long_csv(file: str | Path) -> RDMSet:
    """Read a table of pairs written by `write_long_csv`; items and raters in the order of their first appearance.

    Raises
    ------
    ValueError
        When a column is missing, a cell does not hold its kind, or the methods of the rows differ.
    """
    with open(file, encoding="utf-8", newline="") as handle:
        rows = list(read_rows(handle, RDM_COLUMNS, str(file)))
    names = list(dict.fromkeys([row["clip_a"] for row in rows] + [row["clip_b"] for row in rows]))
    raters = list(dict.fromkeys(row["rater"] for row in rows))
    methods = {row["method"] for row in rows}
    if len(methods) > 1:
        raise ValueError(f"{file}: rows of several methods: {', '.join(sorted(methods))}")
    place = {name: index for index, name in enumerate(names)}
    square = {
        label: np.full((len(raters), len(names), len(names)), np.nan) for label in ("dissimilarity", *OPTIONAL_ROWS)
    }
    rater_place = {rater: index for index, rater in enumerate(raters)}
    for row in rows:
        i, j, r = place[row["clip_a"]], place[row["clip_b"]], rater_place[row["rater"]]
        for label, values in square.items():
            if row[label] is not None:
                values[r, i, j] = values[r, j, i] = row[label]
    pairs = n_pairs(len(names))
    vectors = {label: np.array([to_condensed(one) for one in v]).reshape(-1, pairs) for label, v in square.items()}
    extras = {label: vectors[label] for label in OPTIONAL_ROWS if np.isfinite(vectors[label]).any()}
    return RDMSet(vectors["dissimilarity"], names, raters, methods.pop() if methods else "", **extras)


def write_square_csv(file: str | Path, names: Sequence[str], rdm: np.ndarray[Any, Any]) -> None:
    """Write one condensed RDM (P,) as a square table, names in its first row and column; missing pairs are empty.

    Raises
    ------
    ValueError
        When the vector does not have a value for each pair of names.
    """
    if rdm.shape != (n_pairs(len(names)),):
        raise ValueError(f"rdm must have shape ({n_pairs(len(names))},) for {len(names)} items, got {rdm.shape}")
    with open(file, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["", *map(inert, names)])
        for name, row in zip(names, to_square(rdm).tolist(), strict=True):
            writer.writerow([inert(name), *("" if math.isnan(value) else repr(value) for value in row)])


def read_square_csv(file: str | Path) -> RDMSet:
    """Read a square table of dissimilarities as an RDM of the rater ""; empty cells are missing pairs.

    Raises
    ------
    ValueError
        Naming the file, when the table is not square, its names differ, a cell is not a number, or it is not symmetric.
    """
    with open(file, encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row]
    names = [original(cell) for cell in rows[0][1:]] if rows else []
    if not names or [original(row[0]) for row in rows[1:]] != names or any(len(row) != len(names) + 1 for row in rows):
        raise ValueError(f"{file}: not a square table with the same names in its first row and first column")
    try:
        square = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[1:]])
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    square = square.reshape(len(names), len(names))
    if not np.allclose(square, square.T, rtol=1e-9, atol=0, equal_nan=True):
        raise ValueError(f"{file}: the table is not symmetric")
    return RDMSet(to_condensed(square), names, [""])


def write_npz(file: str | Path | IO[bytes], rdms: RDMSet) -> None:
    """Write the RDMs as NPZ: rdms (R, P), names, raters, method, and what else is known of the pairs (R, P)."""
    extras = {label: getattr(rdms, label) for label in OPTIONAL_ROWS if getattr(rdms, label) is not None}
    labels = {key: np.array(getattr(rdms, key), dtype=np.str_) for key in ("names", "raters", "method")}
    arrays: dict[str, Any] = {"rdms": rdms.rdms, **labels, **extras}
    np.savez_compressed(file, **arrays)


def read_npz(file: str | Path | IO[bytes]) -> RDMSet:
    """Read what `write_npz` wrote.

    Raises
    ------
    ValueError
        When the file is not an NPZ archive of RDMs.
    """
    if not zipfile.is_zipfile(file):
        raise ValueError(f"{file}: not an NPZ file")
    try:
        with np.load(file, allow_pickle=False) as data:
            arrays = dict(data)
        labels = arrays["names"].tolist(), arrays["raters"].tolist(), str(arrays["method"])
        extras = {label: arrays[label] for label in OPTIONAL_ROWS if label in arrays}
        return RDMSet(arrays["rdms"], *labels, **extras)
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{file}: not an NPZ file of RDMs ({error})") from error


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
    file: str | Path, names: Sequence[str] | None = None
) -> tuple[list[Arrangement], tuple[str, ...]]:
    """Arrangements and names of a table of placements; without `names`, items are in the order in which they come.

    Raises
    ------
    ValueError
        When a column is missing, a cell is not of its kind, or an item is not in `names`.
    """
    with open(file, encoding="utf-8-sig", newline="") as handle:
        rows = list(read_rows(handle, PLACEMENT_COLUMNS, str(file)))
    order = tuple(dict.fromkeys(row["item"] for row in rows)) if names is None else tuple(names)
    place = {name: index for index, name in enumerate(order)}
    trials: dict[int, list[tuple[int, float, float]]] = {}
    for row in rows:
        if row["item"] not in place:
            raise ValueError(f"{file}: the item {row['item']!r} is not among the names")
        trials.setdefault(row["trial"], []).append((place[row["item"]], row["x"], row["y"]))
    return [Arrangement([i for i, _, _ in trials[t]], [(x, y) for _, x, y in trials[t]]) for t in sorted(trials)], order
