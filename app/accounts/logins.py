"""Logging in and out: a login is a token in the browser's cookie, of which the database holds a hash."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.experimenters import plain_email
from app.accounts.passwords import is_password
from app.errors import Unauthorised
from app.models import Experimenter, Login, now
from app.tokens import hash_token, new_token

# A login that is used all the time still ends after this; the cookie of an unused one ends earlier, by a setting.
LOGIN_LASTS = timedelta(days=30)


def log_in(db: Session, email: str, password: str) -> Account:
    """The account of an e-mail address and its password.

    An unknown address costs the same Argon2 computation as a wrong password and gets the same answer (F41).

    Raises
    ------
    Unauthorised
        When there is no such account or the password is wrong.
    """
    experimenter = db.scalar(select(Experimenter).where(Experimenter.email == plain_email(email)))
    matches = is_password(password, None if experimenter is None else experimenter.password_hash)
    if experimenter is None or not matches:
        raise Unauthorised("Wrong e-mail address or password.")
    return account_of(experimenter)


def start_login(db: Session, account_id: int) -> str:
    """The token of a new login, for the browser's cookie; logins that are over are deleted."""
    db.execute(delete(Login).where(Login.created_at < now() - LOGIN_LASTS))
    token = new_token()
    db.add(Login(token_hash=hash_token(token), experimenter_id=account_id))
    db.commit()
    return token


def account_of_login(db: Session, token: str) -> Account | None:
    """The account of a login, or None when it has ended or never was."""
    query = (
        select(Experimenter)
        .join(Login, Login.experimenter_id == Experimenter.id)
        .where(Login.token_hash == hash_token(token), Login.created_at >= now() - LOGIN_LASTS)
    )
    experimenter = db.scalar(query)
    return None if experimenter is None else account_of(experimenter)


def end_login(db: Session, token: str) -> None:
    """End a login: no copy of its cookie works any more."""
    db.execute(delete(Login).where(Login.token_hash == hash_token(token)))
    db.commit()
