"""Tables of pairs and of placements as CSV; the other tables and cells are here by name too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..arrangement import Ints
from ..rdm import n_pairs, pair_index
from .bundle_tables import RDM_COLUMNS
from .cells import csv_lines, escape_text, format_cell, parse_cell, read_rows, unescape_text
from .names_alike import check_names
from .npz import read_npz, write_npz
from .placement_table import EDGE, PLACEMENT_COLUMNS, read_placements_csv, write_placements_csv
from .rdm_rows import RDMS, RDMs
from .rdm_set import OPTIONAL_ROWS, RDMSet
from .square import ROUNDING, read_square_csv, write_square_csv
from .table_columns import check_one_rater, number_columns, read_with_columns, texts_of

__all__ = [
    "EDGE",
    "PLACEMENT_COLUMNS",
    "csv_lines",
    "escape_text",
    "format_cell",
    "parse_cell",
    "rdm_rows",
    "read_long_csv",
    "read_npz",
    "read_placements_csv",
    "read_rows",
    "read_square_csv",
    "unescape_text",
    "write_long_csv",
    "write_npz",
    "write_placements_csv",
    "write_square_csv",
]

# Pairs that are rows in memory.
ROWS_AT_ONCE = 4096


def rdm_rows(rdms: RDMs, pairs: Ints | None = None) -> Iterator[list[Any]]:
    """One row for each rater and pair, or each of these `pairs`, in the columns of `RDM_COLUMNS`."""
    first, second = np.triu_indices(len(rdms.names), 1)
    if pairs is not None:
        first, second = first[pairs], second[pairs]
    kinds, missing = (RDMS, *OPTIONAL_ROWS), [None] * ROWS_AT_ONCE
    rows = {kind: rdms.rows(kind) for kind in rdms.kinds}
    for rater in rdms.raters:
        of_rater = {kind: next(values) for kind, values in rows.items()}
        if pairs is not None:
            of_rater = {kind: values[pairs] for kind, values in of_rater.items()}
        for start in range(0, first.size, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            clips = first[part].tolist(), second[part].tolist()
            columns = [of_rater[kind][part].tolist() if kind in of_rater else missing for kind in kinds]
            for i, j, *values in zip(*clips, *columns, strict=False):
                yield [rdms.method, rater, rdms.names[i], rdms.names[j], *values]


def write_long_csv(file: str | Path, rdms: RDMs, *, only_known: bool = False) -> None:
    """Write the RDMs as a table of pairs: one row for each rater and pair (columns: `RDM_COLUMNS`).

    With `only_known` pairs that have no value for any rater, such as those of two sets of clips, have no rows.
    """
    pairs = None
    if only_known:
        kinds = [kind for kind in (RDMS, "completed") if kind in rdms.kinds]
        pairs = np.flatnonzero(np.any([np.isfinite(row) for kind in kinds for row in rdms.rows(kind)], axis=0))
    with open(file, "w", encoding="utf-8", newline="") as handle:
        handle.writelines(csv_lines(RDM_COLUMNS, rdm_rows(rdms, pairs)))


def read_long_csv(
    file: str | Path,
    names: Sequence[str] | None = None,
    *,
    negative: bool = False,
    columns: Mapping[str, str] | None = None,
) -> RDMSet:
    """Read a table of pairs: columns clip_a, clip_b and dissimilarity, and what else of `RDM_COLUMNS` is there.

    Without `rater` and `method` it is one RDM of the rater "". The clips of a pair may come in either order, or in both
    with the same numbers, and a clip with itself at 0, as when a whole square was made long. A pair without a row, or
    without a number, is missing. Without `names`, items and raters are in the order of their first
    appearance. With `negative`, dissimilarities may be negative, as cross-validated distances can be. `columns` has by
    our name what the table calls a column, for those that are called otherwise.

    Raises
    ------
    ValueError
        Naming the file, the line and the reason: a column is missing, a cell does not hold its kind, a pair appears
        twice in one order or with different numbers in both, a clip has more than 0 with itself, a clip is not in
        `names`, a dissimilarity is negative or infinite, or the methods of the rows differ.
    """
    table = read_with_columns(file, ("clip_a", "clip_b", "dissimilarity"), columns or {})
    if "rater" not in table.header:
        check_one_rater(table, "name that column rater")
    texts = {key: texts_of(table, key) for key in ("method", "rater", "clip_a", "clip_b")}
    values = number_columns(table, [label for label in ("dissimilarity", *OPTIONAL_ROWS) if label in table.header])
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
    vectors = {label: np.full((len(raters), n_pairs(len(items))), np.nan) for label in values}
    first_row: dict[tuple[str, int], int] = {}
    largest = np.nanmax(np.abs(values["dissimilarity"]), initial=0.0)
    zero = ROUNDING * (largest if np.isfinite(largest) else 0.0)
    for k, (line, _) in enumerate(table.rows):
        rater, one, other = texts["rater"][k], texts["clip_a"][k], texts["clip_b"][k]
        where = f"{file}, line {line}"
        for clip in (one, other):
            if clip not in place:
                raise ValueError(f"{where}: the clip {clip!r} is not among the names")
        if one == other:
            if abs(values["dissimilarity"][k]) > zero:
                raise ValueError(f"{where}: {one!r} has {values['dissimilarity'][k]:.10g} with itself, not 0")
            continue
        pair = int(pair_index(np.array(place[one]), np.array(place[other]), len(items)))
        first = first_row.setdefault((rater, pair), k)
        if first != k:
            turned = (one, other) == (texts["clip_b"][first], texts["clip_a"][first])
            if not (turned and all(_same(column[k], column[first]) for column in values.values())):
                raise ValueError(
                    f"{where}: the pair ({one}, {other}) came before, in line {lines[first]}"
                    + (", with other numbers" if turned else "")
                    + (f", for the rater {rater!r}" if rater else "")
                )
            continue
        if values["dissimilarity"][k] < 0 and not negative:
            raise ValueError(f"{where}: the dissimilarity {values['dissimilarity'][k]:.10g} is negative")
        for label, column in values.items():
            vectors[label][rater_place[rater], pair] = column[k]
    extras = {
        label: vectors[label] for label in OPTIONAL_ROWS if label in vectors and np.isfinite(vectors[label]).any()
    }
    return RDMSet(vectors["dissimilarity"], items, raters, methods[0] if methods else "", **extras)


def _same(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=ROUNDING, atol=0, equal_nan=True))
