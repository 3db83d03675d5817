"""Who may log in: the one-time set-up link, passwords, and which studies belong to whom."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session
from zxcvbn import zxcvbn

from app.errors import Invalid, NotFound, Unauthorised
from app.models import Experimenter, Login, SetupLink, Study, now
from app.tokens import hash_token, new_token

MIN_PASSWORD_LENGTH = 10
# Argon2 reads the whole password, so an upper bound keeps a huge one from costing the server anything.
MAX_PASSWORD_LENGTH = 200
MAX_EMAIL_LENGTH = 254
SETUP_LINK_LASTS = timedelta(days=7)
# A login that is used all the time still ends after this; the cookie of an unused one ends earlier, by a setting.
LOGIN_LASTS = timedelta(days=30)

# Guesses of which zxcvbn would not know that they are likely here.
LIKELY_HERE = ("asterism", "arrangement", "experimenter", "researcher", "psychology", "correcthorsebatterystaple")
# Of zxcvbn's scores, 0 to 4: below 3 fewer than 10^8 guesses are enough.
LOWEST_SCORE = 3
# zxcvbn reads no further. What follows can only make a password harder to guess.
READ_BY_ZXCVBN = 72

_hasher = PasswordHasher()


@dataclass(frozen=True)
class Account:
    """An experimenter's account."""

    id: int
    email: str


def make_setup_link(db: Session) -> str | None:
    """The token of one more set-up link, or None once there is an experimenter.

    Links that were made before go on working, for a week each: one may be on somebody's screen. The first account ends
    them all.
    """
    if db.scalar(select(Experimenter.id).limit(1)) is not None:
        return None
    db.execute(delete(SetupLink).where(SetupLink.used_at.is_(None), SetupLink.created_at < now() - SETUP_LINK_LASTS))
    token = new_token()
    db.add(SetupLink(token_hash=hash_token(token)))
    db.commit()
    return token


def check_setup_link(db: Session, token: str) -> None:
    """Return if the set-up link can be used.

    Raises
    ------
    NotFound
        When nobody was given this link, it is older than a week, or there is an account already.
    """
    _open_link(db, token)


def use_setup_link(db: Session, token: str, email: str, password: str) -> Account:
    """Make the first experimenter's account; the link works once.

    Raises
    ------
    NotFound
        As `check_setup_link`.
    Invalid
        When the e-mail address or the password cannot be used; the link can then be used again.
    """
    link = _open_link(db, token, lock=True)
    address = check_email(email)
    check_password(password, address)
    experimenter = Experimenter(email=address, password_hash=_hasher.hash(password))
    db.add(experimenter)
    link.used_at = now()
    db.commit()
    return _account(experimenter)


def log_in(db: Session, email: str, password: str) -> Account:
    """The account of an e-mail address and its password.

    An unknown address costs the same Argon2 computation as a wrong password and gets the same answer (F41).

    Raises
    ------
    Unauthorised
        When there is no such account or the password is wrong.
    """
    nobodys = _nobodys_hash()
    experimenter = db.scalar(select(Experimenter).where(Experimenter.email == _plain(email)))
    known = nobodys if experimenter is None else experimenter.password_hash
    try:
        matches = len(password) <= MAX_PASSWORD_LENGTH and _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        matches = False
    if experimenter is None or not matches:
        raise Unauthorised("Wrong e-mail address or password.")
    return _account(experimenter)


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
    return None if experimenter is None else _account(experimenter)


def end_login(db: Session, token: str) -> None:
    """End a login: no copy of its cookie works any more."""
    db.execute(delete(Login).where(Login.token_hash == hash_token(token)))
    db.commit()


def require_account(db: Session, email: str) -> Experimenter:
    """The account of an e-mail address.

    Raises
    ------
    NotFound
        When no account has this address.
    """
    experimenter = db.scalar(select(Experimenter).where(Experimenter.email == _plain(email)))
    if experimenter is None:
        raise NotFound(f"No account has the e-mail address {_plain(email)}.")
    return experimenter


