"""Ratings of clips: which ones a participant is to rate, and how they were rated"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0020"


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "clip_to_rate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("clip_id", sa.Integer(), nullable=False),
        sa.Column("is_repeat", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clip_id"], ["clip.id"], name=op.f("fk_clip_to_rate_clip_id_clip")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["participant_session.id"], name=op.f("fk_clip_to_rate_session_id_participant_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clip_to_rate")),
        sa.UniqueConstraint("key", name=op.f("uq_clip_to_rate_key")),
        sa.UniqueConstraint("session_id", "place", name=op.f("uq_clip_to_rate_session_id_place")),
    )
    op.create_index(op.f("ix_clip_to_rate_clip_id"), "clip_to_rate", ["clip_id"])
    op.create_table(
        "rating",
        sa.Column("to_rate_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("watched", sa.String(length=16), nullable=False),
        sa.Column("plays", sa.Integer(), nullable=False),
        sa.Column("played_ms", sa.Float(), nullable=False),
        sa.Column("duration_ms", sa.Float(), nullable=False),
        sa.Column("hidden_ms", sa.Float(), nullable=False),
        sa.Column("active_ms", sa.Float(), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["to_rate_id"], ["clip_to_rate.id"], name=op.f("fk_rating_to_rate_id_clip_to_rate")),
        sa.PrimaryKeyConstraint("to_rate_id", "revision", name=op.f("pk_rating")),
    )
