"""Pictures and sounds beside clips"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0018"


def upgrade() -> None:
    """Add the kind of an item. Everything of before is a clip."""
    op.add_column("clip", sa.Column("kind", sa.String(length=16), nullable=False, server_default="clip"))
