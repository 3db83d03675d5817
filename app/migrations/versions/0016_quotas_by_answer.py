"""Sessions that ended because enough people with the same answer have taken part"""

from alembic import op

revision = "0016"
down_revision = "0012"

CONSTRAINT = "ck_participant_session_sessionstate"
BEFORE = ("instructed", "arranging", "finished", "withdrawn", "screened_out")
AFTER = (*BEFORE, "quota_full")


def upgrade() -> None:
    """Allow one more state of a session."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f(CONSTRAINT), "participant_session", type_="check")
        op.create_check_constraint(op.f(CONSTRAINT), "participant_session", _among(AFTER))
        return
    # As in 0012: the table is not made anew, which would delete the rows that refer to it.
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'participant_session'",
        (_among(BEFORE), _among(AFTER)),
    )
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'participant_session'").scalar_one()
    if _among(AFTER) not in sql:
        raise RuntimeError("the states of a session could not be extended")


def _among(states: tuple[str, ...]) -> str:
    return f"state IN ({', '.join(repr(state) for state in states)})"
