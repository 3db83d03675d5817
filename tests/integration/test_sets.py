"""Several sets of clips: handed out evenly under many at once, given back, and arranged one after another."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from scipy.spatial.distance import pdist
from sqlalchemy import select

from analysis.formats.bundle import read_bundle
from analysis.rdm import scale_to_rms
from analysis.results import Choice, results_of_bundle
from app.definition.find import find_study
from app.definition.study_toml import definition_of
from app.domain import SessionState
from app.models import ParticipantSession, now
from app.participation.enrolment import enter
from app.participation.pilots import begin_pilot
from app.participation.places import READING_LEASE
from app.participation.record import record_of_token
from app.participation.set_choice import set_counts
from app.participation.submission import submit
from app.participation.trials import start
from app.planning.basis import basis_of
from app.planning.words import sets_sentence
from app.results import model_work
from app.results.model_files import add_model
from app.results.model_settings import settings_of
from app.results.model_work import compute_next_comparison, request_comparison, standing_of
from app.studies.bundle_rows import prepare
from tests import experimenter
from tests.factories import encode, make_study, trial_body

TOML = """
title = "Sets"
seed = 7
[sets]
column = "set"
anchors = "all"
[design]
max_items = 4
[recruitment]
places = 30
"""
CLIPS = [*("abc" * 3), "all"]


def make(app: Flask, toml: str = TOML) -> Any:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=toml, sets=CLIPS)
    return runtime.database


def given(database: Any) -> Counter[str]:
    with database.reading() as db:
        study = find_study(db, "faces")
        return Counter(set_counts(db, study, definition_of(study), now()))


def test_thirty_who_come_at_once_get_the_sets_evenly(both_app: Flask) -> None:
    database = make(both_app)

    def come(number: int) -> str:
        with database.writing() as db:
            return enter(db, "faces", {"PROLIFIC_PID": f"person-{number}"}).token

    with ThreadPoolExecutor(15) as pool:
        tokens = list(pool.map(come, range(30)))
    assert given(database) == {"a": 10, "b": 10, "c": 10}
    with database.reading() as db:
        record = record_of_token(db, tokens[0])
    assert [len(items) for items in record.sets] == [4]
    assert {clip.set for clip in record.clips} == {*(record.session.clip_sets or ()), "all"}


def test_who_leaves_gives_the_set_back_and_pilots_have_none(app: Flask) -> None:
    database = make(app)

    def come(number: int) -> None:
        with database.writing() as db:
            enter(db, "faces", {"PROLIFIC_PID": f"person-{number}"})

    for number in range(3):
        come(number)
    with database.writing() as db:
        begin_pilot(db, find_study(db, "faces").id)
        sessions = db.scalars(select(ParticipantSession).where(ParticipantSession.number > 0)).all()
        gone, excluded, _ = sessions
        gone.last_seen_at = now() - READING_LEASE - timedelta(minutes=1)
        excluded.state, excluded.exclusion_reason = SessionState.FINISHED, "asleep"
        free = sorted([*(gone.clip_sets or ()), *(excluded.clip_sets or ())])
        db.commit()
    assert sum(given(database).values()) == 1
    come(3)
    come(4)
    with database.reading() as db:
        later = db.scalars(select(ParticipantSession).where(ParticipantSession.number > 3)).all()
        assert sorted(name for one in later for name in one.clip_sets or ()) == free


def test_a_participant_arranges_two_sets_one_after_the_other(app: Flask) -> None:
    database = make(app, TOML.replace("[design]", "per_session = 2\n[design]") + "[stop]\nmin_evidence = 0.04\n")
    with database.writing() as db:
        token = enter(db, "faces", {}).token
    record, shown = start(database, token), []
    while record.open_trial is not None:
        ids = {clip.id: clip for clip in record.clips}
        shown.append({ids[clip].set for clip in record.open_trial.clip_ids} - {"all"})
        view = {"clips": [{"id": ids[clip].public_id} for clip in record.open_trial.clip_ids]}
        _, record = submit(database, token, record.open_trial.key, encode(trial_body(view)))
    first, second = record.session.clip_sets or ()
    assert shown == [{first}, {second}]
    assert record.state == SessionState.FINISHED
    with database.reading() as db:
        record = record_of_token(db, token)
    assert (record.session.ended_by, record.progress) == ("evidence", 1.0)


def test_a_plan_is_of_one_set_and_says_what_all_take(app: Flask) -> None:
    database = make(app, TOML.replace("[design]", "per_session = 2\n[design]"))
    with database.reading() as db:
        basis = basis_of(db, find_study(db, "faces"))
    assert basis.clips == ("clip0.mp4", "clip3.mp4", "clip6.mp4", "clip9.mp4")
    assert (basis.task.stop.max_minutes, basis.task.stop.max_trials) == (15.0, 100)
    assert (basis.facts["clips"], basis.facts["sets"], basis.all_seconds.size) == (4, 3, 10)
    told = sets_sentence({"facts": basis.facts, "plan": {"needed": {"value": 11}}}, 3)
    assert told.startswith("All figures are for one set of 4 clips, of 3 sets. A session arranges 2 of them")
    assert told.endswith("11 raters of every set take 17 sessions in all.")


@pytest.fixture
def lab_of_sets(lab: experimenter.Lab) -> experimenter.Lab:
    """Six raters of three sets of four clips, one of which is in all; each has two sets."""
    toml = TOML.replace("[design]", "per_session = 2\n[design]") + "[stop]\nmin_evidence = 0.04\n"
    make_study(lab.database, lab.settings, name="many", toml=toml, sets=CLIPS)
    for rater in range(6):
        experimenter.take_part(lab.database, "many", rater)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    return lab


def test_page_and_bundle_have_the_same_results_of_each_set(lab_of_sets: experimenter.Lab, tmp_path: Path) -> None:
    lab = lab_of_sets
    api = "/api/v1/studies/many/results"
    assert lab.client.get(f"{api}/sets").json["waiting"] == 3
    assert lab.client.get("/api/v1/studies/many/reliability").json["value"] is None
    experimenter.compute(lab)
    shown = lab.client.get(f"{api}/sets").json
    halves = [one["values"]["split_half_corrected"]["value"] for one in shown["sets"]]
    so_far = lab.client.get("/api/v1/studies/many/reliability").json
    assert (so_far["value"], so_far["raters"]) == (pytest.approx(np.mean(halves), abs=1e-4), 6)
    assert [(one["set"], one["n_clips"], one["n_anchors"], one["n_raters"]) for one in shown["sets"]] == [
        (name, 4, 1, 4) for name in "abc"
    ]
    rows = [one["values"]["pairwise_pearson"]["value"] for one in shown["sets"]]
    assert shown["mean"]["values"]["pairwise_pearson"]["value"] == pytest.approx(np.mean(rows))
    page = lab.client.get(f"{api}/rdms/group?set=b").json
    file = tmp_path / "many.zip"
    file.write_bytes(lab.client.get("/studies/many/bundle.zip").data)
    bundle = read_bundle(file)
    assert [one.name for one in bundle.sets()] == ["a", "b", "c"]
    assert bundle.sets()[1].items == (1, 4, 7, 9)
    of_bundle = results_of_bundle(bundle, Choice(clip_set="b"), jobs=1)
    kept = bundle.rdms("combined", clip_set="b")
    assert of_bundle.names == kept.names == ("clip1.mp4", "clip4.mp4", "clip7.mp4", "clip9.mp4")
    assert of_bundle.raters == kept.raters
    np.testing.assert_allclose([one.rdm for one in of_bundle.estimates.values()], kept.completed, atol=1e-9)
    np.testing.assert_allclose(scale_to_rms(of_bundle.pooled.rdm), page["rdm"], atol=1e-4)
    told = [row for row in bundle.rows("set_agreement") if row["method"] == "combined"]
    pairwise = [row["value"] for row in told if row["measure"] == "pairwise_pearson"]
    np.testing.assert_allclose(pairwise, [*rows, np.mean(rows)])
    array = np.load(io.BytesIO(zipfile.ZipFile(file).read("rdms/combined/02.npy")))
    assert array.shape == (4, 6)
    assert "3 sets of 4, of which 1 anchor clip was in every set" in bundle.text("methods.md")
    # All clips together: what was found of each set side by side, and nothing across sets.
    whole = results_of_bundle(bundle, Choice(), jobs=1)
    first = next(iter(whole.estimates.values()))
    assert np.isfinite(first.rdm).sum() == 12
    assert first.n_components == 2
    # A bundle is a study again.
    prepared = prepare(bundle, shown_as="many.zip")
    assert {tuple(one["clip_sets"]) for one in prepared.sessions} == {
        tuple(row["clip_sets"].split("; ")) for row in bundle.rows("participants")
    }


def test_models_are_predicted_from_over_whole_sets(
    lab_of_sets: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = lab_of_sets
    monkeypatch.setattr(model_work, "N_BOOT", 100)
    monkeypatch.setattr(model_work, "N_PERMUTATIONS", 19)
    file = io.BytesIO()
    np.save(file, pdist(np.random.default_rng(1).normal(size=(10, 4))))
    with lab.database.reading() as db:
        study_id = find_study(db, "many").id
    add_model(lab.database, study_id, "net.npy", file.getvalue())
    with lab.database.writing() as db:
        request_comparison(db, find_study(db, "many"), settings_of({"axes": True, "predictions": True}))
    assert compute_next_comparison(lab.database)
    with lab.database.reading() as db:
        findings = standing_of(db, find_study(db, "many")).findings
    assert findings is not None
    # Three sets, and the anchor that is in all of them.
    assert (findings.parts.predictions.by_sets, findings.parts.predictions.n_folds) == (True, 4)
    assert [one.target for one in findings.parts.predictions.scores] == ["map axis 1", "map axis 2"]
    assert "set has no axis and is not predicted: all clips of a set have the same value." in findings.parts.remarks
