"""One-time links: an invitation, with which somebody joins, and one to set a new password; only hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.account import Account, account_of
from app.accounts.audit import note
from app.accounts.experimenters import check_email, find_account, plain_email, set_password
from app.accounts.members import RANK
from app.accounts.passwords import check_password, hash_password
from app.domain import LinkKind, Role
from app.errors import Invalid, NotFound
from app.models import AccountLink, Experimenter, Study, StudyMember, now
from app.tokens import hash_token, new_token

LASTS = {LinkKind.INVITATION: timedelta(days=7), LinkKind.RESET: timedelta(hours=1)}


@dataclass(frozen=True)
class Invitation:
    """An invitation that can still be used."""

    id: int
    email: str
    study: str | None
    """The study's name; None for an account alone."""
    title: str | None
    role: Role | None
    expires_at: datetime


def invite(db: Session, email: str, *, study: Study | None, role: Role | None, by: Account | None) -> str:
    """The token of a new invitation, to a study in a role or to an account alone; an earlier one of the same dies.

    Raises
    ------
    Invalid
        When this is no e-mail address, or whoever has it is a member, or has an account, already.
    """
    address = check_email(email)
    known = find_account(db, address)
    if study is None and known is not None:
        raise Invalid(f"{address} has an account already.", field="email")
    if study is not None and known is not None and db.get(StudyMember, (study.id, known.id)) is not None:
        raise Invalid(f"{address} is a member of this study already.", field="email")
    study_id = None if study is None else study.id
    same = (AccountLink.kind == LinkKind.INVITATION, AccountLink.email == address, AccountLink.study_id == study_id)
    db.execute(delete(AccountLink).where(*same))
    token = _add_link(db, LinkKind.INVITATION, address, study_id=study_id, role=role)
    detail = {} if role is None else {"role": role.value}
    note(db, by, "invited", study, email=address, **detail)
    db.commit()
    return token


def open_invitations(db: Session, study: Study | None) -> list[Invitation]:
    """The invitations to a study (or to an account alone) that can still be used, oldest first."""
    query = _usable(LinkKind.INVITATION).where(AccountLink.study_id == (None if study is None else study.id))
    return [_invitation(link, study) for link in db.scalars(query.order_by(AccountLink.id))]


def revoke(db: Session, study: Study | None, link_id: int, *, by: Account | None) -> None:
    """Let an invitation end; one that has ended already is no mistake."""
    query = select(AccountLink).where(
        AccountLink.id == link_id,
        AccountLink.kind == LinkKind.INVITATION,
        AccountLink.study_id == (None if study is None else study.id),
    )
    link = db.scalar(query)
    if link is not None:
        note(db, by, "invitation revoked", study, email=link.email)
        db.delete(link)
        db.commit()


def invitation_of(db: Session, token: str) -> Invitation:
    """What a link invites to.

    Raises
    ------
    NotFound
        When nobody was given this link, or it was used, revoked, or is older than a week.
    """
    link = _open_link(db, LinkKind.INVITATION, token)
    return _invitation(link, None if link.study_id is None else db.get_one(Study, link.study_id))


def join(db: Session, token: str, account: Account) -> Invitation:
    """Use an invitation with an account that exists: it becomes a member of the study. The link works once.

    Whoever is a member already gets the role of the invitation where that may do more.

    Raises
    ------
    NotFound
        As `invitation_of`.
    """
    link = _open_link(db, LinkKind.INVITATION, token, lock=True)
    study = None if link.study_id is None else db.get_one(Study, link.study_id)
    used = _invitation(link, study)
    db.delete(link)
    if study is not None and link.role is not None:
        member = db.get(StudyMember, (study.id, account.id))
        if member is None:
            db.add(StudyMember(study_id=study.id, experimenter_id=account.id, role=link.role))
        elif RANK[link.role] > RANK[member.role]:
            member.role = link.role
        note(db, account, "joined", study, role=link.role.value, invited_as=link.email)
    db.commit()
    return used


def make_account(db: Session, token: str, password: str) -> Account:
    """Make the account of an invitation's e-mail address; the link still works, and `join` uses it.

    Raises
    ------
    NotFound
        As `invitation_of`.
    Invalid
        When the password cannot be used, or there is an account with this address.
    """
    link = _open_link(db, LinkKind.INVITATION, token, lock=True)
    check_password(password, link.email)
    experimenter = Experimenter(email=link.email, password_hash=hash_password(password))
    try:
        with db.begin_nested():
            db.add(experimenter)
    except IntegrityError as error:
        raise Invalid("There is an account with this e-mail address: log in with it.", field="email") from error
    account = account_of(experimenter)
    note(db, account, "account made")
    db.flush()
    return account


def ask_for_reset(db: Session, email: str) -> str | None:
    """The token of a link to set a new password; None when no account has this address, which nobody must be told.

    Earlier links to the same account die.
    """
    account = find_account(db, email)
    if account is None:
        return None
    db.execute(delete(AccountLink).where(AccountLink.kind == LinkKind.RESET, AccountLink.experimenter_id == account.id))
    token = _add_link(db, LinkKind.RESET, account.email, experimenter_id=account.id)
    db.commit()
    return token


def email_of_reset(db: Session, token: str) -> str:
    """The account whose password a link sets.

    Raises
    ------
    NotFound
        When nobody was given this link, it was used, or it is older than an hour.
    """
    return _open_link(db, LinkKind.RESET, token).email


def use_reset(db: Session, token: str, password: str) -> Account:
    """Set a new password by a link, which works once; every browser is logged out.

    Raises
    ------
    NotFound
        As `email_of_reset`.
    Invalid
        When the password cannot be used; the link can then be used again.
    """
    link = _open_link(db, LinkKind.RESET, token, lock=True)
    check_password(password, link.email)
    db.delete(link)
    owner = db.get_one(Experimenter, link.experimenter_id)
    return set_password(db, owner.email, password, by=account_of(owner))


def _add_link(
    db: Session,
    kind: LinkKind,
    email: str,
    *,
    study_id: int | None = None,
    role: Role | None = None,
    experimenter_id: int | None = None,
) -> str:
    for old in LinkKind:
        db.execute(delete(AccountLink).where(AccountLink.kind == old, AccountLink.created_at < now() - LASTS[old]))
    token = new_token()
    db.add(
        AccountLink(
            token_hash=hash_token(token),
            kind=kind,
            email=plain_email(email),
            study_id=study_id,
            role=role,
            experimenter_id=experimenter_id,
        )
    )
    return token


def _usable(kind: LinkKind) -> Select[tuple[AccountLink]]:
    return select(AccountLink).where(AccountLink.kind == kind, AccountLink.created_at >= now() - LASTS[kind])


def _open_link(db: Session, kind: LinkKind, token: str, *, lock: bool = False) -> AccountLink:
    query = _usable(kind).where(AccountLink.token_hash == hash_token(token))
    link = db.scalar(query.with_for_update() if lock else query)
    if link is None:
        raise NotFound("This link is no longer valid: it works once, and for a limited time. Ask for a new one.")
    return link


def _invitation(link: AccountLink, study: Study | None) -> Invitation:
    return Invitation(
        link.id,
        link.email,
        None if study is None else study.name,
        None if study is None else str(study.definition["title"]),
        link.role,
        link.created_at + LASTS[LinkKind.INVITATION],
    )
