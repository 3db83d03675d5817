"""Practice rounds, repeats and attention checks: what they show, when they come, and what they leave in the data."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from analysis.results import Choice
from app.models import SessionEvent, Study, Submission, Trial
from app.participation.practice import LAYOUT, MAX_ROUNDS, NAMES
from app.results.chosen import ExportOptions
from app.results.export_tables import bundle_tables
from app.results.inputs import inputs_of
from app.studies.monitoring import session_statuses
from tests.factories import make_study, trial_body
from tests.integration.test_participant_api import Person, join


def participant(app: Flask, toml: str, n_clips: int = 8) -> Person:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=n_clips, toml='title = "x"\n' + toml)
    return join(app.test_client())


def rows(app: Flask, query: Any) -> list[Any]:
    with app.extensions["asterism"].database.reading() as db:
        return list(db.scalars(query))


def laid_out(trial: dict[str, Any]) -> dict[str, Any]:
    """The practice clips at their known places."""
    body = trial_body(trial)
    for place in body["placements"]:
        place["x"], place["y"] = LAYOUT[place["clip"]]
    return body


def test_practice_comes_first_and_leaves_no_trial(app: Flask) -> None:
    person = participant(app, "[design]\npractice = true\n")
    view = person.call("POST", "/start").get_json()
    practice = view["trial"]
    assert practice["purpose"] == "practice"
    assert {clip["id"] for clip in practice["clips"]} == set(LAYOUT)
    assert "target" not in practice, "where the shapes belong is told afterwards"
    assert view["practice"] is None
    assert {clip["id"]: clip["label"] for clip in practice["clips"]} == NAMES
    for clip in practice["clips"]:
        for address in (clip["poster"], *(source["src"] for source in clip["sources"])):
            with app.test_client().get(address) as file:
                assert file.status_code == 200
    assert person.call("PUT", f"/trials/{practice['key']}/draft", trial_body(practice)).get_json() == {"saved": False}
    body = laid_out(practice)
    acks = [person.call("PUT", f"/trials/{practice['key']}", body) for _ in range(2)]
    assert [answer.status_code for answer in acks] == [200, 200]
    assert acks[0].get_json()["ack"] == acks[1].get_json()["ack"]
    assert acks[1].get_json()["next"]["trial"]["purpose"] == "main"
    told = [answer.get_json()["next"]["practice"] for answer in acks]
    assert told[0] == told[1], "an answer that got lost is given again"
    assert told[0]["verdict"] == "good"
    assert told[0]["advice"] == []
    assert {place["clip"]: (place["x"], place["y"]) for place in told[0]["placements"]} == LAYOUT
    expected = {place["clip"]: (place["x"], place["y"]) for place in told[0]["expected"]}
    assert expected == {name: pytest.approx(at, abs=1e-9) for name, at in LAYOUT.items()}
    [event] = rows(app, select(SessionEvent).where(SessionEvent.kind == "practice"))
    assert event.detail["agreement"] == pytest.approx(1.0)
    assert rows(app, select(Submission)) == []
    assert [trial.purpose for trial in rows(app, select(Trial))] == ["main"]


def test_practice_with_a_pass_mark_is_repeated_a_few_times(app: Flask) -> None:
    person = participant(app, "[design]\npractice = true\npractice_pass = 0.9\n")
    view = person.call("POST", "/start").get_json()
    keys = []
    for _ in range(MAX_ROUNDS):
        assert view["trial"]["purpose"] == "practice"
        keys.append(view["trial"]["key"])
        view = person.call("PUT", f"/trials/{keys[-1]}", trial_body(view["trial"], seed=len(keys))).get_json()["next"]
    assert len(set(keys)) == MAX_ROUNDS
    assert view["trial"]["purpose"] == "main"
    assert view["practice"]["verdict"] != "good", "words and pass mark are of one mind"
    assert [
        event.detail["passed"] for event in rows(app, select(SessionEvent).where(SessionEvent.kind == "practice"))
    ] == [False] * MAX_ROUNDS


def test_a_passed_practice_round_is_the_last(app: Flask) -> None:
    person = participant(app, "[design]\npractice = true\npractice_pass = 0.9\n")
    trial = person.call("POST", "/start").get_json()["trial"]
    view = person.call("PUT", f"/trials/{trial['key']}", laid_out(trial)).get_json()["next"]
    assert view["trial"]["purpose"] == "main"


def run_to_the_end(person: Person, **changes: Any) -> list[dict[str, Any]]:
    """Submit random arrangements until the session ends; returns the trials that were shown."""
    view = person.call("POST", "/start").get_json()
    shown = []
    while view["trial"] is not None:
        shown.append(view["trial"])
        assert len(shown) < 60
        body = trial_body(view["trial"], seed=len(shown))
        if view["trial"]["purpose"] == "check":
            body["placements"] = [{**place, **changes} for place in body["placements"]]
        view = person.call("PUT", f"/trials/{view['trial']['key']}", body).get_json()["next"]
    assert view["session"]["state"] == "finished"
    return shown


def test_repeats_show_an_earlier_trials_clips_and_count_as_judgments(app: Flask) -> None:
    toml = '[design]\nmethod = "random"\nmax_items = 5\nrepeats = 2\n[stop]\nmax_trials = 12\nmin_evidence = 50\n'
    shown = run_to_the_end(participant(app, toml))
    trials = rows(app, select(Trial).order_by(Trial.number))
    repeats = [trial for trial in trials if trial.purpose == "repeat"]
    assert len(repeats) == 2
    clips = [{clip["id"] for clip in trial["clips"]} for trial in shown]
    for repeat in repeats:
        assert repeat.repeat_of is not None
        assert repeat.number - repeat.repeat_of > 3
        assert clips[repeat.number] == clips[repeat.repeat_of]
        seats = [[clip["id"] for clip in shown[number]["clips"]] for number in (repeat.number, repeat.repeat_of)]
        assert seats[0] != seats[1]
    assert len({repeat.repeat_of for repeat in repeats}) == 2
    with app.extensions["asterism"].database.reading() as db:
        [sitting] = inputs_of(db, 1, Choice(with_unfinished=True)).chosen
    assert sitting.trials == 12


def test_missing_repeats_come_at_the_end_when_the_evidence_is_reached_early(app: Flask) -> None:
    toml = '[design]\nmethod = "full"\nrepeats = 2\n[stop]\nmin_evidence = 1.0\n'
    purposes = [trial["purpose"] for trial in run_to_the_end(participant(app, toml, n_clips=3))]
    assert purposes.count("repeat") == 2
    # By its turn the second repeat would have come as the tenth trial or later.
    assert purposes[-1] == "repeat"
    assert len(purposes) < 10


@pytest.mark.parametrize(("y", "passed"), [(0.2, True), (-0.2, False)])
def test_attention_checks_are_judged_and_kept_out_of_the_data(app: Flask, y: float, passed: bool) -> None:
    toml = '[design]\nmethod = "random"\nmax_items = 5\nchecks = 1\n[stop]\nmax_trials = 6\nmin_evidence = 50\n'
    shown = run_to_the_end(participant(app, toml), x=0.0, y=y)
    checks = [trial for trial in shown if trial["purpose"] == "check"]
    assert len(checks) == 1
    assert "upper half" in checks[0]["question"]
    assert all(trial["question"] is None for trial in shown if trial["purpose"] == "main")
    [event] = rows(app, select(SessionEvent).where(SessionEvent.kind == "check"))
    assert event.detail["passed"] is passed
    with app.extensions["asterism"].database.reading() as db:
        [sitting] = inputs_of(db, 1, Choice(with_unfinished=True)).chosen
    assert sitting.trials == 6
    assert len(shown) == 7
    with app.extensions["asterism"].database.reading() as db:
        study = db.scalars(select(Study)).one()
        [status] = session_statuses(db, study)
        [exported] = bundle_tables(db, study, ExportOptions())["participants"]
    assert status.checks == (1, int(passed))
    assert (exported["n_checks"], exported["n_checks_passed"]) == status.checks


def test_clips_that_no_trial_has_shown_are_named_for_preloading(app: Flask) -> None:
    person = participant(app, "[design]\nmax_items = 5\n", n_clips=8)
    view = person.call("POST", "/start").get_json()
    present = {clip["poster"] for clip in view["trial"]["clips"]}
    upcoming = {clip["poster"] for clip in view["upcoming"]}
    assert len(upcoming) == 3
    assert not upcoming & present
