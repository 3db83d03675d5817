"""The export bundle: every row, the same numbers as the results (F38)."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from analysis import estimate_rdm
from analysis.formats.bundle import Bundle, BundleError, read_bundle
from analysis.results import Choice
from app.definition.study_toml import parse_definition
from app.domain import SessionState
from app.models import Clip, ParticipantSession, Placement, Study, Submission, Trial
from app.results.chosen import ExportOptions
from app.results.export import EXPORTED, export_bundle
from app.results.stored import results_now
from app.studies.text import study_text
from tests import experimenter
from tests.conftest import ROOT


def study_of(db: object) -> Study:
    return db.scalars(select(Study)).one()  # type: ignore[attr-defined,no-any-return]


# The session with a single trial is in: it makes RDMs that lack pairs.
EVERYBODY = ExportOptions(with_unfinished=True)


def export(lab: experimenter.Lab, folder: Path, options: ExportOptions = EVERYBODY) -> Bundle:
    file = folder / "study.zip"
    with lab.database.reading() as db, file.open("wb") as out:
        export_bundle(db, study_of(db), out, options)
    return read_bundle(file)


# Files that a bundle holds only of a study that has sets, models, questions, or results with their standard errors.
NOT_IN_EVERY_BUNDLE = {
    "answers_wide.csv",
    "candidate_models.csv",
    "sets.csv",
    "set_agreement.csv",
    "rdms/METHOD/set_01/…",
    "02.npy",
}


def test_a_bundle_holds_what_the_docs_promise_and_the_docs_name_what_it_holds(
    lab: experimenter.Lab, tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "formats.md").read_text().split("## The export bundle")[1].split("\n    from analysis")[0]
    rows = [line.split(" | ", 1) for line in text.splitlines() if line.startswith("| `")]
    promised = [name for files, _ in rows for name in re.findall(r"`([^`]+)`", files) if not name.startswith(".")]
    named = [*promised, *(name for row in rows for name in re.findall(r"`([\w*]+\.\w+)`", row[1]))]
    named += [re.sub(r"\.\w+$", ending, name) for name in promised for ending in (".csv", ".json")]
    held = [*export(lab, tmp_path).manifest["files"], "manifest.json"]
    patterns = {
        name: re.escape(name).replace("METHOD", r"\w+").replace(r"\*", ".*").replace("…", ".*") for name in named
    }
    for file in held:
        assert any(re.fullmatch(rf"(.*/)?{pattern}", file) for pattern in patterns.values()), (
            f"{file} is not in the docs"
        )
    for name in promised:
        assert name in NOT_IN_EVERY_BUNDLE or any(re.fullmatch(patterns[name], file) for file in held), name


def results(lab: experimenter.Lab, method: str) -> tuple[np.ndarray, np.ndarray]:
    """The raters' RDMs and the group's, as the pages show them."""
    with lab.database.reading() as db:
        computed = results_now(db, study_of(db).id, Choice(method, with_unfinished=True))
    return computed.table, computed.pooled.rdm


def test_the_bundle_holds_every_placement_exactly(lab: experimenter.Lab, tmp_path: Path) -> None:
    bundle = export(lab, tmp_path)
    with lab.database.reading() as db:
        query = (
            select(Trial.key, Clip.file_name, Placement.x, Placement.y)
            .join_from(Placement, Trial, Trial.id == Placement.trial_id)
            .join(Clip, Clip.id == Placement.clip_id)
        )
        stored = {(key, clip): (x, y) for key, clip, x, y in db.execute(query)}
    exported = {(row["trial_key"], row["clip"]): (row["x"], row["y"]) for row in bundle.rows("placements")}
    assert exported == stored
    assert bundle.manifest["counts"]["placements"] == len(stored)


@pytest.mark.parametrize("method", EXPORTED)
def test_rdms_of_the_exported_placements_are_the_exported_rdms(
    lab: experimenter.Lab, tmp_path: Path, method: str
) -> None:
    bundle = export(lab, tmp_path)
    sets = bundle.rdms(method)
    table, group = results(lab, method)
    assert sets.raters == ("P001", "P002", "P003", "P004")
    sizes = np.sqrt(np.nanmean(sets.rdms**2, axis=1, keepdims=True))
    np.testing.assert_allclose(sets.rdms / sizes, table, rtol=1e-12)
    np.testing.assert_array_equal(bundle.rdms(method, group=True).rdms[0], group)
    arrangements = bundle.arrangements()
    for row, rater in zip(sets.rdms, sets.raters, strict=True):
        again = estimate_rdm(arrangements[rater], len(bundle.names), method=method)
        np.testing.assert_allclose(row, again.seen_rdm, rtol=1e-6)


def test_trials_sessions_moves_and_plays_are_there(lab: experimenter.Lab, tmp_path: Path) -> None:
    bundle = export(lab, tmp_path)
    people = {row["participant"]: row for row in bundle.rows("participants")}
    assert [people[rater]["is_simulated"] for rater in sorted(people)] == [False, False, True, False]
    assert [people[rater]["state"] for rater in sorted(people)] == ["finished"] * 3 + ["arranging"]
    assert people["P004"]["n_trials"] == 1
    assert people["P004"]["finished_at"] is None
    trials = list(bundle.rows("trials"))
    assert [row["number"] for row in trials if row["participant"] == "P001"] == list(
        range(1, people["P001"]["n_trials"] + 1)
    )
    assert {row["purpose"] for row in trials} == {"main"}
    placed = Counter(row["trial_key"] for row in bundle.rows("placements"))
    assert {row["trial_key"]: row["n_clips"] for row in trials} == placed
    assert {(row["device_pixel_ratio"], row["hidden_ms"]) for row in trials} == {(2.0, 1000.0)}
    with lab.database.reading() as db:
        hashes = set(db.scalars(select(Submission.sha256)))
    assert {row["sha256"] for row in trials} == hashes
    moves = [row for row in bundle.rows("moves") if row["trial_key"] == trials[0]["trial_key"]]
    assert [row["sequence"] for row in moves] == list(range(trials[0]["n_clips"] + 1))
    assert (moves[0]["x"], moves[0]["y"], moves[0]["from_x"]) == (0.125, -0.25, None)
    assert moves[1]["clip"] == moves[0]["clip"]
    assert (moves[1]["from_x"], moves[1]["from_y"]) == (0.125, -0.25)
    assert all(move["from_x"] is None for move in moves[2:])
    plays = list(bundle.rows("plays"))
    assert len(plays) == len(trials)
    assert (plays[0]["played_ms"], plays[0]["completed"]) == (700.0, True)
    assert bundle.text("study.toml") == study_text(experimenter.SHORT, parse_definition(experimenter.SHORT))
    assert "weighted_average" in bundle.text("methods.md")


def test_reliability_is_that_of_the_pages(lab: experimenter.Lab, tmp_path: Path) -> None:
    bundle = export(lab, tmp_path)
    rows = {(row["method"], row["measure"]): row for row in bundle.rows("reliability")}
    ceilings = {(row["method"], row["comparator"]): row for row in bundle.rows("noise_ceiling")}
    with lab.database.reading() as db:
        for method in EXPORTED:
            agreement = results_now(db, study_of(db).id, Choice(method, with_unfinished=True)).agreement
            for measure in ("pairwise_pearson", "leave_one_out", "split_half", "cronbach_alpha"):
                coefficient = getattr(agreement.reliability, measure)
                row = rows[method, measure]
                shown = [None if np.isnan(number) else number for number in (coefficient.value, *coefficient.interval)]
                assert [row["value"], row["low"], row["high"]] == shown
                assert row["remark"] == coefficient.reason
                assert row["n_raters"] == 4
            assert ceilings[method, "pearson"]["lower"] == agreement.ceilings["pearson"].lower
    assert {comparator for _, comparator in ceilings} == {"pearson", "spearman", "rho_a", "tau_a", "cosine"}


def test_who_is_left_out_is_left_out_of_every_table(lab: experimenter.Lab, tmp_path: Path) -> None:
    with lab.database.writing() as db:
        db.scalars(
            select(ParticipantSession).where(ParticipantSession.number == 1)
        ).one().state = SessionState.WITHDRAWN
        db.commit()
    bundle = export(lab, tmp_path, ExportOptions(with_simulated=False))
    for table in ("participants", "trials", "placements", "moves", "plays"):
        assert {row["participant"] for row in bundle.rows(table)} == {"P002"}, table
    assert bundle.rdms("weighted_average").raters == ("P002",)
    assert bundle.manifest["about"]["simulated_raters_included"] is False
    assert bundle.manifest["about"]["unfinished_sessions_left_out"] == 1
    assert "1 unfinished session was left out." in bundle.text("methods.md")


def test_recruiters_ids_are_exported_only_when_asked_for(lab: experimenter.Lab, tmp_path: Path) -> None:
    bundle = export(lab, tmp_path)
    assert b"person-" not in (tmp_path / "study.zip").read_bytes()
    assert all(row["recruiter_id"] is None and row["recruiter"] is None for row in bundle.rows("participants"))
    with_ids = list(export(lab, tmp_path, ExportOptions(recruiter_ids=True, with_unfinished=True)).rows("participants"))
    assert [row["recruiter_id"] for row in with_ids] == ["person-0", "person-1", "person-2", None]
    assert json.loads(with_ids[0]["recruiter"]) == {"STUDY_ID": "a-study"}


def test_f38_cells_that_a_spreadsheet_would_run_are_inert(lab: experimenter.Lab, tmp_path: Path) -> None:
    with lab.database.writing() as db:
        clip = db.scalars(select(Clip).where(Clip.position == 0)).one()
        clip.label = "=HYPERLINK(1)"
        clip.attributes = {"@kind": "+1", "plain": "-2"}
        db.scalars(select(ParticipantSession).where(ParticipantSession.number == 1)).one().recruiter = {
            "PROLIFIC_PID": "=cmd|' /C calc'!A0"
        }
        db.commit()
    bundle = export(lab, tmp_path, ExportOptions(recruiter_ids=True, with_unfinished=True))
    for name in ("clips", "attributes", "participants"):
        cells = [cell for row in csv.reader(io.StringIO(bundle.text(f"{name}.csv"))) for cell in row]
        assert not [cell for cell in cells if cell[:1] in {"=", "+", "@"} or cell == "-2"], name
    assert next(bundle.rows("clips"))["label"] == "=HYPERLINK(1)"


def test_when_each_clip_was_converted_last_is_in_the_clips_table(lab: experimenter.Lab, tmp_path: Path) -> None:
    again = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    with lab.database.writing() as db:
        first, second = db.scalars(select(Clip).order_by(Clip.position).limit(2))
        first.converted_at, second.converted_at = again, None
        db.commit()
    rows = list(export(lab, tmp_path).rows("clips"))
    assert list(rows[0])[-2:] == ["converted_at", "kind"]
    assert rows[0]["kind"] == "clip"
    assert [row["converted_at"] for row in rows[:2]] == [again, None]


def test_a_study_without_data_exports_its_head(lab: experimenter.Lab, tmp_path: Path) -> None:
    with lab.database.writing() as db:
        for session in db.scalars(select(ParticipantSession)):
            session.state = SessionState.WITHDRAWN
        db.commit()
    bundle = export(lab, tmp_path)
    assert len(bundle.names) == 6
    assert list(bundle.rows("placements")) == []
    assert not [name for name in bundle.manifest["files"] if name.startswith("rdms/")]


def test_a_table_with_more_or_fewer_rows_than_its_manifest_says_is_refused(
    lab: experimenter.Lab, tmp_path: Path
) -> None:
    export(lab, tmp_path)
    with zipfile.ZipFile(tmp_path / "study.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    manifest["files"]["plays.csv"]["rows"] += 1
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name, data in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, data)
    n = manifest["files"]["plays.csv"]["rows"]
    with pytest.raises(BundleError, match=rf"plays\.csv has {n - 1} rows, and {n} by manifest\.json"):
        read_bundle(tmp_path / "other.zip")
