"""Study folders as people make them: files whose names are nearly right, and settings that cannot run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app import create_app
from app.cli import commands
from app.clips.clip_files import ClipFile
from app.config import Settings
from app.db import open_database
from app.definition.study_toml import Design, check_definition
from app.demo import simulate_rater_session
from app.domain import StudyState
from app.errors import Invalid
from app.models import Clip, Study, Trial
from app.studies.lifecycle import create_study, import_clips, open_study, study_warnings
from app.studies.rules import trials_needed
from app.studies.study_folder import read_study_folder
from tests.conftest import ROOT
from tests.factories import make_study

DRAWN = sorted((ROOT / "demo" / "clips").glob("*.mp4"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "study"
    (made / "clips").mkdir(parents=True)
    for name in ("c1.mp4", "c2.mp4", "c3.mp4"):
        (made / "clips" / name).write_text(name)
    (made / "study.toml").write_text('title = "x"\n')
    return made


@pytest.mark.parametrize("name", ["Attributes.csv", "ATTRIBUTES.CSV", "attributes.tsv", "Attributes.TSV"])
def test_attributes_are_found_whatever_their_capitals(folder: Path, name: str) -> None:
    (folder / name).write_text("clip\tx\nc1\t5\n")
    assert read_study_folder(folder).attributes == {"c1.mp4": {"x": "5"}}


def test_a_workbook_of_attributes_is_found(folder: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["File", "x"], ["c1", 5]):
        book.active.append(row)
    book.save(folder / "Attributes.xlsx")
    assert read_study_folder(folder).attributes == {"c1.mp4": {"x": "5"}}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["attributes.csv", "attributes.xlsx"], ["both attributes.csv and attributes.xlsx"]),
        (["attributes.csv", "Attributes.csv"], ["both Attributes.csv and attributes.csv"]),
        (["attributes.csv.txt"], ["attributes.csv.txt", "not read under this name", "attributes.csv"]),
        (["attribute.csv"], ["attribute.csv", "not read under this name"]),
        (["attributes.xls"], ["attributes.xls", "not read"]),
        (["attributes.ods"], ["attributes.ods", "not read"]),
        (["attributes (1).csv"], ["attributes (1).csv", "not read"]),
        (["Study.toml"], ["both Study.toml and study.toml"]),
        (["study.toml.txt"], ["both study.toml and study.toml.txt"]),
    ],
)
def test_files_whose_names_are_nearly_right_are_told(folder: Path, names: list[str], words: list[str]) -> None:
    for name in names:
        (folder / name).write_text("clip,x\nc1,5\n")
    with pytest.raises(Invalid) as refused:
        read_study_folder(folder)
    for word in words:
        assert word in refused.value.message


@pytest.mark.parametrize("name", ["Study.toml", "STUDY.TOML"])
def test_a_definition_is_found_whatever_its_capitals(folder: Path, name: str) -> None:
    (folder / "study.toml").rename(folder / name)
    assert read_study_folder(folder).definition.title == "x"


@pytest.mark.parametrize("name", ["study.toml.txt", "Study.txt", "my-study.toml", "study"])
def test_a_definition_of_another_name_is_told(folder: Path, name: str) -> None:
    (folder / "study.toml").rename(folder / name)
    with pytest.raises(Invalid, match=rf"study\.toml: no such file; rename {name} to study\.toml"):
        read_study_folder(folder)


def test_the_folder_of_clips_is_found_or_told(folder: Path) -> None:
    (folder / "clips").rename(folder / "Clips")
    assert len(read_study_folder(folder).clip_files) == 3
    (folder / "Clips").rename(folder / "videos")
    with pytest.raises(Invalid, match="clips: no such folder; rename videos/ to clips/"):
        read_study_folder(folder)
    for name in ("clips", "CLIPS"):
        (folder / name).mkdir()
    with pytest.raises(Invalid, match="both CLIPS/ and clips/"):
        read_study_folder(folder)


def test_a_table_that_is_not_read_is_told_when_the_study_is_made(folder: Path, tmp_path: Path) -> None:
    (folder / "ratings.xlsx").write_text("anything")
    (folder / ".~lock.attributes.csv#").write_text("an editor's own")
    (folder / "~$attributes.xlsx").write_text("an editor's own")
    for number, clip in enumerate(DRAWN[:3], 1):
        shutil.copy(clip, folder / "clips" / f"c{number}.mp4")
    done = CliRunner().invoke(commands, ["study", "create", str(folder), "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    assert "ratings.xlsx is not read" in done.output
    assert "~" not in done.output


FULL = 'title = "x"\n[design]\nmethod = "full"\nmax_items = 3\n'


def test_settings_that_cannot_run_are_refused_when_the_study_is_made(folder: Path) -> None:
    (folder / "study.toml").write_text(FULL)
    assert read_study_folder(folder).definition.design.method == "full"
    (folder / "clips" / "c4.mp4").write_text("c4")
    with pytest.raises(Invalid, match=r"study\.toml: design\.max_items: .* shows all 4 clips in each trial"):
        read_study_folder(folder)
    (folder / "study.toml").write_text('title = "x"\n[design]\nchecks = 3\n[stop]\nmax_trials = 5\n')
    with pytest.raises(Invalid, match=r"design\.checks: checks = 3 can never all come"):
        read_study_folder(folder)


def test_clips_that_join_later_cannot_bring_a_study_to_where_it_cannot_run(folder: Path, settings: Settings) -> None:
    (folder / "study.toml").write_text(FULL)
    database = open_database(settings.database)
    with database.writing() as db:
        name, _ = create_study(db, settings, read_study_folder(folder))
    (folder / "c4.mp4").write_text("c4")
    with database.writing() as db, pytest.raises(Invalid, match="shows all 4 clips in each trial"):
        import_clips(db, settings, name, [ClipFile(folder / "c4.mp4", "c4.mp4")])
    with database.reading() as db:
        assert len(list(db.scalars(select(Clip)))) == 3


def test_settings_that_cannot_run_are_refused_when_the_study_is_opened(settings: Settings) -> None:
    database = open_database(settings.database)
    make_study(database, settings, toml=FULL, n_clips=6, state=StudyState.DRAFT)
    with database.writing() as db, pytest.raises(Invalid, match=r"design\.max_items: .* shows all 6 clips"):
        open_study(db, "faces")
    with database.reading() as db:
        assert db.scalars(select(Study.state)).one() == StudyState.DRAFT


def test_sound_is_refused_where_no_clip_has_any(settings: Settings) -> None:
    database = open_database(settings.database)
    make_study(database, settings, toml='title = "x"\n[playback]\nsound = true\n', state=StudyState.DRAFT)
    with database.writing() as db, pytest.raises(Invalid, match=r"playback\.sound: is on, but none of the clips"):
        open_study(db, "faces")
    with database.writing() as db:
        for clip in db.scalars(select(Clip)):
            clip.has_audio = clip.position > 0
        db.commit()
    with database.writing() as db:
        open_study(db, "faces")
        assert [problem.key for problem in study_warnings(db, "faces")] == ["playback.sound", "playback.play"]


def test_a_study_that_is_open_is_not_stopped_by_a_rule(settings: Settings) -> None:
    make_study(open_database(settings.database), settings, toml='title = "x"\n[design]\npractice_pass = 0.5\n')
    assert create_app(settings).test_client().get("/join/faces").status_code == 200


@pytest.mark.parametrize(("repeats", "checks"), [(2, 0), (0, 2), (2, 2), (3, 1)])
def test_the_rule_about_repeats_and_checks_is_that_of_real_sessions(
    settings: Settings, repeats: int, checks: int
) -> None:
    """One trial fewer than the rule asks for, and the last of them does not come."""
    database = open_database(settings.database)
    needed = max(trials_needed(Design(repeats=repeats, checks=checks)))
    for number, allowed in enumerate((needed, needed - 1)):
        toml = (
            f'title = "x"\n[design]\nmethod = "balanced"\nrepeats = {repeats}\nchecks = {checks}\n'
            f"[stop]\nmin_evidence = 100\nmax_minutes = 600\nmax_trials = {allowed}\n"
        )
        study = make_study(database, settings, name=f"s{number}", toml=toml)
        simulate_rater_session(database, f"s{number}", study, np.linspace(0.2, 1, 15), 0)
        with database.reading() as db:
            purposes = list(db.scalars(select(Trial.purpose).where(Trial.session.has(study_id=study))))
        came = (purposes.count("repeat"), purposes.count("check"))
        assert (came == (repeats, checks)) == (allowed == needed), (came, allowed)


def test_percent_signs_in_replaced_texts_are_text(settings: Settings) -> None:
    toml = 'title = "x"\nlanguage = "en"\n[texts.replace]\n"I agree" = "100 % yes %(x)s"\n'
    make_study(open_database(settings.database), settings, toml=toml)
    page = create_app(settings).test_client().get("/join/faces")
    assert page.status_code == 200
    assert ">100 % yes %(x)s</button>" in page.text


def test_every_wrong_setting_is_told_through_the_command(folder: Path, tmp_path: Path) -> None:
    (folder / "study.toml").write_text("title = My study\n")
    done = CliRunner().invoke(commands, ["study", "create", str(folder), "--data", str(tmp_path / "data")])
    assert isinstance(done.exception, Invalid)
    assert 'study.toml, line 1: not valid TOML: Invalid value; put text in quotes: title = "My study"' in str(
        done.exception
    )


def test_a_definition_that_an_earlier_release_stored_is_still_read() -> None:
    assert check_definition({"title": "x", "design": {"practice_pass": 0.5}}).design.practice_pass == 0.5
