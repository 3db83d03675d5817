"""A study from its folder and back, and its clips on their way to what a browser plays.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.clips.clip_files import clip_files
from app.clips.conversion import LOST, claim_clip, convert_waiting_clips
from app.clips.importing import source_path
from app.config import Settings
from app.db import Database, open_database
from app.domain import ClipState, StudyState
from app.errors import Invalid, NotAllowed, NotFound
from app.media import media_path
from app.models import Clip, Study, now
from app.studies.lifecycle import close_study, create_study, export_study, import_clips, open_study
from app.studies.study_folder import read_study_folder
from tests.conftest import ROOT
from tests.factories import make_study

DRAWN = sorted((ROOT / "demo" / "clips").glob("*.mp4"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study's folder: three drawn clips, one of them twice, a file that is no video, and attributes."""
    made = tmp_path / "my-study"
    (made / "clips").mkdir(parents=True)
    for number, clip in enumerate(DRAWN[:3], 1):
        shutil.copy(clip, made / "clips" / f"clip{number}.mp4")
    shutil.copy(DRAWN[0], made / "clips" / "clip10.mp4")
    (made / "clips" / "notes.mp4").write_text("<html><script>alert(1)</script></html>")
    (made / "study.toml").write_text('title = "Mine"\n# kept as it is\nseed = 5\n')
    (made / "attributes.csv").write_text("clip,age\nclip2.mp4,31\n")
    return made


def created(database: Database, settings: Settings, folder: Path) -> str:
    with database.writing() as db:
        name, _ = create_study(db, settings, read_study_folder(folder))
    return name


@pytest.fixture
def database(settings: Settings) -> Database:
    return open_database(settings.database)


def test_a_study_goes_from_its_folder_to_participants_and_back(
    folder: Path, settings: Settings, database: Database, tmp_path: Path
) -> None:
    with database.writing() as db:
        name, imported = create_study(db, settings, read_study_folder(folder))
    assert name == "my-study"
    assert imported.added == ["clip1.mp4", "clip2.mp4", "clip3.mp4", "notes.mp4"]
    assert imported.same == [("clip10.mp4", "clip1.mp4")]
    told: list[None] = []
    convert_waiting_clips(database, settings, on_clip=lambda: told.append(None))
    assert len(told) == 4
    with database.reading() as db:
        clips = {clip.file_name: clip for clip in db.scalars(select(Clip))}
    assert clips.pop("notes.mp4").state == ClipState.FAILED
    for clip in clips.values():
        assert (clip.state, clip.reason, clip.progress) == (ClipState.READY, None, 1.0)
        assert clip.duration_s is not None
        assert 1 < clip.duration_s < 5
        extensions = {"mp4": "mp4", "webm": "webm", "poster": "webp"}
        for rendition in clip.renditions:
            file = media_path(settings.media_folder, rendition.sha256, extensions.pop(rendition.kind))
            assert file.stat().st_size == rendition.bytes
        assert extensions == {}
    with database.writing() as db:
        assert open_study(db, name).state == StudyState.OPEN
    with database.writing() as db, pytest.raises(NotAllowed, match="open"):
        import_clips(db, settings, name, clip_files(folder / "clips"))
    with database.reading() as db:
        export_study(db, settings, name, tmp_path / "back")
    for file in ("clips/clip1.mp4", "clips/clip3.mp4", "clips/notes.mp4"):
        assert (tmp_path / "back" / file).read_bytes() == (folder / file).read_bytes()
    assert (tmp_path / "back" / "attributes.csv").read_text().splitlines()[:3] == [
        "clip,age",
        "clip1.mp4,",
        "clip2.mp4,31",
    ]
    again = read_study_folder(tmp_path / "back", name="again")
    assert again.attributes["clip2.mp4"] == {"age": "31"}
    assert again.toml.startswith((folder / "study.toml").read_text())
    assert again.definition == read_study_folder(folder).definition


def test_a_clip_that_cannot_be_used_is_named_with_its_reason(
    folder: Path, settings: Settings, database: Database
) -> None:
    created(database, settings, folder)
    convert_waiting_clips(database, settings)
    with database.reading() as db:
        [failed] = db.scalars(select(Clip).where(Clip.state == ClipState.FAILED))
    assert failed.file_name == "notes.mp4"
    assert failed.reason
    assert "Traceback" not in failed.reason


def test_a_clip_whose_file_is_gone_does_not_keep_the_others_waiting(
    folder: Path, settings: Settings, database: Database
) -> None:
    created(database, settings, folder)
    with database.reading() as db:
        first = db.scalars(select(Clip).where(Clip.position == 0)).one()
    source_path(settings, first).unlink()
    convert_waiting_clips(database, settings)
    with database.reading() as db:
        clips = list(db.scalars(select(Clip).where(Clip.file_name != "notes.mp4").order_by(Clip.position)))
    assert (clips[0].state, clips[0].reason) == (ClipState.FAILED, LOST)
    assert {clip.state for clip in clips[1:]} == {ClipState.READY}


