"""What was watched and heard, and the time that a session is expected to take"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0001"


def upgrade() -> None:
    """Add columns that are empty for what was stored before."""
    op.add_column("placement", sa.Column("watched", sa.String(length=16), nullable=True))
    op.add_column("play", sa.Column("muted", sa.Boolean(), nullable=True))
    op.add_column("participant_session", sa.Column("expected_minutes", sa.Float(), nullable=True))
