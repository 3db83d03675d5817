"""An ordinary trial's purpose is called `main` in the database too, as it is in the export bundle"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Rename the value; the trials stay as they are."""
    trial = sa.table("trial", sa.column("purpose", sa.String))
    op.execute(trial.update().where(trial.c.purpose == "arrange").values(purpose="main"))
