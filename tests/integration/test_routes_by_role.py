"""Every route of the URL map, tried with every role and with API tokens as tests/data/routes.toml says (F34, F39, F43).

Over 300 lines: one table of routes, from which every test here takes its cases.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.exceptions import MethodNotAllowed, NotFound

from analysis.results.compared import ModelOptions
from analysis.results.model_list import Attribute
from analysis.results.models import compare_candidates
from app.accounts.account import account_of
from app.accounts.api_tokens import make_token
from app.accounts.experimenters import require_account
from app.accounts.passwords import hash_password
from app.domain import Role, Scope, WorkState
from app.models import AuditEntry, Draft, Experimenter, ModelComparison, Study, StudyMember, Submission, Trial
from app.participation.enrolment import enter
from app.participation.trials import advance, start
from app.results.model_settings import ModelSettings
from app.results.model_work import stored_content
from app.web import scopes
from tests import experimenter
from tests.apps import installation
from tests.conftest import ROOT
from tests.factories import make_study, trial_body

TABLE: dict[str, Any] = tomllib.loads((ROOT / "tests/data/routes.toml").read_text())
SCOPES: dict[str, list[str]] = TABLE.pop("scopes")
RULES: dict[str, list[str]] = TABLE
# The administrator is a member of no study here; the stranger owns another one.
MEMBERS = {"viewer": Role.VIEWER, "editor": Role.EDITOR, "owner": Role.OWNER}
WHO = ("nobody", "stranger", "administrator", *MEMBERS)
LEAST = ("viewer", "editor", "owner")
PARTS = {
    "<any(JOIN, Join):_capitals>": "Join",
    "<any(raters, group):whose>": "raters",
    "<any(svg, pdf, png):kind>": "svg",
    "<any(svg, pdf, png, py):kind>": "py",
    "<path:filename>": "base.css",
    "<int:number>": "9999",
    "<int:revision>": "1",
    "<int:member>": "9999",
    "<kind>": "csv",
    "<figure>": "rdm",
    "<table>": "models",
    "<picture>": "models",
    "<rater>": "group",
    "<screen>": "thanks",
    "<sheet>": "before",
    "<file>": "nowhere.png",
    "<name>": "faces",
}
CHANGING = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, empty_sqlite: Path) -> Iterator[experimenter.Lab]:
    settings = installation(tmp_path_factory.mktemp("roles") / "data", empty_sqlite)
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database, email_of("administrator"))
        with lab.database.writing() as db:
            made = {}
            for who in ("stranger", *MEMBERS):
                made[who] = Experimenter(email=email_of(who), password_hash=hash_password(experimenter.PASSWORD))
                db.add(made[who])
            db.commit()
            ids = {who: one.id for who, one in made.items()}
        make_study(lab.database, settings, toml=experimenter.SHORT, owner_id=ids["owner"])
        make_study(lab.database, settings, name="theirs", toml=experimenter.SHORT, owner_id=ids["stranger"])
        with lab.database.writing() as db:
            faces = db.scalars(select(Study).where(Study.name == "faces")).one()
            for who in ("viewer", "editor"):
                db.add(StudyMember(study_id=faces.id, experimenter_id=ids[who], role=MEMBERS[who]))
            db.commit()
        experimenter.take_part(lab.database, "faces")
        with lab.database.writing() as db:
            db.add(ModelComparison(study_id=faces.id, asked={}, content=compared(), state=WorkState.IDLE))
            db.commit()
        experimenter.take_part(lab.database, "theirs", trials=1)
        yield lab


def compared() -> dict[str, Any]:
    """An attribute against two raters, as the page Models finds it."""
    table = np.random.default_rng(0).random((2, 28))
    attribute = Attribute("kind", tuple("aabbaabb"))
    findings = compare_candidates(table, "PQ", "abcdefgh", [], [attribute], ModelOptions(n_boot=50, n_permutations=20))
    return stored_content(findings, ModelSettings(), {})


def email_of(who: str) -> str:
    return f"{who}@lab.example"


@pytest.fixture(scope="module")
def browsers(lab: experimenter.Lab) -> dict[str, tuple[FlaskClient, str]]:
    """A browser of each visitor, with the token of its forms."""
    clients = {}
    for who in WHO:
        client = lab.app.test_client()
        if who != "nobody":
            assert experimenter.log_in(client, email_of(who)).status_code == 303
        clients[who] = (client, experimenter.csrf_token(client.get("/login" if who == "nobody" else "/account").text))
    return clients


@pytest.fixture(scope="module")
def tokens(lab: experimenter.Lab) -> dict[tuple[str, str], str]:
    """API tokens: each account's for everything; of the owner also one for each scope alone, and one for a study."""
    made = {}
    with lab.database.writing() as db:
        for who in ("stranger", "administrator", *MEMBERS):
            owner = account_of(require_account(db, email_of(who)))
            made[who, "all"] = make_token(db, owner, "all", list(Scope))
        for scope in Scope:
            made["owner", scope] = make_token(db, owner, scope, [scope])
        made["owner", "faces"] = make_token(db, owner, "faces alone", list(Scope), study="faces")
    return made


