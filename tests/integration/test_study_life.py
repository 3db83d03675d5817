"""Studies are duplicated, archived and deleted; what is deleted leaves no row and no file.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from analysis.results import Choice
from app.backups import backup
from app.cli import commands
from app.clips import conversion, unused_files
from app.clips.conversion import convert_waiting_clips
from app.clips.unfinished import Upload, all_uploads, keep_note
from app.clips.unused_files import remove_unused
from app.config import Settings
from app.db import Database, open_database
from app.definition.study_toml import definition_of
from app.domain import ClipState, StudyState
from app.errors import Invalid, NotAllowed, StudyClosed
from app.models import AuditEntry, Clip, ModelComparison, ParticipantSession, Study, StudyModel, StudyPlan
from app.participation.decisions import exclude
from app.participation.enrolment import enter
from app.participation.pilots import begin_pilot, place_rest
from app.participation.submission import submit
from app.participation.trials import start
from app.removal import refers_to
from app.results import work
from app.results.work import compute_next, ensure_results
from app.studies.archiving import archive_study, bring_back_study
from app.studies.deletion import delete_study, holdings_of
from app.studies.duplication import duplicate_study
from app.studies.lifecycle import close_study, create_study, open_study
from app.studies.study_folder import read_study_folder
from tests.experimenter import SHORT, Lab, csrf_token, log_in, make_account, take_part
from tests.factories import make_study

LONG_AGO = 1_000_000_000


@pytest.fixture
def database(both_settings: Settings) -> Iterator[Database]:
    opened = open_database(both_settings.database)
    yield opened
    opened.close()


def age(settings: Settings) -> None:
    """Let every file of clips be old: nobody is just about to use it."""
    for folder in (settings.media_folder, settings.source_folder):
        for file in folder.glob("*.*"):
            os.utime(file, (LONG_AGO, LONG_AGO))


def stored(settings: Settings) -> set[str]:
    folders = (settings.media_folder, settings.source_folder)
    return {file.name for folder in folders for file in folder.glob("*.*")}


def named(db: Any, name: str) -> Study:
    return db.scalars(select(Study).where(Study.name == name)).one()  # type: ignore[no-any-return]


def filled(database: Database, settings: Settings, name: str) -> int:
    """A closed study with participants, a simulated rater, a pilot, results, a plan, a decision, members; its id."""
    study_id = make_study(database, settings, name=name, toml=SHORT)
    for file in ("one", "two"):
        (settings.source_folder / f"{file}.txt").write_text("not a clip")
    take_part(database, name, 1, recruiter={"PROLIFIC_PID": f"secret of {name}"})
    take_part(database, name, 2, is_simulated=True)
    take_part(database, name, 3, trials=1)
    with database.writing() as db:
        token = begin_pilot(db, study_id).token
    start(database, token)
    place_rest(database, token)
    with database.writing() as db:
        close_study(db, name)
    with database.writing() as db:
        exclude(db, named(db, name), "P001", "tried keys", trial=2)
    with database.writing() as db:
        db.add(StudyPlan(study_id=study_id, asked={}))
        names = {"name": "net", "kind": "rdms", "file_name": "net.npy", "sha256": "0" * 64}
        db.add(StudyModel(study_id=study_id, models=[], clips=[], remarks=[], content=b"", **names))
        db.add(ModelComparison(study_id=study_id, asked={}))
        db.commit()
    ensure_results(database, study_id, Choice("weighted_average"))
    return study_id


def rows_of(database: Database, study_id: int) -> dict[str, int]:
    """How many rows of each table refer to the study, directly or through others."""
    study = Study.metadata.tables["study"]
    counts = {}
    with database.reading() as db:
        for table in Study.metadata.sorted_tables:
            which = refers_to(table, study, study.c.id == study_id)
            if which is not None:
                counts[table.name] = db.scalar(select(func.count()).select_from(table).where(which)) or 0
    return counts


def test_a_deleted_study_leaves_no_row_no_byte_and_no_file_and_others_are_whole(
    database: Database, both_settings: Settings
) -> None:
    settings = both_settings
    make_account_of(database)
    gone, stays = filled(database, settings, "gone"), filled(database, settings, "stays")
    with database.writing() as db:
        duplicate_study(db, named(db, "stays"), name="copy", title="Copy")
    before = rows_of(database, gone)
    assert [table for table in before if table not in NOT_FILLED and not before[table]] == []
    theirs, files = rows_of(database, stays), stored(settings)
    age(settings)
    with pytest.raises(Invalid, match="Type the study's name, gone,"):
        delete_study(database, settings, "gone", typed="Gone")
    assert rows_of(database, gone) == before
    uploads = {one: Upload(str(one) * 40, of, 1, "a.mp4", 9, "0" * 64) for one, of in ((1, gone), (2, stays))}
    for upload in uploads.values():
        keep_note(settings, upload)
    held = delete_study(database, settings, "gone", typed=" gone ")
    assert all_uploads(settings) == [uploads[2]]
    assert (held.clips, held.sessions, held.simulated, held.pilots, held.at_task) == (6, 2, 1, 1, 1)
    assert held.trials == 4 + 4 + 1 + 1
    assert not any(rows_of(database, gone).values())
    assert rows_of(database, stays) == theirs
    with database.reading() as db:
        assert set(db.scalars(select(Study.name))) == {"stays", "copy"}
        assert db.scalars(select(AuditEntry.action).where(AuditEntry.study == "gone")).all()[-1] == "deleted"
        used = {name for clip in db.scalars(select(Clip)) for name in (one.sha256 for one in clip.renditions)}
    assert {name.partition(".")[0] for name in stored(settings) if not name.endswith(".txt")} == used
    assert stored(settings) < files
    # The files of a study go with the last study that has them.
    for name, left in (("stays", 18), ("copy", 0)):
        delete_study(database, settings, name, typed=name)
        assert len([file for file in stored(settings) if not file.endswith(".txt")]) == left
    assert {"one.txt", "two.txt"} <= stored(settings)


# Tables whose rows belong to things that this study has not had.
NOT_FILLED = {
    "former_rendition",
    "text_file",
    "draft",
    "account_link",
    "api_token",
    "answer",
    "study_revision",
    "given_rdm",
    "clip_to_rate",
    "rating",
}


def make_account_of(database: Database) -> None:
    make_account(database)


def test_the_bytes_of_a_deleted_study_are_not_in_the_file(settings: Settings) -> None:
    database = open_database(settings.database)
    filled(database, settings, "gone")
    filled(database, settings, "stays")
    delete_study(database, settings, "gone", typed="gone")
    database.close()
    content = b"".join(part.read_bytes() for part in sorted(settings.data.glob("asterism.sqlite3*")))
    assert b"secret of stays" in content
    assert b"secret of gone" not in content


def test_a_backup_names_what_a_deletion_took_from_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(settings.database)
    make_study(database, settings, toml=SHORT, state=StudyState.CLOSED)
    make_study(database, settings, name="stays", toml=SHORT)
    age(settings)
    real = backup.write_archive

    def delete_and_write(*args: Any) -> Any:
        delete_study(database, settings, "faces", typed="faces")
        return real(*args)

    monkeypatch.setattr(backup, "write_archive", delete_and_write)
    made = backup.make_backup(database, settings, tmp_path / "backup.zip")
    # The studies of these tests have no source files.
    missing = [problem for problem in made.problems if problem.startswith("media/")]
    assert len(missing) == 18
    assert all(problem.endswith("is missing") for problem in missing)
    assert made.files == 1 + made.has_secret + 18
    database.close()


def test_an_open_study_is_not_deleted(database: Database, both_settings: Settings) -> None:
    make_study(database, both_settings, toml=SHORT)
    with pytest.raises(NotAllowed, match="Close it first"):
        delete_study(database, both_settings, "faces", typed="faces")


def test_after_a_crash_only_files_are_left_and_the_worker_removes_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(settings.database)
    make_study(database, settings, toml=SHORT, state=StudyState.CLOSED)
    with monkeypatch.context() as patch:
        patch.setattr("app.studies.deletion.remove_unused", _crash)
        with pytest.raises(KeyboardInterrupt):
            delete_study(database, settings, "faces", typed="faces")
    assert len(stored(settings)) == 18
    # What somebody has just written waits, because it may be about to be used; so does what is used again meanwhile.
    assert remove_unused(database, settings) == 0
    age(settings)
    make_study(database, settings, toml=SHORT, n_clips=2)
    age(settings)
    assert remove_unused(database, settings) == 12
    assert len(stored(settings)) == 6
    assert not list(settings.work_folder.iterdir())
    # A crash before the commit leaves a study that is whole.
    with monkeypatch.context() as patch:
        patch.setattr("app.studies.deletion.remove_below", _crash)
        patch.setattr("app.studies.deletion.check_deletable", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            delete_study(database, settings, "faces", typed="faces")
    assert remove_unused(database, settings) == 0
    assert len(stored(settings)) == 6
    assert not list(settings.work_folder.iterdir())
    database.close()


def _crash(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_work_in_hand_for_a_deleted_study_ends_cleanly(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(settings.database)
    monkeypatch.setattr(unused_files, "FRESH_SECONDS", 0.0)
    folder = tmp_path / "mine"
    (folder / "clips").mkdir(parents=True)
    clip = sorted((Path(__file__).parents[2] / "demo" / "clips").glob("*.mp4"))[0]
    for number in range(3):
        (folder / "clips" / f"{number}.mp4").write_bytes(clip.read_bytes() + bytes(number))
    (folder / "study.toml").write_text(SHORT)
    with database.writing() as db:
        create_study(db, settings, read_study_folder(folder))
    real = conversion.convert

    def convert_and_delete(*args: Any, **kwargs: Any) -> Any:
        """The study goes while its first clip is being converted."""
        made = real(*args, **kwargs)
        with database.reading() as db:
            there = db.scalar(select(Study.id))
        if there is not None:
            delete_study(database, settings, "mine", typed="mine")
        return made

    monkeypatch.setattr(conversion, "convert", convert_and_delete)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    convert_waiting_clips(database, settings)
    remove_unused(database, settings)
    assert stored(settings) == set()

    study_id = make_study(database, settings, toml=SHORT)
    take_part(database, "faces", 1)
    with database.writing() as db:
        close_study(db, "faces")
    with database.reading() as db:
        inputs = work.inputs_of(db, study_id, Choice("weighted_average"))
    with database.writing() as db:
        work.request_results(db, inputs)
    compute = work.compute_rater

    def compute_and_delete(*args: Any) -> Any:
        delete_study(database, settings, "faces", typed="faces")
        return compute(*args)

    monkeypatch.setattr(work, "compute_rater", compute_and_delete)
    assert compute_next(database)
    assert not any(rows_of(database, study_id).values())
    database.close()


def test_a_duplicate_has_the_definition_and_the_clips_and_nobodys_data(
    database: Database, both_settings: Settings
) -> None:
    toml = '# Mine.\ntitle = "A study" # as approved\nseed = 9\n[texts]\nthanks = "Merci"\n[stop]\nmax_trials = 2\n'
    make_study(database, both_settings, toml=toml)
    take_part(database, "faces", 1)
    with database.writing() as db:
        study = named(db, "faces")
        study.clips[0].attributes = {"gender": "f"}
        study.clips[1].state, study.clips[1].progress = ClipState.CONVERTING, 0.5
        study.clips[2].state, study.clips[2].reason = ClipState.FAILED, "it is broken"
        db.commit()
        for name, title, field in (("faces", "T", "name"), ("No", "T", "name"), ("two", " ", "title")):
            with pytest.raises(Invalid) as refused:
                duplicate_study(db, study, name=name, title=title)
            assert refused.value.field == field
        duplicate_study(db, study, name="two", title='Two "words"')
    with database.reading() as db:
        study, copy = named(db, "faces"), named(db, "two")
        assert copy.state == StudyState.DRAFT
        assert definition_of(copy) == definition_of(study).model_copy(update={"title": 'Two "words"'})
        assert tomllib.loads(copy.definition_toml)["title"] == 'Two "words"'
        assert copy.definition_toml.startswith("# Mine.\n")
        assert "# as approved" in copy.definition_toml
        assert [one.file_name for one in copy.clips] == [one.file_name for one in study.clips]
        assert [one.state.value for one in copy.clips] == ["ready", "waiting", "failed", "ready", "ready", "ready"]
        assert (copy.clips[0].attributes, copy.clips[2].reason) == ({"gender": "f"}, "it is broken")
        assert not {one.public_id for one in copy.clips} & {one.public_id for one in study.clips}
        for mine, theirs in zip(copy.clips, study.clips, strict=True):
            assert {(r.kind, r.sha256) for r in mine.renditions} == {(r.kind, r.sha256) for r in theirs.renditions}
        assert db.scalar(select(func.count()).where(ParticipantSession.study_id == copy.id)) == 0
    with database.writing() as db:
        copy = named(db, "two")
        copy.clips[1].state = ClipState.READY
        db.commit()
        open_study(db, "two")
    take_part(database, "two", 1)


def test_every_column_of_a_clip_is_either_copied_or_made_anew() -> None:
    """A column that is new must be thought of: is it the clip's, or this study's alone?"""
    from app.studies.duplication import KEPT

    anew = {"id", "study_id", "public_id", "worked_at", "created_at"}
    assert {column.name for column in Clip.__table__.columns} == {*KEPT, *anew}


def test_an_archived_study_takes_nobody_and_those_at_the_task_finish(
    database: Database, both_settings: Settings
) -> None:
    make_study(database, both_settings, toml=SHORT)
    make_study(database, both_settings, name="draft", toml=SHORT, state=StudyState.DRAFT)
    with database.writing() as db:
        token = enter(db, "faces", {}).token
    record = start(database, token)
    with database.writing() as db:
        archive_study(db, named(db, "faces"))
        archive_study(db, named(db, "draft"))
    with database.writing() as db:
        with pytest.raises(StudyClosed):
            enter(db, "faces", {})
        for name in ("faces", "draft"):
            with pytest.raises(NotAllowed, match="Bring it back first"):
                open_study(db, name)
            with pytest.raises(NotAllowed, match="archived already"):
                archive_study(db, named(db, name))
    trial = record.open_trial
    assert trial is not None
    names = {clip.id: clip.public_id for clip in record.clips}
    from tests.factories import encode, trial_body

    body = encode(trial_body({"clips": [{"id": names[clip]} for clip in trial.clip_ids]}))
    _, after = submit(database, token, trial.key, body)
    assert len(after.submitted) == 1
    with database.writing() as db:
        for name, state in (("faces", StudyState.CLOSED), ("draft", StudyState.DRAFT)):
            study = named(db, name)
            bring_back_study(db, study)
            assert study.state == state
            open_study(db, name)
            with pytest.raises(NotAllowed, match="not archived"):
                bring_back_study(db, study)


def test_the_pages_duplicate_archive_and_delete(lab: Lab) -> None:
    make_account(lab.database)
    log_in(lab.client)
    csrf = {"csrf_token": csrf_token(lab.client.get("/studies/faces").text)}
    form = lab.client.get("/studies/faces/duplicate").text
    assert 'value="A study (copy)"' in form
    assert 'value="faces-2"' in form
    wrong = lab.client.post("/studies/faces/duplicate", data=csrf | {"title": "Two", "name": "faces"})
    assert wrong.status_code == 400
    assert "There is a study named faces already." in wrong.text
    made = lab.client.post("/studies/faces/duplicate", data=csrf | {"title": "Two", "name": "two"})
    assert made.headers["Location"] == "/studies/two"

    assert lab.client.post("/studies/faces/archive", data=csrf).status_code == 303
    listed = lab.client.get("/studies").text
    assert "Archived (1)" in listed
    assert listed.index("/studies/two") < listed.index("Archived (1)") < listed.index("/studies/faces")
    assert "Bring the study back" in lab.client.get("/studies/faces").text
    assert lab.client.post("/studies/faces/bring-back", data=csrf).status_code == 303
    assert "Archived" not in lab.client.get("/studies").text

    question = lab.client.get("/studies/faces/delete").text
    assert "6 clips, 3 sessions of participants, 1 simulated session, " in re.sub(r"\s+", " ", question)
    assert "/studies/faces/bundle.zip" in question
    refused = lab.client.post("/studies/faces/delete", data=csrf | {"typed": "face"})
    assert refused.status_code == 400
    assert lab.client.post("/studies/faces/delete", data=csrf | {"typed": "faces"}).headers["Location"] == "/studies"
    assert lab.client.get("/studies/faces").status_code == 404
    with lab.database.writing() as db:
        open_study(db, "two")
    page = lab.client.get("/studies/two/delete").text
    assert "Close it first" in page
    assert "typed" not in page
    assert lab.client.post("/studies/two/delete", data=csrf | {"typed": "two"}).status_code == 409


def test_the_commands_duplicate_archive_and_delete(lab: Lab) -> None:
    def run(*arguments: str, answer: str | None = None) -> str:
        done = CliRunner().invoke(commands, ["study", *arguments, "--data", str(lab.settings.data)], input=answer)
        return f"{done.output} {done.exception}"

    assert "The study faces-2 is a draft" in run("duplicate", "faces")
    assert "The study three is a draft" in run("duplicate", "faces", "--name", "three", "--title", "Three")
    assert "Close it first" in run("delete", "faces")
    assert "faces is archived" in run("archive", "faces")
    assert "faces is back" in run("bring-back", "faces")
    asked = run("delete", "faces", answer="no\n")
    assert "holds 6 clips, 3 sessions of participants" in asked
    assert "Type the study's name" in asked
    assert "Deleted: faces." in run("delete", "faces", answer="faces\n")
    assert "Deleted: three." in run("delete", "three", "--typed", "three")
    with lab.database.reading() as db:
        assert list(db.scalars(select(Study.name))) == ["faces-2"]
        assert holdings_of(db, lab.settings, named(db, "faces-2")).sessions == 0