def test_clips_wait_while_the_disk_of_their_files_is_not_there(
    folder: Path, settings: Settings, database: Database
) -> None:
    created(database, settings, folder)
    settings.source_folder.rename(settings.data / "elsewhere")
    with pytest.raises(FileNotFoundError):
        convert_waiting_clips(database, settings)
    with database.reading() as db:
        assert {clip.state for clip in db.scalars(select(Clip))} == {ClipState.WAITING}


def test_a_repaired_file_takes_the_place_of_the_clip_that_could_not_be_used(
    folder: Path, settings: Settings, database: Database
) -> None:
    name = created(database, settings, folder)
    convert_waiting_clips(database, settings)
    shutil.copy(DRAWN[5], folder / "clips" / "notes.mp4")
    with database.writing() as db:
        imported = import_clips(db, settings, name, clip_files(folder / "clips"))
    assert imported.added == ["notes.mp4"]
    convert_waiting_clips(database, settings)
    with database.reading() as db:
        clip = db.scalar(select(Clip).where(Clip.file_name == "notes.mp4"))
        assert clip is not None
        assert (clip.state, clip.reason) == (ClipState.READY, None)
    shutil.copy(DRAWN[6], folder / "clips" / "notes.mp4")
    with database.writing() as db, pytest.raises(Invalid, match="another clip named"):
        import_clips(db, settings, name, clip_files(folder / "clips"))


def test_f33_a_clip_whose_worker_was_killed_is_taken_up_again(
    folder: Path, settings: Settings, database: Database
) -> None:
    created(database, settings, folder)
    with database.writing() as db:
        claimed = claim_clip(db)
    assert claimed is not None
    with database.writing() as db:
        other = claim_clip(db)
    assert other is not None
    assert other.id != claimed.id
    with database.writing() as db:
        db.get_one(Clip, claimed.id).worked_at = now() - timedelta(minutes=1)
        db.commit()
    with database.writing() as db:
        again = claim_clip(db)
    assert again is not None
    assert again.id == claimed.id


def test_a_study_opens_only_with_its_clips_converted(folder: Path, settings: Settings, database: Database) -> None:
    name = created(database, settings, folder)
    with database.writing() as db, pytest.raises(NotAllowed, match="not converted"):
        open_study(db, name)


def test_a_study_moves_between_its_states(settings: Settings, database: Database) -> None:
    make_study(database, settings)
    with database.writing() as db, pytest.raises(NotAllowed, match="open already"):
        open_study(db, "faces")
    with database.writing() as db:
        assert close_study(db, "faces").state == StudyState.CLOSED
    with database.writing() as db:
        assert open_study(db, "faces").state == StudyState.OPEN
    with database.writing() as db, pytest.raises(NotFound):
        open_study(db, "nobody")


def test_a_taken_name_is_refused_and_nothing_is_half_stored(
    folder: Path, settings: Settings, database: Database
) -> None:
    make_study(database, settings, name="my-study", n_clips=0)
    with database.writing() as db, pytest.raises(Invalid, match="my-study"):
        create_study(db, settings, read_study_folder(folder))
    with database.reading() as db:
        assert len(list(db.scalars(select(Study)))) == 1
        assert list(db.scalars(select(Clip))) == []


def test_an_export_into_a_folder_that_is_not_empty_is_refused(
    folder: Path, settings: Settings, database: Database
) -> None:
    name = created(database, settings, folder)
    with database.reading() as db, pytest.raises(Invalid, match="not empty"):
        export_study(db, settings, name, folder)
    with database.reading() as db, pytest.raises(Invalid, match="cannot be written"):
        export_study(db, settings, name, folder / "study.toml")


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("", ["study.toml", "title", "missing"]),
        ("title = 3", ["study.toml", "title"]),
        ('title = "x"\n[design]\nmax_itms = 3', ["study.toml", "design.max_itms", "no such key"]),
        ('title = "x"\n[design]\nmax_items = 2', ["study.toml", "design.max_items", "3"]),
        ('title = "x"\n[design]\nmethod = "best"', ["study.toml", "design.method", "lift_the_weakest"]),
        ('title = "x"\n[recruitment]\ncompletion_url = "javascript:alert(1)"', ["recruitment.completion_url", "http"]),
        ("title = ", ["study.toml", "TOML"]),
        ('title = "x"\ndesign = "full"', ["study.toml", "design", "section", "[design]"]),
        ('title = "x"\n[stop]\nmin_evidence = nan', ["stop.min_evidence"]),
        ('title = "a\\u0000b"', ["study.toml", "zero byte"]),
        ('title = "x"\n[texts.replace]\n"Dnoe" = "Ready"', ["study.toml", "texts.replace", "'Dnoe'", "'Done'"]),
    ],
)
def test_a_study_toml_that_cannot_be_used_is_refused_by_file_key_and_reason(
    folder: Path, toml: str, words: list[str]
) -> None:
    (folder / "study.toml").write_text(toml)
    with pytest.raises(Invalid) as refused:
        read_study_folder(folder)
    for word in words:
        assert word in refused.value.message


