"""Who did what: a log that grows with every change that matters, and outlives the studies that it names.

It holds no participant's data: raters are named by their numbers in the study (P001), never by a recruiter's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.account import Account
from app.models import AuditEntry, Study

COMMAND_LINE = "command line"
# Who acts where a study's own rule deletes something.
RETENTION = "retention rule"


@dataclass(frozen=True)
class Entry:
    """A line of the log."""

    at: datetime
    who: str
    action: str
    study: str | None
    detail: Mapping[str, object]

    @property
    def text(self) -> str:
        """The detail as words: "member: ada@lab.example, role: editor"."""
        return ", ".join(f"{key.replace('_', ' ')}: {_in_words(value)}" for key, value in self.detail.items())


def note(db: Session, by: Account | str | None, action: str, study: Study | None = None, **detail: object) -> None:
    """Add a line to the log, in the transaction of what it tells; the caller commits.

    Parameters
    ----------
    by
        The account that acts; None for the command line; a name for what acts by itself.
    action
        What was done, in a few words that stay the same: "opened", "role changed".
    study
        The study it was done to. Its name is kept, so the line outlives it.
    detail
        What else belongs to it: plain values, which JSON can hold. No participant's data.

    What a program did with a token of the account says so.
    """
    if isinstance(by, Account) and by.token is not None:
        detail = {**detail, "with_token": by.token}
    db.add(
        AuditEntry(
            account=by if by is None or isinstance(by, str) else by.email,
            action=action,
            study=None if study is None else study.name,
            detail=detail,
        )
    )


def entries_of_study(db: Session, study: Study, *, limit: int, before: int | None = None) -> list[tuple[int, Entry]]:
    """Lines about a study, newest first, each with its number; with `before`, those older than that line.

    A study of the same name that was deleted earlier is another one.
    """
    query = select(AuditEntry).where(AuditEntry.study == study.name, AuditEntry.at >= study.created_at)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    rows = db.scalars(query.order_by(AuditEntry.id.desc()).limit(limit))
    return [(row.id, _entry(row)) for row in rows]


def entries_named(db: Session, name: str) -> list[Entry]:
    """All lines about studies of this name, oldest first, also of those that were deleted."""
    query = select(AuditEntry).where(AuditEntry.study == name.lower()).order_by(AuditEntry.id)
    return [_entry(row) for row in db.scalars(query)]


def entries_of_accounts(db: Session, *, limit: int) -> list[Entry]:
    """The last lines that are about accounts, and no study: newest first."""
    query = select(AuditEntry).where(AuditEntry.study.is_(None)).order_by(AuditEntry.id.desc())
    return [_entry(row) for row in db.scalars(query.limit(limit))]


def _entry(row: AuditEntry) -> Entry:
    return Entry(row.at, row.account or COMMAND_LINE, row.action, row.study, row.detail)


def _in_words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
