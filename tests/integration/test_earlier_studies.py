"""A study keeps the design and the stop rules that it was made with, whatever the defaults of a later release are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import tomlkit

from analysis.designs import default_size
from analysis.formats.bundle import read_bundle
from app.config import Settings
from app.db import Database, open_database
from app.definition.study_toml import Design, Stop, StudyDefinition, check_definition, definition_of, parse_definition
from app.models import Clip, ParticipantSession, Study, Trial
from app.results.export import export_bundle
from app.schema import migrate, schema_state
from app.studies.lifecycle import create_study, export_study
from app.studies.study_folder import StudyFolder
from app.studies.text import study_text
from app.studies.versions import revisions_of
from tests import experimenter
from tests.integration.old_databases import MOMENT, old, tables_of

__all__ = ["old"]
TITLE = 'title = "Faces"\n# the rest as it comes\n'
# What the first release stored of a study.toml that held a title and nothing else. Never rewrite it.
STORED: dict[str, Any] = {
    "title": "Faces",
    "language": "auto",
    "seed": 1,
    "texts": {"consent": None, "instructions": None, "thanks": None, "question": None},
    "playback": {"play": "hover", "sound": False, "loop": True, "watch": "free", "enlarge": True},
    "arena": {"guide_lines": False, "hints": True, "background": "auto"},
    "design": {
        "method": "lift_the_weakest",
        "max_items": 20,
        "repeats": 0,
        "practice": False,
        "practice_pass": None,
    },
    "stop": {"min_evidence": 0.5, "max_minutes": 30.0, "max_trials": 200},
    "recruitment": {
        "places": None,
        "parameters": ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"],
        "completion_code": None,
        "completion_url": None,
    },
}
KEPT = (
    Design(method="lift_the_weakest", max_items=20),
    Stop(min_evidence=0.5, max_minutes=30.0, max_trials=200),
)


@pytest.fixture
def first_release(old: Database) -> Database:
    """A database that the first release wrote: an open study of six clips; then brought forward."""
    tables = tables_of(old)
    study, clip = tables["study"], tables["clip"]
    with old.writer.begin() as connection:
        connection.execute(
            study.insert().values(
                id=1, name="faces", state="open", definition=STORED, definition_toml=TITLE, created_at=MOMENT
            )
        )
        for position in range(6):
            connection.execute(
                clip.insert().values(
                    id=position + 1, study_id=1, public_id=f"C-{position}", position=position,
                    file_name=f"clip{position}.mp4", label=f"clip{position}", source_sha256=f"{position}",
                    attributes={}, state="ready", progress=1.0, width=64, height=48, duration_s=1.0, created_at=MOMENT,
                )
            )  # fmt: skip
    migrate(old)
    return old


def test_a_running_study_of_the_first_release_goes_on_by_its_design_and_stop_rules(first_release: Database) -> None:
    assert schema_state(first_release) == "current"
    experimenter.take_part(first_release, "faces", seed=1)
    with first_release.reading() as db:
        definition = check_definition(db.scalars(sa.select(Study)).one().definition)
        assert (definition.design, definition.stop) == KEPT
        trials = list(db.scalars(sa.select(Trial).order_by(Trial.number)))
        assert {trial.design for trial in trials} == {"lift_the_weakest"}
        # Of six clips the designs of fixed size show five in each trial; lift the weakest goes for weak pairs.
        assert min(len(trial.seats) for trial in trials[1:]) < default_size(6)
        assert db.scalars(sa.select(ParticipantSession.ended_by)).one() == "evidence"


def test_a_running_study_of_the_first_release_is_at_its_first_version(first_release: Database) -> None:
    with first_release.reading() as db:
        study = db.scalars(sa.select(Study)).one()
        [revision] = revisions_of(db, study)
    assert (study.version, revision.number, revision.version, revision.text) == (1, 1, 1, TITLE)
    assert revision.definition == definition_of(study)


def test_what_is_exported_of_it_says_so_in_every_release(
    first_release: Database, settings: Settings, tmp_path: Path
) -> None:
    with first_release.reading() as db:
        study = db.scalars(sa.select(Study)).one()
        with (tmp_path / "faces.zip").open("wb") as out:
            export_bundle(db, study, out)
    with first_release.writing() as db:
        # Their files are not here.
        db.execute(sa.delete(Clip))
        db.commit()
    with first_release.reading() as db:
        export_study(db, settings, "faces", tmp_path / "faces")
    for text in (read_bundle(tmp_path / "faces.zip").text("study.toml"), (tmp_path / "faces/study.toml").read_text()):
        read = parse_definition(text)
        assert (read.design, read.stop) == KEPT
        assert text.startswith(TITLE)


def test_a_study_is_stored_with_every_setting(settings: Settings, tmp_path: Path) -> None:
    """What is not stored would change with the defaults while the study runs."""
    database = open_database(settings.database)
    folder = StudyFolder("mine", parse_definition(TITLE), TITLE, [], {}, ())
    with database.writing() as db:
        create_study(db, settings, folder)
        study = db.scalars(sa.select(Study)).one()
        assert study.definition == StudyDefinition(title="Faces").model_dump(mode="json")
        assert study.definition_toml == TITLE
    database.close()


@pytest.mark.parametrize(
    "given",
    [
        TITLE,
        TITLE.rstrip("\n"),
        TITLE + "[design]\nmax_items = 5\n[stop]\nmax_trials = 3",
        TITLE + "[ design ] # as before\nmax_items = 5\n",
        TITLE + '["design"]\nmax_items = 5\n',
        TITLE + "design.max_items = 5 # clips\nstop.max_trials = 3\n",
        TITLE + "design = { max_items = 5 }\nstop = {}\n",
        '"desig\\u006e" = { max_items = 5 }\n' + TITLE,
        TITLE + '[texts]\ninstructions = """\n[design]\ndesign = {\n[stop]\n"""\n',
        TITLE + '[texts]\nthanks = """\n[design]\n"""\n[design]\nmax_items = 5\npractice = true\npractice_pass = 0.7\n',
    ],
)
def test_the_settings_are_written_into_what_was_given(given: str) -> None:
    definition = parse_definition(given)
    text = study_text(given, definition)
    assert parse_definition(text) == definition
    assert study_text(text, definition) == text
    for key in ("method", "max_items", "min_evidence", "max_minutes", "max_trials"):
        assert f"{key} = " in text
    # All that was written stays, in its order.
    rest = iter(text)
    assert all(letter in rest for letter in given.strip())


def test_a_form_into_which_nothing_can_be_written_gets_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tomlkit, "dumps", lambda document: "unlike what was meant = true")
    text = study_text(TITLE, parse_definition(TITLE))
    assert parse_definition(text) == parse_definition(TITLE)
    assert f'# design.method = "{Design().method}"' in text
