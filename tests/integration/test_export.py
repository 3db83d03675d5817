"""The export bundle and the single files: the same numbers as the results, in every format (F29, F38).

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import sqlalchemy as sa
from scipy.io import loadmat
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from analysis import estimate_rdm
from analysis.formats.bundle import Bundle, BundleContents, BundleError, read_bundle
from analysis.formats.bundle_readme import TABLES_HOLD
from analysis.formats.bundle_tables import RDM_COLUMNS, TABLES
from analysis.formats.bundle_writer import Row
from analysis.formats.meadows import read_1d_mat, read_tree
from analysis.rdm import scale_to_rms
from analysis.report.results import analyse
from analysis.report.write import write_tables
from analysis.results import Choice
from app.cli import main
from app.definition.study_toml import parse_definition
from app.domain import SessionState
from app.models import Clip, ParticipantSession, Placement, Seat, Study, Submission, Trial
from app.participation.decisions import exclude
from app.results import export as export_module
from app.results.chosen import ExportOptions
from app.results.export import EXPORTED, export_bundle, meadows_file, rdm_file, rdms_to_download
from app.results.stored import results_now
from app.studies.text import study_text
from app.version import VERSION
from app.web import researcher
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


def downloaded(lab: experimenter.Lab, folder: Path, kind: str, method: str, *, group: bool = False) -> Path:
    file = folder / f"rdms.{kind}"
    with lab.database.reading() as db:
        rdms = rdms_to_download(db, study_of(db), Choice(method, with_unfinished=True), group=group, kind=kind)
    file.write_bytes(b"".join(rdm_file(rdms, kind)))
    return file


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


def test_the_mat_file_opens_with_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    table, group = results(lab, "combined")
    data = loadmat(downloaded(lab, tmp_path, "mat", "combined"))
    sizes = np.sqrt(np.nanmean(data["rdms"] ** 2, axis=1, keepdims=True))
    np.testing.assert_allclose(data["rdms"] / sizes, table, rtol=1e-12)
    np.testing.assert_array_equal(np.isfinite(data["completed"]), True)
    assert [str(cell[0][0]) for cell in data["raters"]] == ["P001", "P002", "P003", "P004"]
    pooled = loadmat(downloaded(lab, tmp_path, "mat", "combined", group=True))
    np.testing.assert_array_equal(pooled["rdms"][0], group)


@pytest.mark.filterwarnings("default")
def test_the_hdf5_file_opens_in_rsatoolbox_with_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    from rsatoolbox.rdm import load_rdm

    table, _ = results(lab, "weighted_average")
    rdms = load_rdm(str(downloaded(lab, tmp_path, "hdf5", "weighted_average")), file_type="hdf5")
    sizes = np.sqrt(np.nanmean(rdms.dissimilarities**2, axis=1, keepdims=True))
    np.testing.assert_allclose(rdms.dissimilarities / sizes, table, rtol=1e-12)
    assert rdms.n_cond == 6


def test_npz_and_csv_hold_the_same_numbers(lab: experimenter.Lab, tmp_path: Path) -> None:
    table, group = results(lab, "weighted_average")
    with np.load(downloaded(lab, tmp_path, "npz", "weighted_average")) as data:
        sizes = np.sqrt(np.nanmean(data["rdms"] ** 2, axis=1, keepdims=True))
        np.testing.assert_allclose(data["rdms"] / sizes, table, rtol=1e-12)
        np.testing.assert_array_equal(data["observations"] > 0, np.isfinite(table))
    text = downloaded(lab, tmp_path, "csv", "weighted_average", group=True).read_text()
    values = [float(row["dissimilarity"] or "nan") for row in csv.DictReader(io.StringIO(text))]
    np.testing.assert_array_equal(values, group)


def test_a_study_without_data_exports_its_head(lab: experimenter.Lab, tmp_path: Path) -> None:
    with lab.database.writing() as db:
        for session in db.scalars(select(ParticipantSession)):
            session.state = SessionState.WITHDRAWN
        db.commit()
    bundle = export(lab, tmp_path)
    assert len(bundle.names) == 6
    assert list(bundle.rows("placements")) == []
    assert not [name for name in bundle.manifest["files"] if name.startswith("rdms/")]


def test_f29_the_download_is_streamed(lab: experimenter.Lab, tmp_path: Path) -> None:
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    answer = lab.client.get("/studies/faces/bundle.zip?unfinished=1")
    assert answer.status_code == 200
    assert answer.is_streamed
    assert answer.content_length is None
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="faces_')
    file = tmp_path / "download.zip"
    file.write_bytes(b"".join(answer.response))
    assert len(read_bundle(file).rdms("combined").raters) == 4


def test_f29_the_first_bytes_leave_before_the_last_are_made(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counted(rows: Iterable[Row]) -> Iterator[Row]:
        for row in rows:
            made.append(row)
            yield row

    def watched(*about: object) -> BundleContents:
        contents = export_module.bundle_contents(*about)  # type: ignore[arg-type]
        return replace(contents, tables={**contents.tables, "plays": counted(contents.tables["plays"])})

    monkeypatch.setattr(researcher, "bundle_contents", watched)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    answer = lab.client.get("/studies/faces/bundle.zip?unfinished=1")
    pieces = iter(answer.response)
    assert next(pieces).startswith(b"PK")
    assert made == []
    assert sum(len(piece) for piece in pieces) > 10_000
    assert made


def test_f29_memory_does_not_grow_with_the_rows(
    lab: experimenter.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "EXPORTED", ("weighted_average",))

    def peak() -> int:
        tracemalloc.start()
        export(lab, tmp_path, ExportOptions())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    export(lab, tmp_path)
    small = peak()
    _add_trials(lab, 20, plays=1_500)
    assert peak() < small + 4_000_000


def _add_trials(lab: experimenter.Lab, number: int, *, plays: int) -> None:
    """Checks, which no result needs, in the first session; each holds a record of 150 kB."""
    with lab.database.writing() as db:
        query = select(Trial).join(Submission).options(joinedload(Trial.submission).undefer(Submission.body))
        first = db.scalars(query).first()
        assert first is not None
        assert first.submission is not None
        body = json.loads(first.submission.body)
        body["plays"] *= plays
        for k in range(number):
            trial = Trial(
                session_id=first.session_id,
                key=f"more{k}",
                number=1000 + k,
                purpose="check",
                design="random",
                seed=1,
                seats=[Seat(seat=seat.seat, clip_id=seat.clip_id) for seat in first.seats],
            )
            db.add(trial)
            db.flush()
            columns = {column.key for column in sa.inspect(Submission).column_attrs} - {"trial_id", "body"}
            copied = {name: getattr(first.submission, name) for name in columns}
            db.add(Submission(trial_id=trial.id, body=json.dumps(body).encode(), **copied))
        db.commit()


def test_page_bundle_and_report_give_the_same_figures(lab: experimenter.Lab, tmp_path: Path) -> None:
    """One study, three ways: the pages' JSON, the bundle's tables, and the report that is made of the bundle."""
    bundle = export(lab, tmp_path)
    report = analyse(bundle, Choice("combined", with_unfinished=True), lambda message: None, jobs=1)
    write_tables(report, tmp_path)

    def table(text: str) -> list[dict[str, str]]:
        rows = list(csv.DictReader(io.StringIO(text)))
        return [row for row in rows if row.get("method", "combined") == "combined"]

    for name in ("reliability", "noise_ceiling", "quality"):
        assert table(bundle.text(f"{name}.csv")) == table((tmp_path / f"{name}.csv").read_text()), name
    assert list(bundle.rows("quality"))
    for own, group in ((report.rdm_set(), False), (report.group_set(), True)):
        stored = bundle.rdms("combined", group=group)
        for label in ("rdms", "completed", "evidence", "observations", "predicted"):
            np.testing.assert_array_equal(getattr(stored, label), getattr(own, label), err_msg=label)
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    query = "?method=combined&unfinished=1"
    lab.client.get(f"/api/v1/studies/faces/results{query}")
    experimenter.compute(lab)
    page = lab.client.get(f"/api/v1/studies/faces/results/agreement{query}").json
    for measure in page["measures"]:
        mine = getattr(report.reliability, measure["key"])
        assert measure["reason"] == mine.reason
        for shown, exact in zip(
            (measure["value"], measure["low"], measure["high"]), (mine.value, *mine.interval), strict=True
        ):
            assert (shown is None and np.isnan(exact)) or shown == round(exact, 5)
    assert page["remarks"] == [report.agreement.influence.sentence]
    group = lab.client.get(f"/api/v1/studies/faces/results/rdms/group{query}").json
    np.testing.assert_allclose(group["rdm"], scale_to_rms(report.group), atol=1e-5)
    assert group["n_raters"] == report.pooled.n_raters.tolist()


def test_page_files_and_texts_each_say_both_units(lab: experimenter.Lab, tmp_path: Path) -> None:
    """Files hold RDMs at a sum of squares of 1, pages show a root mean square of 1: each says what the other does."""
    experimenter.make_account(lab.database)
    experimenter.log_in(lab.client)
    page = " ".join(lab.client.get("/studies/faces/results").text.split())
    assert "in files have a sum of squares of 1, where this page shows a root mean square of 1" in page
    bundle = export(lab, tmp_path)
    readme = " ".join(bundle.text("README.md").split())
    assert "the sum of squares of a completed RDM is 1" in readme
    assert "The pages show RDMs at a root mean square of 1" in readme
    methods = " ".join(bundle.text("methods.md").split())
    assert "RDMs in files have a sum of squares of 1" in methods
    assert "with each RDM at a root mean square of 1" in methods
    for row in bundle.rdms("combined").completed:
        assert np.sum(row**2) == pytest.approx(1.0)
    lab.client.get("/api/v1/studies/faces/results?method=combined&unfinished=1")
    experimenter.compute(lab)
    shown = lab.client.get("/api/v1/studies/faces/results/rdms/group?method=combined&unfinished=1").json["rdm"]
    seen = np.array([value for value in shown if value is not None])
    assert np.sqrt(np.mean(seen**2)) == pytest.approx(1.0, abs=1e-4)


def test_the_dictionary_of_the_bundle_names_what_the_database_can_hold() -> None:
    from app.domain import SessionState
    from app.participation.payloads import MoveBody, PlayBody

    meaning = {(table, column.name): column.meaning for table, columns in TABLES.items() for column in columns}
    for key, values in (
        (("moves", "kind"), get_args(MoveBody.model_fields["how"].annotation)),
        (("plays", "trigger"), get_args(PlayBody.model_fields["how"].annotation)),
        (("participants", "state"), [state.value for state in SessionState]),
    ):
        assert [value for value in values if value not in re.split(r"\W+", meaning[key])] == [], key
    (error,) = [column.meaning for column in RDM_COLUMNS if column.name == "standard_error"]
    assert "where it was asked for" in error
    assert "each session" in meaning["reliability", "n_raters"]
    assert set(TABLES) == set(TABLES_HOLD)


def test_the_readme_tells_of_this_very_bundle(lab: experimenter.Lab, tmp_path: Path) -> None:
    """What a reviewer needs: the files that are there with their rows, how many people, what was left out, versions."""
    with lab.database.writing() as db:
        exclude(db, study_of(db), "P002", "asleep *twice*")
        exclude(db, study_of(db), "P001", "tried keys", trial=1)
    bundle = export(lab, tmp_path)
    text = bundle.text("README.md")
    for name, listed in bundle.manifest["files"].items():
        assert (f"| `{name}` | {listed.get('rows', '')} |" in text) == (name != "README.md"), name
    assert {name for name, listed in bundle.manifest["files"].items() if "rows" in listed} == {
        name for name in bundle.manifest["files"] if name.endswith(".csv")
    }
    assert "4 sessions (1 arranging, 3 finished); 1 of them simulated" in text
    assert "by the experimenter: 1 session (“asleep \\*twice\\*”: 1) and 1 trial of others" in text
    assert "RDMs by `combined`: 3 raters, 15 pairs each." in text
    assert f"Asterism {VERSION} at {bundle.manifest['created_at']} (export bundle, format version 2)" in text
    array = np.load(io.BytesIO(bundle._read("rdms/combined/01.npy", 1 << 20)))
    np.testing.assert_array_equal(array, bundle.rdms("combined").rdms)
    assert bundle.text("rdms/combined/01_raters.txt").split() == ["P001", "P003", "P004"]
    # What it tells R and Python to open is there.
    named = re.findall(r"\(['\"]([\w/.]+)['\"]", text)
    assert len(named) == 8
    assert set(named) <= bundle.manifest["files"].keys()


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


def test_meadows_files_hold_each_raters_rdm_and_trials(lab: experimenter.Lab, tmp_path: Path) -> None:
    """Read back by the platform's own file names: RDMs as seen, trials as placed, and who is who."""
    choice = Choice("weighted_average", with_unfinished=True)
    file = tmp_path / "study.meadows.zip"
    with lab.database.reading() as db:
        study, rdms = study_of(db), results_now(db, study_of(db).id, choice).rdm_set()
        file.write_bytes(b"".join(meadows_file(db, study, choice)))
        placed = experimenter.placed_trials(db, study.id)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path)
    names = dict(line.split(",") for line in (tmp_path / "raters.csv").read_text().splitlines()[1:])
    assert list(names) == list(rdms.raters)
    back = read_1d_mat(next(tmp_path.glob("Meadows_faces_v_v1_*_1D.mat")))
    np.testing.assert_array_equal(back.rdms, rdms.rdms)
    told = (tmp_path / "README.txt").read_text()
    whole = 0
    for place, rater in enumerate(rdms.raters):
        trees = list(tmp_path.glob(f"Meadows_faces_v_v1_{names[rater]}_tree.json"))
        assert bool(trees) == bool(np.isfinite(rdms.rdms[place]).all())
        assert (rater in told) != bool(trees)
        if trees:
            whole += 1
            (session,) = read_tree(trees[0])
            for exported, given in zip(session.arrangements, placed[rater], strict=True):
                np.testing.assert_array_equal(exported.items, given.items)
                np.testing.assert_allclose(exported.positions, given.positions, atol=1e-12)
    assert whole


def test_the_command_writes_one_file_of_rdms(lab: experimenter.Lab, tmp_path: Path) -> None:
    out = tmp_path / "faces.npy.zip"
    data = ["--data", str(lab.settings.data)]
    with pytest.raises(SystemExit) as ended:
        main([*data, "study", "rdms", "faces", "--out", str(out), "--method", "weighted_average"])
    assert not ended.value.code
    with lab.database.reading() as db:
        expected = results_now(db, study_of(db).id, Choice("weighted_average")).rdm_set()
    with zipfile.ZipFile(out) as archive:
        np.testing.assert_array_equal(np.load(io.BytesIO(archive.read("01.npy"))), expected.rdms)
        assert archive.read("01_raters.txt").decode().split() == list(expected.raters)
    with pytest.raises(SystemExit) as ended:
        main([*data, "study", "rdms", "faces", "--out", str(tmp_path / "faces.docx")])
    assert ended.value.code
