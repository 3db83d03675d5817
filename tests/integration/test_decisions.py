"""Sessions and trials that are left out of the results: counted everywhere, with who decided it, when and why.

Over 300 lines: tests of one subject, which share their fixtures.
"""

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
from analysis.report import facts
from analysis.report.result_tables import both_ways_table, decisions_table
from analysis.report.results import analyse
from analysis.results import Choice, RaterResult
from app.cli import commands
from app.db import Database
from app.errors import Invalid, NotAllowed, NotFound
from app.models import AuditEntry, Decision, ParticipantSession, StoredRater, Study
from app.participation.decisions import decisions_of, exclude, excluded_trials, include
from app.participation.erasure import erase_person
from app.participation.pilots import begin_pilot
from app.results.chosen import ExportOptions
from app.results.export import export_bundle
from app.results.inputs import inputs_of
from app.results.judging import study_flow
from app.results.stored import results_now, stored_rater
from app.results.work import ensure_results
from app.schema import migrate
from app.studies.duplication import duplicate_study
from app.studies.editing import save_settings
from tests.experimenter import Lab, compute, csrf_token, log_in, make_account, open_copy, prepare, take_part
from tests.integration.old_databases import MOMENT, insert, old, upgrade_to

__all__ = ["old"]

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
    # As many trials are left out as in what was stored, but another one.
    decide(lab, exclude, "P001", "another", trial=3)
    with lab.database.reading() as db:
        assert results_now(db, study, CHOICE).pooled.rdm.tolist() != left.pooled.rdm.tolist()


def shown_trials(result: RaterResult | None) -> int:
    assert result is not None
    return result.work.trials


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
        results = results_now(db, study.id, CHOICE)
        assert results.failures == {"P002": "all of its trials were left out"}
        assert results.raters == ("P001",)
        # Neither counts among the sessions that results pool.
        assert inputs_of(db, study.id, CHOICE).versions == {1: 1}
        assert inputs_of(db, study.id, ALL).versions == {1: 3}
        with (tmp_path / "out.zip").open("wb") as file:
            manifest = export_bundle(db, study, file)
    assert manifest["about"]["sessions_by_study_version"] == {"1": 1}
    reported = analyse(read_bundle(tmp_path / "out.zip"), CHOICE, lambda _: None, jobs=1)
    assert (reported.raters, reported.failures) == (results.raters, results.failures)


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
            ("P002", "NA", "exclude", "fell asleep", "command line"),
            ("P001", "3", "exclude", "looked away", "command line"),
            ("P003", "1", "exclude", "a click too many", "command line"),
            ("P003", "1", "include", "NA", "command line"),
        ]
        assert all(row["decided_at"] for row in decided)
        marked = [
            (r["participant"], r["number"], r["exclusion_reason"])
            for r in rows(archive, "trials")
            if r["excluded"] == "TRUE"
        ]
        assert marked == [("P001", "3", "looked away")]
        methods = " ".join(archive.read("methods.md").decode().split())
        assert "1 participant (fell asleep) and 1 trial of 1 participant (looked away) were excluded." in methods
        assert json.loads(archive.read("manifest.json"))["about"]["excluded_in_results"] is False
    with zipfile.ZipFile(tmp_path / "True.zip") as archive:
        methods = " ".join(archive.read("methods.md").decode().split())
        assert "that were excluded are in these figures" in methods
    with lab.database.reading() as db:
        flows = {choice.with_excluded: study_flow(db, faces(db), choice) for choice in (CHOICE, ALL)}
    assert [flows[way].analysed for way in (False, True)] == [2, 3]
    for file, choice in (("False", CHOICE), ("True", CHOICE), ("False", ALL)):
        bundle = read_bundle(tmp_path / f"{file}.zip")
        reported = analyse(bundle, choice, lambda _: None, jobs=1)
        expected = here[choice.with_excluded]
        assert reported.raters == expected.raters
        assert reported.pooled.rdm.tolist() == expected.pooled.rdm.tolist()
        # As text: a coefficient that is not defined is NaN, and equal to nothing.
        assert repr(reported.reliability) == repr(expected.reliability)
        assert reported.rater_quality.raters == expected.raters
        if file == str(choice.with_excluded):
            held = bundle.rdms("weighted_average", group=True)
            np.testing.assert_array_equal(held.rdms[0], expected.pooled.rdm)
        assert reported.flow == flows[choice.with_excluded]
        assert reported.flow is not None
        assert reported.flow.analysed == len(reported.raters)
        other = here[not choice.with_excluded]
        assert reported.otherwise is not None
        assert reported.otherwise.pooled.rdm.tolist() == other.pooled.rdm.tolist()
        both = [row for row in bundle.rows("with_and_without") if row["method"] == CHOICE.method]
        alpha = next(row for row in both if row["measure"] == "cronbach_alpha")
        assert alpha["value"] == here[False].reliability.cronbach_alpha.value
        assert alpha["value_with_all"] == here[True].reliability.cronbach_alpha.value
        assert (alpha["n_raters"], alpha["n_raters_with_all"]) == (2, 3)
        page_tables = both_ways_table(reported) + decisions_table(bundle)
        assert "fell asleep" in page_tables
        assert f"<td>{facts.number(alpha['value'])}</td><td>{facts.number(alpha['value_with_all'])}</td>" in page_tables
        said = "are in this report all the same" if choice.with_excluded else "are left out"
        assert f"Trials excluded by the experimenter, which {said}: P001 trial 3: looked away." in facts.remarks(
            reported
        )
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
    for before_it, after_it in (("min_evidence = 0.2", "min_evidence = 50.0"), ("max_trials = 4", "max_trials = 9")):
        text = text.replace(before_it, after_it)
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


