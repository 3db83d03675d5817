"""Logging in and out: a login is a token in the browser's cookie, of which the database holds a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.experimenters import plain_email
from app.accounts.passwords import is_password
from app.errors import Unauthorised
from app.models import Experimenter, Login, now
from app.tokens import hash_token, new_token

# A login that is used all the time still ends after this; the cookie of an unused one ends earlier, by a setting.
LOGIN_LASTS = timedelta(days=30)
ID_LENGTH = 16


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


@dataclass(frozen=True)
class Browser:
    """A browser in which an account is logged in."""

    id: str
    """The beginning of the token's hash: enough to tell it from the others, and of no use for logging in."""
    name: str | None
    since: datetime
    is_this: bool


def start_login(db: Session, account_id: int, browser: str | None = None) -> str:
    """The token of a new login, for the browser's cookie; logins that are over are deleted.

    `browser` says in a few words which one it is.
    """
    db.execute(delete(Login).where(Login.created_at < now() - LOGIN_LASTS))
    token = new_token()
    db.add(Login(token_hash=hash_token(token), experimenter_id=account_id, browser=browser))
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


def browsers_of(db: Session, account_id: int, token: str) -> list[Browser]:
    """Where an account is logged in, newest first; `token` is that of the browser that asks."""
    query = select(Login).where(Login.experimenter_id == account_id, Login.created_at >= now() - LOGIN_LASTS)
    this = hash_token(token)
    return [
        Browser(login.token_hash[:ID_LENGTH], login.browser, login.created_at, login.token_hash == this)
        for login in db.scalars(query.order_by(Login.created_at.desc(), Login.token_hash))
    ]


def end_logins(db: Session, account_id: int, *, keep: str, browser_id: str | None = None) -> None:
    """End the logins of an account in one other browser, or in all others; the one with the token `keep` goes on."""
    ended = delete(Login).where(Login.experimenter_id == account_id, Login.token_hash != hash_token(keep))
    if browser_id is not None:
        ended = ended.where(func.substr(Login.token_hash, 1, ID_LENGTH) == browser_id)
    db.execute(ended)
    db.commit()


def end_login(db: Session, token: str) -> None:
    """End a login: no copy of its cookie works any longer."""
    db.execute(delete(Login).where(Login.token_hash == hash_token(token)))
    db.commit()
