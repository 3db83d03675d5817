"""Who can begin and how they get back: dates, quotas by answer, and the ways in which somebody's part can end.

Over 300 lines: one subject, whose tests share their studies.
"""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.definition.study_toml import definition_of
from app.domain import SessionState
from app.errors import Invalid, NotYetOpen, StudyClosed
from app.models import ParticipantSession, SessionEvent, Study, StudyRevision, now
from app.participation.answers import hand_in
from app.participation.enrolment import enter
from app.participation.pilots import begin_pilot
from app.participation.places import PLACE_LEASE, READING_LEASE, why_closed
from app.studies.admission import admission_of
from app.studies.editing import current_text, save_settings
from app.studies.lifecycle import close_study, open_study
from app.studies.text import with_settings
from tests.factories import encode, make_study, trial_body
from tests.integration.test_participant_api import Person, join

ENDINGS = """
completion_url = "https://panel.example/end?id={PROLIFIC_PID}&cc={COMPLETION_CODE}"
completion_code = "DONE"
return_after = 15
quota_full_code = "QUOTA"
quota_full_url = "https://panel.example/quota?id={PROLIFIC_PID}&cc={COMPLETION_CODE}"
no_consent_code = "NO"
no_consent_url = "https://panel.example/no?id={PROLIFIC_PID}"
withdrawn_code = "LEFT"
withdrawn_url = "https://panel.example/left?id={PROLIFIC_PID}"
full_code = "FULL"
full_url = "https://panel.example/full?id={PROLIFIC_PID}"
"""
GROUPS = """
[[questions]]
name = "hand"
ask = "Which hand do you write with?"
kind = "one_of"
when = "before"
required = true
choices = ["left", "right", "both"]
"""
SHORT = 'title = "A study"\n[design]\nmax_items = 4\n[stop]\nmax_trials = 1\n[recruitment]\n'
PERSON = "5f0c9b2a7e1d4c3b8a6f9e0"


def make(app: Flask, recruitment: str = "", questions: str = "", **more: Any) -> FlaskClient:
    runtime = app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, toml=SHORT + recruitment + questions, **more)
    return app.test_client()


def save(app: Flask, **changes: Any) -> None:
    with app.extensions["asterism"].database.writing() as db:
        text = current_text(db.scalars(select(Study)).one())
        save_settings(db, "faces", with_settings(text, {f"recruitment.{key}": one for key, one in changes.items()}))


