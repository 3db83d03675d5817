"""A finished trial is stored, with what comes next, in one transaction of few statements; at any moment whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.models import ParticipantSession, Placement, Submission, Trial
from app.participation import trials
from app.participation.record import record_of_token
from tests.factories import encode, make_study, trial_body
from tests.integration.test_participant_api import Person, join, rows

MANY_CLIPS = 'title = "A study"\n[design]\nmax_items = 12\n[stop]\nmin_evidence = 50.0\n'
EVERYTHING = (
    'title = "A study"\n[playback]\nsound = true\nplay = "click"\n'
    "[design]\nmax_items = 12\nchecks = 2\nrepeats = 2\npractice = true\n[stop]\nmin_evidence = 50.0\n"
)
MAX_STATEMENTS = 15


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is sent to the database meanwhile, with the beginnings and commits of transactions."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    def commit(_connection: object) -> None:
        sent.append("COMMIT")

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    sa.event.listen(sa.Engine, "commit", commit)
    try:
        yield sent
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        sa.event.remove(sa.Engine, "commit", commit)


def begin(client: FlaskClient) -> tuple[Person, dict[str, Any]]:
    """A session at its first trial; practice, where there is any, is behind it."""
    person = join(client)
    view = person.call("POST", "/start").get_json()
    for _ in range(3):
        if view["trial"]["purpose"] == "practice":
            body = trial_body(view["trial"])
            view = person.call("PUT", f"/trials/{view['trial']['key']}", body).get_json()["next"]
    return person, view["trial"]


@pytest.mark.parametrize("toml", [MANY_CLIPS, EVERYTHING], ids=["plain", "everything"])
def test_a_trial_and_the_next_take_at_most_fifteen_statements_and_one_commit(both_app: Flask, toml: str) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=40, toml=toml)
    client = both_app.test_client()
    person, trial = begin(client)
    purposes = set()
    for number in range(8):
        purposes.add(trial["purpose"])
        person.call("PUT", f"/trials/{trial['key']}/draft", trial_body(trial, seed=number))
        with statements() as sent:
            answer = person.call("PUT", f"/trials/{trial['key']}", trial_body(trial, seed=number))
        assert answer.status_code == 200, answer.text
        assert len(sent) - sent.count("COMMIT") <= MAX_STATEMENTS, sent
        assert sent.count("COMMIT") == 1
        trial = answer.get_json()["next"]["trial"]
        assert len(trial["clips"]) >= 3
        assert all(clip["sources"] for clip in trial["clips"])
    assert purposes == ({"main", "check", "repeat"} if toml == EVERYTHING else {"main"})


def test_a_trial_is_stored_though_the_next_cannot_be_chosen(both_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=20, toml=MANY_CLIPS)
    client = both_app.test_client()
    both_app.config["PROPAGATE_EXCEPTIONS"] = False
    person, trial = begin(client)
    body = encode(trial_body(trial))
    with monkeypatch.context() as broken:
        broken.setattr(trials, "next_items", _fail)
        assert person.call("PUT", f"/trials/{trial['key']}", body).status_code == 500
    assert rows(client, select(Submission.body)) == [body]
    answer = person.call("PUT", f"/trials/{trial['key']}", body)
    assert answer.status_code == 200
    assert answer.get_json()["next"]["trial"]["number"] == 1
    assert rows(client, select(func.count()).select_from(Submission)) == [1]


def _fail(*_: object, **__: object) -> None:
    raise FloatingPointError("a fault of the design")


def test_a_trial_sent_many_times_at_once_is_stored_once_and_followed_by_one_trial(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=20, toml=MANY_CLIPS)
    client = both_app.test_client()
    person, trial = begin(client)
    body = encode(trial_body(trial))
    together, answers = threading.Barrier(6), []

    def send() -> None:
        one = Person(both_app.test_client(), person.headers["Authorization"].removeprefix("Bearer "))
        together.wait(timeout=30)
        answers.append(one.call("PUT", f"/trials/{trial['key']}", body))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert [answer.status_code for answer in answers] == [200] * 6
    assert {answer.get_json()["next"]["trial"]["key"] for answer in answers} == set(
        rows(client, select(Trial.key).where(Trial.number == 1))
    )
    assert rows(client, select(func.count()).select_from(Submission)) == [1]
    assert rows(client, select(func.count()).select_from(Trial)) == [2]


def test_a_session_that_is_withdrawn_while_the_next_trial_is_chosen_takes_nothing(
    both_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=20, toml=MANY_CLIPS)
    client = both_app.test_client()
    person, trial = begin(client)
    leaving = Person(both_app.test_client(), person.headers["Authorization"].removeprefix("Bearer "))
    choose = trials.next_items

    def leave_first(*args: object, **kwargs: object) -> object:
        assert leaving.call("DELETE").status_code == 200
        return choose(*args, **kwargs)

    monkeypatch.setattr(trials, "next_items", leave_first)
    refused = person.call("PUT", f"/trials/{trial['key']}", trial_body(trial))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "ended")
    assert rows(client, select(func.count()).select_from(Submission)) == [0]
    assert rows(client, select(ParticipantSession.state)) == ["withdrawn"]


def test_what_was_submitted_is_read_once_and_only_for_as_long_as_it_is_there(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=20, toml=MANY_CLIPS)
    person, trial = begin(both_app.test_client())
    body = trial_body(trial)
    answer = person.call("PUT", f"/trials/{trial['key']}", body)
    token = person.headers["Authorization"].removeprefix("Bearer ")
    with runtime.database.reading() as db:
        first = record_of_token(db, token)
    person.call(
        "PUT", f"/trials/{answer.get_json()['next']['trial']['key']}", trial_body(answer.get_json()["next"]["trial"])
    )
    with runtime.database.reading() as db:
        second = record_of_token(db, token)
    places = {(place["x"], place["y"]) for place in body["placements"]}
    assert len(second.submitted) == 2
    assert second.trials[0] is first.trials[0]
    assert set(second.trials[0].places) == places
    with runtime.database.writing() as db:
        db.execute(sa.delete(Placement).where(Placement.trial_id == second.trials[1].id))
        db.execute(sa.delete(Submission).where(Submission.trial_id == second.trials[1].id))
        db.commit()
    with runtime.database.reading() as db:
        third = record_of_token(db, token)
    assert [one.key for one in third.submitted] == [first.trials[0].key]


def test_a_process_chooses_one_trial_at_a_time(both_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, n_clips=20, toml=MANY_CLIPS)
    people = [begin(both_app.test_client()) for _ in range(2)]
    choose, at_once, most = trials.next_items, [], []

    def slowly(*args: object, **kwargs: object) -> object:
        at_once.append(None)
        most.append(len(at_once))
        chosen = choose(*args, **kwargs)
        time.sleep(0.05)
        at_once.pop()
        return chosen

    monkeypatch.setattr(trials, "next_items", slowly)
    sending = [
        threading.Thread(target=person.call, args=("PUT", f"/trials/{trial['key']}", trial_body(trial)))
        for person, trial in people
    ]
    for thread in sending:
        thread.start()
    for thread in sending:
        thread.join(timeout=60)
    assert most == [1, 1]
