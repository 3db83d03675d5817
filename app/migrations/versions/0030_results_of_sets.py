"""Results of single sets of clips are kept beside those of all clips; what was computed before is computed anew"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Change the keys of both tables, which hold nothing that does not follow from the rest."""
    op.execute("DELETE FROM rater_result")
    op.execute("DELETE FROM study_result")
    _with_sets("rater_result", ["session_id", "method", "with_excluded", "uncertainty"])
    _with_sets(
        "study_result", ["study_id", "method", "with_simulated", "with_unfinished", "with_excluded", "uncertainty"]
    )


def _with_sets(table: str, key: list[str]) -> None:
    with op.batch_alter_table(table) as changed:
        changed.add_column(sa.Column("clip_set", sa.String(length=64), nullable=False, server_default=""))
        changed.drop_constraint(op.f(f"pk_{table}"), type_="primary")
        changed.create_primary_key(op.f(f"pk_{table}"), [*key, "clip_set"])
