"""What an experimenter does with a single session: notes, tests left out of the results, withdrawals on request."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from analysis.formats.bundle_reader import read_bundle
from analysis.results import Choice
from app.cli import commands
from app.config import Settings
from app.db import Database, open_database
from app.errors import Conflict, Invalid, NotAllowed, NotFound, StudyFull
from app.models import AuditEntry, ParticipantSession, SessionEvent, StoredRater, StoredResults, Study, Trial
from app.participation.decisions import exclude, include
from app.participation.enrolment import enter
from app.participation.notes import withdraw_for, write_note
from app.participation.pilots import begin_pilot
from app.participation.submission import submit
from app.participation.trials import start
from app.results.chosen import ExportOptions
from app.results.export import export_bundle
from app.results.stored import results_now
from app.results.work import ensure_results
from app.studies.monitoring import session_statuses, study_counts
from tests.experimenter import SHORT, Lab, csrf_token, log_in, make_account, take_part
from tests.factories import make_study

CHOICE = Choice("weighted_average")


@pytest.fixture
def database(both_settings: Settings) -> Iterator[Database]:
    opened = open_database(both_settings.database)
    make_study(opened, both_settings, toml=SHORT + "[recruitment]\nplaces = 2\n")
    for seed in range(2):
        take_part(opened, "faces", seed, recruiter={"PROLIFIC_PID": f"person-{seed}"})
    yield opened
    opened.close()


def faces(db: object) -> Study:
    return db.scalars(select(Study)).one()  # type: ignore[attr-defined, no-any-return]


def participants(database: Database) -> list[dict[str, str]]:
    with database.reading() as db:
        file = io.BytesIO()
        export_bundle(db, faces(db), file, ExportOptions())
    with zipfile.ZipFile(file) as archive:
        return list(csv.DictReader(io.StringIO(archive.read("participants.csv").decode())))


def test_a_test_leaves_results_and_places_and_comes_back_as_it_was(database: Database, tmp_path: Path) -> None:
    with database.reading() as db:
        study = faces(db)
        before = results_now(db, study.id, CHOICE)
    ensure_results(database, study.id, CHOICE)
    with database.writing() as db, pytest.raises(StudyFull):
        enter(db, "faces", {"PROLIFIC_PID": "person-9"})
    with database.writing() as db:
        for reason in ("", "  ", "x" * 201):
            with pytest.raises(Invalid) as refused:
                exclude(db, faces(db), "P002", reason)
            assert refused.value.field == "reason"
        exclude(db, faces(db), "P002", " a  test of\nours ")
    with database.reading() as db:
        left = results_now(db, study.id, CHOICE)
        assert (left.raters, left.excluded) == (("P001",), {"P002": "a test of ours"})
        assert study_counts(db, [study])[study.id].finished == 1
        assert [one.exclusion_reason for one in session_statuses(db, study)] == [None, "a test of ours"]
        out = tmp_path / "bundle.zip"
        with out.open("wb") as file:
            export_bundle(db, study, file, ExportOptions())
    # The export has it, marked with the reason, and the offline analysis leaves it out in the same way.
    bundle = read_bundle(out)
    assert set(bundle.arrangements()) == {"P001"}
    assert set(bundle.arrangements(with_excluded=True)) == {"P001", "P002"}
    rows = participants(database)
    assert [(row["excluded"], row["exclusion_reason"]) for row in rows] == [("FALSE", "NA"), ("TRUE", "a test of ours")]
    with database.writing() as db:
        enter(db, "faces", {"PROLIFIC_PID": "person-9"})
    with database.writing() as db:
        include(db, faces(db), "p2")
        with pytest.raises(NotAllowed):
            include(db, faces(db), "P002")
    with database.reading() as db:
        again = results_now(db, study.id, CHOICE)
        assert again.raters == before.raters
        assert again.pooled.rdm.tolist() == before.pooled.rdm.tolist()
        kinds = (
            select(SessionEvent.kind).where(SessionEvent.kind.in_(["excluded", "included"])).order_by(SessionEvent.id)
        )
        assert list(db.scalars(kinds)) == ["excluded", "included"]
        done = list(db.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
        assert done[-2:] == ["session left out", "session taken in again"]


def test_a_note_is_kept_exported_and_erased_with_the_person(database: Database) -> None:
    with database.writing() as db:
        write_note(db, faces(db), "P001", "  Rang twice.\r\nSlow line. ")
        with pytest.raises(Invalid, match="2000 characters; this one has 2001"):
            write_note(db, faces(db), "P001", "x" * 2001)
        for name in ("P009", "S-unknown", "-1", "Pilot 1"):
            with pytest.raises(NotFound):
                write_note(db, faces(db), name, "x")
    assert [row["experimenter_note"] for row in participants(database)] == ["Rang twice.\nSlow line.", "NA"]
    with database.writing() as db:
        write_note(db, faces(db), "P001", " ")
    assert [row["experimenter_note"] for row in participants(database)] == ["NA", "NA"]


def test_a_withdrawal_on_request_does_what_the_participants_own_does(database: Database) -> None:
    with database.writing() as db:
        study = faces(db)
        study.definition = study.definition | {"recruitment": study.definition["recruitment"] | {"places": None}}
        db.commit()
        token = enter(db, "faces", {"PROLIFIC_PID": "by-mail"}).token
    trial = start(database, token).open_trial
    assert trial is not None
    ensure_results(database, study.id, CHOICE)
    with database.writing() as db:
        pilot = begin_pilot(db, study.id)
    with database.writing() as db:
        withdraw_for(db, faces(db), "P001")
        withdraw_for(db, faces(db), "P003")
        with pytest.raises(NotAllowed, match="withdrawn already"):
            withdraw_for(db, faces(db), "P001")
        for act in (withdraw_for, lambda *given: exclude(*given, "x")):
            with pytest.raises(NotAllowed):
                act(db, faces(db), pilot.session_id)
    with database.reading() as db:
        one = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 1)).one()
        assert (one.state, one.ended_by) == ("withdrawn", "experimenter")
        assert db.scalar(select(func.count()).select_from(StoredResults)) == 0
        assert one.id not in set(db.scalars(select(StoredRater.session_id)))
        # As after the participant's own: the rows stay until they are erased.
        assert db.scalar(select(func.count()).where(Trial.session_id == one.id)) > 0
        assert results_now(db, study.id, CHOICE).raters == ("P002",)
    assert [row["participant"] for row in participants(database)] == ["P002"]
    with pytest.raises(Conflict):
        submit(database, token, trial.key, b"{}")


def test_the_page_of_a_session_does_all_of_it(lab: Lab) -> None:
    make_account(lab.database)
    log_in(lab.client)
    with lab.database.reading() as db:
        ids = dict(db.execute(select(ParticipantSession.number, ParticipantSession.public_id)).tuples().all())
    page = f"/studies/faces/sessions/{ids[1]}"
    csrf = {"csrf_token": csrf_token(lab.client.get(page).text)}

    def post(action: str, **form: str) -> str:
        answer = lab.client.post(f"{page}/{action}", data=csrf | form, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return answer.text

    assert "Rang &lt;twice&gt;" in post("note", note="Rang <twice>")
    assert "left out: test" in post("exclude", reason="test")
    row = lab.client.get("/api/v1/studies/faces").get_json()["sessions"][0]
    assert (row["note"], row["exclusion_reason"]) == ("Rang <twice>", "test")
    assert "left out: " not in post("include")
    shown = lab.client.get(page).text
    assert "trials no longer count in any result or export" in shown
    assert "Erase all that P001 gave?" in shown
    assert "withdrawn" in post("withdraw")
    assert lab.client.post(f"{page}/withdraw", data=csrf).status_code == 409
    post("erase")
    with lab.database.reading() as db:
        one = db.scalars(select(ParticipantSession).where(ParticipantSession.number == 1)).one()
        assert (one.state, one.note) == ("withdrawn", None)
        assert db.scalar(select(func.count()).where(Trial.session_id == one.id)) == 0
    assert lab.client.get("/studies/faces/sessions/S-unknown").status_code == 404


def test_the_commands_note_exclude_include_and_withdraw(lab: Lab) -> None:
    def run(*arguments: str, answer: str | None = None) -> str:
        done = CliRunner().invoke(commands, ["study", *arguments, "--data", str(lab.settings.data)], input=answer)
        return f"{done.output} {done.exception}"

    assert "The note on P001 is kept." in run("note", "faces", "P001", "Slow")
    assert "The note on P001 is removed." in run("note", "faces", "P001", "")
    assert "P001 is left out of the results of faces: test." in run("exclude", "faces", "P001")
    assert "P001 is in the results of faces again." in run("include", "faces", "P001")
    assert "Withdraw P001 of faces? The session ends for good" in run("withdraw", "faces", "P001", answer="n\n")
    assert "Withdrawn: P001." in run("withdraw", "faces", "P001", "--yes")
    assert "no participant P099" in run("withdraw", "faces", "P099", "--yes")
