"""The set-up link, passwords and logins (F34, F39, F40, F41).

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import passwords
from app.accounts.experimenters import set_password
from app.accounts.logins import log_in
from app.accounts.members import require_study, studies_of
from app.accounts.passwords import check_password
from app.accounts.setup_links import check_setup_link, make_setup_link, use_setup_link
from app.config import Settings
from app.db import Database
from app.domain import Role
from app.errors import Invalid, NotFound, Unauthorised
from app.models import Experimenter, Login, SetupLink, Study, now
from app.tokens import hash_token
from tests import experimenter
from tests.factories import make_study


@pytest.fixture
def lab(settings: Settings) -> Iterator[experimenter.Lab]:
    with experimenter.open_lab(settings) as lab:
        yield lab


@pytest.fixture
def database(lab: experimenter.Lab) -> Database:
    return lab.database


@pytest.fixture
def client(lab: experimenter.Lab) -> FlaskClient:
    return lab.client


@pytest.fixture
def limited(settings: Settings) -> Iterator[experimenter.Lab]:
    """With the rate limits on, and with an account."""
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True})) as lab:
        experimenter.make_account(lab.database)
        yield lab


def fresh_link(database: Database) -> str:
    with database.writing() as db:
        token = make_setup_link(db)
    assert token is not None
    return token


def test_f40_the_set_up_link_is_stored_as_a_hash_and_works_once(database: Database) -> None:
    token = fresh_link(database)
    with database.writing() as db:
        stored = db.scalars(select(SetupLink)).one()
        assert stored.token_hash == hash_token(token)
        assert token not in stored.token_hash
        use_setup_link(db, token, experimenter.EMAIL, experimenter.PASSWORD)
    with database.writing() as db, pytest.raises(NotFound):
        use_setup_link(db, token, "eve@lab.example", experimenter.PASSWORD)
    with database.writing() as db:
        assert make_setup_link(db) is None


def test_a_fresh_set_up_link_leaves_the_one_on_the_screen_alone(database: Database) -> None:
    older, newer = fresh_link(database), fresh_link(database)
    with database.reading() as db:
        check_setup_link(db, newer)
        check_setup_link(db, older)
        with pytest.raises(NotFound):
            check_setup_link(db, "made-up")
    with database.writing() as db:
        use_setup_link(db, newer, experimenter.EMAIL, experimenter.PASSWORD)
    with database.writing() as db, pytest.raises(NotFound):
        use_setup_link(db, older, "eve@lab.example", experimenter.PASSWORD)


def test_a_set_up_link_ends_after_a_week(database: Database) -> None:
    token = fresh_link(database)
    with database.writing() as db:
        db.scalars(select(SetupLink)).one().created_at = now() - timedelta(days=7, minutes=1)
        db.commit()
    with database.reading() as db, pytest.raises(NotFound):
        check_setup_link(db, token)


def test_a_link_from_before_an_account_existed_no_longer_works(database: Database) -> None:
    token = fresh_link(database)
    with database.writing() as db:
        db.add(Experimenter(email="first@lab.example", password_hash="x"))
        db.commit()
    with database.reading() as db, pytest.raises(NotFound):
        check_setup_link(db, token)


@pytest.mark.parametrize(
    "password",
    [
        "short", "ninechars", "1234567890", "password123", "P@ssw0rd2024", "qwertyuiop", "aaaaaaaaaaaa", "abcabcabcabc",
        "ada1234567", "asterism2026!", "lab.example99", "liverpool1892", "hunter2hunter2", "zxcvbnm,./asd",
        "correcthorsebatterystaple", "abcdefghij" * 20, "x" * 201,
    ],
)  # fmt: skip
def test_passwords_that_somebody_would_try_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, "ada@lab.example")
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password", [experimenter.PASSWORD, "q7Fz!mWp2x", "ünïcödé-wörds-here", "orbit lantern meadow " * 9]
)
def test_other_passwords_are_taken(password: str) -> None:
    check_password(password, "ada@lab.example")


@pytest.mark.parametrize("email", ["", "ada", "a b@lab.example", "@lab.example", "ada@", "a" * 250 + "@x.yz"])
def test_what_is_no_address_is_refused(database: Database, email: str) -> None:
    token = fresh_link(database)
    with database.writing() as db, pytest.raises(Invalid) as refused:
        use_setup_link(db, token, email, experimenter.PASSWORD)
    assert refused.value.field == "email"
    with database.reading() as db:
        check_setup_link(db, token)


def test_f41_an_unknown_account_costs_the_same_and_says_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    experimenter.make_account(database)
    verified: list[str] = []

    class Counting:
        def verify(self, known: str, password: str) -> bool:
            verified.append(known)
            return real.verify(known, password)

        def hash(self, password: str) -> str:
            return real.hash(password)

    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    messages = []
    for email in (experimenter.EMAIL, "nobody@lab.example"):
        with database.reading() as db, pytest.raises(Unauthorised) as refused:
            log_in(db, email, "not the password")
        messages.append(refused.value.message)
    assert messages[0] == messages[1]
    costs = [known.split("$")[1:4] for known in verified]
    assert len(costs) == 2
    assert costs[0] == costs[1]


def test_the_address_may_be_typed_in_any_case(database: Database) -> None:
    experimenter.make_account(database)
    with database.reading() as db:
        assert log_in(db, " ADA@Lab.Example ", experimenter.PASSWORD).email == experimenter.EMAIL


def test_studies_without_an_owner_belong_to_the_first_account(database: Database, settings: Settings) -> None:
    make_study(database, settings, name="before")
    first = experimenter.make_account(database)
    make_study(database, settings, name="after")
    with database.writing() as db:
        second = Experimenter(email="second@lab.example", password_hash="x")
        db.add(second)
        db.commit()
        second_id = second.id
    make_study(database, settings, name="theirs", owner_id=second_id)
    with database.reading() as db:
        assert {study.name for study in studies_of(db, first.id)} == {"before", "after"}
        assert [study.name for study in studies_of(db, second_id)] == ["theirs"]
        assert require_study(db, first.id, "before", Role.OWNER).name == "before"
        for name in ("before", "nowhere"):
            with pytest.raises(NotFound) as refused:
                require_study(db, second_id, name, Role.VIEWER)
            assert refused.value.message == f"There is no study {name}."


def test_set_up_then_studies_then_out_and_in_again(client: FlaskClient, database: Database, settings: Settings) -> None:
    make_study(database, settings)
    token = fresh_link(database)
    page = client.get(f"/setup/{token}")
    form = {
        "csrf_token": experimenter.csrf_token(page.text),
        "email": experimenter.EMAIL,
        "password": experimenter.PASSWORD,
    }
    differing = client.post(f"/setup/{token}", data={**form, "again": "something else"})
    assert differing.status_code == 400
    assert "The two passwords differ." in differing.text
    made = client.post(f"/setup/{token}", data={**form, "again": experimenter.PASSWORD})
    assert (made.status_code, made.headers["Location"]) == (303, "/studies")
    assert "A study" in client.get("/studies").text
    assert client.get(f"/setup/{token}").status_code == 404

    assert client.get("/logout").status_code == 405
    out = client.post("/logout", data={"csrf_token": experimenter.csrf_token(client.get("/studies").text)})
    assert out.status_code == 303
    assert client.get("/studies").headers["Location"].startswith("/login")
    assert experimenter.log_in(client).headers["Location"] == "/studies"


def test_the_login_cookie_is_guarded(client: FlaskClient, database: Database) -> None:
    experimenter.make_account(database)
    cookie = experimenter.log_in(client).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_is_secure(settings: Settings) -> None:
    with experimenter.open_lab(settings.model_copy(update={"secure_cookies": True})) as lab:
        experimenter.make_account(lab.database)
        lab.client.environ_base["wsgi.url_scheme"] = "https"
        answer = experimenter.log_in(lab.client)
        assert answer.status_code == 303
        assert "Secure" in answer.headers["Set-Cookie"]


def test_a_new_password_ends_older_logins(client: FlaskClient, database: Database) -> None:
    experimenter.make_account(database)
    experimenter.log_in(client)
    assert client.get("/studies").status_code == 200
    with database.writing() as db:
        set_password(db, " ADA@Lab.Example ", "another long sentence")
    assert client.get("/studies").status_code == 302
    assert experimenter.log_in(client, experimenter.EMAIL, experimenter.PASSWORD).status_code == 401
    assert experimenter.log_in(client, experimenter.EMAIL, "another long sentence").status_code == 303


def test_a_new_password_is_checked_and_its_account_must_exist(database: Database) -> None:
    experimenter.make_account(database)
    with database.writing() as db, pytest.raises(Invalid):
        set_password(db, experimenter.EMAIL, "password123")
    with database.writing() as db, pytest.raises(NotFound, match=r"nobody@lab\.example"):
        set_password(db, "nobody@lab.example", "another long sentence")


def test_a_cookie_from_before_the_log_out_no_longer_works(client: FlaskClient, database: Database) -> None:
    experimenter.make_account(database)
    experimenter.log_in(client)
    copied = client.get_cookie("session")
    assert copied is not None
    client.post("/logout", data={"csrf_token": experimenter.csrf_token(client.get("/studies").text)})
    client.set_cookie("session", copied.value)
    assert client.get("/studies").status_code == 302
    assert client.get("/api/v1/studies").status_code == 401


def test_logging_out_in_one_browser_leaves_the_other_logged_in(lab: experimenter.Lab) -> None:
    experimenter.make_account(lab.database)
    here, there = lab.app.test_client(), lab.app.test_client()
    experimenter.log_in(here)
    experimenter.log_in(there)
    here.post("/logout", data={"csrf_token": experimenter.csrf_token(here.get("/studies").text)})
    assert here.get("/studies").status_code == 302
    assert there.get("/studies").status_code == 200


def test_a_login_ends_after_a_month_even_if_it_is_used_all_the_time(client: FlaskClient, database: Database) -> None:
    experimenter.make_account(database)
    experimenter.log_in(client)
    with database.writing() as db:
        db.scalars(select(Login)).one().created_at = now() - timedelta(days=30, minutes=1)
        db.commit()
    assert client.get("/studies").status_code == 302


def test_a_login_ends_after_the_configured_hours(lab: experimenter.Lab, settings: Settings) -> None:
    assert lab.app.permanent_session_lifetime == timedelta(hours=settings.session_hours)


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_login_never_leads_to_another_site(client: FlaskClient, database: Database, bad: str) -> None:
    experimenter.make_account(database)
    token = experimenter.csrf_token(client.get("/login").text)
    form = {"csrf_token": token, "email": experimenter.EMAIL, "password": experimenter.PASSWORD}
    answer = client.post("/login", query_string={"next": bad}, data=form)
    assert answer.headers["Location"] == "/studies"


def test_a_login_leads_to_the_page_that_was_asked_for(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    experimenter.make_account(database)
    make_study(database, settings)
    asked = client.get("/studies/faces/results?order=clips").headers["Location"]
    token = experimenter.csrf_token(client.get(asked).text)
    answer = client.post(
        asked, data={"csrf_token": token, "email": experimenter.EMAIL, "password": experimenter.PASSWORD}
    )
    assert answer.headers["Location"] == "/studies/faces/results?order=clips"


def test_before_there_is_an_account_the_login_page_says_what_to_do(client: FlaskClient) -> None:
    assert "python3 run.py setup-link" in client.get("/login").text


def guess(lab: experimenter.Lab, email: str, address: str, password: str = "wrong guess") -> int:
    """Status of a login from a fresh browser at an address."""
    client = lab.app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return int(experimenter.log_in(client, email, password).status_code)


def test_f41_guessing_one_account_is_slowed_down_wherever_it_comes_from(limited: experimenter.Lab) -> None:
    assert [guess(limited, experimenter.EMAIL, f"10.0.0.{k}") for k in range(11)] == [401] * 10 + [429]
    assert guess(limited, experimenter.EMAIL, "10.0.1.1", experimenter.PASSWORD) == 429
    assert guess(limited, "other@lab.example", "10.0.1.1") == 401


def test_f41_guessing_from_one_address_is_slowed_down_whatever_the_account(limited: experimenter.Lab) -> None:
    assert [guess(limited, f"{k}@lab.example", "10.0.0.1") for k in range(31)] == [401] * 30 + [429]
    assert guess(limited, experimenter.EMAIL, "10.0.0.2", experimenter.PASSWORD) == 303


def test_f42_logging_in_often_is_no_guessing(limited: experimenter.Lab) -> None:
    assert [guess(limited, experimenter.EMAIL, "10.0.0.1", experimenter.PASSWORD) for _ in range(32)] == [303] * 32


def test_f39_every_form_of_an_experimenter_needs_its_token(lab: experimenter.Lab) -> None:
    make_study(lab.database, lab.settings)
    token = fresh_link(lab.database)
    with lab.database.writing() as db:
        use_setup_link(db, token, experimenter.EMAIL, experimenter.PASSWORD)
    experimenter.log_in(lab.client)
    posts = [
        rule.rule.replace("<name>", "faces").replace("<token>", token)
        for rule in lab.app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.split(".")[0] in {"researcher", "researcher_api", "login"}
    ]
    assert {"/studies/faces/close", "/studies/faces/open", "/logout", "/login"} <= set(posts)
    for path in posts:
        assert lab.client.post(path, data={"email": experimenter.EMAIL}).status_code == 400, path
        assert lab.client.post(path, data={"csrf_token": "forged"}).status_code == 400, path
    with lab.database.reading() as db:
        assert db.scalars(select(Study)).one().state == "open"
    assert lab.client.get("/studies").status_code == 200
