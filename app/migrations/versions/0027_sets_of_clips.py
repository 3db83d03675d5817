"""The sets of clips that a session was given"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Sessions so far were given all clips: the column is NULL."""
    op.add_column("participant_session", sa.Column("clip_sets", sa.JSON(), nullable=True))
