"""Columns of tables that others made: found by name, also by a name of theirs, and read as texts or numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .cells import unescape_text
from .number_cells import numbers
from .text import Table, read_table

# How the column that says whose judgment a row holds is called in other programs' tables.
PERSON = re.compile(
    r"(rater|participant|subject|subj|sub|person|session|observer|judge|respondent|worker|user|prolific|vp|vpn)"
    r"([ _.-]*(id|pid|name|no|nr|num|number|code|key))?",
    re.IGNORECASE,
)
# What may say so too, unless it numbers rows or items; and what tells apart RDMs that are no people's.
PERHAPS_PERSON = re.compile(
    r"id|[psu]?id|uuid|code|token|initials|run[ _.-]?id|ppt?s?|proband\w*|versuchsperson\w*|teilnehmer\w*|sujet\w*|"
    r"sujeto\w*|participante\w*|partecipante\w*|model|layer|roi|region",
    re.IGNORECASE,
)


def read_with_columns(file: str | Path, required: Sequence[str], columns: Mapping[str, str]) -> Table:
    """The table with its columns called as we call them.

    Parameters
    ----------
    columns
        By our name the table's name of a column, for those that are called otherwise.

    Raises
    ------
    ValueError
        As `text.read_table`, when a required column is missing, or two of ours are one of the table's.
    """
    theirs = {column: columns.get(column, column) for column in (*required, *columns)}

    def lacks(header: Sequence[str]) -> str:
        """Which of the required columns are missing."""
        missing = [name for name in theirs.values() if name not in header]
        return f"no column is named {', '.join(missing)}" if missing else ""

    table = read_table(file, lacks)
    for name in theirs.values():
        if list(theirs.values()).count(name) > 1:
            both = " and ".join(column for column, named in theirs.items() if named == name)
            raise ValueError(f"{table.name}: the column {name!r} cannot be {both} at once")
    ours = {name: column for column, name in theirs.items()}
    # A column of ours that is not meant keeps out of the way.
    taken = set(theirs) - set(theirs.values())
    header = [ours.get(name, f"{name} (not used)" if name in taken else name) for name in table.header]
    return replace(table, header=header)


def check_one_rater(table: Table, remedy: str) -> None:
    """Refuse judgments of several people, or several models, which would be put together as those of one."""
    items = [cells[table.header.index("item")] for _, cells in table.rows] if "item" in table.header else []
    for place, column in enumerate(table.header):
        cells = [row[place].strip() for _, row in table.rows]
        named = list(dict.fromkeys(cells))
        numbers_items = bool(items) and len(named) == len(set(items)) == len(set(zip(cells, items, strict=True)))
        perhaps = PERHAPS_PERSON.fullmatch(column) and len(named) < len(cells) and not numbers_items
        if len(named) > 1 and (PERSON.fullmatch(column) or perhaps):
            shown = ", ".join(map(repr, named[:3])) + (", ..." if len(named) > 3 else "")
            raise ValueError(f"{table.name}, line 1: column {column!r} names several people ({shown}); {remedy}")


def texts_of(table: Table, column: str) -> list[str]:
    """The column's texts; a column that is not there is empty."""
    if column not in table.header:
        return [""] * len(table.rows)
    place = table.header.index(column)
    texts = [unescape_text(cells[place]) for _, cells in table.rows]
    for (line, _), text in zip(table.rows, texts, strict=True):
        if column not in ("method", "rater") and not text.strip():
            raise ValueError(f"{table.name}, line {line}: column {column} is empty")
    return texts


def number_columns(table: Table, labels: Sequence[str]) -> dict[str, list[float]]:
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
