"""The worker as a process of its own: it does what waits, survives being killed, and ends with its parent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from analysis.results import Choice
from app.config import Settings
from app.db import Database, open_database
from app.domain import ClipState
from app.media import media_path
from app.models import Clip, Rendition, Study
from app.results.inputs import inputs_of
from app.results.stored import standing_of
from app.results.work import request_results
from app.studies.lifecycle import create_study
from app.studies.study_folder import read_study_folder
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import make_study

PATIENCE = 180.0


@pytest.fixture
def database(settings: Settings) -> Database:
    return open_database(settings.database)


@pytest.fixture(autouse=True)
def waiting_clips(settings: Settings, database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    (folder / "clips").mkdir(parents=True)
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[:3]:
        shutil.copy(clip, folder / "clips")
    (folder / "study.toml").write_text('title = "Jobs"\n')
    with database.writing() as db:
        create_study(db, settings, read_study_folder(folder))


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app", "--data", str(settings.data), "worker"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def states(database: Database) -> list[ClipState]:
    with database.reading() as db:
        return list(db.scalars(select(Clip.state)))


def end(worker: subprocess.Popen[bytes]) -> None:
    """Close the worker's input, as the end of its parent would; it must go by itself."""
    assert worker.stdin is not None
    worker.stdin.close()
    assert worker.wait(timeout=60) == 0


def test_f33_a_worker_killed_in_the_middle_leaves_no_half_made_file_and_the_next_goes_on(
    settings: Settings, database: Database
) -> None:
    first = start_worker(settings)
    wait_until(lambda: ClipState.CONVERTING in states(database))
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate(timeout=30)
    assert set(states(database)) != {ClipState.READY}
    _every_file_is_whole(settings, database)
    second = start_worker(settings)
    wait_until(lambda: set(states(database)) == {ClipState.READY})
    end(second)
    _every_file_is_whole(settings, database)
    with database.reading() as db:
        assert len(list(db.scalars(select(Rendition)))) == 9


def _every_file_is_whole(settings: Settings, database: Database) -> None:
    extensions = {"mp4": "mp4", "webm": "webm", "poster": "webp"}
    with database.reading() as db:
        for rendition in db.scalars(select(Rendition)):
            file = media_path(settings.media_folder, rendition.sha256, extensions[rendition.kind])
            assert file.stat().st_size == rendition.bytes


def test_the_worker_computes_results_that_a_page_has_asked_for(settings: Settings, database: Database) -> None:
    make_study(database, settings, toml=experimenter.SHORT)
    experimenter.take_part(database, "faces", trials=1)
    choice = Choice("weighted_average", with_unfinished=True)
    with database.writing() as db:
        study_id = db.scalars(select(Study.id).where(Study.name == "faces")).one()
        request_results(db, inputs_of(db, study_id, choice))

    def is_current() -> bool:
        with database.reading() as db:
            return standing_of(db, inputs_of(db, study_id, choice)).is_current

    worker = start_worker(settings)
    wait_until(is_current)
    end(worker)
