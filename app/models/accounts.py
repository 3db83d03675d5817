"""Tables of accounts: who may log in, by which links and tokens, and who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.domain import LinkKind, Role
from app.models.base import Base, UtcDateTime, now, states


class Experimenter(Base):
    """Somebody who may log in. What the account may do with a study is in `StudyMember`."""

    __tablename__ = "experimenter"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    # May see and remove all accounts, and invite people without a study.
    is_administrator: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Login(Base):
    """A browser in which an experimenter is logged in; logging out deletes it, and with it every copy of its cookie."""

    __tablename__ = "login"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    experimenter_id: Mapped[int] = mapped_column(ForeignKey("experimenter.id"), index=True)
    # In words, as "Firefox on Linux": by it somebody knows which of several logins is which.
    browser: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class SetupLink(Base):
    """The one-time link by which the first experimenter sets a password; only its hash is kept."""

    __tablename__ = "setup_link"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountLink(Base):
    """A one-time link: an invitation, with which somebody joins, or one to set a new password. It goes when it is used.

    Only the hash of its token is kept. An invitation may be to a study, with a role in it; a reset is of an account.
    """

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[LinkKind] = mapped_column(states(LinkKind))
    email: Mapped[str] = mapped_column(String(254))
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role | None] = mapped_column(states(Role))
    experimenter_id: Mapped[int | None] = mapped_column(ForeignKey("experimenter.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ApiToken(Base):
    """A token with which a program acts for an account; only its hash is kept. Revoking deletes it."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    experimenter_id: Mapped[int] = mapped_column(ForeignKey("experimenter.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    # The only study that it sees; None: all of its account.
    study_id: Mapped[int | None] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # To the minute; None while it was never used.
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class AuditEntry(Base):
    """Who did what. It refers to no other table, so that it outlives what it tells of."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_study", "study", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # The e-mail address as it was then; None for the command line.
    account: Mapped[str | None] = mapped_column(String(254))
    action: Mapped[str] = mapped_column(String(64))
    study: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
