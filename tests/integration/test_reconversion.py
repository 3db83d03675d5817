"""Clips that an earlier version converted are converted again from their sources, and nothing changes silently."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli import commands
from app.clips.conversion import convert_waiting_clips, store_conversion
from app.clips.importing import source_path
from app.clips.reconversion import reconvert_study
from app.config import Settings, load_settings
from app.db import Database, open_database
from app.domain import ClipState, StudyState
from app.errors import NotAllowed
from app.media import media_path
from app.models import Clip, FormerRendition, ParticipantSession, Rendition, Study
from app.participation.enrolment import enter
from app.studies.lifecycle import close_study, create_study, open_study
from app.studies.study_folder import read_study_folder
from app.video import Options, convert
from tests import experimenter
from tests.apps import installation
from tests.conftest import ROOT
from tests.factories_frames import count_itself

CLIPS = ROOT / "tests" / "data" / "clips"


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    """A data folder with a draft of three clips, as an earlier version converted them: at 48 pixels, one with half of
    its frames."""
    data = tmp_path_factory.mktemp("converted")
    settings = installation(data, empty_sqlite)
    folder = tmp_path_factory.mktemp("old", numbered=False)
    (folder / "clips").mkdir()
    shutil.copy(CLIPS / "h264_2bframes.avi", folder / "clips" / "a.avi")
    count_itself(folder / "clips" / "b.mp4", "libx264", frames=10)
    count_itself(folder / "clips" / "c.mp4", "libx264", frames=12)
    (folder / "study.toml").write_text('title = "Old"\n')
    database = open_database(settings.database)
    with database.writing() as db:
        create_study(db, settings, read_study_folder(folder))
    convert_waiting_clips(database, settings)
    with database.writing() as db:
        for clip in db.scalars(select(Clip)):
            made = convert(source_path(settings, clip), settings.media_folder, Options(side=48))
            clip.renditions = []
            db.flush()
            store_conversion(clip, replace(made, frames=13, duration=0.52) if clip.file_name == "a.avi" else made)
        db.commit()
    database.close()
    return data


@pytest.fixture
def settings(converted: Path, tmp_path: Path) -> Settings:
    """Those of a copy of that folder."""
    shutil.copytree(converted, tmp_path / "data")
    return load_settings(data=tmp_path / "data", rate_limits=False)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings.database)
    yield database
    database.close()


@pytest.fixture
def study() -> str:
    """The draft's name."""
    return "old"


def state(database: Database) -> dict[str, tuple[str, int | None, int | None, frozenset[str]]]:
    with database.reading() as db:
        return {
            clip.file_name: (clip.public_id, clip.width, clip.frames, frozenset(r.sha256 for r in clip.renditions))
            for clip in db.scalars(select(Clip))
        }


def test_clips_keep_their_identity_and_their_old_files(study: str, settings: Settings, database: Database) -> None:
    before = state(database)
    results = {result.file: result for result in reconvert_study(database, settings, study)}
    after = state(database)
    assert {file: row[0] for file, row in after.items()} == {file: row[0] for file, row in before.items()}
    assert [row[1:3] for row in after.values()] == [(96, 25), (64, 10), (64, 12)]
    assert results["a.avi"].text == (
        "25 frames in place of 13, 96 x 64 pixels in place of 48 x 32, 1.00 s in place of 0.52 s"
    )
    assert results["b.mp4"].text == "64 x 48 pixels in place of 48 x 36"
    with database.reading() as db:
        former = list(db.scalars(select(FormerRendition)))
        assert {row.sha256 for row in former} == set().union(*(row[3] for row in before.values()))
        assert {(row.frames, row.width) for row in former} == {(13, 48), (10, 48), (12, 48)}
        for row in former:
            extension = {"mp4": "mp4", "webm": "webm", "poster": "webp"}[row.kind]
            assert media_path(settings.media_folder, row.sha256, extension).stat().st_size == row.bytes
        remarks = db.scalars(select(Clip.remarks)).first()
        assert remarks is not None
        assert remarks[-1].startswith("converted anew on 20")
        assert results["a.avi"].text in remarks[-1]


def test_a_second_time_changes_nothing(study: str, settings: Settings, database: Database) -> None:
    reconvert_study(database, settings, study)
    before = state(database)
    with database.reading() as db:
        remarks = list(db.scalars(select(Clip.remarks)))
    assert [result.text for result in reconvert_study(database, settings, study)] == ["unchanged"] * 3
    assert state(database) == before
    with database.reading() as db:
        assert list(db.scalars(select(Clip.remarks))) == remarks


