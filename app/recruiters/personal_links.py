"""Links of single people for a study: with the person's id, and with its signature where the study asks for one."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from analysis.formats.text import read_grids
from app.definition.study_toml import Recruitment, definition_of
from app.errors import Invalid
from app.models import Study
from app.recruiters.arrival import read_link
from app.recruiters.signing import link_key, personal_link


def person_links(study: Study, address: str, secret: str, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each id with its link.

    Parameters
    ----------
    address
        Where the program is reached, such as https://lab.example, without a slash at its end.
    secret
        The installation's secret, from which the study's key follows.

    Raises
    ------
    Invalid
        When the study's links have no id, or an id cannot be part of a link: it is empty, a placeholder, or too long.
    """
    recruitment = definition_of(study).recruitment
    parameter = id_parameter(recruitment)
    key = link_key(secret, study.name) if recruitment.signed else None
    for given in ids:
        person = read_link([parameter], {parameter: [given]})
        if not person.has_id:
            raise Invalid(f"{given!r} cannot be a person's id: it is {person.note}")
        one = person.parameters[parameter]
        yield one, personal_link(f"{address}/join/{study.name}", parameter, one, key=key, study_name=study.name)


@dataclass(frozen=True)
class PeopleTable:
    """A table with a line for each person: its name, its columns, its rows with their lines in the file, and what
    separates its cells.
    """

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    delimiter: str = ","


def read_people(content: bytes, name: str) -> PeopleTable:
    """The table in a file: CSV with commas, semicolons or tabs, or a workbook; blank lines are passed over.

    Raises
    ------
    Invalid
        When it cannot be read as a table, a line has more cells than the header, or there is nobody in it.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"people{PurePath(name).suffix}"
        file.write_bytes(content)
        try:
            grids = read_grids(file)
        except ValueError as error:
            raise Invalid(str(error).replace(str(file), name), field="file") from error
    # Of several delimiters the one that gives most columns.
    grid = max(grids, key=lambda grid: len(grid.records[0][1]) if grid.records else 0)
    records = grid.records
    header = [cell.strip() for cell in records[0][1]] if records else []
    if twice := [column for column in header if column and header.count(column) > 1]:
        raise Invalid(f"{name}: line {records[0][0]}: two columns are named {twice[0]}")
    rows = [(line, cells) for line, cells in records[1:] if any(cell.strip() for cell in cells)]
    for line, cells in rows:
        if any(cell.strip() for cell in cells[len(header) :]):
            raise Invalid(f"{name}: line {line}: has more cells than the first line has columns")
    filled = [(line, (cells + [""] * len(header))[: len(header)]) for line, cells in rows]
    return PeopleTable(name, header, filled, grid.delimiter or ",")


def ids_of_table(table: PeopleTable, parameter: str) -> list[str]:
    """The ids in a table: in the column that is named as the parameter of the study's links, or in its column `id`.

    Raises
    ------
    Invalid
        When it has no such column, or holds an id twice or a line without one; file, line and reason are named.
    """
    column = _column(table, parameter)
    if column is None:
        raise Invalid(
            f"{table.name}: line 1: no column is named {parameter} or id; without ids, choose to give each person one"
        )
    ids: dict[str, int] = {}
    for line, cells in table.rows:
        value = cells[column].strip()
        if not value:
            raise Invalid(f"{table.name}: line {line}: has no {table.header[column]}")
        if value in ids:
            raise Invalid(f"{table.name}: line {line}: {value} is in line {ids[value]} already")
        ids[value] = line
    return list(ids)


def links_table(study: Study, table: PeopleTable, address: str, secret: str, *, new_ids: bool = False) -> str:
    """The table with a column `link` at its end, its cells separated as they were; `address` and `secret` are as in
    `person_links`.

    Parameters
    ----------
    new_ids
        Give each person an id that nobody can guess, in a column `id`: for a table of mail addresses, which should not
        be ids themselves. The table that comes back is then the only one that says who has which id.

    Raises
    ------
    Invalid
        As `person_links` and `ids_of_table`; or when `new_ids` are wanted of a table that has ids, it has a column
        `link` already, or there is nobody in it.
    """
    parameter = id_parameter(definition_of(study).recruitment)
    if not table.rows and (new_ids or _column(table, parameter) is not None):
        raise Invalid(
            f"{table.name}: there is nobody in it: it needs a first line with names of columns, and a line each"
        )
    if "link" in table.header:
        raise Invalid(f"{table.name}: line 1: has a column link already")
    header, rows = table.header, [cells for _, cells in table.rows]
    if new_ids:
        column = _column(table, parameter)
        if column is not None:
            raise Invalid(f"{table.name}: line 1: has ids already, in the column {header[column]}")
        ids = [secrets.token_hex(8) for _ in rows]
        header, rows = [*header, "id"], [[*cells, one] for cells, one in zip(rows, ids, strict=True)]
    else:
        ids = ids_of_table(table, parameter)
    links = person_links(study, address, secret, ids)
    out = StringIO()
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\n")
    writer.writerow([*header, "link"])
    writer.writerows([*cells, link] for cells, (_, link) in zip(rows, links, strict=True))
    return out.getvalue()


def _column(table: PeopleTable, parameter: str) -> int | None:
    return next((table.header.index(name) for name in (parameter, "id") if name in table.header), None)


def id_parameter(recruitment: Recruitment) -> str:
    """The parameter of the link that holds the person's id.

    Raises
    ------
    Invalid
        When the study's links have none.
    """
    if not recruitment.parameters:
        raise Invalid("The study's links hold no id: recruitment.parameters is empty.")
    return recruitment.parameters[0]
