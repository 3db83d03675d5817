"""Ratings of clips: which ones a session rates and when, stored once, and what becomes of them.

Over 300 lines: tests of one subject, which share a study.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from analysis.formats.bundle import read_bundle
from app.db import Database
from app.models import ClipToRate, ParticipantSession, Rating, SessionEvent, Study, now
from app.participation.erasure import erase_person
from app.participation.pilots import begin_pilot, place_rest, skip_to
from app.participation.places import PLACE_LEASE
from app.participation.rating_choice import clip_loads
from app.results.chosen import ExportOptions
from app.results.export import export_bundle
from app.studies.monitoring import session_statuses
from tests.factories import encode, make_study, trial_body
from tests.integration.test_participant_api import Person, join
from tests.rated import AGE_AND_STRATEGY

TOML = """
title = "A study"
[stop]
max_trials = 1
min_evidence = 100
[recruitment]
completion_code = "DONE-42"
visits = 2

[ratings]
when = "WHEN"
clips = 3
repeats = 1

[[ratings.questions]]
name = "valence"
ask = { en = "How pleasant is it?", de = "Wie angenehm ist es?" }
kind = "scale"
min = -3
max = 3

[[ratings.questions]]
name = "place"
ask = "Where is it?"
kind = "one_of"
required = false
choices = ["indoors", "outdoors"]
"""
TOML += AGE_AND_STRATEGY
AFTER, BEFORE = TOML.replace("WHEN", "after"), TOML.replace("WHEN", "before")
BODY = {"watched": "yes", "plays": 1, "played": 1000.0, "duration": 4000.0, "hidden": 0.0}


def study(app: Flask, toml: str) -> FlaskClient:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=toml)
    return app.test_client()


def database_of(client: FlaskClient) -> Database:
    database = client.application.extensions["asterism"].database
    assert isinstance(database, Database)
    return database


def rated(answers: dict[str, Any] | None = None, **body: Any) -> bytes:
    return encode({**BODY, "answers": {"valence": 2, "place": "indoors"} if answers is None else answers, **body})


def put(person: Person, key: str, body: bytes) -> Any:
    return person.call("PUT", f"/ratings/{key}", body)


def arrange(person: Person) -> Any:
    """The questions before and the only trial."""
    person.call("PUT", "/answers/before", {"answers": {"age": 30}})
    trial = person.call("POST", "/start").get_json()["trial"]
    return person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).get_json()["next"]


def still_to_rate(client: FlaskClient) -> list[int]:
    """What the experimenter's page says of each session."""
    with database_of(client).reading() as db:
        return [status.to_rate for status in session_statuses(db, db.scalars(select(Study)).one())]


def rate_all(person: Person, view: Any) -> Any:
    while view["rating"] is not None:
        view = put(person, view["rating"]["now"]["key"], rated()).get_json()["next"]
    return view


def test_ratings_come_after_the_last_trial_and_before_the_code(both_app: Flask) -> None:
    client = study(both_app, AFTER)
    person = join(client)
    assert person.call("GET").get_json()["rating"] is None
    view = arrange(person)
    assert view["session"]["state"] == "finished"
    assert still_to_rate(client) == [4]
    assert (view["questions"], view["completion"], view["comment"]) == (None, None, False)
    assert view["progress"]["fraction"] < 1
    assert 0 < view["progress"]["minutes_left"] < 2

    seen = []
    for number in range(1, 5):
        rating = view["rating"]
        assert (rating["of"], rating["now"]["number"], rating["now"]["revision"]) == (4, number, 0)
        assert rating["now"]["clip"]["poster"]
        assert (rating["last"] or {}).get("number", 0) == number - 1
        seen.append(rating["now"]["clip"]["id"])
        raw = rated()
        answer = put(person, rating["now"]["key"], raw).get_json()
        assert answer["ack"] == {"rating_key": rating["now"]["key"], "sha256": hashlib.sha256(raw).hexdigest()}
        view = answer["next"]
    assert still_to_rate(client) == [0]
    # Three different clips, and one of them again.
    assert len(set(seen[:3])) == 3
    assert seen[3] in seen[:3]
    assert view["rating"] is None
    assert view["questions"]["sheet"] == "after"
    view = person.call("PUT", "/answers/after", {"answers": {}}).get_json()["next"]
    assert (view["completion"]["code"], view["progress"]["fraction"]) == ("DONE-42", 1)