def sessions(app: Flask) -> list[ParticipantSession]:
    with app.extensions["asterism"].database.reading() as db:
        return list(db.scalars(select(ParticipantSession).order_by(ParticipantSession.number)))


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def test_nobody_begins_before_it_opens_or_after_it_closes_and_those_under_way_finish(app: Flask) -> None:
    client = make(app, 'opens = "2099-12-01 09:00 Europe/Berlin"\n')
    early = client.get("/join/faces")
    assert (early.status_code, client.post("/join/faces").status_code) == (403, 403)
    assert "This study opens on December 1, 2099, 9:00" in early.text
    assert "Europe/Berlin" in early.text
    assert "1. Dezember 2099" in client.get("/join/faces?lang=de").text
    save(app, opens=in_days(-1), closes=in_days(1))
    person = join(client, query=f"PROLIFIC_PID={PERSON}1")
    page = client.get("/join/faces?PROLIFIC_PID=late").text
    save(app, closes=in_days(-0.5))
    late = client.post("/join/faces?PROLIFIC_PID=late", data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', page)))
    assert (late.status_code, "has closed" in late.text) == (403, True)
    assert client.get("/join/faces?PROLIFIC_PID=late").status_code == 403
    # Who has begun comes back by the same link, and finishes.
    assert client.get(f"/join/faces?PROLIFIC_PID={PERSON}1").status_code == 200
    trial = person.call("POST", "/start").get_json()["trial"]
    assert person.call("PUT", f"/trials/{trial['key']}", trial_body(trial)).status_code == 200
    assert [one.state for one in sessions(app)] == [SessionState.FINISHED]
    # Dates make no version, and each change is kept.
    with app.extensions["asterism"].database.reading() as db:
        assert [row.version for row in db.scalars(select(StudyRevision))] == [1, 1, 1]


def test_no_visit_more_is_offered_after_it_has_closed(app: Flask) -> None:
    client = make(app, "visits = 2\n")
    join(client, query=f"PROLIFIC_PID={PERSON}1")
    with app.extensions["asterism"].database.writing() as db:
        db.scalars(select(ParticipantSession)).one().state = SessionState.FINISHED
        db.commit()
    save(app, closes=in_days(-1))
    page = client.get(f"/join/faces?PROLIFIC_PID={PERSON}1")
    assert (page.status_code, 'name="again"' in page.text) == (200, False)


def test_a_study_whose_end_has_passed_is_not_opened(app: Flask) -> None:
    make(app)
    runtime = app.extensions["asterism"]
    save(app, closes=in_days(-1))
    with runtime.database.writing() as db:
        close_study(db, "faces")
    with runtime.database.writing() as db, pytest.raises(Invalid, match=r"recruitment\.closes: was .*: nobody could"):
        open_study(db, "faces")


def answer(person: Person, hand: str) -> Any:
    return person.call("PUT", "/answers/before", {"answers": {"hand": hand}}).get_json()["next"]


def test_whoever_is_over_a_quota_gets_its_own_state_code_and_address(both_app: Flask) -> None:
    client = make(both_app, ENDINGS + "quotas = { hand = { left = 1 } }\n", GROUPS)
    first, second, third = (join(client, query=f"PROLIFIC_PID={PERSON}{n}") for n in range(3))
    assert answer(first, "left")["session"]["state"] == "instructed"
    view = answer(second, "left")
    assert view["session"]["state"] == "quota_full"
    url = f"https://panel.example/quota?id={PERSON}1&cc=QUOTA"
    assert view["completion"] == {"code": "QUOTA", "url": url, "seconds": 15}
    assert view["trial"] is view["questions"] is None
    assert answer(third, "right")["session"]["state"] == "instructed"
    # It stays so, whoever comes back; the same answers sent again get the same ack.
    again = join(client, query=f"PROLIFIC_PID={PERSON}1")
    assert again.call("POST", "/start").get_json()["session"]["state"] == "quota_full"
    assert answer(second, "left")["session"]["state"] == "quota_full"
    session = sessions(both_app)[1]
    assert (session.ended_by, session.ended_at is not None) == ("quota_full", True)
    with both_app.extensions["asterism"].database.reading() as db:
        logged = db.scalars(select(SessionEvent).where(SessionEvent.kind == "quota_full")).one()
        assert logged.detail == {"question": "hand", "answer": "left"}
    assert second.call("DELETE").get_json()["session"]["state"] == "withdrawn"


def test_exactly_as_many_as_the_quota_get_in_however_many_answer_at_once(both_app: Flask) -> None:
    client = make(both_app, "quotas = { hand = 4 }\n", GROUPS)
    database = both_app.extensions["asterism"].database
    tokens = [join(client).headers["Authorization"].split()[1] for _ in range(12)]
    raw = encode({"answers": {"hand": "left"}})
    with ThreadPoolExecutor(12) as pool:
        states = [record.state for _, record in pool.map(lambda one: hand_in(database, one, "before", raw), tokens)]
    assert (states.count(SessionState.INSTRUCTED), states.count(SessionState.QUOTA_FULL)) == (4, 8)


def test_whoever_needs_a_mouse_is_told_before_the_consent(app: Flask) -> None:
    client = make(app, 'devices = "mouse"\n')
    page = client.get("/join/faces?lang=fr").text
    assert ('data-devices="mouse"' in page, "nécessite une souris" in page, "task/fits.js" in page) == (
        True,
        True,
        True,
    )
    # It says how people come, and makes no version.
    save(app, devices="any")
    assert "data-devices" not in client.get("/join/faces").text


def test_ranges_of_a_number_have_quotas_and_are_full_together(app: Flask) -> None:
    age = '[[questions]]\nname = "age"\nask = "?"\nkind = "number"\nwhen = "before"\nrequired = true\nstep = 1\n'
    quotas = 'quotas = { age = { "18-30" = 1, "31-60" = 2, "61+" = 0 } }\n'
    client = make(app, quotas, age + "min = 18\nmax = 90\n")

    def state(number: int, years: int) -> str:
        person = join(client, query=f"PROLIFIC_PID={PERSON}{number}")
        sent = person.call("PUT", "/answers/before", {"answers": {"age": years}})
        reached: str = sent.get_json()["next"]["session"]["state"]
        return reached

    tried = [state(number, years) for number, years in enumerate([30, 18, 61, 31, 60])]
    in_, full = "instructed", "quota_full"
    assert tried == [in_, full, full, in_, in_]
    # No age is left that has a place: nobody new is asked.
    late = client.get("/join/faces?PROLIFIC_PID=late")
    assert (late.status_code, "This study is full" in late.text) == (403, True)
    with app.extensions["asterism"].database.reading() as db:
        counts = admission_of(db, db.scalars(select(Study)).one(), datetime.now(UTC)).quotas
    assert [(one.answer, one.taken, one.most) for one in counts] == [("18-30", 1, 1), ("31-60", 2, 2), ("61+", 0, 0)]


def test_a_quotas_place_is_free_again_as_any_place_is(app: Flask) -> None:
    client = make(app, "quotas = { hand = 1 }\n", GROUPS)
    database = app.extensions["asterism"].database
    assert answer(join(client), "left")["session"]["state"] == "instructed"
    with database.writing() as db:
        db.scalars(select(ParticipantSession)).one().last_seen_at = now() - READING_LEASE
        db.commit()
    # The first never began; the second begins and leaves; the third is left out of the results.
    second = join(client)
    assert answer(second, "left")["session"]["state"] == "instructed"
    second.call("POST", "/start")
    assert answer(join(client), "left")["session"]["state"] == "quota_full"
    with database.writing() as db:
        db.scalars(select(ParticipantSession).where(ParticipantSession.number == 2)).one().last_seen_at = (
            now() - PLACE_LEASE
        )
        db.commit()
    assert answer(join(client), "left")["session"]["state"] == "instructed"
    with database.writing() as db:
        db.scalars(select(ParticipantSession).where(ParticipantSession.number == 4)).one().exclusion_reason = "test"
        db.commit()
    assert answer(join(client), "left")["session"]["state"] == "instructed"


def test_a_study_in_which_no_answer_has_a_place_is_full_before_anybody_reads_it(app: Flask) -> None:
    client = make(app, ENDINGS + "quotas = { hand = 1 }\n", GROUPS)
    for hand in ("left", "right"):
        assert answer(join(client), hand)["session"]["state"] == "instructed"
    assert client.get("/join/faces").status_code == 200
    assert answer(join(client), "both")["session"]["state"] == "instructed"
    turned_away = client.get(f"/join/faces?PROLIFIC_PID={PERSON}9")
    assert (turned_away.status_code, "This study is full" in turned_away.text) == (403, True)
    # More places count at once, for people who come and for those under way.
    save(app, quotas={"hand": 2})
    assert client.get(f"/join/faces?PROLIFIC_PID={PERSON}9").status_code == 200


def test_a_quota_counts_people_and_each_of_several_answers(app: Flask) -> None:
    several = GROUPS.replace('"one_of"', '"several_of"')
    client = make(app, "visits = 2\nquotas = { hand = 1 }\n", several)
    database = app.extensions["asterism"].database

    def handed(person: Person, *hands: str) -> str:
        body = {"answers": {"hand": list(hands)}}
        return str(person.call("PUT", "/answers/before", body).get_json()["next"]["session"]["state"])

    assert handed(join(client, query=f"PROLIFIC_PID={PERSON}1"), "left", "both") == "instructed"
    assert handed(join(client, query=f"PROLIFIC_PID={PERSON}2"), "right", "both") == "quota_full"
    assert handed(join(client, query=f"PROLIFIC_PID={PERSON}3"), "right") == "instructed"
    with database.writing() as db:
        db.scalars(select(ParticipantSession).where(ParticipantSession.number == 1)).one().state = SessionState.FINISHED
        db.commit()
    # The same person's second visit takes no place from anybody.
    second = enter_again(app)
    assert handed(Person(client, second), "left") == "instructed"


def enter_again(app: Flask) -> str:
    with app.extensions["asterism"].database.writing() as db:
        return enter(db, "faces", {"PROLIFIC_PID": f"{PERSON}1"}, again=True).token


def test_pilots_take_no_place_of_a_quota(app: Flask) -> None:
    client = make(app, "quotas = { hand = 1 }\n", GROUPS)
    assert answer(join(client), "left")["session"]["state"] == "instructed"
    with app.extensions["asterism"].database.writing() as db:
        pilots = [begin_pilot(db, db.scalars(select(Study)).one().id).token for _ in range(2)]
    for token in pilots:
        assert answer(Person(client, token), "left")["session"]["state"] == "instructed"
    # One of each kind is there now: of people, that is one.
    save(app, quotas={"hand": 2})
    assert answer(join(client), "left")["session"]["state"] == "instructed"


def completion_on(page: str) -> Any:
    return json.loads(re.search(r'id="completion">(.*?)</script>', page)[1])  # type: ignore[index]


def test_whoever_declines_leaves_nothing_behind_and_gets_the_way_back(app: Flask) -> None:
    client = make(app, ENDINGS)
    link = f"/join/faces?PROLIFIC_PID={PERSON}1"
    assert 'name="declined"' in client.get(link).text
    declined = client.post(link, data={"declined": "1"})
    assert (declined.status_code, sessions(app)) == (200, [])
    url = f"https://panel.example/no?id={PERSON}1"
    assert completion_on(declined.text) == {"code": "NO", "url": url, "seconds": 15}
    assert f'href="{url}"' in declined.text
    # Who has a session already is not asked this way: the way out is Leave, on the task's page.
    join(client, query=f"PROLIFIC_PID={PERSON}1")
    assert 'name="declined"' not in client.get(link).text
    assert client.post(link, data={"declined": "1"}).status_code == 200
    assert [one.state for one in sessions(app)] == [SessionState.INSTRUCTED]


def test_a_study_without_an_ending_for_it_says_that_the_page_can_be_closed(app: Flask) -> None:
    page = make(app).get("/join/faces").text
    assert 'name="declined"' not in page
    assert "simply close this page" in page


def test_whoever_comes_to_a_full_or_closed_study_gets_the_way_back(app: Flask) -> None:
    client = make(app, ENDINGS + "places = 1\n")
    join(client, query=f"PROLIFIC_PID={PERSON}1")
    link = f"/join/faces?PROLIFIC_PID={PERSON}2"
    full = client.get(link)
    assert (full.status_code, "This study is full" in full.text) == (403, True)
    expected = {"code": "FULL", "url": f"https://panel.example/full?id={PERSON}2", "seconds": 15}
    assert completion_on(full.text) == expected
    assert completion_on(client.post("/join/faces", data={"PROLIFIC_PID": f"{PERSON}2"}).text) == expected
    # A link that did not bring the id has no way back, and the page says so.
    assert completion_on(client.get("/join/faces").text) == {"code": "FULL", "url": None, "incomplete": True}
    save(app, places=5, opens="2099-01-01T00:00:00Z")
    assert "FULL" not in client.get(link).text
    save(app, opens=None, closes=in_days(-1))
    assert completion_on(client.get(link).text) == expected


def test_whoever_leaves_for_good_gets_the_way_back_where_there_is_one(app: Flask) -> None:
    client = make(app, ENDINGS)
    view = join(client, query=f"PROLIFIC_PID={PERSON}1").call("DELETE").get_json()
    assert view["completion"] == {"code": "LEFT", "url": f"https://panel.example/left?id={PERSON}1", "seconds": 15}
    save(app, withdrawn_code=None, withdrawn_url=None)
    view = join(client, query=f"PROLIFIC_PID={PERSON}2").call("DELETE").get_json()
    assert view["completion"] is None


def test_the_dates_are_the_servers_clock_at_the_very_moment(app: Flask) -> None:
    make(app)
    save(app, opens="2026-03-29T01:00:00+00:00", closes="2026-03-29 04:00 Europe/Berlin")
    with app.extensions["asterism"].database.reading() as db:
        study = db.scalars(select(Study)).one()
        recruitment = definition_of(study).recruitment
    opens, closes = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 29, 2, tzinfo=UTC)
    moment = timedelta(microseconds=1)
    reasons = [why_closed(study, recruitment, at) for at in (opens - moment, opens, closes - moment, closes)]
    assert [type(one) for one in reasons] == [NotYetOpen, type(None), type(None), StudyClosed]
