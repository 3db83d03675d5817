"""API tokens: with one, a program acts for an account, within the token's scopes and the account's roles."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.audit import note
from app.accounts.members import require_study
from app.domain import Role, Scope
from app.errors import Invalid, NotFound
from app.models import ApiToken, Experimenter, Study, now
from app.tokens import hash_token, new_token

# By it people, and programs that search for secrets, see what was found.
PREFIX = "asterism_"
MAX_NAME = 64
USUAL_DAYS, MAX_DAYS = 90, 366
# The time of the last use is no closer, so that reading costs one write a minute at most.
USE_NOTED_EVERY = timedelta(minutes=1)
_WITH_NAMES = (
    select(ApiToken, Experimenter, Study.name)
    .join(Experimenter, Experimenter.id == ApiToken.experimenter_id)
    .outerjoin(Study, Study.id == ApiToken.study_id)
)


@dataclass(frozen=True)
class Token:
    """A token as lists show it; nobody can have its text again."""

    id: int
    email: str
    name: str
    scopes: list[str]
    study: str | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether it has expired."""
        return self.expires_at <= now()


@dataclass(frozen=True)
class Access:
    """What a request with a token may do: act for the account, within the scopes, in one study (None: in all)."""

    account: Account
    scopes: frozenset[Scope]
    study: str | None


def make_token(
    db: Session,
    owner: Account,
    name: str,
    scopes: Collection[str],
    *,
    study: str | None = None,
    days: int = USUAL_DAYS,
    by: Account | None = None,
) -> str:
    """Make a token of an account and return its text, which is kept nowhere.

    Parameters
    ----------
    scopes
        What it is for, by name; each stands for itself, none for another.
    study
        The name of the only study that it sees, of which the account is a member; None: all of the account's.
    days
        For how long it works.

    Raises
    ------
    Invalid
        When the name, the scopes or the days cannot be used; `field` says which.
    NotFound
        When the account is not a member of the study.
    """
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise Invalid(f"Give the token a name of 1 to {MAX_NAME} characters.", field="name")
    unknown = sorted(set(scopes) - set(Scope))
    if unknown or not scopes:
        told = f"There is no scope {unknown[0][:40]!r}. " if unknown else ""
        raise Invalid(f"{told}Choose what the token is for: {', '.join(Scope)}.", field="scopes")
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"A token works for 1 to {MAX_DAYS} days.", field="days")
    only_study = require_study(db, owner.id, study, Role.VIEWER) if study else None
    text, kept = PREFIX + new_token(), [scope.value for scope in Scope if scope in scopes]
    expires = now() + timedelta(days=days)
    db.add(
        ApiToken(
            token_hash=hash_token(text),
            experimenter_id=owner.id,
            name=name,
            scopes=kept,
            study_id=None if only_study is None else only_study.id,
            expires_at=expires,
        )
    )
    told_study = {} if only_study is None else {"only_study": only_study.name}
    until = f"{expires:%Y-%m-%d}"
    note(db, by, "API token made", None, account=owner.email, token=name, scopes=kept, until=until, **told_study)
    db.commit()
    return text


def tokens_of(db: Session, account_id: int | None) -> list[Token]:
    """The tokens of an account, or (None) of all accounts; oldest first, also those that have expired."""
    query = _WITH_NAMES.order_by(ApiToken.id)
    if account_id is not None:
        query = query.where(ApiToken.experimenter_id == account_id)
    return [
        Token(row.id, owner.email, row.name, row.scopes, study, row.created_at, row.expires_at, row.last_used_at)
        for row, owner, study in db.execute(query).tuples()
    ]


def revoke_token(db: Session, token_id: int, *, account_id: int | None = None, by: Account | None = None) -> str:
    """End a token at once, and return its name; with `account_id` only one of this account.

    Raises
    ------
    NotFound
        When there is no such token.
    """
    query = _WITH_NAMES.where(ApiToken.id == token_id)
    if account_id is not None:
        query = query.where(ApiToken.experimenter_id == account_id)
    match = db.execute(query).tuples().first()
    if match is None:
        raise NotFound("There is no such token.")
    row, owner, _ = match
    note(db, by, "API token revoked", None, account=owner.email, token=row.name)
    db.execute(delete(ApiToken).where(ApiToken.id == row.id))
    db.commit()
    return row.name


def access_of(db: Session, text: str) -> tuple[Access, bool] | None:
    """What a token allows, and whether its use is to be noted (`note_use`); None if it is unknown or expired."""
    query = _WITH_NAMES.where(ApiToken.token_hash == hash_token(text), ApiToken.expires_at > now())
    match = db.execute(query).tuples().first()
    if match is None:
        return None
    row, experimenter, study = match
    account = replace(account_of(experimenter), token=row.name)
    is_stale = row.last_used_at is None or row.last_used_at < now() - USE_NOTED_EVERY
    return Access(account, frozenset(map(Scope, row.scopes)), study), is_stale


def note_use(db: Session, text: str) -> None:
    """Remember that a token was used now."""
    db.execute(update(ApiToken).where(ApiToken.token_hash == hash_token(text)).values(last_used_at=now()))
    db.commit()
