"""The tab "Recruit": ready links, QR code, personal links by a table, ways back; and the command that does the same."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import commands
from app.config import Settings
from app.errors import Invalid
from app.models import AuditEntry
from app.recruiters.qr import qr_svg
from tests import experimenter
from tests.factories import make_study

TOML = """
title = "A study"
[recruitment]
signed = true
opens = "2026-01-02 09:00 Europe/Berlin"
closes = "2099-12-31 18:00 Europe/Berlin"
places = 12
quotas = { hand = { left = 3 } }
completion_code = "DONE"
completion_url = "https://panel.example/end?id={PROLIFIC_PID}&cc={COMPLETION_CODE}"
full_code = "FULL"
return_after = 20
[[questions]]
name = "hand"
ask = "Which hand?"
kind = "one_of"
when = "before"
choices = ["left", "right"]
"""


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        make_study(lab.database, settings, toml=TOML, owner_id=1)
        yield lab


def upload(lab: experimenter.Lab, content: bytes, name: str = "people.csv", **more: str) -> Any:
    token = experimenter.csrf_token(lab.client.get("/studies/faces/recruit").text)
    form = {"csrf_token": token, "table": (io.BytesIO(content), name), **more}
    return lab.client.post("/studies/faces/recruit/links.csv", data=form, content_type="multipart/form-data")


def test_the_page_says_who_can_begin_and_what_everybody_gets_at_the_end(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies/faces/recruit").text
    assert "People can begin until 2099-12-31 18:00 Europe/Berlin." in page
    assert "0 of 12 taken" in page
    quota = re.search(r"Which hand\?</td>.*?</tr>", page, re.DOTALL)
    assert quota
    assert re.findall(r">(left|\d+)<", quota[0]) == ["left", "0", "3"]
    assert "https://panel.example/end?id=EXAMPLE-PROLIFIC_PID&amp;cc=DONE" in page
    full = re.search(r'data-ending="full".*?</tr>', page, re.DOTALL)
    assert full
    assert "<code>FULL</code>" in full[0]
    # A recruiter cannot sign, and the page says so beside each link.
    assert page.count("cannot sign") == 5


def test_the_table_comes_back_with_a_signed_link_for_each_line_that_the_server_admits(lab: experimenter.Lab) -> None:
    answer = upload(
        lab, "name;id;email\r\nÉve;a b&c;eve@x.example\r\n\r\nAda;ada-01;ada@x.example\r\n".encode("utf-8-sig")
    )
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text), delimiter=";"))
    assert [(row["name"], row["id"], row["email"]) for row in rows] == [
        ("Éve", "a b&c", "eve@x.example"),
        ("Ada", "ada-01", "ada@x.example"),
    ]
    for row in rows:
        parts = urlsplit(row["link"])
        assert lab.client.get(f"{parts.path}?{parts.query}").status_code == 200
        assert lab.client.get(f"{parts.path}?{parts.query}x").status_code == 403
    with lab.database.reading() as db:
        logged = db.scalars(select(AuditEntry).where(AuditEntry.action == "personal links made")).one()
        assert (logged.account, logged.detail) == (experimenter.EMAIL, {"links": 2})


def test_a_table_of_addresses_gets_ids_that_nobody_can_guess(lab: experimenter.Lab) -> None:
    rows = list(csv.DictReader(io.StringIO(upload(lab, b"email\nada@x.example\nbob@x.example\n", new_ids="1").text)))
    assert [row["email"] for row in rows] == ["ada@x.example", "bob@x.example"]
    assert len({row["id"] for row in rows}) == 2
    assert all(re.fullmatch(r"[0-9a-f]{16}", row["id"]) and "x.example" not in row["link"] for row in rows)


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        (b"email\nada@x.example\n", {}, "people.csv: line 1: no column is named PROLIFIC_PID or id"),
        (b"id\nada\nada\n", {}, "people.csv: line 3: ada is in line 2 already"),
        (b"id,name\nada,Ada\n,Bob\n", {}, "people.csv: line 3: has no id"),
        (b"id\nada\n{{id}}\n", {}, "cannot be a person"),
        (b"id,link\nada,x\n", {}, "people.csv: line 1: has a column link already"),
        (b"id\nada\n", {"new_ids": "1"}, "has ids already, in the column id"),
        (b"id\n", {}, "there is nobody in it"),
        (b"id\nada,Ada\n", {}, "people.csv: line 2: has more cells"),
        (b"id\n\xff\xfe\n", {}, "line 2: is not UTF-8 text"),
        (b"", {}, "no column is named"),
        (b"PK\x03\x04\x00\x00", {}, "people.csv: is a workbook or another zip file, not text"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_on_the_page_by_line(
    lab: experimenter.Lab, content: bytes, more: dict[str, str], words: str
) -> None:
    refused = upload(lab, content, **more)
    assert (refused.status_code, words in refused.text.replace("&#39;", "'")) == (400, True)
    with lab.database.reading() as db:
        assert db.scalars(select(AuditEntry).where(AuditEntry.action == "personal links made")).first() is None


def modules(svg: bytes) -> Any:
    """The dark modules of a code that segno drew, from its path: relative moves and horizontal lines."""
    path = ET.fromstring(svg).findall(".//{http://www.w3.org/2000/svg}path")[-1].attrib["d"]
    dark, x, y = set(), 0.0, 0.0
    for kind, first, second in re.findall(r"([Mmh])\s*(-?[\d.]+)(?:\s+(-?[\d.]+))?", path):
        if kind == "h":
            dark |= {(int(x) + k, int(y)) for k in range(int(float(first)))}
            x += float(first)
        else:
            x, y = (0.0, 0.0) if kind == "M" else (x, y)
            x, y = x + float(first), y + float(second)
    side = max(max(one) for one in dark) + 1
    grid = np.zeros((side, side), bool)
    for column, row in dark:
        grid[row, column] = True
    return grid[4:, 4:]


def test_the_qr_code_is_of_the_link_and_readable_on_any_page(lab: experimenter.Lab, settings: Settings) -> None:
    answer = lab.client.get("/studies/faces/recruit/link.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert b"<script" not in answer.data
    # Dark on light, whatever the page's ground is.
    assert b"#fff" in answer.data
    assert "attachment" in lab.client.get("/studies/faces/recruit/link.svg?download=1").headers["Content-Disposition"]
    drawn = modules(answer.data)
    assert drawn.shape[0] % 4 == 1
    # The three finder patterns of ISO/IEC 18004, which no reader does without.
    finder = np.ones((7, 7), bool)
    finder[1:6, 1:6] = False
    finder[2:5, 2:5] = True
    for corner in (drawn[:7, :7], drawn[:7, -7:], drawn[-7:, :7]):
        assert np.array_equal(corner, finder)
    other = modules(qr_svg("http://localhost/join/voices", title="x"))
    assert other.shape == drawn.shape
    assert not np.array_equal(other, drawn)


def command(settings: Settings, *arguments: str) -> Any:
    return CliRunner().invoke(commands, ["study", "link", "faces", "--data", str(settings.data), *arguments])


def test_the_command_writes_the_same_code_and_table(lab: experimenter.Lab, settings: Settings, tmp_path: Path) -> None:
    at = ("--address", "http://localhost")
    assert command(settings, "--qr", str(tmp_path / "link.svg"), *at).exit_code == 0
    assert (tmp_path / "link.svg").read_bytes() == lab.client.get("/studies/faces/recruit/link.svg").data
    assert "ada-01" in command(settings, "--qr", str(tmp_path / "ada.svg"), "--id", "ada-01", *at).output
    table = tmp_path / "people.csv"
    table.write_bytes(b"name,id\nAda,ada-01\n")
    assert command(settings, "--csv", str(table), *at).output == upload(lab, table.read_bytes()).text
    table.write_bytes(b"email\nada@x.example\n")
    assert command(settings, "--csv", str(table), "--new-ids", *at).output.startswith("email,id,link\nada@x.example,")
    for wrong in (
        ["--qr", str(tmp_path / "link.png")],
        ["--qr", str(tmp_path / "link.svg"), "--id", "a", "--id", "b"],
        ["--qr", str(tmp_path / "nowhere" / "link.svg")],
        ["--new-ids", "--id", "a"],
        ["--csv", str(tmp_path / "missing.csv")],
    ):
        assert isinstance(command(settings, *wrong, *at).exception, Invalid), wrong
