"""The commands, as somebody types them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from analysis.formats.bundle import read_bundle
from analysis.results import Choice
from app.cli import commands
from app.config import Settings
from app.db import open_database
from app.definition.study_toml import parse_definition
from app.demo import simulate_rater_session
from app.errors import AsterismError
from app.models import ParticipantSession, Submission
from app.results.inputs import inputs_of
from app.studies.text import study_text
from tests import experimenter
from tests.conftest import ROOT
from tests.factories import make_study


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(commands, ["--data", str(settings.data), *arguments], catch_exceptions=True)


def test_a_study_from_folder_to_results(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "little"
    (folder / "clips").mkdir(parents=True)
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[:3]:
        shutil.copy(clip, folder / "clips")
    (folder / "clips" / "broken.mp4").write_bytes(b"no video")
    (folder / "study.toml").write_text('title = "Little"\n[stop]\nmax_trials = 2\n')
    made = run(settings, "study", "create", str(folder))
    assert made.exit_code == 0, made.output
    assert "broken.mp4" in made.output
    assert "has 3 clips" in made.output
    again = run(settings, "clips", "import", "little", str(folder / "clips"))
    assert "0 new clips" in again.output
    assert "taken once" in again.output
    assert "/join/little" in run(settings, "study", "open", "little").output
    assert "little\topen\tLittle" in run(settings, "study", "list").output
    out = tmp_path / "little.zip"
    assert run(settings, "study", "results", "little", "--out", str(out)).exit_code == 0
    assert read_bundle(out).manifest["study"] == "little"
    assert run(settings, "study", "close", "little").exit_code == 0
    assert run(settings, "study", "export", "little", str(tmp_path / "back")).exit_code == 0
    given = (folder / "study.toml").read_text()
    assert (tmp_path / "back" / "study.toml").read_text() == study_text(given, parse_definition(given))


def test_an_error_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    failed = run(settings, "study", "create", str(tmp_path / "nowhere"))
    assert isinstance(failed.exception, AsterismError)
    assert "nowhere" in failed.exception.message


def test_the_set_up_link_is_printed_until_there_is_an_account(settings: Settings) -> None:
    assert "/setup/" in run(settings, "setup-link").output


def test_doctor_says_what_is_wrong(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    well = run(settings, "doctor")
    assert well.exit_code == 0, well.output
    for subject in ("Python", "disk", "database", "codecs", "browser"):
        assert subject in well.output
    (settings.data / "asterism.sqlite3").write_bytes(b"this is no database" * 100)
    ill = run(settings, "doctor")
    assert ill.exit_code == 1
    assert "PROBLEM" in ill.output
    assert "database" in ill.output


def test_simulated_raters_go_through_the_same_services_and_are_marked(settings: Settings) -> None:
    database = open_database(settings.database)
    study_id = make_study(database, settings, n_clips=6, toml='title = "x"\n[stop]\nmin_evidence = 0.2\n')
    truth = np.random.default_rng(1).uniform(0.2, 1.0, 15)
    for rater in range(2):
        simulate_rater_session(database, "faces", study_id, truth, rater)
    with database.reading() as db:
        sessions = db.scalars(select(ParticipantSession)).all()
        assert [session.is_simulated for session in sessions] == [True, True]
        assert {session.ended_by for session in sessions} == {"evidence"}
        for session in sessions:
            assert session.consented_at < session.last_seen_at
        assert db.scalar(select(func.min(Submission.active_ms))) > 1000
        assert len(inputs_of(db, study_id, Choice()).chosen) == 2
        assert inputs_of(db, study_id, Choice(with_simulated=False)).chosen == []
    database.close()


def test_results_say_how_many_unfinished_sessions_are_left_out(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "little"
    (folder / "clips").mkdir(parents=True)
    for clip in sorted((ROOT / "demo" / "clips").glob("*.mp4"))[:4]:
        shutil.copy(clip, folder / "clips")
    (folder / "study.toml").write_text('title = "Little"\n[stop]\nmax_trials = 2\n')
    assert run(settings, "study", "create", str(folder)).exit_code == 0
    assert run(settings, "study", "open", "little").exit_code == 0
    database = open_database(settings.database)
    experimenter.take_part(database, "little", trials=1)
    database.close()
    out = str(tmp_path / "little.zip")
    said = "1 unfinished session is left out; --with-unfinished takes them in."
    assert said in run(settings, "study", "results", "little", "--out", out).output
    assert list(read_bundle(out).rows("trials")) == []
    assert "left out" not in run(settings, "study", "results", "little", "--out", out, "--with-unfinished").output
    assert len(list(read_bundle(out).rows("trials"))) == 1


def test_the_log_of_a_study_names_what_was_done_and_by_whom(settings: Settings, tmp_path: Path) -> None:
    database = open_database(settings.database)
    make_study(database, settings)
    experimenter.take_part(database, "faces", trials=1)
    database.close()
    assert run(settings, "study", "close", "faces").exit_code == 0
    out = str(tmp_path / "faces.zip")
    assert (
        run(settings, "study", "results", "faces", "--out", out, "--recruiter-ids", "--with-unfinished").exit_code == 0
    )
    assert run(settings, "study", "erase", "faces", "P001", "--yes").exit_code == 0
    lines = [line.split("\t")[1:] for line in run(settings, "study", "log", "faces").output.splitlines()]
    assert lines == [
        ["command line", "closed"],
        ["command line", "recruiters' ids exported"],
        ["command line", "erased", "raters: P001"],
    ]
    assert isinstance(run(settings, "study", "log", "nowhere").exception, AsterismError)
