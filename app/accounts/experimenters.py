"""The accounts of experimenters, by their e-mail addresses."""

from __future__ import annotations

import re

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, aliased

from app.accounts.account import Account, account_of
from app.accounts.audit import note
from app.accounts.passwords import check_password, hash_password, is_password
from app.domain import Role
from app.errors import Invalid, NotAllowed, NotFound, Unauthorised
from app.models import ApiToken, Experimenter, Login, Study, StudyMember

MAX_EMAIL_LENGTH = 254


def all_accounts(db: Session) -> list[Account]:
    """Every account, in the order in which they were made."""
    return [account_of(experimenter) for experimenter in db.scalars(select(Experimenter).order_by(Experimenter.id))]


def has_experimenter(db: Session) -> bool:
    """Whether somebody has an account yet."""
    return db.scalar(select(Experimenter.id).limit(1)) is not None


def find_account(db: Session, email: str) -> Experimenter | None:
    """The account of an e-mail address, in any case; None when there is none."""
    return db.scalar(select(Experimenter).where(Experimenter.email == plain_email(email)))


def require_account(db: Session, email: str) -> Experimenter:
    """The account of an e-mail address.

    Raises
    ------
    NotFound
        When no account has this address.
    """
    experimenter = find_account(db, email)
    if experimenter is None:
        raise NotFound(f"No account has the e-mail address {plain_email(email)}.")
    return experimenter


def set_password(db: Session, email: str, password: str, *, by: Account | None = None) -> Account:
    """Give an account a new password, and end all its logins and API tokens.

    Raises
    ------
    NotFound
        When no account has this address.
    Invalid
        When the password cannot be used.
    """
    experimenter = require_account(db, email)
    check_password(password, experimenter.email)
    experimenter.password_hash = hash_password(password)
    _log_out_everywhere(db, experimenter)
    note(db, by, "password changed", account=experimenter.email)
    db.commit()
    return account_of(experimenter)


def change_password(db: Session, account: Account, current: str, password: str) -> None:
    """Change the own password, which ends all logins and API tokens of the account.

    Raises
    ------
    Unauthorised
        When the current password is wrong.
    Invalid
        When the new one cannot be used.
    """
    check_own_password(db, account, current)
    set_password(db, account.email, password, by=account)


def check_own_password(db: Session, account: Account, current: str) -> None:
    """Return if this is the account's present password: who finds an open browser does not know it.

    Raises
    ------
    Unauthorised
        When it is another one.
    """
    if not is_password(current, require_account(db, account.email).password_hash):
        raise Unauthorised("This is not your current password.", field="current")


def set_administrator(db: Session, email: str, is_administrator: bool, *, by: Account | None = None) -> None:
    """Let an account administer the others, or no longer.

    Raises
    ------
    NotFound
        When no account has this address.
    NotAllowed
        When nobody would be left who may.
    """
    experimenter = require_account(db, email)
    if experimenter.is_administrator == is_administrator:
        return
    if not is_administrator:
        _keep_an_administrator(db, experimenter)
    experimenter.is_administrator = is_administrator
    note(db, by, "administrator" if is_administrator else "no administrator any more", account=experimenter.email)
    db.commit()


def remove_account(db: Session, email: str, *, by: Account | None = None) -> None:
    """Remove an account, its logins, and its roles in studies. What it did stays in the log.

    Raises
    ------
    NotFound
        When no account has this address.
    NotAllowed
        When a study would be left without an owner, or nobody would be left who administers the accounts.
    """
    experimenter = require_account(db, email)
    _keep_an_administrator(db, experimenter)
    other = aliased(StudyMember)
    has_another = exists().where(
        other.study_id == Study.id, other.role == Role.OWNER, other.experimenter_id != experimenter.id
    )
    alone = (
        select(Study.name)
        .join(StudyMember)
        .where(StudyMember.experimenter_id == experimenter.id, StudyMember.role == Role.OWNER, ~has_another)
    )
    if names := list(db.scalars(alone.order_by(Study.name))):
        raise NotAllowed(
            f"{experimenter.email} is the only owner of {', '.join(names)}: make somebody else an owner first."
        )
    _log_out_everywhere(db, experimenter)
    db.execute(update(Study).where(Study.made_by_id == experimenter.id).values(made_by_id=None))
    note(db, by, "account removed", account=experimenter.email)
    db.delete(experimenter)
    db.commit()


def _log_out_everywhere(db: Session, experimenter: Experimenter) -> None:
    db.execute(delete(Login).where(Login.experimenter_id == experimenter.id))
    # Who changes a password because somebody else had it wants nothing that was made with it to go on.
    db.execute(delete(ApiToken).where(ApiToken.experimenter_id == experimenter.id))


def _keep_an_administrator(db: Session, experimenter: Experimenter) -> None:
    # All of them are locked, so that two cannot take it from each other.
    locked = select(Experimenter.id).where(Experimenter.is_administrator).order_by(Experimenter.id).with_for_update()
    if list(db.scalars(locked)) == [experimenter.id]:
        raise NotAllowed("Somebody must administer the accounts. Make another account an administrator first.")


def check_email(email: str) -> str:
    """The address in the form in which it is stored.

    Raises
    ------
    Invalid
        When it is no e-mail address.
    """
    address = plain_email(email)
    if len(address) > MAX_EMAIL_LENGTH or not re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+", address):
        raise Invalid("This is not an e-mail address.", field="email")
    return address


def plain_email(email: str) -> str:
    """The address as it is stored and compared: without spaces around it, in lower case."""
    return email.strip().casefold()
