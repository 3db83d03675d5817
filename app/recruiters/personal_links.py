"""Links of single people for a study: with the person's id, and with its signature where the study asks for one."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

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


def ids_of_csv(file: Path, study: Study) -> list[str]:
    """The ids in a table: in its column `id`, or in one named as the parameter of the study's links.

    Raises
    ------
    Invalid
        When the file cannot be read, has no such column, or holds an id twice; file, line and reason are named.
    """
    parameter = id_parameter(definition_of(study).recruitment)
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            lines = list(csv.reader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{file}: cannot be read as a table in UTF-8: {error}") from error
    header = [name.strip() for name in lines[0]] if lines else []
    column = next((header.index(name) for name in (parameter, "id") if name in header), None)
    if column is None:
        raise Invalid(f"{file}: line 1: no column is named {parameter} or id")
    ids: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        value = cells[column].strip() if column < len(cells) else ""
        if not value:
            raise Invalid(f"{file}: line {number}: has no {header[column]}")
        if value in ids:
            raise Invalid(f"{file}: line {number}: {value} is in line {ids[value]} already")
        ids[value] = number
    return list(ids)


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
