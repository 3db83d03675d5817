"""Roles in studies, and the log of who did what, on both databases."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app.accounts.account import Account, account_of
from app.accounts.audit import COMMAND_LINE, entries_named, entries_of_study
from app.accounts.members import (
    includes,
    members_of,
    remove_member,
    require_study,
    role_in,
    set_role,
    studies_of,
)
from app.db import Database
from app.domain import Role
from app.errors import Forbidden, NotAllowed, NotFound
from app.models import AuditEntry, Clip, Experimenter, Rendition, Study, StudyMember
from app.studies.lifecycle import close_study, open_study
from tests import experimenter
from tests.factories import make_study


@pytest.fixture
def database(both_app: Flask) -> Database:
    runtime = both_app.extensions["asterism"]
    ada = account(runtime.database, "ada@lab.example")
    make_study(runtime.database, runtime.settings, owner_id=ada.id)
    return runtime.database


def account(database: Database, email: str, role: Role | None = None) -> Account:
    """An account, which may be a member of the study "faces"."""
    with database.writing() as db:
        made = Experimenter(email=email, password_hash="x")
        db.add(made)
        db.flush()
        if role is not None:
            study = db.scalars(select(Study).where(Study.name == "faces")).one()
            db.add(StudyMember(study_id=study.id, experimenter_id=made.id, role=role))
        db.commit()
        return account_of(made)


def test_each_role_may_do_what_the_lesser_ones_may() -> None:
    rows = {own: [includes(own, needed) for needed in (Role.VIEWER, Role.EDITOR, Role.OWNER)] for own in (None, *Role)}
    assert rows == {
        None: [False, False, False],
        Role.VIEWER: [True, False, False],
        Role.EDITOR: [True, True, False],
        Role.OWNER: [True, True, True],
    }


def test_f43_a_role_that_is_not_enough_is_named_and_somebody_elses_study_is_not_found(
    database: Database,
) -> None:
    viewer = account(database, "vera@lab.example", Role.VIEWER)
    editor = account(database, "ed@lab.example", Role.EDITOR)
    stranger = account(database, "stranger@lab.example")
    with database.reading() as db:
        assert [study.name for study in studies_of(db, viewer.id)] == ["faces"]
        assert studies_of(db, stranger.id) == []
        assert role_in(db, editor.id, "faces") == Role.EDITOR
        assert role_in(db, stranger.id, "faces") is None
        assert require_study(db, viewer.id, "FACES", Role.VIEWER).name == "faces"
        with pytest.raises(Forbidden, match="Only an editor or an owner of this study may do this, and you are a view"):
            require_study(db, viewer.id, "faces", Role.EDITOR)
        with pytest.raises(Forbidden, match="Only an owner of this study may do this, and you are an editor"):
            require_study(db, editor.id, "faces", Role.OWNER)
        told = []
        for name in ("faces", "nowhere"):
            with pytest.raises(NotFound) as refused:
                require_study(db, stranger.id, name, Role.VIEWER)
            told.append(refused.value.message.replace(name, "NAME"))
        assert told == ["There is no study NAME."] * 2


def test_a_study_keeps_an_owner(database: Database) -> None:
    second = account(database, "second@lab.example", Role.EDITOR)
    with database.writing() as db:
        study = db.scalars(select(Study)).one()
        (ada,) = [one for one in members_of(db, study) if one.role == Role.OWNER]
        for role in (Role.EDITOR, Role.VIEWER):
            with pytest.raises(NotAllowed, match="needs an owner"):
                set_role(db, study, ada.account_id, role)
        with pytest.raises(NotAllowed, match="needs an owner"):
            remove_member(db, study, ada.account_id)
        set_role(db, study, second.id, Role.OWNER)
        remove_member(db, study, ada.account_id)
        assert [(one.email, one.role) for one in members_of(db, study)] == [("second@lab.example", Role.OWNER)]
        with pytest.raises(NotFound):
            set_role(db, study, ada.account_id, Role.VIEWER)


def test_two_owners_who_remove_each_other_at_once_leave_one(database: Database) -> None:
    account(database, "second@lab.example", Role.OWNER)
    with database.reading() as db:
        study = db.scalars(select(Study)).one()
        owners = [one.account_id for one in members_of(db, study)]
    together, refused = threading.Barrier(2), []

    def remove(account_id: int) -> None:
        together.wait()
        try:
            with database.writing() as db:
                remove_member(db, study, account_id)
        except NotAllowed as error:
            refused.append(error)

    threads = [threading.Thread(target=remove, args=[one]) for one in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as db:
        assert len(members_of(db, study)) == len(refused) == 1


def test_the_log_tells_who_did_what_newest_first_and_in_pages(database: Database) -> None:
    ada = account(database, "ada2@lab.example", Role.OWNER)
    with database.writing() as db:
        close_study(db, "faces", by=ada)
        open_study(db, "faces")
        set_role(db, db.scalars(select(Study)).one(), ada.id, Role.EDITOR, by=ada)
    with database.reading() as db:
        study = db.scalars(select(Study)).one()
        lines = entries_of_study(db, study, limit=10)
        assert [(one.who, one.action, one.text) for _, one in lines] == [
            ("ada2@lab.example", "role changed", "member: ada2@lab.example, before: owner, after: editor"),
            (COMMAND_LINE, "opened", "version: 1"),
            ("ada2@lab.example", "closed", ""),
        ]
        first = entries_of_study(db, study, limit=2)
        rest = entries_of_study(db, study, limit=2, before=first[-1][0])
        assert [*first, *rest] == lines


def test_what_is_refused_leaves_no_line(database: Database) -> None:
    with database.writing() as db, pytest.raises(NotAllowed):
        open_study(db, "faces")
    with database.reading() as db:
        assert list(db.scalars(select(AuditEntry))) == []


def test_the_log_outlives_its_study_and_a_later_one_of_the_same_name_does_not_show_it(
    database: Database, both_app: Flask
) -> None:
    with database.writing() as db:
        close_study(db, "faces")
        db.execute(delete(Rendition))
        db.execute(delete(Clip))
        db.execute(delete(Study))
        db.commit()
        assert list(db.scalars(select(StudyMember))) == []
    make_study(database, both_app.extensions["asterism"].settings)
    with database.writing() as db:
        close_study(db, "faces")
        assert len(entries_of_study(db, db.scalars(select(Study)).one(), limit=10)) == 1
        assert [one.action for one in entries_named(db, "faces")] == ["closed", "closed"]


def test_a_study_that_was_made_before_the_first_account_belongs_to_it(both_app: Flask) -> None:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings, name="before")
    ada = experimenter.make_account(runtime.database)
    other = account(runtime.database, "other@lab.example")
    make_study(runtime.database, runtime.settings, name="after")
    make_study(runtime.database, runtime.settings, name="theirs", owner_id=other.id)
    with runtime.database.writing() as db:
        assert {study.name for study in studies_of(db, ada.id)} == {"before", "after"}
        assert [study.name for study in studies_of(db, other.id)] == ["theirs"]
        assert ada.is_administrator
        assert not other.is_administrator
