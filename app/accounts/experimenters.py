"""The accounts of experimenters, by their e-mail addresses."""

from __future__ import annotations

import re

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.audit import note
from app.accounts.passwords import check_password, hash_password
from app.errors import Invalid, NotFound
from app.models import Experimenter, Login

MAX_EMAIL_LENGTH = 254


def all_accounts(db: Session) -> list[Account]:
    """Every account, in the order in which they were made."""
    return [account_of(experimenter) for experimenter in db.scalars(select(Experimenter).order_by(Experimenter.id))]


def has_experimenter(db: Session) -> bool:
    """Whether somebody has an account yet."""
    return db.scalar(select(Experimenter.id).limit(1)) is not None


def require_account(db: Session, email: str) -> Experimenter:
    """The account of an e-mail address.

    Raises
    ------
    NotFound
        When no account has this address.
    """
    experimenter = db.scalar(select(Experimenter).where(Experimenter.email == plain_email(email)))
    if experimenter is None:
        raise NotFound(f"No account has the e-mail address {plain_email(email)}.")
    return experimenter


def set_password(db: Session, email: str, password: str, *, by: Account | None = None) -> Account:
    """Give an account a new password, and end all its logins.

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
    db.execute(delete(Login).where(Login.experimenter_id == experimenter.id))
    note(db, by, "password changed", account=experimenter.email)
    db.commit()
    return account_of(experimenter)


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
