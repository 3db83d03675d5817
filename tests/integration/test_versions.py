"""A study after it was opened: what may change, what makes a version, and that each session keeps its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from analysis.formats.bundle import read_bundle
from app.cli import commands
from app.clips.conversion import conversion_options
from app.config import Settings
from app.definition.controls import setting_keys
from app.definition.study_toml import StudyDefinition, definition_of
from app.domain import StudyState
from app.errors import AsterismError, NotAllowed
from app.models import ParticipantSession, Study, StudyRevision
from app.participation.enrolment import enter
from app.participation.record import record_of_token
from app.results.export import export_bundle
from app.studies.editing import current_text, save_settings
from app.studies.lifecycle import close_study, open_study
from app.studies.text import with_settings
from app.studies.versions import NEVER, WITHOUT_NEW_VERSION, revisions_of
from tests import experimenter
from tests.factories import make_study

DEFINITION = "/api/v1/studies/faces/definition"


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in; her study "faces" was just opened."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        make_study(lab.database, settings, toml=experimenter.SHORT, state=StudyState.DRAFT, owner_id=1)
        with lab.database.writing() as db:
            open_study(db, "faces")
        yield lab


def study(lab: experimenter.Lab) -> Study:
    with lab.database.reading() as db:
        return db.scalars(select(Study)).one()


def save(lab: experimenter.Lab, may_make_version: bool = False, **settings: Any) -> None:
    """Save some settings; `stop__max_trials` is stop.max_trials."""
    with lab.database.writing() as db:
        text = current_text(db.scalars(select(Study)).one())
        changed = with_settings(text, {key.replace("__", "."): value for key, value in settings.items()})
        save_settings(db, "faces", changed, base=text, may_make_version=may_make_version)


def put(lab: experimenter.Lab, body: dict[str, Any]) -> Any:
    token = experimenter.csrf_token(lab.client.get("/studies").text)
    return lab.client.put(DEFINITION, json=body, headers={"X-CSRFToken": token})


def test_opening_publishes_version_1_once(lab: experimenter.Lab) -> None:
    assert study(lab).version == 1
    with lab.database.writing() as db:
        close_study(db, "faces")
        open_study(db, "faces")
        assert [(row.number, row.version) for row in db.scalars(select(StudyRevision))] == [(1, 1)]


def test_listed_settings_change_without_a_version_and_are_kept_with_who_and_when(lab: experimenter.Lab) -> None:
    text = with_settings(lab.client.get(DEFINITION).json["text"], {"title": "Mended", "recruitment.places": 30})
    answer = put(lab, {"text": text})
    assert (answer.status_code, answer.json["version"], answer.json["new_version"]) == (200, 1, None)
    save(lab, texts__thanks="Bye.")
    revisions = lab.client.get("/api/v1/studies/faces/versions").json["revisions"]
    assert [(one["version"], one["who"]) for one in revisions] == [
        (1, "command line"),
        (1, experimenter.EMAIL),
        (1, "command line"),
    ]
    assert revisions[1]["changes"] == ["Title: A study → Mended", "Places: nothing → 30"]
    assert revisions[0]["text"] == experimenter.SHORT
    page = lab.client.get("/studies/faces/settings").text.split('id="versions"')[1]
    assert "Title: A study → Mended" in page
    assert "<p>Bye.</p>" in lab.client.get("/studies/faces/settings/revisions/3").text
    assert "<p>Bye.</p>" not in lab.client.get("/studies/faces/settings/revisions/2").text
    assert lab.client.get("/studies/faces/settings/revisions/4").status_code == 404


def test_a_change_of_the_task_is_a_version_that_must_be_meant(lab: experimenter.Lab) -> None:
    text = with_settings(lab.client.get(DEFINITION).json["text"], {"stop.max_trials": 2})
    token = experimenter.csrf_token(lab.client.get("/studies").text)
    checked = lab.client.post(f"{DEFINITION}/check", json={"text": text}, headers={"X-CSRFToken": token}).json
    assert checked["new_version"]["version"] == 2
    assert "Trials: 4 → 2" in checked["new_version"]["sentence"]
    refused = put(lab, {"text": text})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "new_version")
    assert (study(lab).version, definition_of(study(lab)).stop.max_trials) == (1, 4)
    assert put(lab, {"text": text, "new_version": True}).json["version"] == 2
    assert (study(lab).version, definition_of(study(lab)).stop.max_trials) == (2, 2)


def test_sessions_under_way_keep_their_version_and_get_its_mended_texts(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        before = enter(db, "faces", {}).token
    save(lab, texts__thanks="Mended.", recruitment__completion_code="C1")
    save(lab, may_make_version=True, stop__max_trials=2, texts__question="How alike?", texts__thanks="New.")
    with lab.database.writing() as db:
        after = enter(db, "faces", {}).token
    with lab.database.reading() as db:
        old, new = record_of_token(db, before), record_of_token(db, after)
    assert (old.session.version, new.session.version) == (1, 2)
    assert (old.definition.stop.max_trials, new.definition.stop.max_trials) == (4, 2)
    assert (old.definition.texts.question, new.definition.texts.question) == (None, "How alike?")
    assert (old.definition.texts.thanks, old.definition.recruitment.completion_code) == ("Mended.", "C1")
    pages = [lab.client.get(f"/join/faces/{token}").text for token in (before, after)]
    assert ["Mended." in page for page in pages] == [True, False]
    assert ["How alike?" in page for page in pages] == [False, True]


def test_results_and_bundle_name_versions_and_say_that_they_are_pooled(lab: experimenter.Lab, tmp_path: Path) -> None:
    experimenter.take_part(lab.database, "faces", 0)
    assert pooled(lab) is None
    save(lab, may_make_version=True, stop__max_trials=2)
    experimenter.take_part(lab.database, "faces", 1)
    said = "Results pool 1 session of version 1 and 1 session of version 2 of the study."
    assert pooled(lab) == said
    with lab.database.reading() as db, (tmp_path / "faces.zip").open("wb") as out:
        export_bundle(db, db.scalars(select(Study)).one(), out)
    bundle = read_bundle(tmp_path / "faces.zip")
    rows = list(bundle.rows("participants"))
    assert [row["study_version"] for row in rows] == [1, 2]
    assert rows[0]["n_trials"] > rows[1]["n_trials"] == 2
    about = bundle.manifest["about"]
    assert (about["study_version"], about["sessions_by_study_version"]) == (2, {"1": 1, "2": 1})
    assert about["earlier_study_versions"] == {"1": experimenter.SHORT}
    assert said in " ".join(bundle.text("methods.md").split())


def pooled(lab: experimenter.Lab) -> str | None:
    """What the results page says of the versions that its figures pool."""
    address = "/api/v1/studies/faces/results?method=weighted_average"
    lab.client.get(address)
    experimenter.compute(lab)
    return lab.client.get(address).json["pooled_sentence"]  # type: ignore[no-any-return]


def test_what_clips_were_converted_for_and_the_names_of_ids_never_change(lab: experimenter.Lab) -> None:
    values: dict[str, Any] = {
        "clips.max_side": 320,
        "playback.sound": True,
        "arena.background": "grey",
        "sets.column": "folder",
        "sets.anchors": "all",
        "recruitment.parameters": ["PID"],
    }
    assert set(values) == set(NEVER)
    for key, value in values.items():
        answer = put(lab, {"text": with_settings(experimenter.SHORT, {key: value}), "new_version": True})
        assert answer.status_code == 400, key
        told = [problem["sentence"] for problem in answer.json["problems"] if problem["key"] == key]
        assert any("Duplicate the study" in sentence for sentence in told), key
    assert study(lab).version == 1


def test_every_setting_on_which_conversion_depends_is_fixed() -> None:
    plain = StudyDefinition(title="A").model_dump(mode="json")
    usual = conversion_options(Study(definition=plain))
    others: dict[str, Any] = {"clips.max_side": 320, "playback.sound": True, "arena.background": "grey"}
    for key, value in others.items():
        section, name = key.split(".")
        assert conversion_options(Study(definition=plain | {section: plain[section] | {name: value}})) != usual
        assert key in NEVER
    keys = {key for key, _ in setting_keys()}
    assert set(NEVER) <= keys
    assert keys >= WITHOUT_NEW_VERSION
    assert not WITHOUT_NEW_VERSION & set(NEVER)


def test_a_rule_of_a_later_release_does_not_stand_in_the_way_of_other_changes(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        row = db.scalars(select(Study)).one()
        row.definition = row.definition | {"design": row.definition["design"] | {"practice_pass": 0.5}}
        row.definition_toml = with_settings(row.definition_toml, {"design.practice_pass": 0.5})
        db.commit()
    save(lab, title="Mended")
    assert definition_of(study(lab)).title == "Mended"


def test_the_command_asks_for_a_version_and_lists_them(lab: experimenter.Lab, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(experimenter.SHORT.replace("max_trials = 4", "max_trials = 3"))

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(commands, [*arguments, "--data", str(lab.settings.data)])

    refused = run("study", "edit", "faces", str(file))
    assert isinstance(refused.exception, NotAllowed)
    assert "add --new-version" in refused.exception.message
    assert run("study", "edit", "faces", str(file), "--new-version").exit_code == 0
    listed = run("study", "versions", "faces").output.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [["1", "version 1"], ["2", "version 2"]]
    assert "Trials: 4 → 3" in listed[1]
    assert run("study", "versions", "faces", "--revision", "1").output == experimenter.SHORT
    assert isinstance(run("study", "versions", "faces", "--revision", "9").exception, AsterismError)
    with lab.database.reading() as db:
        assert len(revisions_of(db, db.scalars(select(Study)).one())) == 2
        assert db.scalars(select(ParticipantSession)).all() == []
