"""The one-time set-up link, with which the first account is created."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.audit import note
from app.accounts.experimenters import check_email, has_experimenter
from app.accounts.members import take_studies_without_owner
from app.accounts.passwords import check_password, hash_password
from app.errors import NotFound
from app.models import Experimenter, SetupLink, now
from app.tokens import hash_token, new_token

SETUP_LINK_LASTS = timedelta(days=7)


def make_setup_link(db: Session) -> str | None:
    """The token of one more set-up link, or None once there is an experimenter.

    Earlier links keep working, for a week each: one may be on somebody's screen. The first account invalidates
    them all.
    """
    if has_experimenter(db):
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
    """Make the first experimenter's account, which owns all studies so far and administers the others; once a link.

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
    experimenter = Experimenter(email=address, password_hash=hash_password(password), is_administrator=True)
    db.add(experimenter)
    db.flush()
    link.used_at = now()
    take_studies_without_owner(db, experimenter.id)
    account = account_of(experimenter)
    note(db, account, "account made")
    db.commit()
    return account


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