def test_ratings_before_come_between_the_questions_and_the_instructions(both_app: Flask) -> None:
    client = study(both_app, BEFORE)
    person = join(client)
    assert person.call("GET").get_json()["rating"] is None
    view = person.call("PUT", "/answers/before", {"answers": {}}).get_json()["next"]
    assert view["rating"]["now"]["number"] == 1
    assert person.call("POST", "/start").get_json()["session"]["state"] == "instructed"
    before = view["progress"]["minutes_left"]
    view = rate_all(person, view)
    assert view["session"]["state"] == "instructed"
    assert view["progress"]["minutes_left"] < before
    view = arrange(person)
    assert (view["rating"], view["questions"]["sheet"]) == (None, "after")


def test_a_rating_is_stored_once_and_the_last_one_can_be_revised(both_app: Flask) -> None:
    client = study(both_app, AFTER)
    person = join(client)
    first = arrange(person)["rating"]["now"]["key"]
    raw = rated()
    ack = put(person, first, raw).get_json()["ack"]
    assert put(person, first, raw).get_json()["ack"] == ack
    other = put(person, first, rated({"valence": -1}))
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "rated")

    view = person.call("GET").get_json()["rating"]
    assert view["last"]["answers"] == {"valence": 2, "place": "indoors"}
    assert put(person, first, rated({"valence": -1}, revision=2)).status_code == 400
    revised = rated({"valence": -1}, revision=1)
    assert put(person, first, revised).status_code == 200
    assert put(person, first, revised).status_code == 200
    # What was sent late for an earlier revision is acked still.
    assert put(person, first, raw).get_json()["ack"] == ack
    assert person.call("GET").get_json()["rating"]["last"]["answers"] == {"valence": -1, "place": None}

    second = view["now"]["key"]
    put(person, second, rated())
    too_late = put(person, first, rated(revision=2))
    assert (too_late.status_code, too_late.get_json()["error"]["code"]) == (409, "not_asked")
    with database_of(client).reading() as db:
        stored = db.execute(select(Rating.revision, Rating.answers).order_by(Rating.to_rate_id, Rating.revision)).all()
        kept = db.scalars(select(SessionEvent.detail).where(SessionEvent.kind == "refused_submit")).all()
    assert [revision for revision, _ in stored] == [0, 1, 0]
    assert json.loads(kept[0]["body"])["answers"] == {"valence": -1}


def test_what_cannot_be_used_is_refused_by_its_field(app: Flask) -> None:
    client = study(app, AFTER)
    person = join(client)
    key = arrange(person)["rating"]["now"]["key"]
    for body, field in [
        (b"{", None),
        (rated({"valence": 4}), "answers.valence"),
        (rated({"valence": 1.5}), "answers.valence"),
        (rated({"valence": None}), "answers.valence"),
        (rated({"valence": 1, "place": "here"}), "answers.place"),
        (rated({"valence": 1, "mood": 2}), "answers.mood"),
        (rated(watched="maybe"), "watched"),
        (rated(duration=-1), "duration"),
        (rated(revision=True), "revision"),
        (rated(revision=1), "revision"),
    ]:
        answer = put(person, key, body)
        assert (answer.status_code, answer.get_json()["error"]["field"]) == (400, field), body
    with database_of(client).reading() as db:
        assert db.scalars(select(Rating)).all() == []
    # A clip that could not be played need not be rated; another's key leads nowhere.
    assert put(person, key, rated({}, watched="unplayable")).status_code == 200
    assert put(join(client), key, rated()).status_code == 404


def test_samples_are_balanced_and_those_who_left_keep_no_clip(both_app: Flask) -> None:
    client = study(both_app, BEFORE)
    database = database_of(client)
    people = [join(client) for _ in range(5)]
    for person in people:
        person.call("PUT", "/answers/before", {"answers": {}})
    with database.reading() as db:
        shown = db.scalars(select(ClipToRate.clip_id).where(ClipToRate.is_repeat.is_(False)))
        counts = Counter(shown)
    # 15 among 6 clips.
    assert sorted(counts.values()) == [2, 2, 2, 3, 3, 3]

    rate_all(people[0], people[0].call("GET").get_json())
    with database.writing() as db:
        study_id = db.scalars(select(Study.id)).one()
        left = ParticipantSession.number > 2
        db.execute(update(ParticipantSession).where(left).values(last_seen_at=now() - 2 * PLACE_LEASE))
        db.execute(update(ParticipantSession).where(ParticipantSession.number == 2).values(exclusion_reason="test"))
        db.commit()
        assert sorted(clip_loads(db, study_id, now()).values()) == [1, 1, 1]
    # The next one gets what nobody who counts has rated.
    join(client).call("PUT", "/answers/before", {"answers": {}})
    with database.reading() as db:
        assert sorted(clip_loads(db, study_id, now()).values()) == [1] * 6


