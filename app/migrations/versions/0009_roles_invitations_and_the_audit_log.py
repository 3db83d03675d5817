"""Roles in studies, invitations, and the log of who did what"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ROLES = ("viewer", "editor", "owner")
KINDS = ("invitation", "reset")


def upgrade() -> None:
    """Make the tables. Who owned a study is its owner; the first account is the administrator."""
    op.create_table(
        "study_member",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("experimenter_id", sa.Integer(), nullable=False),
        sa.Column("role", _states(ROLES, "role"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_member_study_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["experimenter_id"],
            ["experimenter.id"],
            name=op.f("fk_study_member_experimenter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("study_id", "experimenter_id", name=op.f("pk_study_member")),
    )
    op.create_index(op.f("ix_study_member_experimenter_id"), "study_member", ["experimenter_id"])
    op.create_table(
        "account_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", _states(KINDS, "linkkind"), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("role", _states(ROLES, "role"), nullable=True),
        sa.Column("experimenter_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_account_link_study_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["experimenter_id"],
            ["experimenter.id"],
            name=op.f("fk_account_link_experimenter_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_link_token_hash")),
    )
    op.create_index(op.f("ix_account_link_study_id"), "account_link", ["study_id"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_study", "audit_log", ["study", "id"])
    op.add_column("login", sa.Column("browser", sa.String(length=64), nullable=True))
    op.add_column(
        "experimenter", sa.Column("is_administrator", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    # SQLite cannot drop a column that is a foreign key; who made a study is worth knowing anyway.
    op.execute("ALTER TABLE study RENAME COLUMN owner_id TO made_by_id")
    _keep_owners()


def _keep_owners() -> None:
    """As was decided so far: a study without an owner belongs to the first account."""
    connection = op.get_bind()
    first = connection.scalar(sa.text("SELECT min(id) FROM experimenter"))
    if first is None:
        return
    experimenter = sa.table("experimenter", sa.column("id", sa.Integer), sa.column("is_administrator", sa.Boolean))
    connection.execute(experimenter.update().where(experimenter.c.id == first).values(is_administrator=True))
    member = sa.table(
        "study_member",
        sa.column("study_id", sa.Integer),
        sa.column("experimenter_id", sa.Integer),
        sa.column("role", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    for study, owner in connection.execute(sa.text("SELECT id, made_by_id FROM study ORDER BY id")).all():
        connection.execute(
            member.insert().values(
                study_id=study, experimenter_id=owner or first, role="owner", created_at=datetime.now(UTC)
            )
        )


def _states(names: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*names, name=name, native_enum=False, length=16, create_constraint=True)
