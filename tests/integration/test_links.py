"""Links of single people: made by the command, and admitted by the server that shares its secret."""

from __future__ import annotations

import csv
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient

from app.cli import commands
from app.config import Settings
from app.errors import AsterismError
from app.recruiters.signing import signature
from tests.factories import make_study

SIGNED = 'title = "A study"\n[recruitment]\nparameters = ["id"]\nsigned = true\n'


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=SIGNED)
    return app.test_client()


def link(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["study", "link", "--data", str(settings.data), *arguments])


def test_each_line_of_a_table_gets_a_link_that_the_server_admits(
    client: FlaskClient, settings: Settings, tmp_path: Path
) -> None:
    table = tmp_path / "people.csv"
    table.write_bytes("name,id\nAda,ada-01\n\nÉve,a b&c=d\n".encode("utf-8-sig"))
    made = link(settings, "FACES", "--csv", str(table), "--id", "ü 7", "--address", "https://lab.example/")
    assert made.exit_code == 0, made.output
    rows = list(csv.reader(made.output.splitlines()))
    assert [row[0] for row in rows] == ["id", "ü 7", "ada-01", "a b&c=d"]
    for _, address in rows[1:]:
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "lab.example", "/join/faces")
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200
        assert client.post(f"{parts.path}?{parts.query}").status_code == 303
        forged = parts.query.replace("id=", "id=x")
        assert client.get(f"{parts.path}?{forged}").status_code == 403
    key = link(settings, "faces", "--key").output.strip()
    assert f"sig={signature(key, 'faces', 'ada-01')}" in rows[2][1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name\nAda\n", ["line 1", "id"]),
        (b"", ["line 1", "id"]),
        (b"id\na\n\nb\na\n", ["line 5", "a is in line 2 already"]),
        (b"name,id\nAda,1\nBob\n", ["line 3", "has no id"]),
        (b"id\n\xff\xfe\n", ["UTF-8"]),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_line(
    client: FlaskClient, settings: Settings, tmp_path: Path, content: bytes, words: list[str]
) -> None:
    table = tmp_path / "people.csv"
    table.write_bytes(content)
    failed = link(settings, "faces", "--csv", str(table))
    assert isinstance(failed.exception, AsterismError)
    for word in ["people.csv", *words]:
        assert word in failed.exception.message


@pytest.mark.parametrize("person", ["", "{id}", "undefined", "x" * 201])
def test_no_link_is_made_for_what_the_server_would_not_take_for_an_id(
    client: FlaskClient, settings: Settings, person: str
) -> None:
    assert isinstance(link(settings, "faces", "--id", person).exception, AsterismError)
    assert isinstance(link(settings, "faces").exception, AsterismError)