@pytest.mark.parametrize(
    ("csv", "words"),
    [
        ("name,age\nclip1.mp4,3\n", ["line 1", "clip"]),
        ("clip,age\nclip1.mp4\n", ["line 2", "1 cell under"]),
        ("clip,age\nclip1.mp4,3\nclip1.mp4,4\n", ["line 3", "twice"]),
        ("clip,age\nother.mp4,3\n", ["other.mp4"]),
        ("clip,age,age\nclip1.mp4,3,3\n", ["line 1", "name of its own"]),
        ("clip,,age\nclip1.mp4,x,3\n", ["line 1", "column 2", "no name"]),
        ("clip|age\nclip1.mp4|3\n", ["line 1", "clip", "commas, semicolons or tabs"]),
        ("clip,age\nclip1.mp4,3\nCLIP1,4\n", ["line 3", "'clip1.mp4' appears twice", "line 2"]),
        ("clip,age\nclip11,3\n", ["line 2", "no clip's file is named 'clip11'", "did you mean"]),
        ("clip,age\nclips/clip1.mp4,3\n", ["line 2", "named 'clips/clip1.mp4'; did you mean 'clip1.mp4'"]),
        ("clip,age\n,3\n", ["line 2", "clip", "is empty"]),
        ("file,filename\nclip1.mp4,clip1.mp4\n", ["line 1", "'file' and 'filename' could both"]),
        (",age\nclip1.mp4,3\n", ["line 1", "no column is named clip"]),
        ('clip,age\nclip1.mp4,"1,5"\n', ["line 2", "age", "'1,5'", "semicolons"]),
        ("clip;age;size\nclip1.mp4;1,5;2.5\n", ["line 2", "'1,5'", "'2.5'"]),
        ("clip;age\nclip1.mp4;1 234\nclip2.mp4;5\n", ["line 2", "'1 234'", "thousands"]),
        ("clip,age\nclip1.mp4," + "3" * 200_000, ["line 2", "limit"]),
        ("clip,age\nclip1.mp4,\0\n", ["zero byte"]),
        ("clip,age\nclip1.mp4,\a\n", ["line 2", "age", "control characters"]),
        ('clip,"age\nin years"\nclip1.mp4,3\n', ["line 1", "column 2", "one line"]),
    ],
)
def test_attributes_that_cannot_be_used_are_refused_by_file_line_and_reason(
    folder: Path, csv: str, words: list[str]
) -> None:
    (folder / "attributes.csv").write_text(csv)
    with pytest.raises(Invalid) as refused:
        read_study_folder(folder)
    assert "attributes.csv" in refused.value.message
    for word in words:
        assert word in refused.value.message


@pytest.mark.parametrize("name", ["My Study", "", "-x", "x" * 64, "ä", "../up"])
def test_a_name_that_cannot_stand_in_a_link_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        read_study_folder(folder, name=name or "-")


def test_clips_come_in_natural_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("clip10.mp4", "clip2.mp4", ".DS_Store", "Clip1.mov"):
        (tmp_path / name).touch()
    assert [file.name for file in clip_files(tmp_path)] == ["Clip1.mov", "clip2.mp4", "clip10.mp4"]


def test_a_raised_digit_in_a_name_is_no_number(tmp_path: Path) -> None:
    for name in ("1²3.mp4", "1.mp4"):
        (tmp_path / name).touch()
    assert {file.name for file in clip_files(tmp_path)} == {"1²3.mp4", "1.mp4"}


def test_a_name_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """As out of an old archive: no table of results could hold it. (Not every file system takes such a name.)"""
    (tmp_path / "name\n.mp4").touch()
    with pytest.raises(Invalid, match="rename"):
        clip_files(tmp_path)


def test_attributes_find_a_clip_whose_umlaut_a_mac_spelled(folder: Path) -> None:
    (folder / "clips" / "clip2.mp4").rename(folder / "clips" / "mu\u0308de.mp4")
    (folder / "attributes.csv").write_text("clip,age\nm\u00fcde.mp4,31\n", encoding="utf-8")
    assert read_study_folder(folder).attributes == {"mu\u0308de.mp4": {"age": "31"}}


def test_texts_that_the_pages_have_are_replaced(folder: Path) -> None:
    wanted = {"Done": "Ready", "All clips are in place. Make any changes you like, then press Done.": "Press Ready."}
    lines = "".join(f'"{old}" = "{new}"\n' for old, new in wanted.items())
    (folder / "study.toml").write_text(f'title = "x"\n[texts.replace]\n{lines}')
    assert read_study_folder(folder).definition.texts.replace == wanted


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="put the clips, pictures or sounds there"):
        clip_files(tmp_path)
