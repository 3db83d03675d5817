"""Invitations, the roles they give, and accounts: services on both databases, and pages.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select, update

from app.accounts.account import Account
from app.accounts.audit import entries_of_accounts
from app.accounts.experimenters import all_accounts, remove_account, set_administrator
from app.accounts.links import (
    ask_for_reset,
    invitation_of,
    invite,
    join,
    make_account,
    open_invitations,
    revoke,
    use_reset,
)
from app.accounts.logins import account_of_login, log_in, start_login
from app.accounts.members import members_of, remove_member, require_study, set_role
from app.cli import commands
from app.config import Settings
from app.db import Database
from app.domain import Role
from app.errors import Invalid, NotAllowed, NotFound, Unauthorised
from app.models import AccountLink, Experimenter, Study, now
from tests import experimenter
from tests.experimenter import PASSWORD, Lab, send_form
from tests.factories import make_study

OTHER = "grace@lab.example"


@pytest.fixture
def ada(both_app: Flask) -> tuple[Database, Account]:
    """Ada, who owns the study "faces", on either database."""
    runtime = both_app.extensions["asterism"]
    account = experimenter.make_account(runtime.database)
    make_study(runtime.database, runtime.settings)
    return runtime.database, account


def invited(database: Database, email: str = OTHER, role: Role = Role.EDITOR, by: Account | None = None) -> str:
    with database.writing() as db:
        return invite(db, email, study=db.scalars(select(Study)).one(), role=role, by=by)


def roles(database: Database) -> dict[str, str]:
    with database.reading() as db:
        return {one.email: one.role.value for one in members_of(db, db.scalars(select(Study)).one())}


def age_links(database: Database, by: timedelta) -> None:
    with database.writing() as db:
        db.execute(update(AccountLink).values(created_at=now() - by))
        db.commit()


def test_f40_an_invitation_is_stored_as_a_hash_and_makes_one_account_once(ada: tuple[Database, Account]) -> None:
    database, _ = ada
    token = invited(database, " Grace@Lab.Example ")
    with database.reading() as db:
        stored = db.scalars(select(AccountLink)).one()
        assert token not in repr(vars(stored))
        assert stored.email == OTHER
    with database.writing() as db, pytest.raises(Invalid, match="at least 10"):
        make_account(db, token, "short")
    with database.writing() as db:
        account = make_account(db, token, PASSWORD)
        join(db, token, account)
    assert roles(database) == {experimenter.EMAIL: "owner", OTHER: "editor"}
    with database.writing() as db:
        assert log_in(db, OTHER, PASSWORD).is_administrator is False
        for use in (lambda: join(db, token, account), lambda: make_account(db, token, PASSWORD)):
            with pytest.raises(NotFound, match="no longer valid"):
                use()


def test_an_invitation_ends_after_a_week_when_it_is_revoked_and_when_a_newer_one_is_made(
    ada: tuple[Database, Account],
) -> None:
    database, account = ada
    older = invited(database)
    newer = invited(database)
    with database.reading() as db:
        invitation_of(db, newer)
        with pytest.raises(NotFound):
            invitation_of(db, older)
    age_links(database, timedelta(days=6, hours=23))
    with database.reading() as db:
        assert invitation_of(db, newer).email == OTHER
    age_links(database, timedelta(days=7, minutes=1))
    with database.reading() as db:
        with pytest.raises(NotFound):
            invitation_of(db, newer)
        assert open_invitations(db, db.scalars(select(Study)).one()) == []
    last = invited(database)
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        (shown,) = open_invitations(db, study)
        revoke(db, None, shown.id, by=account)
        assert len(open_invitations(db, study)) == 1, "another place's invitation is not to be revoked from here"
        revoke(db, study, shown.id, by=account)
        with pytest.raises(NotFound):
            invitation_of(db, last)


def test_a_member_is_not_invited_again_and_joining_never_takes_a_right_away(ada: tuple[Database, Account]) -> None:
    database, account = ada
    with pytest.raises(Invalid, match="is a member of this study already"):
        invited(database, experimenter.EMAIL)
    with pytest.raises(Invalid, match="not an e-mail address"):
        invited(database, "grace")
    token = invited(database, "nick@lab.example", Role.VIEWER)
    with database.writing() as db:
        join(db, token, account)
    assert roles(database) == {experimenter.EMAIL: "owner"}


def test_a_new_password_by_link_works_once_within_an_hour_and_logs_out_everywhere(
    ada: tuple[Database, Account],
) -> None:
    database, account = ada
    with database.writing() as db:
        login = start_login(db, account.id)
        assert ask_for_reset(db, "nobody@lab.example") is None
        older, token = ask_for_reset(db, experimenter.EMAIL), ask_for_reset(db, " ADA@lab.example")
    assert older is not None
    assert token is not None
    age_links(database, timedelta(minutes=59))
    with database.writing() as db:
        for dead in (older, "x"):
            with pytest.raises(NotFound):
                use_reset(db, dead, "another long sentence")
        with pytest.raises(Invalid):
            use_reset(db, token, "password123")
        use_reset(db, token, "another long sentence")
        with pytest.raises(NotFound):
            use_reset(db, token, "yet another sentence")
        assert account_of_login(db, login) is None
        assert log_in(db, experimenter.EMAIL, "another long sentence").id == account.id
        with pytest.raises(Unauthorised):
            log_in(db, experimenter.EMAIL, PASSWORD)
        late = ask_for_reset(db, experimenter.EMAIL)
    assert late is not None
    age_links(database, timedelta(hours=1, minutes=1))
    with database.writing() as db, pytest.raises(NotFound):
        use_reset(db, late, "another long sentence")


def test_an_account_goes_but_not_with_the_last_owner_of_a_study_or_the_last_administrator(
    ada: tuple[Database, Account],
) -> None:
    database, account = ada
    token = invited(database, role=Role.OWNER)
    with database.writing() as db:
        grace = make_account(db, token, PASSWORD)
        join(db, token, grace)
        ask_for_reset(db, OTHER)
        with pytest.raises(NotAllowed, match="administrator"):
            remove_account(db, experimenter.EMAIL)
        with pytest.raises(NotAllowed, match="administrator"):
            set_administrator(db, experimenter.EMAIL, False)
        set_administrator(db, OTHER, True, by=account)
        study = db.scalars(select(Study)).one()
        set_role(db, study, grace.id, Role.EDITOR)
        with pytest.raises(NotAllowed, match="is the only owner of faces"):
            remove_account(db, experimenter.EMAIL)
        set_role(db, study, grace.id, Role.OWNER)
        remove_account(db, experimenter.EMAIL, by=grace)
        assert [one.email for one in all_accounts(db)] == [OTHER]
        require_study(db, grace.id, "faces", Role.OWNER)
        lines = entries_of_accounts(db, limit=3)
        assert [(one.who, one.action) for one in lines[:2]] == [
            (OTHER, "account removed"),
            (experimenter.EMAIL, "administrator"),
        ]


def link_of(page: str) -> str:
    match = re.search(r'id="new-link"[^>]*value="http://[^/"]+(/invited/[^"]+)"', page)
    assert match, page
    return match[1]


def test_an_owner_invites_and_somebody_without_an_account_joins_by_the_link(owner_lab: Lab) -> None:
    page = send_form(owner_lab.client, "/studies/faces/people", email=OTHER, role="viewer").text
    link = link_of(page)
    assert "Send it yourself." in page
    assert OTHER in owner_lab.client.get("/studies/faces/people").text
    assert "new-link" not in owner_lab.client.get("/studies/faces/people").text
    visitor = owner_lab.app.test_client()
    assert "as a viewer" in visitor.get(link).text
    differing = send_form(visitor, link, password=PASSWORD, again="something else")
    assert (differing.status_code, "The two passwords differ." in differing.text) == (400, True)
    joined = send_form(visitor, link, password=PASSWORD, again=PASSWORD)
    assert (joined.status_code, joined.headers["Location"]) == (303, "/studies/faces")
    seen = visitor.get("/studies/faces").text
    assert "Close the study" not in seen
    assert visitor.get(link).status_code == 404
    assert roles(owner_lab.database)[OTHER] == "viewer"
    log = visitor.get("/studies/faces/people").text
    assert "joined" in log
    assert "Invite somebody" not in log


def test_somebody_with_an_account_logs_in_and_joins(owner_lab: Lab) -> None:
    with owner_lab.database.writing() as db:
        db.add(Experimenter(email=OTHER, password_hash="x"))
        db.commit()
    link = link_of(send_form(owner_lab.client, "/studies/faces/people", email=OTHER, role="owner").text)
    page = owner_lab.app.test_client().get(link).text
    assert f"/login?next={link}" in page
    assert 'type="password"' not in page
    # Ada's own browser, which is logged in: the page says as whom.
    assert f"You are logged in as <strong>{experimenter.EMAIL}" in owner_lab.client.get(link).text
    taken = owner_lab.app.test_client()
    token = experimenter.csrf_token(taken.get("/login").text)
    answer = taken.post(link, data={"csrf_token": token, "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 400
    assert "There is an account" in answer.text


def test_an_owner_changes_roles_and_removes_and_a_member_leaves(owner_lab: Lab) -> None:
    token = invited(owner_lab.database)
    with owner_lab.database.writing() as db:
        grace = make_account(db, token, PASSWORD)
        join(db, token, grace)
    path = f"/studies/faces/people/{grace.id}"
    there = owner_lab.app.test_client()
    experimenter.log_in(there, OTHER)
    assert there.get("/studies/faces").status_code == 200
    assert send_form(owner_lab.client, f"{path}/role", "/studies/faces/people", role="viewer").status_code == 303
    assert roles(owner_lab.database)[OTHER] == "viewer"
    assert send_form(owner_lab.client, f"{path}/role", "/studies/faces/people", role="king").status_code == 400
    left = send_form(there, f"{path}/remove", "/studies/faces/people")
    assert (left.status_code, left.headers["Location"]) == (303, "/studies")
    assert there.get("/studies/faces").status_code == 404
    alone = send_form(owner_lab.client, "/studies/faces/people/1/remove", "/studies/faces/people")
    assert (alone.status_code, "needs an owner" in alone.text) == (409, True)


def test_the_own_account_changes_its_password_and_logs_out_other_browsers(owner_lab: Lab) -> None:
    other = owner_lab.app.test_client()
    token = experimenter.csrf_token(other.get("/login").text)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    form = {"csrf_token": token, "email": experimenter.EMAIL, "password": PASSWORD}
    other.post("/login", data=form, headers={"User-Agent": agent})
    page = owner_lab.client.get("/account").text
    assert "Firefox on Linux" in page
    browser = re.search(r'name="browser" value="(\w+)"', page)
    assert browser is not None
    assert send_form(owner_lab.client, "/account/logout", "/account", browser=browser[1]).status_code == 303
    assert other.get("/studies").status_code == 302
    experimenter.log_in(other)
    assert send_form(owner_lab.client, "/account/logout", "/account").status_code == 303
    assert other.get("/studies").status_code == 302
    experimenter.log_in(other)
    new = {"password": "another long sentence", "again": "another long sentence"}
    wrong = send_form(owner_lab.client, "/account/password", "/account", current="wrong", **new)
    assert (wrong.status_code, "not your current password" in wrong.text) == (400, True)
    assert send_form(owner_lab.client, "/account/password", "/account", current=PASSWORD, **new).status_code == 303
    assert owner_lab.client.get("/account").status_code == 200
    assert other.get("/studies").status_code == 302


def test_f41_guessing_the_present_password_is_slowed_down(owner_lab: Lab, settings: Settings) -> None:
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True})) as limited:
        experimenter.log_in(limited.client)
        token = experimenter.csrf_token(limited.client.get("/account").text)
        form = {"csrf_token": token, "current": "a guess", "password": "x" * 12, "again": "x" * 12}
        answers = [limited.client.post("/account/password", data=form).status_code for _ in range(11)]
        assert answers == [400] * 10 + [429]


def test_an_administrator_sees_invites_and_removes_accounts_and_nobody_else_does(owner_lab: Lab) -> None:
    link = link_of(send_form(owner_lab.client, "/accounts", email=OTHER).text)
    grace = owner_lab.app.test_client()
    assert "To an account on this server" in grace.get(link).text
    assert send_form(grace, link, password=PASSWORD, again=PASSWORD).headers["Location"] == "/studies"
    assert grace.get("/accounts").status_code == 403
    assert "Accounts</a>" not in grace.get("/studies").text
    assert send_form(owner_lab.client, "/accounts", email=OTHER).status_code == 400
    assert send_form(owner_lab.client, "/accounts/administrator", "/accounts", email=OTHER, may="1").status_code == 303
    assert grace.get("/accounts").status_code == 200
    assert send_form(owner_lab.client, "/accounts/remove", "/accounts", email=OTHER).status_code == 303
    assert grace.get("/studies").status_code == 302


def test_people_and_accounts_by_commands(owner_lab: Lab) -> None:
    def run(*arguments: str) -> str:
        """What a command prints, or the sentence of its error."""
        done = CliRunner().invoke(commands, ["--data", str(owner_lab.settings.data), *arguments])
        return done.output if done.exception is None else str(done.exception)

    link = run("study", "invite", "faces", OTHER, "--role", "viewer")
    assert run("study", "people", "faces").splitlines()[0] == f"{experimenter.EMAIL}\towner"
    assert f"{OTHER}\tviewer\tinvited until" in run("study", "people", "faces")
    path = "/invited/" + link.rsplit("/", 1)[1].strip()
    assert send_form(owner_lab.app.test_client(), path, password=PASSWORD, again=PASSWORD).status_code == 303
    assert run("study", "role", "faces", OTHER, "owner") == f"{OTHER}: owner\n"
    assert run("study", "role", "faces", experimenter.EMAIL, "none") == f"{experimenter.EMAIL}: none\n"
    assert "needs an owner" in run("study", "role", "faces", OTHER, "none")
    assert "has an account already" in run("user", "add", OTHER)
    assert "/invited/" in run("user", "add", "nick@lab.example")
    assert "Make another account an administrator first" in run("user", "remove", experimenter.EMAIL, "--yes")
    run("user", "admin", OTHER)
    run("user", "admin", experimenter.EMAIL, "--no-longer")
    assert "no longer has an account" in run("user", "remove", experimenter.EMAIL, "--yes")
    assert run("user", "list") == f"{OTHER}\n"


def test_a_removed_members_session_sees_the_study_no_longer_at_once(owner_lab: Lab) -> None:
    token = invited(owner_lab.database, role=Role.VIEWER)
    there = owner_lab.app.test_client()
    send_form(there, f"/invited/{token}", password=PASSWORD, again=PASSWORD)
    assert there.get("/api/v1/studies/faces").status_code == 200
    with owner_lab.database.writing() as db:
        study = db.scalars(select(Study)).one()
        (member,) = [one for one in members_of(db, study) if one.email == OTHER]
        remove_member(db, study, member.account_id)
    assert there.get("/api/v1/studies/faces").status_code == 404
