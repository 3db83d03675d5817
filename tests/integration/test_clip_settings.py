"""What a study's settings make of its clips: how large they are, and what is seen through transparent ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from sqlalchemy import select

from app.clips.conversion import convert_waiting_clips
from app.config import Settings
from app.db import Database, open_database
from app.media import media_path
from app.models import Clip, Rendition
from app.studies.lifecycle import create_study
from app.studies.study_folder import read_study_folder
from tests.conftest import ROOT
from tests.factories_video import make_clip

TRANSPARENT = ROOT / "tests" / "data" / "clips" / "alpha.webm"


@pytest.fixture
def database(settings: Settings) -> Database:
    return open_database(settings.database)


def converted(settings: Settings, database: Database, folder: Path, toml: str, clip: Path) -> Clip:
    """The one clip of a study with these settings, after its conversion."""
    (folder / "clips").mkdir(parents=True)
    shutil.copy(clip, folder / "clips")
    (folder / "study.toml").write_text(f'title = "Mine"\n{toml}')
    with database.writing() as db:
        create_study(db, settings, read_study_folder(folder))
    convert_waiting_clips(database, settings)
    with database.reading() as db:
        return db.scalars(select(Clip)).one()


def first_picture(settings: Settings, database: Database) -> np.ndarray:
    with database.reading() as db:
        file = db.scalars(select(Rendition).where(Rendition.kind == "mp4")).one()
    with av.open(str(media_path(settings.media_folder, file.sha256, "mp4"))) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def test_a_study_sets_how_large_its_clips_are(settings: Settings, database: Database, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "wide.mp4", size=(480, 270), frames=4)
    clip = converted(settings, database, tmp_path / "mine", "[clips]\nmax_side = 160\n", source)
    assert (clip.width, clip.height) == (160, 90)
    assert first_picture(settings, database).shape == (90, 160, 3)


def test_by_default_a_4k_clip_is_large_enough_for_the_enlarged_view_and_both_sizes_are_told(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    clip = converted(
        settings, database, tmp_path / "mine", "", make_clip(tmp_path / "4k.mp4", size=(3840, 2160), frames=2)
    )
    # Enlarged, such a clip takes 768 x 432 pixels at least in a window of 1280 x 720.
    assert (clip.width, clip.height) == (960, 540)
    assert (clip.source_width, clip.source_height) == (3840, 2160)


@pytest.mark.parametrize(("toml", "grey"), [("", 0), ('[arena]\nbackground = "grey"\n', 128)])
def test_transparency_shows_the_background_of_the_studys_arena(
    settings: Settings, database: Database, tmp_path: Path, toml: str, grey: int
) -> None:
    clip = converted(settings, database, tmp_path / "mine", toml, TRANSPARENT)
    np.testing.assert_allclose(first_picture(settings, database)[2, 2], grey, atol=8)
    assert any("where it is transparent" in remark for remark in clip.remarks or [])
