"""Plans of studies, with what they were computed from"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"

WORK_STATES = ("idle", "waiting", "computing", "failed")


def upgrade() -> None:
    """Make the table; it is empty until somebody plans a study."""
    op.create_table(
        "study_plan",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("models", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum(*WORK_STATES, name="workstate", native_enum=False, length=16, create_constraint=True),
            nullable=False,
        ),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("worked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_plan_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_study_plan")),
    )
