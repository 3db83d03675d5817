"""Studies in which all participants together see the pairs: whose clips are chosen one at a time, and counted right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from analysis import estimate_rdm
from analysis.arrangement import Ints
from analysis.designs import pair_counts
from analysis.formats.bundle import read_bundle
from analysis.models.candidates import Candidates
from analysis.rdm import subset
from analysis.report import write_report
from analysis.results import Choice, results_of_bundle
from analysis.results.cohort_rdm import NOT_KNOWN
from analysis.results.compared import ModelOptions
from analysis.results.models_of_bundle import findings_of_bundle
from app.config import Settings
from app.db import Database, open_database
from app.domain import SessionState
from app.models import Clip, ParticipantSession, Seat, Study, Trial, now
from app.participation.arrangements import clip_order
from app.participation.cohort import shown_pairs
from app.participation.enrolment import enter
from app.participation.places import PLACE_LEASE
from app.participation.record import SessionRecord
from app.participation.submission import submit
from app.participation.trials import start
from app.participation.withdrawal import withdraw
from app.results import model_work
from app.results.model_files import keep_models
from app.results.model_sets import WITHIN_SETS_TOGETHER
from app.results.model_settings import settings_of
from app.results.model_work import compute_next_comparison, request_comparison, standing_of
from tests import experimenter
from tests.factories import encode, make_study, trial_body
from tests.integration.test_one_way_to_results import _same_agreement, _same_rdms

N, SIZE, PEOPLE = 24, 6, 30
TOML = f"""
title = "Together"
[design]
method = "cohort"
max_items = {SIZE}
[stop]
max_trials = 3
"""


def come(database: Database) -> tuple[str, SessionRecord]:
    with database.writing() as db:
        token = enter(db, "faces", {}).token
    return token, start(database, token)


def arrange(database: Database, token: str, record: SessionRecord) -> SessionRecord:
    trial = record.open_trial
    assert trial is not None
    public = {clip.id: clip.public_id for clip in record.clips}
    body = trial_body({"clips": [{"id": public[clip]} for clip in trial.clip_ids]}, seed=trial.id)
    return submit(database, token, trial.key, encode(body))[1]


def in_the_rows(database: Database, *conditions: Any) -> Ints:
    """How many of the trials show each pair, counted from nothing but the seats."""
    with database.reading() as db:
        place = {clip: item for item, clip in enumerate(db.scalars(select(Clip.id).order_by(Clip.position)))}
        seats = select(Seat.trial_id, Seat.clip_id).join(Trial).join(ParticipantSession).where(*conditions)
        trials: dict[int, list[int]] = {}
        for trial, clip in db.execute(seats):
            trials.setdefault(trial, []).append(place[clip])
    return pair_counts([np.array(items) for items in trials.values()], len(place))


def counted(database: Database) -> Ints:
    with database.reading() as db:
        clips = tuple(db.scalars(select(Clip.id).order_by(Clip.position)))
        return shown_pairs(db, db.scalars(select(Study.id)).one(), clips, now())


def test_thirty_at_once_leave_no_pair_count_wrong(both_settings: Settings) -> None:
    database = open_database(both_settings.database)
    make_study(database, both_settings, n_clips=N, toml=TOML)

    def take_part(number: int) -> str:
        token, record = come(database)
        # Every third leaves in the middle, with a trial on the table.
        for _ in range(2 if number % 3 == 0 else 3):
            record = arrange(database, token, record)
        return token

    with ThreadPoolExecutor(PEOPLE) as pool:
        tokens = list(pool.map(take_part, range(PEOPLE)))
    counts = counted(database)
    assert counts.tolist() == in_the_rows(database).tolist()
    assert counts.sum() == PEOPLE * 3 * 15
    # As even as if they had come one after the other: with each trial drawn at random the spread is about 2.
    assert counts.min() >= 3
    assert counts.std() < 1.0

    with database.writing() as db:
        stale = ParticipantSession.state == SessionState.ARRANGING
        db.execute(
            update(ParticipantSession).where(stale).values(last_seen_at=now() - PLACE_LEASE - timedelta(minutes=1))
        )
        db.commit()
    with database.writing() as db:
        withdraw(db, tokens[1])
    finished = ParticipantSession.state == SessionState.FINISHED
    given_back = counted(database)
    assert given_back.tolist() == in_the_rows(database, finished).tolist()
    assert given_back.sum() == 19 * 3 * 15
    database.close()


def test_a_session_of_a_cohort_ends_by_trials_and_not_by_evidence(settings: Settings) -> None:
    database = open_database(settings.database)
    make_study(database, settings, n_clips=4, toml=TOML.replace("max_items = 6", "max_items = 4"))
    token, record = come(database)
    while record.open_trial is not None:
        record = arrange(database, token, record)
    assert (record.state, len(record.trials)) == (SessionState.FINISHED, 3)
    with database.reading() as db:
        assert db.scalars(select(ParticipantSession.ended_by)).one() == "trials"
        assert set(db.scalars(select(Trial.design))) == {"cohort"}
    database.close()


def test_page_bundle_and_report_estimate_all_trials_as_one(
    lab: experimenter.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.report.write.draw", lambda results: iter(()))
    make_study(
        lab.database, lab.settings, name="mixed", n_clips=12, toml=TOML.replace("max_items = 6", "max_items = 5")
    )
    for seed in range(4):
        experimenter.take_part(lab.database, "mixed", seed)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)

    def page(path: str) -> Any:
        lab.client.get("/api/v1/studies/mixed/results")
        experimenter.compute(lab)
        answer = lab.client.get(f"/api/v1/studies/mixed/results{path}")
        assert answer.status_code == 200, answer.text
        return answer.json

    file, out = tmp_path / "mixed.zip", tmp_path / "report"
    file.write_bytes(lab.client.get("/studies/mixed/bundle.zip").data)
    bundle = read_bundle(file)
    html = unescape(write_report(bundle, out, Choice("combined"), lambda _: None, jobs=1).read_text())
    _same_rdms(page, bundle, out, [f"P00{number}" for number in range(1, 5)])
    _same_agreement(page("/agreement"), bundle, out)

    everything = [trial.arrangement for trials in bundle.trials().values() for trial in trials]
    group = bundle.rdms("combined", group=True)
    assert group.completed is not None
    np.testing.assert_allclose(group.completed[0], estimate_rdm(everything, 12).rdm, atol=1e-9)
    told = page("/agreement")["remarks"][0]
    assert told.startswith("All trials of 4 raters were estimated as one")
    assert told in html
    assert "as if they were one person's" in " ".join(bundle.text("methods.md").split())
    assert "had an evidence of at least" not in bundle.text("methods.md")

    # What compares single raters does not exist, and nothing speaks as if it did.
    methods = " ".join(bundle.text("methods.md").split())
    assert "We report split-half r (mean over 10 halvings of the raters) and split-half, corrected" in methods
    assert "pairwise" not in methods
    assert "Every two raters were compared" not in methods
    assert "The raters shared the pairs, and none of them saw more than a part." in bundle.text("README.md")
    assert "Mean pairwise" not in html
    assert "Noise ceilings" not in html
    agreement = page("/agreement")
    assert agreement["pairs_are_shared"]
    assert [one["key"] for one in agreement["measures"] if one["value"] is not None] == [
        "split_half",
        "split_half_corrected",
    ]
    shown = lab.client.get("/studies/mixed/results").text
    assert "Growth of agreement" not in shown
    assert "Pairs below target" not in shown
    total = sum(np.array(page(f"/rdms/P00{number}")["evidence"]) for number in range(1, 5))
    np.testing.assert_allclose(page("/rdms/group")["evidence"], total, atol=1e-4)
    lab.client.get("/api/v1/studies/mixed/reliability")
    experimenter.compute(lab)
    so_far = lab.client.get("/api/v1/studies/mixed/reliability").json
    assert so_far["pairs_are_shared"]
    assert (so_far["pairs"], so_far["pairs_seen"]) == (66, int(np.isfinite(group.rdms[0]).sum()))
    # Models are compared with that RDM, by the page as by the report.
    rng = np.random.default_rng(3)
    model = Candidates("net", "rdms", ("near", "far"), np.abs(np.array([group.completed[0], rng.random(66)])))
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "mixed")).one()
        keep_models(db, study, model, group.names, file_name="net.npz", sha256="0" * 64)
        request_comparison(db, study, settings_of({"comparator": "pearson"}))
    monkeypatch.setattr(model_work, "N_BOOT", 100)
    assert compute_next_comparison(lab.database)
    with lab.database.reading() as db:
        found = standing_of(db, db.scalars(select(Study).where(Study.name == "mixed")).one()).findings
    assert found is not None
    assert (found.is_joint, found.n_raters) == (True, 4)
    np.testing.assert_allclose(found.scores[0].score, 1.0, atol=1e-9)
    file.write_bytes(lab.client.get("/studies/mixed/bundle.zip").data)
    bundle = read_bundle(file)
    options = ModelOptions(comparator="pearson", n_boot=100)
    again = findings_of_bundle(bundle, results_of_bundle(bundle, Choice("combined")), options)
    np.testing.assert_allclose([one.low for one in again.scores], [one.low for one in found.scores], atol=1e-6)
    # Nor are standard errors of a rater's part of the pairs simulated, which would take hours with many clips.
    lab.client.post(
        "/api/v1/studies/mixed/results/uncertainty", headers={"X-CSRFToken": experimenter.csrf_token(shown)}
    )
    experimenter.compute(lab)
    known = lab.client.get("/api/v1/studies/mixed/results/uncertainty").json["known"]
    assert {(one["correlation"], one["reason"]) for one in known} == {(None, NOT_KNOWN)}


def test_models_of_a_cohort_with_sets_are_compared_set_by_set_on_page_and_in_report(
    lab: experimenter.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = TOML.replace("max_items = 6", "max_items = 4") + '[sets]\ncolumn = "set"\n'
    make_study(lab.database, lab.settings, name="parts", sets=[*("ab" * 7)], toml=toml)
    for seed in range(8):
        experimenter.take_part(lab.database, "parts", seed)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    monkeypatch.setattr(model_work, "N_BOOT", 100)
    monkeypatch.setattr(model_work, "N_PERMUTATIONS", 99)
    rdms = np.random.default_rng(3).random((2, 91))
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "parts")).one()
        names = [clip.file_name for clip in clip_order(db, study.id)]
        keep_models(db, study, Candidates("net", "rdms", ("one", "two"), rdms), names, file_name="n", sha256="0" * 64)
        request_comparison(db, study, settings_of({"comparator": "pearson"}))
    assert compute_next_comparison(lab.database)
    with lab.database.reading() as db:
        found = standing_of(db, db.scalars(select(Study).where(Study.name == "parts")).one()).findings
    assert found is not None
    assert (found.is_joint, found.n_raters) == (True, 8)
    assert [(one.name, one.n_raters, one.n_clips) for one in found.in_sets.sets] == [("a", 4, 7), ("b", 4, 7)]
    assert WITHIN_SETS_TOGETHER in found.remarks
    file = tmp_path / "parts.zip"
    file.write_bytes(lab.client.get("/studies/parts/bundle.zip").data)
    bundle = read_bundle(file)
    options = ModelOptions(comparator="pearson", n_boot=100, n_permutations=99)
    again = findings_of_bundle(bundle, results_of_bundle(bundle, Choice("combined")), options)
    for one, other in (
        (again.scores, found.scores),
        *((of_set.scores, mine.scores) for of_set, mine in zip(again.in_sets.sets, found.in_sets.sets, strict=True)),
    ):
        np.testing.assert_allclose([each.low for each in one], [each.low for each in other], atol=1e-6)
    # A set's score is that with the RDM of all its trials.
    of_a = results_of_bundle(bundle, Choice("combined", clip_set="a"))
    assert of_a.together is not None
    items = np.array(bundle.sets()[0].items)
    r = np.corrcoef(*(each[np.isfinite(of_a.pooled.rdm)] for each in (of_a.pooled.rdm, subset(rdms[0], items))))[0, 1]
    assert found.in_sets.sets[0].scores[0].value == pytest.approx(r, abs=1e-6)
