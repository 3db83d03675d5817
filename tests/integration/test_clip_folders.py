"""What lies in a folder of clips: taken, or named; and what is pointed out before a study opens."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import commands
from app.clips.clip_files import clip_files, passed_over
from app.clips.differences import differences
from app.config import Settings
from app.db import Database, open_database
from app.domain import ClipState, StudyState
from app.errors import Invalid, NotAllowed
from app.models import Clip, Study
from app.studies.attributes import read_attributes
from app.studies.lifecycle import create_study, export_study, import_clips, open_study
from app.studies.study_folder import read_study_folder
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import make_study

DRAWN = sorted((ROOT / "demo" / "clips").glob("*.mp4"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven clips, six of them in folders, and what systems and people leave beside them."""
    made = tmp_path / "my-study"
    clips = made / "clips"
    for place in ("happy/calm", "sad", ".cache", "__MACOSX"):
        (clips / place).mkdir(parents=True)
    for number, clip in enumerate(DRAWN[:7]):
        below = "" if number == 0 else "happy/calm/" if number < 4 else "sad/"
        shutil.copy(clip, clips / f"{below}clip{number % 4}.mp4")
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "ratings.csv", "sad/._clip0.mp4", "__MACOSX/clip0.mp4"):
        (clips / name).write_bytes(b"\0\1")
    (clips / ".cache" / "clip9.mp4").write_bytes(b"x")
    (made / "study.toml").write_text('title = "Mine"\n')
    return made


@pytest.fixture
def database(settings: Settings) -> Database:
    return open_database(settings.database)


def test_clips_in_folders_are_taken_with_the_folder_as_an_attribute(
    folder: Path, settings: Settings, database: Database, tmp_path: Path
) -> None:
    (folder / "attributes.csv").write_text("clip,age\nhappy/calm/clip1.mp4,31\nsad/clip1.mp4,40\n")
    read = read_study_folder(folder)
    with database.writing() as db:
        create_study(db, settings, read)
    with database.reading() as db:
        clips = {clip.file_name: clip for clip in db.scalars(select(Clip))}
        assert set(clips) == {
            "clip0.mp4",
            *(f"happy/calm/clip{k}.mp4" for k in (1, 2, 3)),
            *(f"sad/clip{k}.mp4" for k in (0, 1, 2)),
        }
        assert clips["happy/calm/clip1.mp4"].attributes == {"folder": "happy/calm", "age": "31"}
        assert clips["sad/clip1.mp4"].attributes == {"folder": "sad", "age": "40"}
        assert clips["clip0.mp4"].attributes == {"folder": ""}
        assert clips["sad/clip2.mp4"].label == "sad/clip2"
        export_study(db, settings, "my-study", tmp_path / "back")
    again = read_study_folder(tmp_path / "back", name="again")
    assert [file.name for file in again.clip_files] == [file.name for file in read.clip_files]
    assert {clip: row["folder"] for clip, row in again.attributes.items()} == {
        clip: row["folder"] for clip, row in read.attributes.items()
    }


def test_whatever_is_no_clip_is_named(folder: Path) -> None:
    (note,) = passed_over(folder / "clips")
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "ratings.csv", "sad/._clip0.mp4", "__MACOSX/", ".cache/"):
        assert name in note
    assert note in read_study_folder(folder).notes


def test_many_others_are_counted(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"note{number:02}.txt").write_text("x")
    (note,) = passed_over(tmp_path)
    assert note.endswith("note07.txt and 12 more")
    with pytest.raises(Invalid, match=r"holds no files; put the clips, pictures or sounds there \(passed over"):
        clip_files(tmp_path)


