"""A study's settings are changed: by the form, as text, by a command and over the API, with the same refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from app.cli import commands
from app.clips import conversion
from app.config import Settings
from app.definition.controls import control_groups, setting_keys
from app.definition.study_toml import StudyDefinition, definition_of, parse_definition
from app.domain import ClipState, StudyState
from app.errors import AsterismError
from app.models import Clip, Study
from app.studies.editing import save_settings
from app.studies.text import study_text, with_settings
from app.video import Options, VideoError
from tests import experimenter
from tests.factories import make_study

TOML = 'title = "Faces" # ours\n# approved\n[texts]\nconsent = "Yes?"\n[design] # short\nmax_items = 5\n'
DEFINITION = "/api/v1/studies/faces/definition"


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in and has the draft "faces" with six clips."""
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        experimenter.log_in(lab.client)
        make_study(lab.database, settings, toml=TOML, state=StudyState.DRAFT, owner_id=1)
        yield lab


def send(lab: experimenter.Lab, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    token = experimenter.csrf_token(lab.client.get("/studies").text)
    answer = lab.client.open(path, method=method, json=body, headers={"X-CSRFToken": token})
    return answer.status_code, answer.json


def check(lab: experimenter.Lab, text: str, **changes: Any) -> dict[str, Any]:
    keys = {key.replace("__", "."): value for key, value in changes.items()}
    status, answer = send(lab, "POST", f"{DEFINITION}/check", {"text": text, "changes": keys})
    assert status == 200
    return answer


def stored(lab: experimenter.Lab) -> Study:
    with lab.database.reading() as db:
        return db.scalars(select(Study).where(Study.name == "faces")).one()


def test_a_key_changed_in_the_form_is_in_the_text_and_comments_stay(lab: experimenter.Lab) -> None:
    answer = check(lab, TOML, design__max_items=6, playback__play="click", texts__consent="One\n\ntwo", language="en")
    assert answer["problems"] == []
    definition = parse_definition(answer["text"])
    assert (definition.design.max_items, definition.playback.play) == (6, "click")
    assert definition.texts.consent == "One\n\ntwo"
    for kept in ('title = "Faces" # ours', "# approved", "[design] # short"):
        assert kept in answer["text"]
    assert answer["values"]["playback.play"] == "click"
    assert answer["previews"]["texts.consent"] == "<p>One</p>\n<p>two</p>\n"
    assert stored(lab).definition_toml == TOML


def test_a_default_that_the_text_leaves_out_is_not_written_and_null_takes_a_key_out(lab: experimenter.Lab) -> None:
    answer = check(lab, TOML, playback__play="hover", texts__consent=None, recruitment__places=None)
    assert answer["text"] == TOML.replace('consent = "Yes?"\n', "")
    assert answer["values"]["texts.consent"] is None
    assert "voluntary" in answer["previews"]["texts.consent"]


def test_problems_are_told_at_their_keys_and_lines_as_they_are_made(lab: experimenter.Lab) -> None:
    """Of the model, of the rules, of the rules with the clips there are, and warnings; F07 says where in the text."""
    answer = check(lab, TOML, design__max_items="ten", playback__play="klick", stop__max_trials=0)
    told = {problem["key"]: problem for problem in answer["problems"]}
    assert told["design.max_items"]["sentence"] == 'must be a whole number (without quotes), not "ten"'
    assert answer["text"].splitlines()[told["design.max_items"]["line"] - 1] == 'max_items = "ten"'
    assert 'did you mean "click"?' in told["playback.play"]["sentence"]
    assert "at least 1" in told["stop.max_trials"]["sentence"]
    assert answer["values"]["design.max_items"] == "ten"
    by_rules = check(lab, TOML, design__method="full", design__practice_pass=0.7, texts__replace={"Dome": "x"})
    errors = {p["key"]: p["sentence"] for p in by_rules["problems"] if p["severity"] == "error"}
    assert "shows all 6 clips in each trial" in errors["design.max_items"]
    assert errors["design.practice_pass"] == "is set, but practice is off"
    assert "did you mean 'Done'" in errors["texts.replace"]
    assert [p["key"] for p in by_rules["problems"] if p["severity"] == "warning"] == ["language"]
    assert (
        "attributes.csv has no column 'mood'"
        in check(lab, TOML, clips__labels="attributes.mood")["problems"][0]["sentence"]
    )


def test_a_question_is_written_by_the_form_and_what_is_wrong_is_told_at_its_field(lab: experimenter.Lab) -> None:
    age = {"name": "age", "ask": "How old?", "kind": "number", "min": 18, "when": "before"}
    hand = {"name": "hand", "ask": "", "kind": "one_of", "choices": ["left", "left"], "when": "between"}
    checked = check(lab, TOML, questions=[age, hand])
    told = {tuple(problem["at"]): problem["reason"] for problem in checked["problems"]}
    assert told[(1, "ask")] == "must not be empty"
    assert told[(1, "choices")] == "'left' appears twice"
    assert told[(1, "after_trial")].startswith("is missing")
    assert checked["values"]["questions"] == [age, hand]
    mended = [hand | {"ask": "Which?", "choices": ["left", "right"], "after_trial": 2}, age]
    kept = check(lab, checked["text"], questions=mended)
    assert [one for one in kept["problems"] if one["severity"] == "error"] == []
    assert kept["text"].startswith(TOML)
    assert check(lab, kept["text"], questions=None)["values"]["questions"] == []


def test_a_text_that_is_no_toml_is_told_with_its_line(lab: experimenter.Lab) -> None:
    answer = check(lab, TOML + "seed == 4\n", title="X")
    assert answer["values"] is None
    assert answer["text"] == TOML + "seed == 4\n"
    [problem] = answer["problems"]
    assert (problem["key"], problem["line"]) == (None, 7)
    assert "one = is enough" in problem["sentence"]


def test_numbers_that_json_does_not_have_are_shown_and_refused(lab: experimenter.Lab) -> None:
    answer = check(lab, TOML + "[stop]\nmax_minutes = nan\nmin_evidence = -inf\n")
    assert (answer["values"]["stop.max_minutes"], answer["values"]["stop.min_evidence"]) == ("nan", "-inf")
    assert {problem["key"] for problem in answer["problems"]} == {"stop.max_minutes", "stop.min_evidence"}


def test_what_is_saved_is_what_an_export_writes_and_what_is_read_again(lab: experimenter.Lab) -> None:
    base = lab.client.get(DEFINITION).json["text"]
    text = check(lab, base, title="Other faces", stop__max_minutes=20, language="en")["text"]
    status, answer = send(lab, "PUT", DEFINITION, {"text": text, "base": base})
    assert status == 200
    assert answer["changes"] == ["Title: Faces → Other faces", "Language: auto → en", "Minutes: 30 → 20"]
    study = stored(lab)
    assert (definition_of(study).title, definition_of(study).stop.max_minutes) == ("Other faces", 20)
    assert study.definition_toml == text == study_text(text, definition_of(study))
    assert lab.client.get(DEFINITION).json["text"] == text
    assert "Other faces" in lab.client.get("/studies/faces/settings").text


def test_errors_are_not_saved_and_are_all_named(lab: experimenter.Lab) -> None:
    text = TOML.replace("max_items = 5", "max_items = 500\nmetod = 1")
    status, answer = send(lab, "PUT", DEFINITION, {"text": text})
    assert status == 400
    assert {problem["key"] for problem in answer["problems"]} == {"design.max_items", "design.metod"}
    assert stored(lab).definition_toml == TOML
    by_rule = send(lab, "PUT", DEFINITION, {"text": TOML.replace("max_items = 5", "practice_pass = 0.5")})
    assert by_rule[0] == 400
    assert by_rule[1]["problems"][0]["key"] == "design.practice_pass"


def test_the_second_of_two_who_save_is_told_what_changed_and_overwrites_nothing(lab: experimenter.Lab) -> None:
    base = lab.client.get(DEFINITION).json["text"]
    first = check(lab, base, title="First")["text"]
    assert send(lab, "PUT", DEFINITION, {"text": first, "base": base})[0] == 200
    status, answer = send(lab, "PUT", DEFINITION, {"text": check(lab, base, seed=3)["text"], "base": base})
    assert status == 409
    assert "Title: Faces → First" in answer["error"]["message"]
    assert answer["text"] == first
    assert definition_of(stored(lab)).title == "First"


@pytest.mark.parametrize(
    ("settings_of", "again"),
    [({"playback__sound": True}, True), ({"clips__max_side": 320}, True), ({"playback__loop": False}, False)],
)
def test_clips_are_converted_again_when_a_setting_of_theirs_changes(
    lab: experimenter.Lab, settings_of: dict[str, Any], again: bool
) -> None:
    with lab.database.writing() as db:
        db.scalars(select(Clip)).first().has_audio = True  # type: ignore[union-attr]
        db.commit()
    text = check(lab, TOML, **settings_of)["text"]
    assert send(lab, "PUT", DEFINITION, {"text": text})[0] == 200
    with lab.database.reading() as db:
        states = set(db.scalars(select(Clip.state)))
    assert states == {ClipState.WAITING if again else ClipState.READY}


def test_a_clip_that_is_being_converted_meanwhile_is_converted_again(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.database.writing() as db:
        db.scalars(select(Clip)).first().state = ClipState.WAITING  # type: ignore[union-attr]
        db.commit()
    sides: list[int] = []

    def convert(_source: Path, _folder: Path, options: Options, **_: Any) -> Any:
        sides.append(options.side)
        if len(sides) > 1:
            raise VideoError("enough")
        with lab.database.writing() as db:
            save_settings(db, "faces", check(lab, TOML, clips__max_side=320)["text"])
            # The other clips wait, too.
            db.execute(update(Clip).where(Clip.state == ClipState.WAITING).values(state=ClipState.READY))
            db.commit()
        file = SimpleNamespace(path=lab.settings.media_folder / "made")
        return SimpleNamespace(files={"mp4": file, "webm": file, "poster": file})

    monkeypatch.setattr(conversion, "convert", convert)
    conversion.convert_waiting_clips(lab.database, lab.settings)
    assert sides == [960, 320]


def test_the_page_has_a_control_a_sentence_and_a_default_for_each_setting(lab: experimenter.Lab) -> None:
    page = lab.client.get("/studies/faces/settings").text
    controls = [control for _, group in control_groups() for control in group]
    # None is left to the text beside the form alone.
    assert [control.key for control in controls if control.kind == "toml"] == []
    for control in controls:
        assert f'data-control="{control.key}"' in page
        assert f'data-told="{control.key}"' in page
    state = json.loads(re.search(r'id="settings-state">(.*?)</script>', page)[1])  # type: ignore[index]
    assert set(state["values"]) == {key for key, _ in setting_keys()}
    assert state["values"]["stop.max_minutes"] == 30


def test_a_command_saves_with_the_same_refusals(lab: experimenter.Lab, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"

    def edit(text: str) -> Any:
        file.write_text(text)
        return CliRunner().invoke(
            commands, ["study", "edit", "faces", str(file), "--data", str(lab.settings.data)], catch_exceptions=True
        )

    done = edit(TOML.replace('"Faces"', '"By command"'))
    assert done.exit_code == 0, done.output
    assert "Title: Faces → By command" in done.output
    assert 'language: is "auto"' in done.output
    refused = edit(TOML.replace("max_items = 5", "max_items = 500"))
    assert isinstance(refused.exception, AsterismError)
    assert refused.exception.message.startswith(f"{file}, line 6: design.max_items: must be at most")
    assert definition_of(stored(lab)).title == "By command"


def test_every_form_of_text_takes_every_kind_of_value() -> None:
    forms = [
        'title = "x"',
        'title = "x"\r\n[texts]\r\n# c\r\n',
        'title = "x"\ntexts.question = "q"\n',
        'title = "x"\ntexts = { question = "q" }\n',
        'title = "x"\n[texts.replace] # r\n# d\nDone = "F"\n[stop]\nmax_trials = 3\n',
    ]
    values: dict[str, Any] = {
        "title": 'a "b" \\ \'\'\' """ c',
        "texts.consent": 'one\n\n"""two""" \\ \n#three"',
        "texts.replace": {"Done": "G", "Start": "Let's go"},
        "recruitment.parameters": ["A", "B"],
        "playback.sound": True,
        "stop.max_minutes": 0.5,
        "stop.max_trials": None,
        "texts.question": None,
    }
    for form in forms:
        text = with_settings(form, values)
        definition = parse_definition(text)
        assert definition.title == values["title"]
        assert definition.texts.consent == values["texts.consent"].strip()
        assert definition.texts.replace == values["texts.replace"]
        assert definition.recruitment.parameters == ["A", "B"]
        assert (definition.playback.sound, definition.stop.max_minutes) == (True, 0.5)
        assert (definition.stop.max_trials, definition.texts.question) == (200, None)
        for comment in re.findall(r"# \w", form):
            assert comment in text
        assert StudyDefinition.model_validate(definition.model_dump()) == definition
