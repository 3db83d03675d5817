"""Versions of a study's settings, and the one that each session began with"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0013"


def upgrade() -> None:
    """Add table and columns. What was open before is at its first version, and so are all sessions."""
    op.add_column("study", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column(
        "participant_session", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1"))
    )
    op.create_table(
        "study_revision",
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("definition_toml", sa.Text(), nullable=False),
        sa.Column("account", sa.String(length=254), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["study_id"], ["study.id"], name=op.f("fk_study_revision_study_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("study_id", "number", name=op.f("pk_study_revision")),
    )
    study = sa.table(
        "study",
        sa.column("id", sa.Integer),
        sa.column("state", sa.String),
        sa.column("version", sa.Integer),
        sa.column("definition", sa.JSON),
        sa.column("definition_toml", sa.Text),
    )
    made = sa.table(
        "study_revision",
        *(sa.column(name, sa.Integer) for name in ("study_id", "number", "version")),
        sa.column("definition", sa.JSON),
        sa.column("definition_toml", sa.Text),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    opened = study.c.state != "draft"
    connection = op.get_bind()
    connection.execute(study.update().where(opened).values(version=1))
    first = sa.select(study.c.id, sa.literal(1), sa.literal(1), study.c.definition, study.c.definition_toml)
    stamped = first.add_columns(sa.literal(datetime.now(UTC), sa.DateTime(timezone=True))).where(opened)
    names = ["study_id", "number", "version", "definition", "definition_toml", "at"]
    connection.execute(made.insert().from_select(names, stamped))
