"""Where a study's data came from, and RDMs that came without placements"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"


def upgrade() -> None:
    """Add the column and the table. All data of before were collected here."""
    op.add_column("study", sa.Column("origin", sa.JSON(), nullable=True))
    op.create_table(
        "given_rdm",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["participant_session.id"],
            name=op.f("fk_given_rdm_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_given_rdm")),
    )