def test_an_open_study_is_left_alone(study: str, settings: Settings, database: Database) -> None:
    with database.writing() as db:
        open_study(db, study)
    before = state(database)
    with pytest.raises(NotAllowed, match="is open: its next participants would see different clips"):
        reconvert_study(database, settings, study, although_seen=True)
    assert state(database) == before


def test_clips_that_people_have_seen_are_changed_only_on_request_and_it_is_told(
    study: str, settings: Settings, database: Database
) -> None:
    with database.writing() as db:
        open_study(db, study)
    with database.writing() as db:
        enter(db, study, {})
    with database.writing() as db:
        close_study(db, study)
    before = state(database)
    with pytest.raises(NotAllowed, match="1 session has seen the clips"):
        reconvert_study(database, settings, study)
    assert state(database) == before
    reconvert_study(database, settings, study, although_seen=True)
    with database.reading() as db:
        remarks = db.scalars(select(Clip.remarks)).first()
        assert remarks is not None
        assert ", after 1 session had begun: 25 frames in place of 13" in remarks[-1]
        assert db.scalars(select(ParticipantSession)).one().study_id


def test_a_clip_that_can_no_longer_be_used_stays_as_it_was(study: str, settings: Settings, database: Database) -> None:
    with database.writing() as db:
        clip = db.scalars(select(Clip).where(Clip.file_name == "b.mp4")).one()
        source_path(settings, clip).write_text("no video any more")
    before = state(database)["b.mp4"]
    result = {one.file: one for one in reconvert_study(database, settings, study)}["b.mp4"]
    assert result.kept
    assert "stays as it was: the file is text" in result.text
    assert state(database)["b.mp4"] == before
    with database.reading() as db:
        assert db.scalars(select(Clip).where(Clip.file_name == "b.mp4")).one().state == ClipState.READY


def test_a_draft_takes_clips_that_an_earlier_version_refused(
    study: str, settings: Settings, database: Database
) -> None:
    with database.writing() as db:
        clip = db.scalars(select(Clip).where(Clip.file_name == "c.mp4")).one()
        clip.state, clip.reason, clip.width, clip.renditions = ClipState.FAILED, "a single picture", None, []
        db.commit()
    result = {one.file: one for one in reconvert_study(database, settings, study)}["c.mp4"]
    assert (result.text, result.changed) == ("can be used now", True)
    with database.reading() as db:
        assert db.scalars(select(Clip).where(Clip.file_name == "c.mp4")).one().state == ClipState.READY


def test_the_clips_of_a_study_that_was_opened_are_not_added_to(
    study: str, settings: Settings, database: Database
) -> None:
    with database.writing() as db:
        clip = db.scalars(select(Clip).where(Clip.file_name == "c.mp4")).one()
        clip.state, clip.reason = ClipState.FAILED, "a single picture"
        db.scalars(select(Study)).one().state = StudyState.CLOSED
        db.commit()
    result = {one.file: one for one in reconvert_study(database, settings, study)}["c.mp4"]
    assert result.kept
    with database.reading() as db:
        assert db.scalars(select(Clip).where(Clip.file_name == "c.mp4")).one().state == ClipState.FAILED


def test_a_page_that_was_loaded_before_goes_on_with_the_files_that_it_had(
    study: str, settings: Settings, database: Database
) -> None:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        address = lab.client.get(f"/api/v1/studies/{study}/clips").json["clips"][0]["sources"][0]["src"]
        old = fetched(lab, address)
        reconvert_study(database, settings, study)
        now = lab.client.get(f"/api/v1/studies/{study}/clips").json["clips"][0]["sources"][0]["src"]
        assert now != address
        assert fetched(lab, address) == old
        assert fetched(lab, now) not in (b"", old)


def fetched(lab: experimenter.Lab, address: str) -> bytes:
    with lab.client.get(address) as answer:
        return bytes(answer.data)


def test_the_command_names_what_changed(study: str, settings: Settings, database: Database) -> None:
    result = CliRunner().invoke(commands, ["clips", "reconvert", study, "--data", str(settings.data)])
    assert result.exit_code == 0, result.output + str(result.exception)
    assert "a.avi: 25 frames in place of 13" in result.output
    assert "3 of 3 clips of the study old are new" in result.output
    with database.reading() as db:
        assert len(list(db.scalars(select(Rendition)))) == 9
