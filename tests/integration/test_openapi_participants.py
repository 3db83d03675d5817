"""What the API answers to the participant's page is what its description says."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from app.models import Study
from app.participation.pilots import begin_pilot
from app.web.api_answers import ANSWERS
from tests import experimenter
from tests.factories import make_study, trial_body
from tests.integration.test_openapi import PARTICIPANTS, Caller
from tests.integration.test_participant_api import Person, join
from tests.rated import AGE_AND_STRATEGY, SAW, VALENCE

ALL_OF_IT = f"""
title = "A study"
[design]
max_items = 4
practice = true
checks = 1
[stop]
max_trials = 3
[recruitment]
completion_code = "DONE"
[ratings]
clips = 2
{VALENCE}{AGE_AND_STRATEGY}{SAW}"""


def _go_on(person: Person, view: dict[str, Any]) -> dict[str, Any]:
    """Do what the page shows; what comes then."""
    if sheet := view["questions"]:
        given = {"age": 31, "strategy": "by colour", "saw": ["faces"]}
        names = [question["name"] for question in sheet["questions"]]
        answer = person.call("PUT", f"/answers/{sheet['sheet']}", {"answers": {name: given[name] for name in names}})
    elif rating := view["rating"]:
        rated = {"answers": {"valence": 1}, "watched": "yes", "plays": 1, "played": 9.0, "duration": 9.0, "hidden": 0.0}
        answer = person.call("PUT", f"/ratings/{rating['now']['key']}", rated)
    elif trial := view["trial"]:
        assert person.call("PUT", f"/trials/{trial['key']}/draft", trial_body(trial)).status_code == 200
        answer = person.call("PUT", f"/trials/{trial['key']}", trial_body(trial))
    else:
        return person.call("POST", "/start").get_json()  # type: ignore[no-any-return]
    assert answer.status_code == 200, answer.text
    return answer.get_json()["next"]  # type: ignore[no-any-return]


def test_what_the_participants_page_is_told_is_described(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Caller(lab, "")
    monkeypatch.setitem(lab.app.after_request_funcs, None, [call.hold, *lab.app.after_request_funcs[None]])
    make_study(lab.database, lab.settings, name="all", toml=ALL_OF_IT)
    client = lab.app.test_client(use_cookies=False)
    person = join(client, "all")
    for method, path, body in (("GET", "", None), ("POST", "/lease", None), ("POST", "/events", {"kind": "seen"})):
        assert person.call(method, path, body).status_code == 200
    shown = []
    view = person.call("GET").get_json()
    while view["completion"] is None:
        shown += [name for name in ("questions", "trial", "rating", "practice") if view[name]]
        view = _go_on(person, view)
    assert {*shown} == {"questions", "trial", "rating", "practice"}
    assert view["completion"]["code"] == "DONE"
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "all")).one()
        pilot = Person(client, begin_pilot(db, study.id, language="en", read="", ticked=[], has_room=True).token)
    assert pilot.call("POST", "/pilot/skip/first_trial").status_code == 200
    assert pilot.call("POST", "/pilot/place").status_code == 200
    assert pilot.call("DELETE").status_code == 200
    assert not call.wrong, "app/web/api_answers/ describes something else:\n" + "\n".join(call.wrong)
    described = {(name, status) for name, forms in ANSWERS.items() for status in forms if name.startswith(PARTICIPANTS)}
    assert described == call.seen
