"""The participant's way through the API, on SQLite and on PostgreSQL: saved once, acked after the commit.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from analysis.results import Choice
from app.models import Clip, ParticipantSession, Placement, SessionEvent, Submission, Trial
from app.participation.payloads import Record, recorded
from app.results.inputs import inputs_of
from tests.factories import encode, make_study, trial_body

SHORT = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 3\n'


class Person:
    """A participant with a bearer token and a tab."""

    def __init__(self, client: FlaskClient, token: str, tab: str = "tab-1") -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {token}", "X-Tab": tab}

    def call(self, method: str, path: str = "", body: Any = None) -> Any:
        data = body if isinstance(body, bytes) or body is None else encode(body)
        return self.client.open("/api/v1/session" + path, method=method, headers=self.headers, data=data)


def join(client: FlaskClient, name: str = "faces", query: str = "", tab: str = "tab-1") -> Person:
    answer = client.post(f"/join/{name}", data=dict(pair.split("=") for pair in query.split("&") if pair))
    assert answer.status_code == 303, answer.text
    return Person(client, answer.headers["Location"].rsplit("/", 1)[1], tab)


@pytest.fixture
def client(both_app: Flask) -> FlaskClient:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=SHORT)
    return both_app.test_client()


def rows(client: FlaskClient, query: Any) -> list[Any]:
    with client.application.extensions["asterism"].database.reading() as db:
        return list(db.scalars(query))


def test_a_whole_session_from_consent_to_the_end(client: FlaskClient) -> None:
    page = client.get("/join/faces")
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    person = join(client)
    view = person.call("GET").get_json()
    assert view["session"]["state"] == "instructed"
    assert view["trial"] is None
    view = person.call("POST", "/start").get_json()
    fractions = []
    for number in range(3):
        trial = view["trial"]
        assert trial["number"] == number
        assert len(trial["clips"]) == 4 if number == 0 else 3 <= len(trial["clips"]) <= 4
        body = encode(trial_body(trial, seed=number))
        answer = person.call("PUT", f"/trials/{trial['key']}", body)
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["ack"] == {"trial_key": trial["key"], "sha256": hashlib.sha256(body).hexdigest()}
        view = answer.get_json()["next"]
        fractions.append(view["progress"]["fraction"])
    assert view["session"]["state"] == "finished"
    assert view["trial"] is None
    assert view["completion"] == {"code": None, "url": None}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    [session] = rows(client, select(ParticipantSession))
    assert session.ended_by == "trials"


def test_placements_moves_and_plays_are_stored_exactly(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    body = trial_body(trial)
    person.call("PUT", f"/trials/{trial['key']}", body)
    names = {clip.id: clip.public_id for t in rows(client, select(Trial)) for clip in _clips(client, t)}
    stored = {names[row.clip_id]: (row.x, row.y) for row in rows(client, select(Placement))}
    assert stored == {place["clip"]: (place["x"], place["y"]) for place in body["placements"]}
    [submission] = rows(client, select(Submission))
    [raw] = rows(client, select(Submission.body))
    assert json.loads(raw) == body
    assert recorded(raw) == Record(list(enumerate(body["moves"])), list(enumerate(body["plays"])))
    assert submission.arena_diameter == 560


def test_what_a_very_long_record_leaves_out_keeps_its_numbers(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    body = trial_body(trial) | {"moves_gap": {"after": 3, "left_out": 40}, "plays_gap": {"after": 0, "left_out": 7}}
    assert person.call("PUT", f"/trials/{trial['key']}", body).status_code == 200
    [raw] = rows(client, select(Submission.body))
    record = recorded(raw)
    assert [number for number, _ in record.moves] == [0, 1, 2, 43]
    assert [number for number, _ in record.plays] == [7]


def _clips(client: FlaskClient, trial: Trial) -> list[Any]:
    with client.application.extensions["asterism"].database.reading() as db:
        return [seat.clip for seat in db.get_one(Trial, trial.id).seats]


def test_f10_the_same_submit_twice_is_one_row_and_another_body_is_refused_and_kept(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    path = f"/trials/{trial['key']}"
    first = encode(trial_body(trial, seed=1))
    second = encode(trial_body(trial, seed=2))
    acks = [person.call("PUT", path, first) for _ in range(2)]
    assert [answer.status_code for answer in acks] == [200, 200]
    assert acks[0].get_json()["ack"] == acks[1].get_json()["ack"]
    refused = person.call("PUT", path, second)
    assert refused.status_code == 409
    assert refused.get_json()["error"]["code"] == "conflict"
    assert refused.get_json()["next"]["trial"]["number"] == 1
    assert rows(client, select(Submission.body)) == [first]
    [event] = rows(client, select(SessionEvent).where(SessionEvent.kind == "refused_submit"))
    assert event.detail["body"].encode() == second


def test_f09_f16_a_trial_is_never_overwritten_and_a_stale_submit_learns_the_present_state(client: FlaskClient) -> None:
    person = join(client)
    view = person.call("POST", "/start").get_json()
    first = view["trial"]
    view = person.call("PUT", f"/trials/{first['key']}", trial_body(first)).get_json()["next"]
    again = person.call("GET").get_json()
    assert again["trial"] == view["trial"]
    assert again["trial"]["key"] != first["key"]
    numbers = [trial.number for trial in rows(client, select(Trial).order_by(Trial.number))]
    assert numbers == [0, 1]


def test_f11_f15_a_draft_comes_back_on_another_device(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    body = trial_body(trial)
    body["placements"] = body["placements"][:2]
    assert person.call("PUT", f"/trials/{trial['key']}/draft", body).get_json() == {"saved": True}
    elsewhere = Person(client, person.headers["Authorization"].split()[1], tab="tablet")
    seen = elsewhere.call("POST", "/lease").get_json()["trial"]
    assert seen["key"] == trial["key"]
    assert [clip["id"] for clip in seen["clips"]] == [clip["id"] for clip in trial["clips"]]
    assert seen["draft"]["placements"] == body["placements"]


def test_f17_the_newest_tab_holds_the_lease(client: FlaskClient) -> None:
    old = join(client, tab="old")
    old.call("POST", "/lease")
    trial = old.call("POST", "/start").get_json()["trial"]
    new = Person(client, old.headers["Authorization"].split()[1], tab="new")
    assert new.call("POST", "/lease").get_json()["elsewhere"] is False
    assert old.call("GET").get_json()["elsewhere"] is True
    refused = old.call("PUT", f"/trials/{trial['key']}/draft", trial_body(trial))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "elsewhere")
    assert old.call("POST", "/lease").get_json()["elsewhere"] is False
    # What the older tab has finished is data all the same.
    assert new.call("GET").get_json()["elsewhere"] is True
    assert new.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).status_code == 200


def test_f14_the_recruiters_link_opened_again_resumes(client: FlaskClient) -> None:
    link = "PROLIFIC_PID=abc&STUDY_ID=s1&SESSION_ID=x1"
    first, second = join(client, query=link), join(client, query=link)
    assert first.headers != second.headers
    assert first.call("GET").get_json()["session"]["id"] == second.call("GET").get_json()["session"]["id"]
    other = join(client, query="PROLIFIC_PID=abd&STUDY_ID=s1&SESSION_ID=x1")
    assert other.call("GET").get_json()["session"]["id"] != first.call("GET").get_json()["session"]["id"]
    assert len(rows(client, select(ParticipantSession))) == 2


def test_f21_a_preview_stores_nothing(client: FlaskClient) -> None:
    page = client.get("/join/faces?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE")
    assert page.status_code == 200
    assert "<form" not in page.text
    assert rows(client, select(ParticipantSession)) == []


def _not_arrangements(body: dict[str, Any]) -> dict[str, tuple[Any, str | None]]:
    """Bodies that are no arrangement of a trial, and the field that is at fault."""
    places = body["placements"]
    numbers = {
        f"{number} for a number": re.sub(rb'"x": [-0-9.e]+', f'"x": {number}'.encode(), encode(body), count=1)
        for number in ("NaN", "Infinity", "-Infinity")
    }
    return {
        "missing": ({**body, "placements": places[:-1]}, "placements"),
        "duplicate": ({**body, "placements": [places[0], *places[:-1]]}, "placements[1].clip"),
        "unknown": ({**body, "placements": [{**places[0], "clip": "C-UNKNOWN"}, *places[1:]]}, "placements[0].clip"),
        "outside": ({**body, "placements": [{**places[0], "x": 0.4, "y": 0.4}, *places[1:]]}, "placements[0]"),
        "huge": ({**body, "placements": [{**places[0], "x": 1e300}, *places[1:]]}, "placements[0].x"),
        "text": ({**body, "placements": [{**places[0], "x": "0.1"}, *places[1:]]}, "placements[0].x"),
        "bool": ({**body, "placements": [{**places[0], "x": True}, *places[1:]]}, "placements[0].x"),
        "no key": ({key: value for key, value in body.items() if key != "arena"}, "arena"),
        "unknown key": ({**body, "admin": True}, "admin"),
        "list": ([1, 2], None),
        "unknown move": (
            {**body, "moves": [{"clip": "C-X", "t": 0.0, "x": None, "y": None, "how": "drag"}]},
            "moves[0].clip",
        ),
        **{name: (raw, None) for name, raw in numbers.items()},
        **{repr(raw[:2]): (raw, None) for raw in (b"", b"{", b"\xff\xfe", b"[" * 100_000)},
    }


def test_f44_what_is_no_arrangement_is_refused_by_field(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    for name, (body, field) in _not_arrangements(trial_body(trial)).items():
        answer = person.call("PUT", f"/trials/{trial['key']}", body)
        assert 400 <= answer.status_code < 500, name
        error = answer.get_json()["error"]
        assert error["message"], name
        if field is not None or not isinstance(body, bytes):
            assert error["field"] == field, name
    many = {**trial_body(trial), "placements": trial_body(trial)["placements"] * 5000}
    assert person.call("PUT", f"/trials/{trial['key']}", many).status_code == 413
    assert rows(client, select(Submission)) == []
    assert rows(client, select(Placement)) == []
    # The same trial can still be submitted as it should be.
    assert person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).status_code == 200


def test_f07_a_body_over_the_limit_is_a_413_in_words(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    answer = person.call("PUT", f"/trials/{trial['key']}", b" " * (512 * 1024 + 1))
    assert answer.status_code == 413
    assert "larger" in answer.get_json()["error"]["message"]


def test_f34_unknown_ids_and_those_of_others_get_the_same_answer(client: FlaskClient) -> None:
    one, other = join(client), join(client)
    foreign = other.call("POST", "/start").get_json()["trial"]
    one.call("POST", "/start")
    answers = [one.call("PUT", f"/trials/{key}", trial_body(foreign)) for key in (foreign["key"], "0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    assert rows(client, select(Submission)) == []


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nobody", "Basic abc"])
def test_a_request_without_a_known_token_is_a_401(client: FlaskClient, header: str | None) -> None:
    answer = client.get("/api/v1/session", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.get_json()["error"]["code"] == "unauthorised"


def test_tokens_are_stored_hashed(client: FlaskClient) -> None:
    person = join(client)
    token = person.headers["Authorization"].split()[1]
    from app.models import SessionToken

    [row] = rows(client, select(SessionToken))
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert len(token) >= 22


def test_withdrawing_ends_the_session_and_keeps_it_out_of_results(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    person.call("PUT", f"/trials/{trial['key']}", trial_body(trial))
    database = client.application.extensions["asterism"].database
    with database.reading() as db:
        [sitting] = inputs_of(db, 1, Choice(with_unfinished=True)).chosen
        assert sitting.trials == 1
    assert person.call("DELETE").get_json()["session"]["state"] == "withdrawn"
    assert person.call("DELETE").status_code == 200
    with database.reading() as db:
        assert inputs_of(db, 1, Choice(with_unfinished=True)).chosen == []
        assert db.scalar(select(func.count()).select_from(Submission)) == 1


def test_events_go_to_the_log(client: FlaskClient) -> None:
    person = join(client)
    detail = {"clip": "C-1", "at": "x", "kind": "y", "db": 1}
    assert person.call("POST", "/events", {"kind": "clip_failed", "detail": detail}).status_code == 200
    [event] = rows(client, select(SessionEvent).where(SessionEvent.kind == "page_clip_failed"))
    assert event.detail == detail


def test_f13_a_closed_study_admits_nobody_and_saves_everybody(client: FlaskClient) -> None:
    from app.studies.lifecycle import close_study

    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    with client.application.extensions["asterism"].database.writing() as db:
        close_study(db, "faces")
    assert client.post("/join/faces").status_code == 403
    assert person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).status_code == 200


def test_any_text_of_the_pages_can_be_replaced_by_the_study(app: Flask) -> None:
    runtime = app.extensions["asterism"]
    toml = 'title = "x"\n[texts.replace]\n"I agree" = "Count me <in>"\n"Done" = "Finished"\n'
    make_study(runtime.database, runtime.settings, toml=toml)
    client = app.test_client()
    page = client.get("/join/faces?lang=de").text
    assert "Count me &lt;in&gt;" in page
    person = join(client)
    task = client.get(f"/join/faces/{person.headers['Authorization'].split()[1]}").text
    strings = re.search(r'<script type="application/json" id="strings">(.*?)</script>', task)
    assert strings is not None
    assert json.loads(strings[1])["Done"] == "Finished"


@pytest.mark.parametrize(
    ("link", "browser", "words"),
    [
        ("", "de-AT,de;q=0.9", "Ich bin einverstanden"),
        ("?lang=fr", "de", "J’accepte"),
        ("", "xx", "I agree"),
    ],
)
def test_the_language_follows_the_link_and_then_the_browser(app: Flask, link: str, browser: str, words: str) -> None:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings)
    page = app.test_client().get(f"/join/faces{link}", headers={"Accept-Language": browser})
    assert words in page.text


def test_a_session_that_ended_on_another_device_says_so_to_this_one(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    other = Person(client, person.headers["Authorization"].split()[1], tab="tablet")
    other.call("POST", "/lease")
    assert other.call("DELETE").status_code == 200
    for path in (f"/trials/{trial['key']}", f"/trials/{trial['key']}/draft"):
        refused = person.call("PUT", path, trial_body(trial))
        assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "ended")


def test_zero_bytes_are_answered_in_words(client: FlaskClient) -> None:
    assert client.get("/join/fa%00ces").status_code == 404
    assert client.post("/join/fa%00ces").status_code == 404
    assert client.get("/join/faces/to%00ken").status_code == 404
    assert client.post("/join/faces", data={"PROLIFIC_PID": "a\x00b"}).status_code == 400
    assert client.get("/join/faces?PROLIFIC_PID=a%00b").status_code == 400
    person = join(client)
    person.call("POST", "/start")
    assert person.call("POST", "/events", {"kind": "page_error", "detail": {"message": "a\x00b"}}).status_code == 400
    assert person.call("PUT", "/trials/a%00b/draft", {"placements": []}).status_code in {400, 404, 422}


def test_what_was_watched_is_kept_with_the_draft_and_stored_with_the_placements(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    ids = [clip["id"] for clip in trial["clips"]]
    body = trial_body(trial)
    path = f"/trials/{trial['key']}"
    assert person.call("PUT", path + "/draft", {**body, "placements": [], "watched": ids[:2]}).status_code == 200
    # A page that does not know of it, or has seen less, takes nothing away.
    assert person.call("PUT", path + "/draft", {**body, "watched": [ids[0]]}).status_code == 200
    assert person.call("PUT", path + "/draft", body).status_code == 200
    assert person.call("GET").get_json()["trial"]["draft"]["watched"] == sorted(ids[:2])
    for field, value in (("watched", [ids[0], ids[0]]), ("watched", ["C-foreign"]), ("unplayable", ["C-foreign"])):
        refused = person.call("PUT", path, {**body, field: value})
        assert refused.status_code == 400
        assert refused.get_json()["error"]["field"].startswith(field)
    assert person.call("PUT", path, {**body, "watched": ids[:2], "unplayable": ids[2:3]}).status_code == 200
    with client.application.extensions["asterism"].database.reading() as db:
        stored = {row.clip_id: row.watched for row in db.scalars(select(Placement))}
        by_id = {clip.public_id: stored[clip.id] for clip in db.scalars(select(Clip)) if clip.id in stored}
    assert [by_id[one] for one in ids] == ["yes", "yes", "unplayable", "no"]


def test_plays_say_whether_they_were_muted_where_the_page_knows(client: FlaskClient) -> None:
    person = join(client)
    trial = person.call("POST", "/start").get_json()["trial"]
    body = trial_body(trial)
    (play,) = body["plays"]
    body["plays"] = [{**play, "muted": True}, {**play, "muted": False}, play]
    assert person.call("PUT", f"/trials/{trial['key']}", body).status_code == 200
    [raw] = rows(client, select(Submission.body))
    assert [each.get("muted") for _, each in recorded(raw).plays] == [True, False, None]
    assert rows(client, select(Placement.watched).distinct()) == [None]  # a page from before that was said
