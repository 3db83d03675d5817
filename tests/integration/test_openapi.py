"""The API's description: every route, the limits that really hold, and the fields that are really answered."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from app.accounts.api_tokens import make_token
from app.domain import Scope
from app.models import Study, TextFile
from app.results.model_work import compute_next_comparison
from app.web.api_answers import ANSWERS
from app.web.openapi import BODIES, FILES, QUERIES
from tests import experimenter

PARTICIPANTS = ("participant_api.", "pilots_api.")


class Caller:
    """A program with an API token; each answer is held against the described form, and its route is remembered."""

    def __init__(self, lab: experimenter.Lab, token: str) -> None:
        self.client = lab.app.test_client(use_cookies=False)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.seen: set[tuple[str, int]] = set()
        self.wrong: list[str] = []

    def __call__(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        headers = self.headers | more.pop("headers", {})
        with self.client.open(f"/api/v1/studies{path}", method=method, headers=headers, **more) as answer:
            answer.get_data()
            assert answer.status_code == status, (method, path, answer.text)
            return answer

    def hold(self, response: Response) -> Response:
        """Hold an answer of the app against its form."""
        endpoint, status = request.endpoint or "", response.status_code
        if request.path.startswith(("/api/v1/studies", "/api/v1/session")) and status < 400:
            self.seen.add((endpoint, status))
            form = ANSWERS[endpoint].get(status, "not described")
            if isinstance(form, type) and issubclass(form, BaseModel):
                try:
                    form.model_validate_json(response.get_data())
                except ValidationError as error:
                    self.wrong.append(f"{request.method} {request.path}: {error}")
            elif isinstance(form, str) and form != "application/octet-stream" and response.mimetype != form:
                self.wrong.append(f"{request.method} {request.path}: {status} with {response.mimetype}, not {form}")
        return response


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Path:
    return experimenter.prepare(tmp_path_factory.mktemp("openapi") / "prepared", empty_sqlite)


@pytest.fixture
def lab(prepared: Path, tmp_path: Path) -> Iterator[experimenter.Lab]:
    with experimenter.open_copy(prepared, tmp_path / "data") as lab:
        yield lab


def test_each_answer_has_the_fields_that_are_described_and_no_others(
    lab: experimenter.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = experimenter.make_account(lab.database)
    with lab.database.writing() as db:
        call = Caller(lab, make_token(db, account, "tour", list(Scope)))
    monkeypatch.setitem(lab.app.after_request_funcs, None, [call.hold, *lab.app.after_request_funcs[None]])
    _look(call, lab)
    _judge(call)
    _make_a_study(call)
    _go_through_a_life(call)
    assert not call.wrong, "app/web/api_answers/ describes something else:\n" + "\n".join(call.wrong)
    described = {
        (endpoint, status)
        for endpoint, forms in ANSWERS.items()
        for status in forms
        if not endpoint.startswith(PARTICIPANTS)
    }
    assert described - call.seen == {(f"researcher_api.life.{what}", 202) for what in ("bundle", "rdms", "figure")}
    with experimenter.worker(lab):
        waiting = call("GET", "/other/group.csv", 202).get_json()
        assert re.match(r"/api/v1/studies/other/group\.csv\?asked=\d", waiting["again"])
    assert not call.wrong


def _look(call: Caller, lab: experimenter.Lab) -> None:
    assert call("GET", "/faces/results", 202).get_json()["state"] == "working"
    call("GET", "/faces/quality")
    call("POST", "/faces/results/retry")
    call("POST", "/faces/results/uncertainty?method=weighted_average")
    call("GET", "/faces/reliability")
    call("GET", "/faces/results/agreement", 404)
    experimenter.compute(lab)
    for path in ("", "/faces", "/faces/live", "/faces/clips", "/faces/results", "/faces/reliability", "/faces/flow"):
        call("GET", path)
    version = call("GET", "/faces/results").get_json()["version"]
    assert call("GET", f"/faces/results?known={version}").get_json()["state"] == "unchanged"
    for what in (
        "agreement",
        "sets",
        "rdms/group",
        "rdms/P001?completed=1",
        "maps/group",
        "maps/P002?dims=3",
        "trees/group",
        "uncertainty",
        "group-estimates",
        "group-estimates.csv",
    ):
        call("GET", f"/faces/results/{what}")
    for path in ("quality", "definition", "versions", "plan", "ratings", "answers", "uploads", "clips/attributes.csv"):
        call("GET", f"/faces/{path}")
    add_file_of_texts(lab)
    assert len(call("GET", "/faces/texts").get_json()["files"]) == 1
    assert call("DELETE", "/faces/texts/red.png").get_json() == {"files": []}
    layers = io.BytesIO()
    np.savez(layers, **{name: np.random.default_rng(1).normal(size=(6, 9)) for name in ("early", "late")})
    number = call("POST", "/faces/models?file=net.npz", 201, data=layers.getvalue()).get_json()["number"]
    asked = {
        "permutations": True,
        "individuals": True,
        "axes": True,
        "predictions": True,
        "explain": ["net: early", "net: late"],
    }
    call(
        "POST",
        "/faces/models/compare",
        202,
        json={"settings": asked | {"comparator": "pearson", "hold_constant": "net: early"}},
    )
    assert call("GET", "/faces/models").get_json()["findings"] is None
    assert compute_next_comparison(lab.database)
    findings = call("GET", "/faces/models").get_json()["findings"]
    assert [len(findings["parts"][key]) for key in ("tests", "shares")] == [2, 3], findings["parts"]["remarks"]
    assert len(findings["profiles"]) == 1
    asked = {"models": ["net: early", "net: late"], "clips": 4}
    assert len(call("POST", "/faces/models/controversial", json=asked).get_json()["clips"]) == 4
    call("DELETE", f"/faces/models/{number}")
    for path in ("", "?sort=minutes&descending=1", "/P001", "/P001/trials/1"):
        call("GET", f"/faces/sessions{path}")
    assert call("GET", "/faces/bundle.zip").get_data()[:2] == b"PK"
    assert call("GET", "/faces/figures/rdm.py").text
    assert call("GET", "/faces/flow.svg").text.startswith("<?xml")
    assert call("GET", "/faces/raters.meadows.zip").get_data()[:2] == b"PK"
    call("GET", "/faces/group.meadows.zip", 400)
    assert call("GET", "/faces/raters.csv").text.startswith("method,rater,")


def add_file_of_texts(lab: experimenter.Lab) -> None:
    with lab.database.writing() as db:
        study = db.scalars(select(Study).where(Study.name == "faces")).one()
        content = {"source_sha256": "0" * 64, "picture": "1" * 64, "poster": "2" * 64}
        db.add(TextFile(study_id=study.id, public_id="T-1", name="red.png", bytes=9, width=4, height=3, **content))
        db.commit()


def _judge(call: Caller) -> None:
    assert call("GET", "/faces/decisions").get_json() == {"decisions": []}
    call("POST", "/faces/decisions", json={"participant": "P001", "verdict": "exclude", "reason": "x", "trial": 1})
    call("POST", "/faces/decisions", json={"participant": "P002", "verdict": "exclude", "reason": "x"})
    call("POST", "/faces/decisions", json={"participant": "P002", "verdict": "include"})
    call("GET", "/faces/quality")
    noted = call("PUT", "/faces/sessions/P001/note", json={"note": "spoke with her"}).get_json()
    assert noted["session"]["note"] == "spoke with her"
    withdrawn = call("POST", "/faces/sessions/P004/withdraw").get_json()
    assert withdrawn["session"]["state"] == "withdrawn"
    assert call("DELETE", "/faces/test-data?what=simulated").get_json() == {"deleted": 1}
    call("DELETE", "/faces/test-data?what=everybody", 400)
    assert call("DELETE", "/faces/sessions/P002").get_json() == {"erased": ["P002"]}
    assert call("GET", "/faces/log").get_json()["entries"][0]["action"] == "erased"


def _make_a_study(call: Caller) -> None:
    made = call("POST", "", 201, json={"title": "Made by a program"})
    assert made.headers["Location"].endswith("/made-by-a-program")
    call("POST", "", 400, json={"title": "Made by a program", "name": "faces"})
    call("POST", "", 400, json={"title": "x", "colour": "red"})
    assert call("POST", "/faces/duplicate", 201, json={"title": "Other"}).get_json()["study"]["name"] == "other"
    text = call("GET", "/other/definition").get_json()["text"]
    call("POST", "/other/definition/check", json={"text": text, "changes": {"design.max_items": 4}})
    assert call("PUT", "/other/definition", json={"text": f"{text}\n", "base": text}).get_json()["problems"] == []
    call("POST", "/other/plan", 202, json={})
    call("GET", "/other/plan")
    clips = [clip["id"] for clip in call("GET", "/other/clips").get_json()["clips"]]
    call("POST", f"/other/clips/{clips[0]}/rename", json={"name": "renamed"})
    call("POST", f"/other/clips/{clips[0]}/move", json={"place": 2})
    call("POST", "/other/clips/attribute", json={"clips": clips[:2], "column": "sex", "value": "f"})
    call("POST", "/other/clips/attributes?file=a.csv", data=b"file,age\nrenamed.mp4,30\n")
    call("POST", "/other/clips/remove", json={"clips": clips[-1:]})
    sha256 = base64.b64encode(hashlib.sha256(b"abcd").hexdigest().encode()).decode()
    named = {"Upload-Metadata": f"filename YS5tcDQ=,sha256 {sha256}", "Upload-Length": "4"}
    begun = call("POST", "/other/uploads", 201, headers=named)
    call("GET", "/other/uploads")
    place = begun.headers["Location"].removeprefix("/api/v1/studies")
    call("HEAD", place)
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    call("PATCH", place, 204, headers=piece, data=b"ab")
    call("DELETE", place, 204)


def _go_through_a_life(call: Caller) -> None:
    table = call("POST", "/faces/links?file=people.csv", data=b"PROLIFIC_PID\nx1\n").text
    assert "link" in table.splitlines()[0]
    states = [
        ("close", "closed"),
        ("archive", "closed"),
        ("bring-back", "closed"),
        ("open", "open"),
        ("close", "closed"),
    ]
    for action, state in states:
        shown = call("POST", f"/faces/{action}").get_json()["study"]
        assert (shown["state"], shown["archived"]) == (state, action == "archive")
    call("POST", "/faces/close", 409)
    call("DELETE", "/faces", 400)
    assert call("DELETE", "/faces?typed=faces").get_json()["deleted"]["clips"] == 6
    call("GET", "/faces", 404)


def test_every_route_of_the_api_is_described(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").get_json()
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    parts = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")
    assert set(document["paths"]) == {parts.sub(r"{\1}", rule.rule) for rule in rules}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
    endpoints = {rule.endpoint for rule in rules if rule.rule.startswith(("/api/v1/studies", "/api/v1/session"))}
    assert endpoints == set(ANSWERS), "say in app/web/api_answers/ what the route answers"
    assert {*QUERIES, *FILES} <= endpoints
    assert set(BODIES) <= {rule.endpoint for rule in rules}
    by_id = {one["operationId"]: one for each in document["paths"].values() for one in each.values()}
    changed = by_id["researcher_api_judging_decide"]
    assert changed["security"] == [{"token": ["participants", "write"]}, {"experimenter": []}]
    deleting = by_id["researcher_api_life_delete"]["parameters"]
    assert [(one["name"], one["in"], one["required"]) for one in deleting] == [
        ("name", "path", True),
        ("typed", "query", True),
    ]


def test_every_reference_leads_somewhere(app: Flask) -> None:
    answer = app.test_client().get("/api/v1/openapi.json")
    schemas = answer.get_json()["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert {"TrialBody", "LivePage", "SessionRow"} <= references
    assert references <= set(schemas)


def test_the_described_limits_are_those_of_the_validation(app: Flask) -> None:
    schemas = app.test_client().get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    assert schemas["PlacementBody"]["properties"]["x"]["maximum"] == 0.5 + 1e-9
    assert schemas["MoveBody"]["properties"]["how"]["enum"] == ["drag", "click", "key", "lasso", "undo", "redo"]
    assert schemas["TrialBody"]["additionalProperties"] is False
    assert schemas["SessionRow"]["additionalProperties"] is False
