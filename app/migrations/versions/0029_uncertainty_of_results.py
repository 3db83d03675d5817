"""Results with standard errors are kept beside those without; what was computed before is computed anew"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

WORK_STATES = ("idle", "waiting", "computing", "failed")


def upgrade() -> None:
    """Make both tables anew: a table's key cannot be changed in SQLite, and what they hold follows from the rest."""
    op.drop_table("rater_result")
    op.drop_table("study_result")
    op.create_table(
        "rater_result",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("with_excluded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("uncertainty", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("inputs", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["participant_session.id"], name=op.f("fk_rater_result_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "method", "with_excluded", "uncertainty", name=op.f("pk_rater_result")),
    )
    op.create_table(
        "study_result",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("with_simulated", sa.Boolean(), nullable=False),
        sa.Column("with_unfinished", sa.Boolean(), nullable=False),
        sa.Column("with_excluded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("uncertainty", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("inputs", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*WORK_STATES, name="workstate", native_enum=False, length=16, create_constraint=True),
            nullable=False,
        ),
        sa.Column("wanted", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("raters", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_result_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "study_id",
            "method",
            "with_simulated",
            "with_unfinished",
            "with_excluded",
            "uncertainty",
            name=op.f("pk_study_result"),
        ),
    )