def test_a_pilot_rates_by_itself_and_goes_to_any_screen(app: Flask) -> None:
    client = study(app, AFTER)
    database = database_of(client)
    with database.writing() as db:
        study_id = db.scalars(select(Study.id)).one()
        pilot = Person(client, begin_pilot(db, study_id).token)
    token = pilot.headers["Authorization"].split()[1]
    skip_to(database, token, "ratings")
    view = pilot.call("GET").get_json()
    assert (view["session"]["state"], view["rating"]["now"]["number"]) == ("finished", 1)
    put(pilot, view["rating"]["now"]["key"], rated())
    place_rest(database, token)
    assert pilot.call("GET").get_json()["questions"]["sheet"] == "after"
    for screen, rates, sheet in (("thanks", False, None), ("ratings", True, None), ("questions_after", False, "after")):
        skip_to(database, token, screen)
        view = pilot.call("GET").get_json()
        assert (view["rating"] is not None, (view["questions"] or {}).get("sheet")) == (rates, sheet)
    skip_to(database, token, "first_trial")
    assert pilot.call("GET").get_json()["trial"] is not None
    with database.reading() as db:
        assert clip_loads(db, study_id, now()) == {}


def test_ratings_and_what_they_come_to_are_in_the_bundle(both_app: Flask, tmp_path: Path) -> None:
    client = study(both_app, AFTER)
    everybody = [("P001", 2, "indoors"), ("P002", -1, "indoors"), ("P003", 3, "outdoors")]
    people = [(rater, join(client), valence, place) for rater, valence, place in everybody]
    first: dict[str, dict[str, int]] = {}
    for _, person, valence, place in people:
        view = arrange(person)
        while view["rating"] is not None:
            now_rated = view["rating"]["now"]
            # A repeat is rated in another way, which must change no mean.
            value = valence if now_rated["number"] < 4 else -3
            view = put(person, now_rated["key"], rated({"valence": value, "place": place})).get_json()["next"]
    database = database_of(client)
    with database.writing() as db:
        db.execute(update(ParticipantSession).where(ParticipantSession.number == 3).values(exclusion_reason="test"))
        db.commit()
        with (tmp_path / "bundle.zip").open("wb") as file:
            export_bundle(db, db.scalars(select(Study)).one(), file, ExportOptions())
    bundle = read_bundle(tmp_path / "bundle.zip")
    rows = list(bundle.rows("ratings"))
    assert len(rows) == 3 * 4 * 2
    assert rows[0] | {"clip": "", "rated_at": ""} == {
        "participant": "P001",
        "session": rows[0]["session"],
        "place": 1,
        "clip": "",
        "is_repeat": False,
        "question": "valence",
        "kind": "scale",
        "value": "2",
        "number": 2.0,
        "revisions": 0,
        "watched": "yes",
        "plays": 1,
        "played_ms": 1000.0,
        "duration_ms": 4000.0,
        "hidden_ms": 0.0,
        "active_ms": rows[0]["active_ms"],
        "rated_at": "",
    }
    assert [row["is_repeat"] for row in rows if row["participant"] == "P002"] == [False] * 6 + [True] * 2
    for row in rows:
        if row["question"] == "valence" and not row["is_repeat"] and row["participant"] != "P003":
            first.setdefault(row["clip"], {})[row["participant"]] = row["number"]
    for row in bundle.rows("attributes_from_ratings"):
        given = list(first.get(row["clip"], {}).values())
        assert row["n"] == len(given)
        if row["attribute"] == "rated_valence":
            assert row["mean"] == (sum(given) / len(given) if given else None)
            assert row["choice"] is None
        else:
            assert (row["attribute"], row["mean"]) == ("rated_place", None)
            assert row["choice"] == ("indoors" if given else None)
    # They are no attributes of the study's own.
    assert list(bundle.rows("attributes")) == []


def test_withdrawn_ratings_count_nowhere_and_erasing_deletes_them(both_app: Flask, tmp_path: Path) -> None:
    client = study(both_app, AFTER)
    database = database_of(client)
    person, other = join(client), join(client)
    rate_all(person, arrange(person))
    put(other, arrange(other)["rating"]["now"]["key"], rated())
    person.call("DELETE")
    key = person.call("GET").get_json()
    assert (key["rating"], key["session"]["state"]) == (None, "withdrawn")
    with database.writing() as db:
        row = db.scalars(select(Study)).one()
        assert sum(clip_loads(db, row.id, now()).values()) == 3
        erase_person(db, row, "P001")
    with database.reading() as db:
        assert len(db.scalars(select(Rating)).all()) == 1