def each_rule() -> list[tuple[str, str, str]]:
    """(group, method, address with its parts filled in) of each rule; logging out comes last, as it ends the rest."""
    filled = [(group, *filled_in(rule, group)) for group, rules in RULES.items() for rule in rules]
    assert not [path for _, _, path in filled if "<" in path], "a new part of an address: give it a value in PARTS"
    return sorted(filled, key=lambda rule: rule[2] == "/logout")


def filled_in(rule: str, group: str = "") -> tuple[str, str]:
    """The method and the address of a rule, with its parts filled in."""
    method, path = rule.split(" ", 1)
    for part, value in PARTS.items():
        path = path.replace(part, value)
    if group not in {"link", "session"}:
        path = re.sub(r"<(upload_id|session|clip|batch)>", "unknown", path)
    return method, re.sub(r"<(?:token|ticket|key)>", "unknown", path)


def test_each_route_has_a_rule_and_each_rule_a_route(lab: experimenter.Lab) -> None:
    routes = set()
    for rule in lab.app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"OPTIONS"}
        path = re.sub(r"^/static/\w+/", "/static/", rule.rule)
        routes |= {f"{method} {path}" for method in (methods - {"HEAD"} or methods)}
    ruled = [rule.split("?")[0] for rules in RULES.values() for rule in rules]
    assert routes - set(ruled) == set(), "a new route: say in tests/data/routes.toml who may use it"
    assert set(ruled) - routes == set(), "no such route"


def expected(group: str, who: str) -> str:
    """What a visitor gets from a route of a group."""
    if group == "anybody":
        return "answered"
    if group in {"link", "session"}:
        return "no secret"
    if who == "nobody":
        return "log in"
    if group == "account":
        return "answered"
    if group == "administrator":
        return "answered" if who == "administrator" else "forbidden"
    if who not in MEMBERS:
        return "no such study"
    return "answered" if LEAST.index(who) >= LEAST.index(group) else "forbidden"


def outcome(group: str, answer: Any) -> str:
    """What an answer means, in the words of `expected`."""
    if answer.status_code >= 500:
        return f"failed with {answer.status_code}"
    if group in {"link", "session"}:
        return "no secret" if answer.status_code in {401, 403, 404} else f"let in with {answer.status_code}"
    to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login")
    if answer.status_code == 401 or to_login:
        return "log in"
    if answer.status_code == 403:
        assert answer.text == "" or re.search("Only an? .* may do this", answer.text), answer.text
        return "forbidden"
    if answer.status_code == 404 and (
        answer.text == "" or re.search("There is no (such study|study [a-z0-9-]+)[.]", answer.text)
    ):
        return "no such study"
    return "answered"


def send(client: FlaskClient, method: str, path: str, token: str | None) -> Any:
    path = path.replace("/static/", client.application.static_url_path + "/")
    with client.open(path, method=method, headers={} if token is None else {"X-CSRFToken": token}) as answer:
        answer.get_data()
        return answer


def test_f34_f43_each_route_answers_each_role_as_its_rule_says(
    lab: experimenter.Lab, browsers: dict[str, tuple[FlaskClient, str]]
) -> None:
    wrong = []
    for group, method, path in each_rule():
        for who, (client, token) in browsers.items():
            if path == "/logout" and who != "nobody":
                continue
            # A HEAD has no words, and the upload that it names is not there: only refusals can be told apart.
            if method == "HEAD" and expected(group, who) == "answered":
                continue
            got = outcome(group, send(client, method, path, token))
            if got != expected(group, who):
                wrong.append(f"{method} {path} by {who}: {got}, not {expected(group, who)}")
    assert not wrong, "\n".join(wrong)
    with lab.database.reading() as db:
        entries = list(db.scalars(select(AuditEntry).where(AuditEntry.study == "faces")))
        assert {entry.account for entry in entries} == {email_of("editor"), email_of("owner")}
        assert {"faces", "theirs"} <= set(db.scalars(select(Study.name)))


