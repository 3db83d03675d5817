"""Figures for a paper: from the page, by the command, and by the script that remakes them from the bundle."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from analysis.paper import FIGURES
from app.cli import commands
from app.models import Clip
from tests import experimenter
from tests.conftest import ROOT

CHOICE = "method=weighted_average&unfinished=1"


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    with experimenter.open_copy(prepared, tmp_path / "data") as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        with lab.database.writing() as db:
            for place, clip in enumerate(db.scalars(select(Clip).order_by(Clip.position))):
                clip.attributes = {"mood": "happy" if place % 2 else "sad"}
            db.commit()
        yield lab


def test_the_script_of_a_figure_remakes_it_from_the_bundle(lab: experimenter.Lab, tmp_path: Path) -> None:
    query = f"{CHOICE}&colour=mood&width=double"
    shown = lab.client.get(f"/studies/faces/figures/map.svg?{query}")
    assert (shown.status_code, shown.mimetype) == (200, "image/svg+xml")
    assert 'filename="faces_map.svg"' in shown.headers["Content-Disposition"]
    (tmp_path / "map.py").write_bytes(lab.client.get(f"/studies/faces/figures/map.py?{query}").data)
    (tmp_path / "faces.zip").write_bytes(lab.client.get("/studies/faces/bundle.zip?unfinished=1").data)
    done = subprocess.run(
        [sys.executable, "map.py", "faces.zip"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "map.svg").read_bytes() == shown.data
    assert {path.suffix for path in tmp_path.glob("map.*")} == {".py", ".svg", ".pdf", ".png"}


def test_every_figure_of_the_page_is_there_and_one_column_wide(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies/faces/results").text
    for name in FIGURES:
        assert f"/studies/faces/figures/{name}.pdf" in page
        answer = lab.client.get(f"/studies/faces/figures/{name}.svg?{CHOICE}&order=mood&rater=group&dims=3")
        assert answer.status_code == 200, answer.text
        width = re.search(r'width="([\d.]+)pt"', answer.text)
        assert width is not None
        assert float(width[1]) == pytest.approx(8.8 / 2.54 * 72, abs=0.1)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("photo.svg", 400, "There is no figure photo"),
        (f"rdm.svg?{CHOICE}&rater=P009", 400, "There is no RDM of P009"),
        (f"rdm.svg?{CHOICE}&order=size", 400, "no attribute"),
        ("rdm.svg?width=huge", 400, "not huge"),
        ("map.svg?dims=4", 400, "2 or 3 dimensions"),
    ],
)
def test_a_figure_that_there_is_not_says_why(lab: experimenter.Lab, path: str, status: int, words: str) -> None:
    answer = lab.client.get(f"/studies/faces/figures/{path}")
    assert answer.status_code == status
    assert words in answer.text


def test_the_command_writes_the_figure_of_the_page(lab: experimenter.Lab, tmp_path: Path) -> None:
    shown = lab.client.get(f"/studies/faces/figures/rdm.svg?{CHOICE}&order=study").data
    out = tmp_path / "rdm.svg"
    options = ["--method", "weighted_average", "--with-unfinished", "--order", "study"]
    asked = ["--data", str(lab.settings.data), "study", "figure", "faces", "rdm", "--out", str(out), *options]
    done = CliRunner().invoke(commands, asked)
    assert done.exit_code == 0, done.output
    assert out.read_bytes() == shown