def test_the_commands_say_what_was_passed_over(folder: Path, settings: Settings, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(commands, [*arguments, "--data", str(settings.data)])
        assert result.exit_code == 0, result.output + str(result.exception)
        return result.output

    said = run("study", "create", str(folder))
    assert "passed over in clips/, as no clips" in said
    assert "has 7 clips" in said
    more = tmp_path / "more"
    (more / "late").mkdir(parents=True)
    shutil.copy(DRAWN[8], more / "late" / "new.mp4")
    (more / "late" / "broken.mp4").write_text("no video")
    (more / "readme.txt").write_text("x")
    said = run("clips", "import", "my-study", str(more))
    assert "passed over in more/, as no clips: readme.txt" in said
    assert "late/broken.mp4: the file is text" in said
    said = run("study", "open", "my-study")
    assert "without late/broken.mp4: the file is text" in said
    assert "The study my-study is open" in said


def test_names_that_differ_in_how_accents_are_stored_are_refused(tmp_path: Path) -> None:
    for name in ("\u00e9.mp4", "e\u0301.mp4"):
        (tmp_path / name).write_bytes(b"x")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system stores accents in one way")
    with pytest.raises(Invalid, match="differ in how accents are stored only"):
        clip_files(tmp_path)


def test_names_that_a_mac_gives_are_taken(tmp_path: Path) -> None:
    recording, scientist = "Screen Recording at 5.01.23\u202fPM.mp4", "\U0001f469\u200d\U0001f52c.mp4"
    for name in (recording, scientist, "Icon\r"):
        (tmp_path / name).write_bytes(b"x")
    files = [file.name for file in clip_files(tmp_path)]
    assert sorted(files) == sorted([recording, scientist])
    (tmp_path / "attributes.csv").write_text("clip,a\nScreen Recording at 5.01.23 PM,1\n", encoding="utf-8")
    assert read_attributes(tmp_path / "attributes.csv", files) == {recording: {"a": "1"}}


def test_names_that_differ_in_capitals_only_are_refused(tmp_path: Path) -> None:
    for name in ("a.mp4", "A.mp4"):
        (tmp_path / name).write_bytes(b"x")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system knows no capitals")
    with pytest.raises(Invalid, match="differ in capitals only"):
        clip_files(tmp_path)


def test_a_link_to_a_folder_is_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [file.name for file in clip_files(tmp_path)] == ["a.mp4"]
    assert "loop/" in passed_over(tmp_path)[0]


def test_clips_imported_later_have_their_folder_too(folder: Path, settings: Settings, database: Database) -> None:
    with database.writing() as db:
        create_study(db, settings, read_study_folder(folder))
    late = folder.parent / "late"
    (late / "angry").mkdir(parents=True)
    shutil.copy(DRAWN[9], late / "angry" / "clip.mp4")
    with database.writing() as db:
        import_clips(db, settings, "my-study", clip_files(late))
    with database.reading() as db:
        clip = db.scalars(select(Clip).where(Clip.file_name == "angry/clip.mp4")).one()
        assert clip.attributes == {"folder": "angry"}


def of(duration: float, width: int = 960, height: int = 540, state: ClipState = ClipState.READY) -> Clip:
    name = f"{duration:g}s-{width}x{height}.mp4"
    return Clip(file_name=name, duration_s=duration, width=width, height=height, state=state)


def test_durations_that_differ_tenfold_are_pointed_out() -> None:
    assert differences([of(0.3), of(3.1), of(2.0)]) == [
        "durations differ 10-fold: 0.3s-960x540.mp4 lasts 0.30 s, 3.1s-960x540.mp4 3.1 s"
    ]
    assert differences([of(0.4), of(3.1), of(90.0, state=ClipState.FAILED)]) == []


def test_sizes_and_shapes_that_differ_are_pointed_out() -> None:
    size, shape = differences([of(1.0), of(1.0, 240, 240)])
    assert "240 x 240 pixels, 1s-960x540.mp4 at 960 x 540" in size
    assert shape.startswith("shapes differ")
    assert differences([]) == differences([of(1.0)]) == []


@pytest.fixture
def draft(settings: Settings, database: Database) -> Database:
    """A draft of six clips, one of which cannot be used, and one of which is very short."""
    make_study(database, settings, name="draft", state=StudyState.DRAFT)
    with database.writing() as db:
        first, second, *_ = db.scalars(select(Clip).order_by(Clip.position))
        first.state, first.reason = ClipState.FAILED, "the file is text, not a video"
        second.duration_s = 0.05
        db.commit()
    return database


def test_the_page_says_what_a_study_opens_without_and_asks(draft: Database, settings: Settings) -> None:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        page = lab.client.get("/studies/draft").text
        assert "Open without this file" in page
        assert "clip0.mp4</code> the file is text, not a video" in page
        assert "durations differ 20-fold" in page
        token = experimenter.csrf_token(page)
        stale = lab.client.post("/studies/draft/open", data={"csrf_token": token})
        assert stale.status_code == 409
        assert "clip0.mp4: the file is text" in stale.text
        sent = lab.client.post("/studies/draft/open", data={"csrf_token": token, "without_failed": "1"})
        assert sent.status_code == 303
        listed = lab.client.get("/api/v1/studies/draft/clips").json
    assert listed["differences"] == ["durations differ 20-fold: clip1.mp4 lasts 0.05 s, clip2.mp4 1.0 s"]
    with draft.reading() as db:
        assert db.scalars(select(Study)).one().state == StudyState.OPEN


def test_opening_without_leave_names_the_files(draft: Database) -> None:
    with draft.writing() as db, pytest.raises(NotAllowed, match=r"1 file cannot be used.*clip0.mp4: the file is text"):
        open_study(db, "draft", without_failed=False)