def with_token(lab: experimenter.Lab, method: str, path: str, token: str) -> Any:
    """The answer to a program that has a token, and no cookie."""
    path = path.replace("/static/", lab.app.static_url_path + "/")
    with lab.app.test_client(use_cookies=False) as client:
        answer = client.open(path, method=method, headers={"Authorization": f"Bearer {token}"})
        answer.get_data()
        return answer


def test_each_route_below_studies_says_which_scope_it_takes(lab: experimenter.Lab) -> None:
    routes = {rule.split("?")[0] for rules in RULES.values() for rule in rules if " /api/v1/studies" in rule}
    listed = [rule for rules in SCOPES.values() for rule in rules]
    assert sorted(routes) == sorted(listed), "say in [scopes] of tests/data/routes.toml what a token must be for"
    open_to_tokens = ("/api/v1/studies", "/api/v1/imports")
    endpoints = {rule.endpoint for rule in lab.app.url_map.iter_rules() if rule.rule.startswith(open_to_tokens)}
    assert endpoints == set(scopes.SCOPES), "say in app/web/scopes.py what a token must be for"


def test_f34_f43_a_token_may_do_what_its_scopes_and_the_role_of_its_account_allow(
    lab: experimenter.Lab, tokens: dict[tuple[str, str], str]
) -> None:
    group_of = {rule: group for group, rules in RULES.items() for rule in rules}
    wrong = []
    for needed, rules in SCOPES.items():
        for rule in rules:
            method, path = filled_in(rule)
            for (who, scope), token in tokens.items():
                if scope == "faces":
                    continue
                enough = scope == "all" or needed == scope
                want = expected(group_of[rule], who) if enough else "lacks the scope"
                answer = with_token(lab, method, path, token)
                if method == "HEAD":
                    got = "lacks the scope" if answer.status_code == 403 else "there"
                    if who in ("editor", "owner"):
                        assert got == ("there" if enough else "lacks the scope"), (rule, who, scope)
                    continue
                lacks = answer.status_code == 403 and "lacks the scope" in answer.text
                got = "lacks the scope" if lacks else outcome(group_of[rule], answer)
                if got != want:
                    wrong.append(f"{rule} by {who} with {scope}: {got}, not {want}")
    assert not wrong, "\n".join(wrong)


def test_f39_nothing_but_the_experimenters_api_takes_a_token(
    lab: experimenter.Lab, tokens: dict[tuple[str, str], str]
) -> None:
    checked = 0
    for group, method, path in each_rule():
        if path.startswith("/api/v1/studies") or group == "anybody":
            continue
        answer = with_token(lab, method, path, tokens["owner", "all"])
        # A page's form lacks the token that only a page has; without one there is the page to log in.
        refused = answer.status_code in {400, 401, 403, 404} or "/login" in answer.headers.get("Location", "")
        assert refused, (method, path, answer.status_code)
        checked += 1
    assert checked >= 60


def test_a_token_for_one_study_sees_no_other(lab: experimenter.Lab, tokens: dict[tuple[str, str], str]) -> None:
    for rule in (rule for rules in SCOPES.values() for rule in rules):
        if rule == "GET /api/v1/studies":
            continue
        method, path = filled_in(rule)
        answer = with_token(lab, method, path.replace("faces", "theirs"), tokens["owner", "faces"])
        makes_another = rule.endswith((" /api/v1/studies", "/duplicate"))
        assert answer.status_code == (403 if makes_another else 404), rule
    shown = with_token(lab, "GET", "/api/v1/studies", tokens["owner", "faces"]).get_json()
    assert [study["name"] for study in shown["studies"]] == ["faces"]


def test_f43_somebody_elses_study_is_answered_as_one_that_does_not_exist(
    lab: experimenter.Lab, browsers: dict[str, tuple[FlaskClient, str]]
) -> None:
    client, token = browsers["stranger"]
    checked = 0
    for group, method, path in each_rule():
        if group in LEAST:
            foreign, unknown = (
                without_token(send(client, method, path.replace("faces", name), token).text).replace(f" {name}.", "")
                for name in ("faces", "nowhere")
            )
            assert foreign == unknown, (method, path)
            checked += 1
    assert checked >= 30


