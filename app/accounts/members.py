"""Who may do what with a study: its members, each with a role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.accounts.audit import note
from app.domain import Role
from app.errors import Forbidden, NoStudy, NotAllowed, NotFound
from app.models import Experimenter, Study, StudyMember

# Each role may do what those before it may do.
RANK = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}
WITH_ARTICLE = {Role.VIEWER: "a viewer", Role.EDITOR: "an editor", Role.OWNER: "an owner"}


@dataclass(frozen=True)
class Member:
    """An account with a role in a study."""

    account_id: int
    email: str
    role: Role
    since: datetime


def studies_of(db: Session, account_id: int) -> list[Study]:
    """The studies that an account is a member of, newest first."""
    query = select(Study).join(StudyMember).where(StudyMember.experimenter_id == account_id)
    return list(db.scalars(query.order_by(Study.created_at.desc(), Study.id.desc())))


def require_study(db: Session, account_id: int, name: str, role: Role) -> Study:
    """The study of that name, if the account has the role in it, or one that may do more.

    Raises
    ------
    NotFound
        When there is no such study or the account is not a member of it: the answer does not tell which (F34, F43).
    Forbidden
        When the account's role in the study is not enough.
    """
    query = select(Study, StudyMember.role).join(StudyMember)
    query = query.where(Study.name == name.lower(), StudyMember.experimenter_id == account_id)
    match = db.execute(query).tuples().first()
    if match is None:
        raise NoStudy(name)
    study, own = match
    if not includes(own, role):
        who = " or ".join(WITH_ARTICLE[one] for one in (Role.EDITOR, Role.OWNER) if includes(one, role))
        raise Forbidden(f"Only {who} of this study may do this, and you are {WITH_ARTICLE[own]}.")
    return study


def role_in(db: Session, account_id: int, name: str) -> Role | None:
    """The role of an account in the study of that name; None without membership, or without such a study."""
    query = select(StudyMember.role).join(Study)
    return db.scalar(query.where(Study.name == name.lower(), StudyMember.experimenter_id == account_id))


def includes(own: Role | None, needed: Role) -> bool:
    """Whether whoever has the role `own` may do what `needed` may do."""
    return own is not None and RANK[own] >= RANK[needed]


def members_of(db: Session, study: Study) -> list[Member]:
    """The members of a study: owners first, then in the order in which they came."""
    query = select(StudyMember, Experimenter.email).join(Experimenter).where(StudyMember.study_id == study.id)
    rows = db.execute(query.order_by(StudyMember.created_at, StudyMember.experimenter_id)).tuples()
    members = [Member(row.experimenter_id, email, row.role, row.created_at) for row, email in rows]
    return sorted(members, key=lambda member: -RANK[member.role])


def studies_by_account(db: Session) -> dict[int, int]:
    """How many studies each account is a member of; accounts without any are left out."""
    query = select(StudyMember.experimenter_id, func.count()).group_by(StudyMember.experimenter_id)
    return dict(db.execute(query).tuples().all())


def add_first_owner(db: Session, study: Study, account_id: int | None) -> None:
    """Make an account the owner of a new study, without a commit.

    A study that is made on the command line (None) belongs to the account that was made first. Where there is no
    account yet, the study waits for it (`take_studies_without_owner`).
    """
    first = select(Experimenter.id).order_by(Experimenter.id).limit(1)
    owner = account_id if account_id is not None else db.scalar(first)
    if owner is not None:
        db.add(StudyMember(study_id=study.id, experimenter_id=owner, role=Role.OWNER))


def take_studies_without_owner(db: Session, account_id: int) -> None:
    """Give all studies without members to an account, without a commit."""
    for study_id in db.scalars(select(Study.id).outerjoin(StudyMember).where(StudyMember.study_id.is_(None))):
        db.add(StudyMember(study_id=study_id, experimenter_id=account_id, role=Role.OWNER))


def set_role(db: Session, study: Study, account_id: int, role: Role, *, by: Account | None = None) -> None:
    """Give a member another role.

    Raises
    ------
    NotFound
        When the account is not a member of the study.
    NotAllowed
        When the study would be left without an owner.
    """
    member, email = _locked_member(db, study, account_id)
    if member.role == role:
        return
    if role != Role.OWNER:
        _keep_an_owner(db, study, member)
    note(db, by, "role changed", study, member=email, before=member.role.value, after=role.value)
    member.role = role
    db.commit()


def remove_member(db: Session, study: Study, account_id: int, *, by: Account | None = None) -> None:
    """Take a study away from a member, who may be the one who asks for it.

    Raises
    ------
    NotFound
        When the account is not a member of the study.
    NotAllowed
        When the study would be left without an owner.
    """
    member, email = _locked_member(db, study, account_id)
    _keep_an_owner(db, study, member)
    left = by is not None and by.id == account_id
    note(db, by, "left" if left else "member removed", study, member=email, role=member.role.value)
    db.delete(member)
    db.commit()


def _locked_member(db: Session, study: Study, account_id: int) -> tuple[StudyMember, str]:
    """The member and the e-mail address; the study's row is locked, so that two owners cannot remove each other."""
    db.execute(select(Study.id).where(Study.id == study.id).with_for_update())
    query = select(StudyMember, Experimenter.email).join(Experimenter)
    query = query.where(StudyMember.study_id == study.id, StudyMember.experimenter_id == account_id)
    match = db.execute(query).tuples().first()
    if match is None:
        raise NotFound("This account is not a member of the study.")
    return match


def _keep_an_owner(db: Session, study: Study, member: StudyMember) -> None:
    others = select(StudyMember.experimenter_id).where(
        StudyMember.study_id == study.id,
        StudyMember.role == Role.OWNER,
        StudyMember.experimenter_id != member.experimenter_id,
    )
    if member.role == Role.OWNER and db.scalar(others.limit(1)) is None:
        raise NotAllowed("A study needs an owner. Make somebody else an owner first.")
