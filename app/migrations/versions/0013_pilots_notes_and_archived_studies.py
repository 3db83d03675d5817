"""Pilots, notes and reasons of sessions; when a study was archived"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns. No session of before is a pilot, and all that count go on counting."""
    session = "participant_session"
    op.add_column(session, sa.Column("is_pilot", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(session, sa.Column("exclusion_reason", sa.String(length=200), nullable=True))
    op.add_column(session, sa.Column("note", sa.Text(), nullable=True))
    op.add_column("study", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))