def form_token(lab: Lab) -> dict[str, str]:
    return {"csrf_token": csrf_token(lab.client.get("/studies/faces/quality").text)}


def test_the_page_proposes_and_people_decide(lab: Lab) -> None:
    make_account(lab.database)
    log_in(lab.client)
    with lab.database.writing() as db:
        study = faces(db)
        # Everybody here took about ten seconds a clip.
        study.definition = study.definition | {
            "quality": {"seconds_per_item": 600.0, "outlier_z": 0.0, "repeats": False}
        }
        db.commit()
    api = "/api/v1/studies/faces"
    assert "have to wait" in lab.client.get("/studies/faces/quality").text
    assert lab.client.get(f"{api}/quality").json["state"] == "working"
    compute(lab)
    quality = lab.client.get(f"{api}/quality").json
    assert [one["rater"] for one in quality["participants"]] == ["P001", "P002", "P003"]
    trials = quality["participants"][0]["trials"]
    # 59 of 60 seconds at work, as the trials' bodies say, by the number of clips.
    assert trials[0]["seconds_per_item"] == pytest.approx(59 / trials[0]["n_items"], abs=1e-5)
    assert trials[0]["watched"] == pytest.approx(1 / trials[0]["n_items"], abs=1e-5)
    proposed = [(one["participant"], one["trial"], one["rule"]) for one in quality["proposals"]]
    assert proposed == [(rater, None, "seconds_per_item") for rater in ("P001", "P002", "P003")]
    page = lab.client.get("/studies/faces/quality").text
    assert "too fast" in page
    sessions = {one["participant"]: one["session"] for one in quality["proposals"]}
    token = form_token(lab)
    for rater, verdict in (("P001", "exclude"), ("P002", "dismiss")):
        answer = lab.client.post(
            "/studies/faces/quality/decide",
            data=token
            | {"session": sessions[rater], "verdict": verdict, "reason": "too fast", "rule": "seconds_per_item"},
        )
        assert (answer.status_code, answer.location) == (303, "/studies/faces/quality")
    left = lab.client.get(f"{api}/quality").json
    assert [one["participant"] for one in left["proposals"]] == ["P003"]
    assert [one["left_out"] for one in left["participants"]] == ["too fast", None, None]
    # A decision changes nobody's values.
    compute(lab)
    again = lab.client.get(f"{api}/quality").json["participants"]
    assert [one["values"] for one in again] == [one["values"] for one in quality["participants"]]
    known = lab.client.get(f"{api}/decisions").json["decisions"]
    assert [(one["participant"], one["verdict"], one["rule"], one["by"]) for one in known] == [
        ("P001", "exclude", "seconds_per_item", "ada@lab.example"),
        ("P002", "dismiss", "seconds_per_item", "ada@lab.example"),
    ]
    flow = lab.client.get(f"{api}/flow").json
    assert [step["sessions"] for step in flow["steps"]] == [4, 4, 3, 2]
    assert flow["steps"][2]["went_no_further"] == [{"label": "Excluded: too fast", "sessions": 1}]
    figure = lab.client.get("/studies/faces/quality/flow.svg")
    assert (figure.mimetype, figure.text.count("<svg")) == ("image/svg+xml", 1)