def set_password(db: Session, email: str, password: str) -> Account:
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
    experimenter.password_hash = _hasher.hash(password)
    db.execute(delete(Login).where(Login.experimenter_id == experimenter.id))
    db.commit()
    return _account(experimenter)


def all_accounts(db: Session) -> list[Account]:
    """Every account, in the order in which they were made."""
    return [_account(experimenter) for experimenter in db.scalars(select(Experimenter).order_by(Experimenter.id))]


def has_experimenter(db: Session) -> bool:
    """Whether somebody has an account yet."""
    return db.scalar(select(Experimenter.id).limit(1)) is not None


def own_studies(db: Session, account_id: int) -> list[Study]:
    """The studies of an experimenter, newest first."""
    return list(
        db.scalars(select(Study).where(_owned_by(account_id)).order_by(Study.created_at.desc(), Study.id.desc()))
    )


def own_study(db: Session, account_id: int, name: str) -> Study:
    """The study of that name, if it belongs to the experimenter.

    Raises
    ------
    NotFound
        When there is no such study or it is somebody else's: the answer does not tell which (F34, F43).
    """
    study = db.scalar(select(Study).where(Study.name == name.lower(), _owned_by(account_id)))
    if study is None:
        raise NotFound("There is no such study.")
    return study


def check_email(email: str) -> str:
    """The address in the form in which it is stored.

    Raises
    ------
    Invalid
        When it is no e-mail address.
    """
    address = _plain(email)
    if len(address) > MAX_EMAIL_LENGTH or not re.fullmatch(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+", address):
        raise Invalid("This is not an e-mail address.", field="email")
    return address


def check_password(password: str, email: str) -> None:
    """Return if the password can be used.

    Raises
    ------
    Invalid
        When it is too short, too long, or among the first that somebody would try.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        raise Invalid(f"Use at least {MIN_PASSWORD_LENGTH} characters.", field="password")
    if len(password) > MAX_PASSWORD_LENGTH:
        raise Invalid(f"Use at most {MAX_PASSWORD_LENGTH} characters.", field="password")
    if _is_guessable(password, email):
        raise Invalid("This password is easy to guess: use a longer one, or several unrelated words.", field="password")


def _is_guessable(password: str, email: str) -> bool:
    """Whether a common password, a word, a name out of the address, a row of keys or the like leads to it too soon."""
    from_address = {email, *email.split("@"), *re.findall(r"\w+", email)}
    found = zxcvbn(password[:READ_BY_ZXCVBN], user_inputs=[*LIKELY_HERE, *from_address])
    return int(found["score"]) < LOWEST_SCORE


def _owned_by(account_id: int) -> ColumnElement[bool]:
    """Studies made on the command line have no owner; they belong to the first experimenter."""
    first = select(func.min(Experimenter.id)).scalar_subquery()
    return or_(Study.owner_id == account_id, Study.owner_id.is_(None) & (first == account_id))


def _open_link(db: Session, token: str, *, lock: bool = False) -> SetupLink:
    query = select(SetupLink).where(
        SetupLink.token_hash == hash_token(token),
        SetupLink.used_at.is_(None),
        SetupLink.created_at >= now() - SETUP_LINK_LASTS,
    )
    link = db.scalar(query.with_for_update() if lock else query)
    if link is None or has_experimenter(db):
        raise NotFound("This set-up link is no longer valid. For a new one, run: python3 run.py setup-link")
    return link


def _account(experimenter: Experimenter) -> Account:
    return Account(experimenter.id, experimenter.email)


def _plain(email: str) -> str:
    return email.strip().casefold()


@cache
def _nobodys_hash() -> str:
    """A hash with the same cost as a real one, of a password that nobody knows."""
    return _hasher.hash(new_token())
