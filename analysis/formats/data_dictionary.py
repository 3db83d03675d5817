"""The data dictionary of a bundle: each column of each table, with its kind, unit and meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .bundle_tables import RDM_COLUMNS, TABLES, Column

DICTIONARY_COLUMNS: tuple[Column, ...] = (
    Column("table", "text", "", "Table of the bundle", True),
    Column("column", "text", "", "Column of the table", True),
    Column("kind", "text", "", "Kind of its cells", True),
    Column("unit", "text", "", "Unit of its numbers"),
    Column("required", "text", "", "yes when each row has a value", True),
    Column("meaning", "text", "", "What it holds", True),
)


def dictionary_rows(
    own_tables: Mapping[str, Sequence[Column]] | None = None,
) -> list[tuple[str, str, str, str, str, str]]:
    """The data dictionary: (table, column, kind, unit, required, meaning) of every column of the bundle.

    `own_tables` are those whose columns are the study's own, by table.
    """
    tables = {**TABLES, **(own_tables or {}), "rdms": RDM_COLUMNS}
    return [
        (table, column.name, column.kind, column.unit, "yes" if column.required else "no", column.meaning)
        for table, columns in tables.items()
        for column in columns
    ]


def dictionary_markdown(own_tables: Mapping[str, Sequence[Column]] | None = None) -> str:
    """The data dictionary as a Markdown document; `own_tables` as in `dictionary_rows`."""
    lines = [
        "# Data dictionary",
        "",
        "Tables are CSV in UTF-8 with a header line. NA means not known, or does not apply; an empty cell is an",
        "empty text. `float` cells hold as many digits as give back the stored number exactly; `bool` cells are TRUE",
        "or FALSE; `time` cells are ISO 8601 in UTC; `digits` are whole numbers too long for the numbers of R and",
        "spreadsheets, with an apostrophe before them, which makes them texts. A text that a spreadsheet could take",
        "for a formula, or that would be read as NA or as a number written in another way (007), has an apostrophe",
        "before it too (so has one that begins with an apostrophe): take one leading apostrophe away to have the text.",
    ]
    for table, columns in {**TABLES, **(own_tables or {}), "rdms/<method>/rdms and group": RDM_COLUMNS}.items():
        lines += [
            "",
            f"## {table}.csv",
            "",
            "| column | kind | unit | always there | meaning |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {c.name} | {c.kind} | {c.unit} | {'yes' if c.required else 'no'} | {_cell(c.meaning)} |"
            for c in columns
        ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """As a cell of a Markdown table; what a study asks may hold the sign between cells."""
    return text.replace("|", "\\|")