def test_a_trial_is_told_whole_and_decided_about_by_the_api(lab: Lab) -> None:
    make_account(lab.database)
    log_in(lab.client)
    api = "/api/v1/studies/faces"
    header = {"X-CSRFToken": form_token(lab)["csrf_token"]}
    details = lab.client.get(f"{api}/sessions/P001/trials/1").json
    clips = [clip["id"] for clip in details["clips"]]
    # The last move of each clip put it where it was handed in.
    last = {move["clip"]: (move["x"], move["y"]) for move in details["moves"]}
    assert last == {place["clip"]: (place["x"], place["y"]) for place in details["placements"]}
    assert set(clips) == {place["clip"] for place in details["placements"]}
    assert (details["duration"], details["moves_left_out"], len(details["plays"])) == (60_000.0, 0, 1)
    assert lab.client.get(f"{api}/sessions/P001/trials/99").status_code == 404
    body = {"participant": "P001", "trial": 1, "verdict": "exclude", "reason": "looked away"}
    told = lab.client.post(f"{api}/decisions", json=body, headers=header)
    assert told.json["decisions"][-1]["trial"] == 1
    for wrong, field in (
        (body | {"reason": ""}, "reason"),
        (body | {"trial": 0}, "trial"),
        (body | {"verdict": "erase"}, "verdict"),
        (body | {"verdict": "dismiss"}, "verdict"),
        (body | {"more": 1}, "more"),
    ):
        refused = lab.client.post(f"{api}/decisions", json=wrong, headers=header)
        assert (refused.status_code, refused.json["error"]["field"]) == (400, field)
    shown = lab.client.get("/studies/faces/sessions/" + told.json["decisions"][-1]["session"] + "?trial=1").text
    assert "left out: looked away" in shown
    assert "Take this trial in again" in shown
    session = told.json["decisions"][-1]["session"]
    page = f"/studies/faces/sessions/{session}"
    form = {"session": session, "verdict": "include", "trial": "1", "back": "session"}
    for address, values, said in (
        ("/studies/faces/quality/decide", form, "Trial 1 is in the results again."),
        (f"{page}/note", {"note": "spoke with her"}, "The note is saved."),
        (f"{page}/exclude", {"reason": "test"}, "The session is left out of the results"),
        (f"{page}/withdraw", {}, "The participant is withdrawn."),
    ):
        assert said in lab.client.post(address, data=form_token(lab) | values, follow_redirects=True).text
    # Its trials are not called "in" any more.
    assert "<td>not used</td>" in lab.client.get(page).text
    for trial in ("x", "-1", "9" * 9):
        form = {"session": "P001", "verdict": "exclude", "reason": "x", "trial": trial}
        assert lab.client.post("/studies/faces/quality/decide", data=form_token(lab) | form).status_code == 400


def test_what_was_decided_before_the_table_comes_along(old: Database) -> None:
    upgrade_to(old, "0012")
    study: dict[str, Any] = {"state": "open", "definition": {"title": "F"}, "definition_toml": "", "created_at": MOMENT}
    insert(old, "study", id=1, name="faces", version=1, **study)
    session: dict[str, Any] = {"state": "finished", "is_simulated": False, "recruiter": {}, "seed": 1, "progress": 1.0}
    session |= {"language": "en", "consented_at": MOMENT, "last_seen_at": MOMENT}
    for number in (1, 2):
        row = session | {"id": number, "public_id": f"S-{number}", "number": number, "person": number}
        insert(old, "participant_session", study_id=1, **row)
    happened = [(1, "excluded", "test"), (2, "excluded", "asleep"), (1, "included", None), (1, "excluded", "test 2")]
    for number, kind, reason in happened:
        detail = {} if reason is None else {"reason": reason}
        insert(old, "session_event", session_id=number, kind=kind, detail=detail, at=MOMENT)
    accounts = ["ada@lab.example", None, "bob@lab.example", "bob@lab.example"]
    for (number, kind, _), account in zip(happened, accounts, strict=True):
        action = "session left out" if kind == "excluded" else "session taken in again"
        line = {"account": account, "action": action, "study": "faces", "detail": {"rater": f"P00{number}"}}
        insert(old, "audit_log", at=MOMENT, **line)
    migrate(old)
    with old.reading() as db:
        rows = db.execute(
            select(Decision.session_id, Decision.verdict, Decision.reason, Decision.account).order_by(Decision.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        (1, "exclude", "test", "ada@lab.example"),
        (2, "exclude", "asleep", None),
        (1, "include", None, "bob@lab.example"),
        (1, "exclude", "test 2", "bob@lab.example"),
    ]
