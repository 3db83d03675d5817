"""What is known of a clip's conversion, and the files of earlier ones"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0004"


def upgrade() -> None:
    """Clips that were converted earlier have none of it, until they are converted again."""
    with op.batch_alter_table("clip") as clip:
        clip.add_column(sa.Column("source_width", sa.Integer(), nullable=True))
        clip.add_column(sa.Column("source_height", sa.Integer(), nullable=True))
        clip.add_column(sa.Column("frames", sa.Integer(), nullable=True))
        clip.add_column(sa.Column("remarks", sa.JSON(), nullable=True))
        clip.add_column(sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "former_rendition",
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_former_rendition_clip_id")),
        sa.PrimaryKeyConstraint("clip_id", "kind", "sha256", name=op.f("pk_former_rendition")),
    )
