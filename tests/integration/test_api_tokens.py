"""API tokens: made and revoked on the page and by command, kept as hashes, bounded in time, scope and tries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.accounts.account import Account
from app.accounts.api_tokens import PREFIX, make_token, tokens_of
from app.accounts.experimenters import set_password
from app.accounts.members import set_role
from app.cli import main
from app.config import Settings
from app.domain import Role, Scope
from app.errors import Invalid
from app.logs import configure_logs
from app.models import ApiToken, AuditEntry, Experimenter, Study, StudyMember, now
from app.tokens import hash_token
from tests import experimenter
from tests.factories import make_study


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    with experimenter.open_lab(settings) as lab:
        experimenter.make_account(lab.database)
        make_study(lab.database, settings, toml=experimenter.SHORT)
        yield lab


def owner_of(lab: experimenter.Lab) -> Account:
    with lab.database.reading() as db:
        row = db.scalars(select(Experimenter)).one()
        return Account(row.id, row.email)


def fresh(lab: experimenter.Lab, *scopes: str, **more: Any) -> str:
    with lab.database.writing() as db:
        return make_token(db, owner_of(lab), "night", scopes or list(Scope), **more)


def get(lab: experimenter.Lab, token: str, path: str = "/api/v1/studies") -> Any:
    return lab.app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})


def form_of(lab: experimenter.Lab, **typed: Any) -> Any:
    page = lab.client.get("/account").text
    form = {"csrf_token": experimenter.csrf_token(page), "name": "night", "scopes": ["read"], "days": "30"}
    return lab.client.post("/account/tokens", data={**form, "current": experimenter.PASSWORD, **typed})


def test_a_token_is_made_on_the_account_page_shown_once_kept_as_a_hash_and_revoked_at_once(
    lab: experimenter.Lab,
) -> None:
    experimenter.log_in(lab.client)
    tokens_shown = re.findall(rf"{PREFIX}[\w-]{{32}}", form_of(lab, study="faces").text)
    assert len(tokens_shown) == 1
    token = tokens_shown[0]
    page = lab.client.get("/account").text
    assert "night" in page
    assert token not in page
    with lab.database.reading() as db:
        row = db.scalars(select(ApiToken)).one()
        assert row.token_hash == hash_token(token)
        assert (row.scopes, row.last_used_at) == (["read"], None)
        assert row.expires_at - now() > timedelta(days=29, hours=23)
        values = [str(value) for entry in db.scalars(select(AuditEntry)) for value in (entry.action, entry.detail)]
        assert "API token made" in values
        assert not any(token[len(PREFIX) :] in value for value in values)
    assert get(lab, token).status_code == 200
    with lab.database.reading() as db:
        (shown,) = tokens_of(db, None)
        assert shown.last_used_at is not None
        assert shown.study == "faces"
    revoked = lab.client.post(f"/account/tokens/{shown.id}/revoke", data={"csrf_token": experimenter.csrf_token(page)})
    assert revoked.status_code == 303
    assert get(lab, token).status_code == 401


@pytest.mark.parametrize(
    ("typed", "status", "told"),
    [
        ({"current": "wrong"}, 400, "This is not your current password."),
        ({"name": "  "}, 400, "Give the token a name"),
        ({"scopes": []}, 400, "Choose what the token is for"),
        ({"scopes": ["everything"]}, 400, "There is no scope"),
        ({"days": "0"}, 400, "1 to 366 days"),
        ({"days": "ten"}, 400, "1 to 366 days"),
        ({"study": "nowhere"}, 404, "There is no study nowhere."),
    ],
)
def test_a_token_that_cannot_be_made_is_not(
    lab: experimenter.Lab, typed: dict[str, Any], status: int, told: str
) -> None:
    experimenter.log_in(lab.client)
    answer = form_of(lab, **typed)
    assert answer.status_code == status
    assert told in answer.text
    with lab.database.reading() as db:
        assert tokens_of(db, None) == []


def test_another_accounts_token_cannot_be_revoked_on_the_page(lab: experimenter.Lab) -> None:
    token = fresh(lab)
    with lab.database.writing() as db:
        db.add(
            Experimenter(email="eve@lab.example", password_hash=db.scalars(select(Experimenter)).one().password_hash)
        )
        db.commit()
        number = db.scalars(select(ApiToken.id)).one()
    experimenter.log_in(lab.client, "eve@lab.example")
    page = lab.client.get("/account").text
    assert "night" not in page
    lab.client.post(f"/account/tokens/{number}/revoke", data={"csrf_token": experimenter.csrf_token(page)})
    assert get(lab, token).status_code == 200


def test_an_expired_token_a_new_password_and_a_lost_role_end_what_a_token_may(lab: experimenter.Lab) -> None:
    token = fresh(lab)
    with lab.database.writing() as db:
        db.execute(update(ApiToken).values(expires_at=now() - timedelta(seconds=1)))
        db.commit()
    assert get(lab, token).status_code == 401
    token = fresh(lab)
    with lab.database.writing() as db:
        study = db.scalars(select(Study)).one()
        other = Experimenter(email="bob@lab.example", password_hash="-")
        db.add(other)
        db.flush()
        db.add(StudyMember(study_id=study.id, experimenter_id=other.id, role=Role.OWNER))
        db.commit()
        set_role(db, study, owner_of_id(db), Role.VIEWER)
    body = {"participant": "P001", "verdict": "exclude", "reason": "x"}
    refused = lab.app.test_client().post(
        "/api/v1/studies/faces/decisions", json=body, headers={"Authorization": f"Bearer {token}"}
    )
    assert refused.status_code == 403
    assert "Only an editor" in refused.get_json()["error"]["message"]
    with lab.database.writing() as db:
        set_password(db, experimenter.EMAIL, "nine slow lanterns")
    assert get(lab, token).status_code == 401


def owner_of_id(db: Any) -> int:
    return int(db.scalars(select(Experimenter.id).where(Experimenter.email == experimenter.EMAIL)).one())


def test_what_a_token_changes_is_logged_with_its_name_and_needs_no_form(lab: experimenter.Lab) -> None:
    experimenter.take_part(lab.database, "faces", trials=1)
    body = {"participant": "P001", "verdict": "exclude", "reason": "tried keys"}
    path, bearer = "/api/v1/studies/faces/decisions", {"Authorization": f"Bearer {fresh(lab)}"}
    assert lab.app.test_client().post(path, json=body, headers=bearer).status_code == 200
    with lab.database.reading() as db:
        entry = db.scalars(select(AuditEntry).where(AuditEntry.study == "faces").order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.account, entry.detail["with_token"]) == (experimenter.EMAIL, "night")


def test_f39_a_cookie_beside_a_token_counts_for_nothing(lab: experimenter.Lab) -> None:
    experimenter.log_in(lab.client)
    body = {"participant": "P001", "verdict": "exclude", "reason": "x"}
    path = "/api/v1/studies/faces/decisions"
    assert lab.client.post(path, json=body).status_code == 400
    for header in ("Bearer nobodys", "Bearer ", "bearer x" * 40):
        assert lab.client.post(path, json=body, headers={"Authorization": header}).status_code == 401, header
        assert lab.client.get("/api/v1/studies", headers={"Authorization": header}).status_code == 401, header
    # On a page the header counts for nothing, and the cookie as ever.
    assert lab.client.get("/studies", headers={"Authorization": "Bearer nobodys"}).status_code == 200
    reads = {"Authorization": f"Bearer {fresh(lab, 'read')}"}
    assert lab.client.post(path, json=body, headers=reads).status_code == 403


def test_f41_wrong_tokens_and_too_many_requests_are_slowed_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits import RateLimitItemPerMinute

    from app.web import limits

    monkeypatch.setattr(limits, "FAILED_TOKENS_PER_ADDRESS", RateLimitItemPerMinute(3, 10, "tokens"))
    monkeypatch.setattr(limits, "REQUESTS_PER_TOKEN", RateLimitItemPerMinute(5, 1, "requests"))
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True})) as lab:
        experimenter.make_account(lab.database)
        token = fresh(lab)
        assert [get(lab, token).status_code for _ in range(6)] == [200] * 5 + [429]
        assert [get(lab, "wrong").status_code for _ in range(4)] == [401] * 3 + [429]
        assert get(lab, fresh(lab)).status_code == 429


def test_no_token_is_in_the_log(lab: experimenter.Lab, capfd: pytest.CaptureFixture[str]) -> None:
    token = fresh(lab)
    configure_logs()

    def fail() -> Any:
        raise ValueError(token)

    lab.app.view_functions["researcher_api.studies"], before = fail, lab.app.view_functions["researcher_api.studies"]
    try:
        assert get(lab, token).status_code == 500
    finally:
        lab.app.view_functions["researcher_api.studies"] = before
    told = capfd.readouterr().err
    assert "unexpected_error" in told
    assert token not in told


def test_tokens_by_command(lab: experimenter.Lab, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(lab.settings.data)]

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["token", *words, *data])
        out = capsys.readouterr()
        assert not ended.value.code, out.err
        return out.out.strip()

    token = run("new", experimenter.EMAIL, "night", "--scope", "read", "--scope", "write", "--study", "faces")
    assert get(lab, token).status_code == 200
    number, email, name, scopes, study, *_ = run("list", experimenter.EMAIL).split("\t")
    assert (email, name, scopes, study) == (experimenter.EMAIL, "night", "read,write", "faces")
    assert run("revoke", number) == "The token night no longer works."
    assert get(lab, token).status_code == 401
    with pytest.raises(Invalid, match="1 to 366 days"):
        fresh(lab, days=367)
