"""Study folders as people make them: attributes out of Excel and R, files whose names are nearly right.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import re
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
from app.studies.attributes import read_attributes
from app.studies.lifecycle import create_study, import_clips, open_study, study_warnings
from app.studies.rules import trials_needed
from app.studies.study_folder import read_study_folder
from tests.conftest import ROOT
from tests.factories import make_study

FILES = ["c1.mp4", "c2.mov", "Müller.mp4"]
DRAWN = sorted((ROOT / "demo" / "clips").glob("*.mp4"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "study"
    (made / "clips").mkdir(parents=True)
    for name in ("c1.mp4", "c2.mp4", "c3.mp4"):
        (made / "clips" / name).write_text(name)
    (made / "study.toml").write_text('title = "x"\n')
    return made


def attributes(tmp_path: Path, content: str | bytes, name: str = "attributes.csv") -> dict[str, dict[str, str]]:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_attributes(file, FILES)


RIGHT = {"c1.mp4": {"gender": "f", "valence": "0.5"}, "c2.mov": {"gender": "m", "valence": "1.25"}}


@pytest.mark.parametrize(
    "content",
    [
        "clip,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "sep=,\r\nclip,gender,valence\r\nc1.mp4,f,0.5\r\nc2.mov,m,1.25\r\n",
        "clip;gender;valence\r\nc1.mp4;f;0,5\r\nc2.mov;m;1,25\r\n",
        "clip\tgender\tvalence\nc1.mp4\tf\t0,5\nc2.mov\tm\t1,25\n",
        "Clip,gender,valence\nc1,f,0.5\nc2,m,1.25\n",
        "FILE,gender,valence\nC1.MP4,f,0.5\nC2,m,1.25\n",
        "File name,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "gender,filename,valence\nf,c1.mp4,0.5\nm,c2.mov,1.25\n",
        '"","clip","gender","valence"\n"1","c1.mp4","f",0.5\n"2","c2.mov","m",1.25\n',
        '"clip"\t"gender"\t"valence"\n"1"\t"c1.mp4"\t"f"\t0.5\n"2"\t"c2.mov"\t"m"\t1.25\n',
        "clip,gender,valence,,\nc1.mp4,f,0.5,,\nc2.mov,m,1.25,,\n,,,,\n,,,,\n",
        "clip,gender,valence\rc1.mp4,f,0.5\rc2.mov,m,1.25\r",
        ",,\nclip,gender,valence\nc1.mp4,f,0.5\nc2.mov,m,1.25\n",
        "\u00a0clip , gender,valence\nc1.mp4\u00a0, f,0.5\nc2.mov,m ,1.25\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_attributes_as_people_have_them_are_read(tmp_path: Path, content: str, encoding: str) -> None:
    assert attributes(tmp_path, content.encode(encoding)) == RIGHT


def test_names_of_clips_are_found_whatever_wrote_them(tmp_path: Path) -> None:
    for name in ("Müller.mp4", "Mu\u0308ller.mp4", "Müller", "MÜLLER.MP4", "mu\u0308ller"):
        assert list(attributes(tmp_path, f"clip,x\n{name},1\n")) == ["Müller.mp4"]


@pytest.mark.parametrize(
    ("files", "name", "meant"),
    [
        (["a.mp4", "a.mov"], "a", ("a.mov", "a.mp4")),
        (["A.mp4", "a.mp4"], "A.MP4", ("A.mp4", "a.mp4")),
        (["A.mp4", "a.mp4"], "a.mp4", "a.mp4"),
        (["A.mp4", "a.mp4"], "a", "a.mp4"),
        (["a.mp4", "a.mp4.mov"], "a.mp4", "a.mp4"),
    ],
)
def test_a_name_that_could_be_two_clips_is_refused(
    tmp_path: Path, files: list[str], name: str, meant: str | tuple[str, str]
) -> None:
    file = tmp_path / "attributes.csv"
    file.write_text(f"clip,x\n{name},1\n")
    if isinstance(meant, str):
        assert list(read_attributes(file, files)) == [meant]
        return
    with pytest.raises(Invalid) as refused:
        read_attributes(file, files)
    assert "line 2" in refused.value.message
    assert all(repr(one) in refused.value.message for one in meant)


def test_unknown_values_are_empty_and_words_stay_words(tmp_path: Path) -> None:
    read = attributes(tmp_path, "clip,a,b,c,d\nc1,NA,#N/A,na,.\nc2,1,x,yes,2.5\n")
    assert read == {
        "c1.mp4": {"a": "", "b": "", "c": "na", "d": ""},
        "c2.mov": {"a": "1", "b": "x", "c": "yes", "d": "2.5"},
    }
    for delimiter, number in ((",", "007"), (";", "0,5")):
        for word in ("na", "-", "k.A.", "None", "?"):
            rows = [["clip", "v"], ["c1", number], ["c2", word]]
            table = "\n".join(delimiter.join(row) for row in rows)
            with pytest.raises(Invalid, match=f"line 3: v: '{re.escape(word)}' among numbers would make labels"):
                attributes(tmp_path, table)
    with pytest.raises(Invalid, match="line 2: v: '50 %' would be a label: write numbers without a percent sign"):
        attributes(tmp_path, "clip,v\nc1,50 %\nc2,20 %\n")


def test_another_encoding_is_refused_with_the_menu_entry_that_saves_it_right(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"attributes\.csv, line 2: is not UTF-8 .*Save As > \"CSV UTF-8"):
        attributes(tmp_path, "clip,mood\nc1.mp4,fröhlich\n".encode("cp1252"))


def workbook(tmp_path: Path, rows: list[list[object]], name: str = "attributes.xlsx") -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def test_a_workbook_is_read_like_its_csv(tmp_path: Path) -> None:
    file = workbook(
        tmp_path, [["Clip", "gender", "valence", "age"], ["c1", "f", 0.5, 31], ["c2.mov", "m", 1.25, None], [None] * 4]
    )
    expected = {clip: {**row, "age": {"c1.mp4": "31", "c2.mov": ""}[clip]} for clip, row in RIGHT.items()}
    assert read_attributes(file, FILES) == expected


def test_workbooks_that_cannot_be_told_are_refused_with_the_cell(tmp_path: Path) -> None:
    file = workbook(tmp_path, [["clip", "x"], ["c1", "=1+1"]])
    with pytest.raises(Invalid, match=r"attributes\.xlsx, cell B2: its formula was never computed"):
        read_attributes(file, FILES)
    file = workbook(tmp_path, [["clip", "x"], ["c1", "#REF!"]])
    with pytest.raises(Invalid, match="cell B2: holds the error #REF!"):
        read_attributes(file, FILES)
    file = workbook(tmp_path, [["clip", "x"], ["c1", "0,5"]])
    with pytest.raises(Invalid, match="line 2: x: '0,5' has a decimal comma"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1]]))
    book.create_sheet("other").append(["something"])
    book.save(file)
    with pytest.raises(Invalid, match="several sheets hold something \\('Sheet', 'other'\\)"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1], ["c2", None]]))
    book.active.merge_cells("B2:B3")
    book.save(file)
    with pytest.raises(Invalid, match="the cells B2:B3 are merged"):
        read_attributes(file, FILES)
    book = openpyxl.load_workbook(workbook(tmp_path, [["clip", "x"], ["c1", 1]]))
    book.active["XFD1048576"] = 1
    book.save(file)
    with pytest.raises(Invalid, match="reaches to row 1048576 and column 16384"):
        read_attributes(file, FILES)
    whole = workbook(tmp_path, [["clip", "x"], ["c1", 1]]).read_bytes()
    for damaged, reason in (
        (b"", "holds nothing"),
        (b"PK\x03\x04", "is not an Excel workbook"),
        (whole[: len(whole) // 2], "is not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), r"is an Excel 97 workbook \(\.xls\), or a workbook with a password"),
    ):
        file.write_bytes(damaged)
        with pytest.raises(Invalid, match=rf"attributes\.xlsx: {reason}"):
            read_attributes(file, FILES)
    file.write_bytes(b"clip,x\nc1,1\n")
    assert read_attributes(file, FILES) == {"c1.mp4": {"x": "1"}}


@pytest.mark.parametrize("name", ["Attributes.csv", "ATTRIBUTES.CSV", "attributes.tsv", "Attributes.TSV"])
def test_attributes_are_found_whatever_their_capitals(folder: Path, name: str) -> None:
    (folder / name).write_text("clip\tx\nc1\t5\n")
    assert read_study_folder(folder).attributes == {"c1.mp4": {"x": "5"}}


def test_a_workbook_of_attributes_is_found(folder: Path) -> None:
    workbook(folder, [["File", "x"], ["c1", 5]], "Attributes.xlsx")
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
