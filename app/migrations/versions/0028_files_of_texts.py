"""Pictures and clips that the texts of studies show"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

CONTENTS = ("source_sha256", "picture", "mp4", "webm", "poster")


def upgrade() -> None:
    """Make the table; it is empty until somebody adds a file."""
    op.create_table(
        "text_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.String(length=64), nullable=name != "source_sha256") for name in CONTENTS),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_text_file_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_text_file_public_id")),
        sa.UniqueConstraint("study_id", "name", name=op.f("uq_text_file_study_id_name")),
    )
    for name in CONTENTS:
        op.create_index(op.f(f"ix_text_file_{name}"), "text_file", [name])
