"""Who may see what: every route of the experimenter's pages and API, taken from the URL map (F34, F38, F43)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from werkzeug.routing import Rule

from app.config import Settings
from app.models import Clip, Experimenter, ParticipantSession, Study
from tests import experimenter
from tests.factories import make_study

EVIL = '<script>alert("x")</script>'


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    """Ada is logged in and has the study "faces"; "theirs" belongs to somebody else."""
    with experimenter.open_lab(settings) as lab:
        make_study(lab.database, settings, toml=experimenter.SHORT)
        experimenter.make_account(lab.database)
        with lab.database.writing() as db:
            other = Experimenter(email="other@lab.example", password_hash="x")
            db.add(other)
            db.commit()
            other_id = other.id
        make_study(lab.database, settings, name="theirs", toml=experimenter.SHORT, owner_id=other_id)
        experimenter.take_part(lab.database, "faces")
        experimenter.take_part(lab.database, "theirs", trials=1)
        experimenter.log_in(lab.client)
        yield lab


def routes(lab: experimenter.Lab) -> list[Rule]:
    found = [
        rule
        for rule in lab.app.url_map.iter_rules()
        if rule.endpoint.startswith(("researcher.", "researcher_api.", "pilots_desk.", "clip_uploads."))
    ]
    assert len(found) >= 14
    return found


def paths(rule: Rule, name: str) -> list[str]:
    """The addresses of a rule for a study: all of the values that its other parts take."""
    filled = [rule.rule.replace("<name>", name)]
    for part, values in {
        "<any(raters, group):whose>": ["raters", "group"],
        "<kind>": ["csv", "npz", "mat", "hdf5"],
        "<rater>": ["P001", "group"],
        "<int:number>": ["1"],
        "<int:member>": ["1"],
        "<session>": ["S-unknown"],
        "<upload_id>": ["0" * 40],
    }.items():
        filled = [path.replace(part, value) for path in filled for value in (values if part in path else [""])]
    assert not [path for path in filled if "<" in path], "a new part of an address: give it values here"
    return filled


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def without_token(page: str) -> str:
    """The page without the log-out form's token, which differs from second to second."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_f43_a_foreign_study_is_answered_as_one_that_does_not_exist(lab: experimenter.Lab) -> None:
    token = experimenter.csrf_token(lab.client.get("/studies").text)
    checked = 0
    for rule in routes(lab):
        if "<name>" not in rule.rule:
            continue
        for method in methods(rule):
            for foreign, unknown in zip(paths(rule, "theirs"), paths(rule, "nowhere"), strict=True):
                answers = [
                    lab.client.open(path, method=method, headers={"X-CSRFToken": token}) for path in (foreign, unknown)
                ]
                assert [answer.status_code for answer in answers] == [404, 404], foreign
                first, second = (without_token(answer.text) for answer in answers)
                assert first == second, foreign
                checked += 1
    assert checked >= 20
    with lab.database.reading() as db:
        assert db.scalars(select(Study.state).where(Study.name == "theirs")).one() == "open"


def test_ones_own_study_is_answered_on_every_route(lab: experimenter.Lab) -> None:
    for rule in routes(lab):
        if "GET" in methods(rule):
            for path in paths(rule, "faces"):
                assert lab.client.get(path).status_code in {200, 302}, path


def test_without_a_login_every_route_asks_for_one(lab: experimenter.Lab) -> None:
    visitor = lab.app.test_client()
    token = {"X-CSRFToken": experimenter.csrf_token(visitor.get("/login").text)}
    for rule in routes(lab):
        for path in paths(rule, "faces"):
            is_api = path.startswith("/api/")
            method = "GET" if "GET" in methods(rule) else next(iter(methods(rule)), "HEAD")
            answer = visitor.open(path, method=method, headers=token if is_api else {})
            if is_api:
                assert answer.status_code == 401, path
                assert method == "HEAD" or answer.json["error"]["code"] == "unauthorised"
            elif "GET" in methods(rule):
                assert answer.headers["Location"].startswith("/login"), path
            else:
                assert answer.status_code == 400, path


def test_f38_titles_labels_and_recruiters_ids_are_escaped(lab: experimenter.Lab, settings: Settings) -> None:
    toml = f"title = '{EVIL}'\n"
    make_study(lab.database, settings, name="evil", toml=toml)
    with lab.database.writing() as db:
        for clip in db.scalars(select(Clip).join(Study).where(Study.name == "evil")):
            clip.label = EVIL
        db.commit()
    experimenter.take_part(lab.database, "evil", recruiter={"PROLIFIC_PID": EVIL}, trials=1)
    for path in ("/studies", "/studies/evil", "/studies/evil/clips", "/studies/evil/results"):
        page = lab.client.get(path)
        assert "&lt;script&gt;" in page.text, path
        assert EVIL not in page.text, path
        assert (
            "script-src" in page.headers["Content-Security-Policy"]
            or "default-src 'self'" in page.headers["Content-Security-Policy"]
        )
        assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    data = lab.client.get("/api/v1/studies/evil")
    assert data.mimetype == "application/json"
    assert data.headers["X-Content-Type-Options"] == "nosniff"
    assert data.json["sessions"][0]["recruiter"] == {"PROLIFIC_PID": EVIL}


def test_no_page_is_kept_by_a_cache(lab: experimenter.Lab) -> None:
    for path in ("/studies", "/studies/faces/results", "/api/v1/studies/faces"):
        assert lab.client.get(path).headers["Cache-Control"] == "no-store"


def test_a_participants_token_opens_nothing_here(lab: experimenter.Lab) -> None:
    with lab.database.reading() as db:
        session = db.scalars(select(ParticipantSession)).first()
    assert session is not None
    visitor = lab.app.test_client()
    answer = visitor.get("/api/v1/studies/faces", headers={"Authorization": f"Bearer {session.public_id}"})
    assert answer.status_code == 401