def without_token(page: str) -> str:
    """The page without its forms' tokens, which differ from second to second."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def test_what_a_viewer_may_see_is_there(lab: experimenter.Lab, browsers: dict[str, tuple[FlaskClient, str]]) -> None:
    for group, method, path in each_rule():
        # Of a session that is not there a viewer sees no page either; tests of its page are elsewhere.
        if group in {"account", "viewer"} and method == "GET" and "/unknown" not in path:
            assert send(browsers["viewer"][0], method, path, None).status_code in {200, 202, 302}, path


def test_f34_a_participants_token_reaches_no_other_session(lab: experimenter.Lab) -> None:
    tokens, keys = {}, {}
    for name in ("ours", "other"):
        make_study(lab.database, lab.settings, name=name, toml=experimenter.SHORT)
        with lab.database.writing() as db:
            tokens[name] = enter(db, name, {}).token
        start(lab.database, tokens[name])
        trial = advance(lab.database, tokens[name]).open_trial
        assert trial is not None
        keys[name] = trial.key
    visitor = lab.app.test_client()
    bearer = {"Authorization": f"Bearer {tokens['other']}"}
    shown = visitor.get("/api/v1/session", headers=bearer).json
    assert (shown["study"]["name"], shown["trial"]["key"]) == ("other", keys["other"])
    body = trial_body(shown["trial"])
    for path in (f"/api/v1/session/trials/{keys['ours']}", f"/api/v1/session/trials/{keys['ours']}/draft"):
        assert visitor.put(path, json=body, headers=bearer).status_code in {404, 409}, path
    assert visitor.get(f"/join/ours/{tokens['other']}").status_code == 404
    for path in ("/api/v1/studies", "/api/v1/studies/other", "/api/v1/studies/other/results"):
        assert visitor.get(path, headers=bearer).status_code == 401, path
    assert visitor.get("/studies/other", headers=bearer).status_code == 302
    with lab.database.reading() as db:
        assert db.scalar(select(Submission.trial_id).join(Trial).where(Trial.key == keys["ours"])) is None
        assert db.scalar(select(Draft.trial_id).join(Trial).where(Trial.key == keys["ours"])) is None


def test_f39_each_change_of_an_experimenter_needs_the_token_of_a_form(
    lab: experimenter.Lab, browsers: dict[str, tuple[FlaskClient, str]]
) -> None:
    checked = 0
    for group, method, path in each_rule():
        # A participant's requests bring no cookie along that another site could use.
        if method not in CHANGING or group == "session" or path.startswith(("/join/", "/try/")):
            continue
        for token in (None, "forged"):
            answer = send(browsers["owner"][0], method, path, token)
            assert answer.status_code == 400, (method, path)
            assert "CSRF" in answer.text, (method, path)
        checked += 1
    assert checked >= 25


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_no_page_offers_a_form_that_would_be_refused(
    lab: experimenter.Lab, browsers: dict[str, tuple[FlaskClient, str]], who: str
) -> None:
    client, _ = browsers[who]
    group_of = {(method, path): group for group, method, path in each_rule() if "?" not in path}
    adapter, seen = lab.app.url_map.bind(""), 0
    filled = {rule.split(" ", 1)[1]: group for group, rules in RULES.items() for rule in rules if rule[:4] == "POST"}
    for (method, path), group in group_of.items():
        if method != "GET" or group not in {"account", "viewer"} or path.endswith((".zip", ".csv")):
            continue
        page = client.get(path)
        if page.mimetype != "text/html":
            continue
        for form in re.findall(r"<form[^>]*method=\"post\"[^>]*>", page.text):
            action = re.search(r'action="([^"]*)"', form)
            try:
                rule, _ = adapter.match(action[1] if action else path, method="POST", return_rule=True)
            except (NotFound, MethodNotAllowed) as error:
                raise AssertionError(f"{path} has a form without a route: {form}") from error
            needed = filled[rule.rule]
            own = rule.rule.endswith("/remove") and "Leave this study" in form
            assert own or needed in {"anybody", "account", "link", *LEAST[: LEAST.index(who) + 1]}, (path, form)
            seen += 1
    assert seen >= 5
