"""A study that is made on a page: its name, what it begins with, and what it lacks before it can be opened."""

from __future__ import annotations

import html
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import commands
from app.config import Settings
from app.definition.study_toml import StudyDefinition, parse_definition
from app.domain import StudyState
from app.errors import Invalid
from app.models import Study
from app.studies.naming import NAME, propose_name
from tests import experimenter
from tests.factories import make_study


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in and has no study."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        yield lab


def make(lab: experimenter.Lab, title: str, name: str = "") -> tuple[int, str]:
    token = experimenter.csrf_token(lab.client.get("/new-study").text)
    answer = lab.client.post("/new-study", data={"csrf_token": token, "title": title, "name": name})
    return answer.status_code, html.unescape(answer.text)


def test_a_title_makes_a_draft_that_belongs_to_the_account(lab: experimenter.Lab) -> None:
    assert make(lab, ' Faces "in" \\ motion ', "faces")[0] == 303
    with lab.database.reading() as db:
        study = db.scalars(select(Study)).one()
        assert (study.name, study.state, study.made_by_id) == ("faces", StudyState.DRAFT, 1)
        assert study.definition == StudyDefinition(title='Faces "in" \\ motion').model_dump(mode="json")
        assert parse_definition(study.definition_toml).title == 'Faces "in" \\ motion'
    page = lab.client.get("/studies/faces").text
    missing = page.split("data-missing", 1)[1].split("</div>", 1)[0]
    assert "A study needs at least 3 clips that can be shown." in missing
    assert "faces" in lab.client.get("/studies").text


@pytest.mark.parametrize(
    ("title", "name", "reason"),
    [
        ("  ", "", "Must not be empty"),
        ("Faces", "Faces!", "Use 1 to 63 of a-z, 0-9 and -"),
        ("Faces", "taken", "There is a study named taken already."),
        ("顔", "", "Choose a name"),
        ("x" * 201, "", "at most 200 characters"),
    ],
)
def test_what_cannot_be_a_study_is_told_at_its_field_and_what_was_typed_stays(
    lab: experimenter.Lab, title: str, name: str, reason: str
) -> None:
    make_study(lab.database, lab.settings, name="taken", owner_id=1)
    status, page = make(lab, title, name)
    assert status == 400
    assert reason in page
    assert f'value="{title.strip()}"' in page
    assert f'value="{name}"' in page
    with lab.database.reading() as db:
        assert db.scalars(select(Study.name)).all() == ["taken"]


@pytest.mark.parametrize(
    ("title", "proposed"),
    [
        ("Similar faces", "similar-faces"),
        ("Ähnliche Größen: Straße 3", "aehnliche-groessen-strasse-3"),
        ("  Émotions / visages  ", "emotions-visages"),
        ("顔 faces", "faces"),
        ("顔", ""),
        ("x" * 200, "x" * 63),
        ("taken", "taken-2"),
        ("t" * 70, "t" * 61 + "-2"),
    ],
)
def test_a_name_is_proposed_from_the_title(lab: experimenter.Lab, title: str, proposed: str) -> None:
    make_study(lab.database, lab.settings, name="taken")
    make_study(lab.database, lab.settings, name="t" * 63)
    with lab.database.reading() as db:
        name = propose_name(db, title)
    assert name == proposed
    assert not name or NAME.fullmatch(name)
    answer = lab.client.get("/new-study/name", query_string={"title": title}).json
    assert answer["name"] == proposed
    assert (answer["problem"] is None) == bool(proposed)


def test_a_name_that_was_typed_is_checked(lab: experimenter.Lab) -> None:
    make_study(lab.database, lab.settings, name="taken")
    problems = {
        name: lab.client.get("/new-study/name", query_string={"name": name}).json["problem"]
        for name in ("free", "taken", "Not this", "-x", "")
    }
    assert [name for name, problem in problems.items() if problem is None] == ["free"]
    assert "already" in problems["taken"]


def test_errors_in_settings_are_named_with_what_else_is_missing(lab: experimenter.Lab) -> None:
    toml = 'title = "A"\n[design]\npractice_pass = 0.7\n'
    make_study(lab.database, lab.settings, name="draft", toml=toml, state=StudyState.DRAFT)
    missing = lab.client.get("/studies/draft").text.split("data-missing", 1)[1].split("</div>", 1)[0]
    assert "<code>design.practice_pass</code> is set, but practice is off" in missing
    make_study(lab.database, lab.settings, name="whole", state=StudyState.DRAFT)
    assert "data-missing" not in lab.client.get("/studies/whole").text


def test_a_command_makes_the_same_draft(settings: Settings) -> None:
    made = CliRunner().invoke(commands, ["study", "new", "Similar faces", "--data", str(settings.data)])
    assert made.exit_code == 0, made.output
    assert "The study similar-faces is a draft." in made.output
    taken = CliRunner().invoke(commands, ["study", "new", "X", "--name", "similar-faces", "--data", str(settings.data)])
    assert isinstance(taken.exception, Invalid)
    assert "already" in taken.exception.message
