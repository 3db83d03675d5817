"""Sessions and trials that are left out of the results: counted everywhere, with who decided it, when and why."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from analysis.formats.bundle_reader import read_bundle
from analysis.report.facts import remarks
from analysis.report.results import analyse
from analysis.results import Choice, RaterResult
from app.cli import commands
from app.errors import Invalid, NotAllowed, NotFound
from app.models import AuditEntry, Decision, ParticipantSession, StoredRater, Study
from app.participation.decisions import decisions_of, exclude, excluded_trials, include
from app.participation.erasure import erase_person
from app.participation.pilots import begin_pilot
from app.results.export import export_bundle
from app.results.export_tables import ExportOptions
from app.results.inputs import inputs_of
from app.results.stored import results_now, stored_rater
from app.results.work import ensure_results
from app.studies.duplication import duplicate_study
from app.studies.editing import save_settings
from tests.experimenter import Lab, make_account, open_copy, prepare, take_part

CHOICE = Choice("weighted_average")
ALL = Choice("weighted_average", with_excluded=True)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    return prepare(tmp_path_factory.mktemp("decisions"), empty_sqlite)


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[Lab]:
    with open_copy(prepared, tmp_path / "data") as lab:
        yield lab


def faces(db: Any) -> Study:
    return db.scalars(select(Study).where(Study.name == "faces")).one()  # type: ignore[no-any-return]


def decide(lab: Lab, act: Any, *values: Any, **named: Any) -> None:
    with lab.database.writing() as db:
        act(db, faces(db), *values, **named)


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{table}.csv").decode())))


def test_a_trial_leaves_the_results_and_comes_back_as_it_was(lab: Lab) -> None:
    with lab.database.reading() as db:
        study = faces(db).id
        before = results_now(db, study, CHOICE)
    ensure_results(lab.database, study, CHOICE)
    account = make_account(lab.database)
    decide(lab, exclude, "P001", " looked\naway ", trial=2, by=account)
    ensure_results(lab.database, study, CHOICE)
    ensure_results(lab.database, study, ALL)
    with lab.database.reading() as db:
        left, whole = results_now(db, study, CHOICE), results_now(db, study, ALL)
        assert left.excluded_trials == whole.excluded_trials == {"P001": ((2, "looked away"),)}
        assert left.chosen["P001"].work.trials == before.chosen["P001"].work.trials - 1
        assert left.chosen["P002"].estimate is not None
        assert not np.array_equal(left.pooled.rdm, before.pooled.rdm)
        assert whole.pooled.rdm.tolist() == before.pooled.rdm.tolist()
        # Each way is kept of the rater who has a trial left out, and one for both of the others.
        kept = db.execute(select(ParticipantSession.number, StoredRater.with_excluded).join(ParticipantSession)).all()
        assert sorted((number, way) for number, way in kept) == [(1, False), (1, True), (2, False), (3, False)]
        shown = {
            choice.with_excluded: shown_trials(stored_rater(db, inputs_of(db, study, choice), "P001"))
            for choice in (CHOICE, ALL)
        }
        assert shown == {False: before.chosen["P001"].work.trials - 1, True: before.chosen["P001"].work.trials}
    decide(lab, include, "P001", "was mistaken", trial=2)
    with lab.database.reading() as db:
        again = results_now(db, study, CHOICE)
        assert again.pooled.rdm.tolist() == before.pooled.rdm.tolist()
        assert inputs_of(db, study, ALL).choice == CHOICE
        known = [
            (one.rater, one.trial, one.verdict.value, one.reason, one.who) for _, one in decisions_of(db, faces(db))
        ]
        assert known == [
            ("P001", 2, "exclude", "looked away", "ada@lab.example"),
            ("P001", 2, "include", "was mistaken", "command line"),
        ]
        audit = db.execute(select(AuditEntry.action, AuditEntry.detail).order_by(AuditEntry.id)).all()[-2:]
        assert [action for action, _ in audit] == ["trial left out", "trial taken in again"]
        assert audit[0][1] == {"rater": "P001", "trial": 2, "reason": "looked away"}


def shown_trials(found: RaterResult | None) -> int:
    assert found is not None
    return found.work.trials


def test_what_cannot_be_left_out_is_refused(lab: Lab) -> None:
    with lab.database.writing() as db:
        pilot = begin_pilot(db, faces(db).id)
    for error, act, values, named in (
        (NotFound, exclude, ("P001", "x"), {"trial": 99}),
        (NotFound, exclude, ("P001", "x"), {"trial": 0}),
        (NotFound, exclude, ("P099", "x"), {}),
        (Invalid, exclude, ("P001", " "), {"trial": 1}),
        (Invalid, exclude, ("P001", "x" * 201), {"trial": 1}),
        (NotAllowed, exclude, ("P004", "x"), {"trial": 2}),
        (NotAllowed, exclude, (pilot.session_id, "x"), {}),
        (NotAllowed, include, ("P001",), {"trial": 1}),
        (NotAllowed, include, ("P001",), {}),
    ):
        with pytest.raises(error):
            decide(lab, act, *values, **named)
    with lab.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(Decision)) == 0


def test_a_rater_without_a_trial_left_is_told_of_and_pooled_with_nobody(lab: Lab, tmp_path: Path) -> None:
    with lab.database.reading() as db:
        trials = results_now(db, faces(db).id, CHOICE).chosen["P002"].work.trials
    for number in range(1, trials + 1):
        decide(lab, exclude, "P002", "asleep", trial=number)
    decide(lab, exclude, "P003", "test")
    with lab.database.reading() as db:
        study = faces(db)
        found = results_now(db, study.id, CHOICE)
        assert found.failures == {"P002": "all of its trials were left out"}
        assert found.raters == ("P001",)
        # Neither counts among the sessions that results pool.
        assert inputs_of(db, study.id, CHOICE).versions == {1: 1}
        assert inputs_of(db, study.id, ALL).versions == {1: 3}
        with (tmp_path / "out.zip").open("wb") as file:
            manifest = export_bundle(db, study, file)
    assert manifest["about"]["sessions_by_study_version"] == {"1": 1}
    reported = analyse(read_bundle(tmp_path / "out.zip"), CHOICE, lambda _: None, jobs=1)
    assert (reported.raters, reported.failures) == (found.raters, found.failures)


def test_a_bundle_reports_the_same_figures_with_and_without(lab: Lab, tmp_path: Path) -> None:
    decide(lab, exclude, "P002", "fell asleep")
    decide(lab, exclude, "P001", "looked away", trial=3)
    decide(lab, exclude, "P003", "a click too many", trial=1)
    decide(lab, include, "P003", trial=1)
    with lab.database.reading() as db:
        study = faces(db)
        here = {choice.with_excluded: results_now(db, study.id, choice) for choice in (CHOICE, ALL)}
        for with_excluded in (False, True):
            with (tmp_path / f"{with_excluded}.zip").open("wb") as file:
                export_bundle(db, study, file, ExportOptions(with_excluded=with_excluded))
    with zipfile.ZipFile(tmp_path / "False.zip") as archive:
        decided = rows(archive, "decisions")
        assert [(r["participant"], r["number"], r["verdict"], r["reason"], r["decided_by"]) for r in decided] == [
            ("P002", "", "exclude", "fell asleep", "command line"),
            ("P001", "3", "exclude", "looked away", "command line"),
            ("P003", "1", "exclude", "a click too many", "command line"),
            ("P003", "1", "include", "", "command line"),
        ]
        assert all(row["decided_at"] for row in decided)
        marked = [
            (r["participant"], r["number"], r["exclusion_reason"])
            for r in rows(archive, "trials")
            if r["excluded"] == "true"
        ]
        assert marked == [("P001", "3", "looked away")]
        methods = " ".join(archive.read("methods.md").decode().split())
        assert "1 participant (fell asleep) and 1 trial of 1 participant (looked away) were excluded." in methods
        assert json.loads(archive.read("manifest.json"))["about"]["excluded_in_results"] is False
    with zipfile.ZipFile(tmp_path / "True.zip") as archive:
        methods = " ".join(archive.read("methods.md").decode().split())
        assert "that were excluded are in these figures" in methods
    for file, choice in (("False", CHOICE), ("True", CHOICE), ("False", ALL)):
        bundle = read_bundle(tmp_path / f"{file}.zip")
        reported = analyse(bundle, choice, lambda _: None, jobs=1)
        expected = here[choice.with_excluded]
        assert reported.raters == expected.raters
        assert reported.pooled.rdm.tolist() == expected.pooled.rdm.tolist()
        # As text: a coefficient that is not defined is NaN, and equal to nothing.
        assert repr(reported.reliability) == repr(expected.reliability)
        assert reported.working.raters == expected.raters
        if file == str(choice.with_excluded):
            held = bundle.rdms("weighted_average", group=True)
            np.testing.assert_array_equal(held.rdms[0], expected.pooled.rdm)
        said = "are in this report all the same" if choice.with_excluded else "are left out"
        assert f"Trials excluded by the experimenter, which {said}: P001 trial 3: looked away." in remarks(reported)
        counted = {
            rater: len(trials) for rater, trials in bundle.arrangements(with_excluded=choice.with_excluded).items()
        }
        assert counted == {rater: expected.chosen[rater].work.trials for rater in expected.raters}


def test_decisions_go_with_the_person_and_stay_with_the_study(lab: Lab) -> None:
    decide(lab, exclude, "P001", "looked away", trial=1)
    decide(lab, exclude, "P002", "test")
    with lab.database.writing() as db:
        duplicate_study(db, faces(db), name="again", title="Again")
        copy = db.scalars(select(Study).where(Study.name == "again")).one()
        assert list(decisions_of(db, copy)) == []
    decide(lab, erase_person, "P001")
    with lab.database.reading() as db:
        assert [one.rater for _, one in decisions_of(db, faces(db))] == ["P002"]
        assert excluded_trials(db, faces(db).id) == {}


def test_a_rule_changed_since_does_not_change_who_is_in(lab: Lab) -> None:
    with lab.database.reading() as db:
        study, text = faces(db).id, faces(db).definition_toml
        before = results_now(db, study, CHOICE)
    for old, new in (("min_evidence = 0.2", "min_evidence = 50.0"), ("max_trials = 4", "max_trials = 9")):
        text = text.replace(old, new)
    with lab.database.writing() as db:
        save_settings(db, "faces", text, may_make_version=True)
    take_part(lab.database, "faces", 9, trials=5)
    with lab.database.reading() as db:
        after = results_now(db, study, CHOICE)
        assert after.raters == before.raters
        assert set(after.unfinished) == set(before.unfinished) | {"P005"}
        assert after.pooled.rdm.tolist() == before.pooled.rdm.tolist()


def test_the_commands_leave_out_a_trial(lab: Lab) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(commands, ["study", *arguments, "--data", str(lab.settings.data)])
        return f"{done.output} {done.exception}"

    told = run("exclude", "faces", "P001", "--trial", "2", "--reason", "looked away")
    assert "Trial 2 of P001 is left out of the results of faces: looked away." in told
    assert "Give a reason" in run("exclude", "faces", "P001", "--trial", "1")
    assert "Trial 2 of P001 is in the results of faces again." in run("include", "faces", "P001", "--trial", "2")
    assert "was not left out" in run("include", "faces", "P001", "--trial", "2")
