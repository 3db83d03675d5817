"""Who is one person: the person's id alone identifies, visits are numbered, and tokens say what they prove"""

import hashlib
import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"

# What this version took for a placeholder that nobody filled in: such a value never identified anybody.
PLACEHOLDER = re.compile(r"\{\{.*\}\}|\$\{.*\}|%\w+%", re.DOTALL)


def upgrade() -> None:
    """Number persons and visits; what a participant did, and the recruiter's parameters, stay as they are."""
    op.add_column("participant_session", sa.Column("id_note", sa.String(length=16), nullable=True))
    op.add_column("participant_session", sa.Column("person", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("participant_session", sa.Column("visit", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.add_column(
        "session_token", sa.Column("proof", sa.String(length=8), nullable=False, server_default=sa.text("'began'"))
    )
    _number_persons(op.get_bind())
    op.create_index(
        "uq_participant_session_study_id_person_visit",
        "participant_session",
        ["study_id", "person", "visit"],
        unique=True,
    )


def _number_persons(connection: sa.Connection) -> None:
    """Sessions with the same first parameter are visits of one person, in the order of their numbers."""
    study = sa.table("study", sa.column("id", sa.Integer), sa.column("definition", sa.JSON))
    session = sa.table(
        "participant_session",
        sa.column("id", sa.Integer),
        sa.column("study_id", sa.Integer),
        sa.column("number", sa.Integer),
        sa.column("recruiter", sa.JSON),
        sa.column("recruiter_key", sa.String),
        sa.column("person", sa.Integer),
        sa.column("visit", sa.Integer),
    )
    # The new keys cannot meet an old one (both are hashes, of different things), so the order of the updates is free.
    for study_id, definition in connection.execute(sa.select(study.c.id, study.c.definition)).all():
        names = definition.get("recruitment", {}).get("parameters", ["PROLIFIC_PID"])
        persons: dict[str, list[int]] = {}
        rows = connection.execute(
            sa.select(session.c.id, session.c.number, session.c.recruiter)
            .where(session.c.study_id == study_id)
            .order_by(session.c.number)
        )
        for row_id, number, recruiter in rows.all():
            person_id = (recruiter or {}).get(names[0]) if names else None
            if not person_id or PLACEHOLDER.fullmatch(person_id):
                values = {"person": number, "visit": 1, "recruiter_key": None}
            else:
                numbers = persons.setdefault(person_id, [])
                numbers.append(number)
                key = hashlib.sha256(json.dumps([person_id, len(numbers)]).encode()).hexdigest()
                values = {"person": numbers[0], "visit": len(numbers), "recruiter_key": key}
            connection.execute(session.update().where(session.c.id == row_id).values(values))
