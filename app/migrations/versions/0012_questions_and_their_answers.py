"""Answers of participants to a study's questions, and sessions that ended because of one"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"

CONSTRAINT = "ck_participant_session_sessionstate"
STATES = ("instructed", "arranging", "finished", "withdrawn")


def upgrade() -> None:
    """Add the table; allow one more state; studies that are there already ask for no comment at the end."""
    op.create_table(
        "answer",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("sheet", sa.String(length=32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["participant_session.id"], name=op.f("fk_answer_session_id")),
        sa.PrimaryKeyConstraint("session_id", "question", name=op.f("pk_answer")),
    )
    _allow_one_more_state(op.get_bind())
    _keep_studies_as_they_are(op.get_bind())


def _allow_one_more_state(connection: sa.Connection) -> None:
    allowed = ", ".join(f"'{state}'" for state in STATES)
    if connection.dialect.name != "sqlite":
        op.drop_constraint(op.f(CONSTRAINT), "participant_session", type_="check")
        op.create_check_constraint(op.f(CONSTRAINT), "participant_session", f"state IN ({allowed}, 'screened_out')")
        return
    # SQLite cannot change a constraint, and to make the table anew would delete the rows that refer to it. Its manual
    # allows this way for a constraint that says nothing about how rows are stored: www.sqlite.org/lang_altertable.html
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    before, after = f"state IN ({allowed})", f"state IN ({allowed}, 'screened_out')"
    connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'participant_session'",
        (before, after),
    )
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'participant_session'").scalar_one()
    if after not in sql:
        raise RuntimeError("the states of a session could not be extended")


def _keep_studies_as_they_are(connection: sa.Connection) -> None:
    study = sa.table("study", sa.column("id", sa.Integer), sa.column("definition", sa.JSON))
    for study_id, definition in connection.execute(sa.select(study.c.id, study.c.definition)).all():
        connection.execute(
            study.update().where(study.c.id == study_id).values(definition={**definition, "comment": False})
        )
    of_version = sa.table(
        "study_revision",
        *(sa.column(name, sa.Integer) for name in ("study_id", "number")),
        sa.column("definition", sa.JSON),
    )
    for study_id, number, definition in connection.execute(sa.select(*of_version.c)).all():
        which = (of_version.c.study_id == study_id) & (of_version.c.number == number)
        connection.execute(of_version.update().where(which).values(definition={**definition, "comment": False}))
