"""The step that numbers persons and visits, on databases that an earlier version wrote."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.config import Settings
from app.db import Database
from app.domain import Proof
from app.models import Experimenter, ParticipantSession, SessionToken, Study, StudyMember
from app.participation.enrolment import enter
from app.schema import migrate, schema_state
from tests.integration.old_databases import MOMENT, insert, old, rows_of, tables_of

__all__ = ["old"]
# The recruiter's parameters of the sessions, and which person and visit each must become.
SESSIONS: list[tuple[dict[str, str], int, int]] = [
    ({"PROLIFIC_PID": "a", "SESSION_ID": "x1"}, 1, 1),
    ({"PROLIFIC_PID": "b", "SESSION_ID": "x1"}, 2, 1),
    ({"PROLIFIC_PID": "a", "SESSION_ID": "x2"}, 1, 2),
    ({}, 4, 1),
    ({"SESSION_ID": "x1"}, 5, 1),
    ({"PROLIFIC_PID": "A", "SESSION_ID": "x1"}, 6, 1),
    ({"PROLIFIC_PID": "a"}, 1, 3),
    ({"PROLIFIC_PID": "{{%PROLIFIC_PID%}}", "SESSION_ID": "y1"}, 8, 1),
    ({"PROLIFIC_PID": "{{%PROLIFIC_PID%}}", "SESSION_ID": "y2"}, 9, 1),
]


def fill(database: Database, parameters: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Two studies with the same sessions; returns all rows of the tables that hold what participants did."""
    tables = tables_of(database)
    study, session, token = (tables[name] for name in ("study", "participant_session", "session_token"))
    with database.writer.begin() as connection:
        for study_id, name in ((1, "faces"), (2, "voices")):
            definition = {"title": "x", "recruitment": {"parameters": parameters}}
            connection.execute(
                study.insert().values(
                    id=study_id, name=name, state="open", definition=definition, definition_toml="", created_at=MOMENT
                )
            )
            for number, (recruiter, _, _) in enumerate(SESSIONS, start=1):
                connection.execute(
                    session.insert().values(
                        study_id=study_id, public_id=f"S-{study_id}-{number}", number=number, state="finished",
                        is_simulated=False, recruiter=recruiter, recruiter_key=f"{number}" if recruiter else None,
                        seed=number, progress=1.0, language="en", consented_at=MOMENT, last_seen_at=MOMENT,
                    )
                )  # fmt: skip
        connection.execute(token.insert().values(token_hash="h", session_id=1, created_at=MOMENT))
    return rows_of(database)


def test_sessions_with_the_same_first_parameter_become_one_person_and_nothing_else_changes(old: Database) -> None:
    before = fill(old, ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"])
    migrate(old)
    assert schema_state(old) == "current"
    with old.reading() as db:
        for study_id in (1, 2):
            query = sa.select(ParticipantSession).where(ParticipantSession.study_id == study_id)
            sessions = list(db.scalars(query.order_by(ParticipantSession.number)))
            assert [(one.recruiter, one.person, one.visit) for one in sessions] == SESSIONS
        assert db.scalars(sa.select(SessionToken.proof)).one() == Proof.BEGAN
    after = rows_of(old)
    before["study"] = [{key.replace("owner_id", "made_by_id"): one[key] for key in one} for one in before["study"]]
    for one in before["study"]:
        one["definition"] = {**one["definition"], "comment": False}  # what came later is off where nobody asked for it
    for table in ("participant_session", "session_token", "study"):
        kept = [{key: row[key] for key in row if key != "recruiter_key"} for row in before[table]]
        assert [{key: row[key] for key in one} for row, one in zip(after[table], kept, strict=True)] == kept


def test_whoever_took_part_before_the_step_comes_back_to_the_own_session(old: Database) -> None:
    fill(old, ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"])
    migrate(old)
    for recruiter, number in [
        ({"PROLIFIC_PID": "a", "SESSION_ID": "x1"}, 1),
        ({"PROLIFIC_PID": "a", "SESSION_ID": "x2"}, 3),
        ({"PROLIFIC_PID": "a", "SESSION_ID": "new"}, 7),
        ({"PROLIFIC_PID": "b"}, 2),
    ]:
        with old.writing() as db:
            assert enter(db, "voices", recruiter).session_id == f"S-2-{number}"


def test_a_study_without_parameters_keeps_every_session_a_person_of_its_own(old: Database) -> None:
    fill(old, [])
    migrate(old)
    with old.reading() as db:
        people = db.execute(sa.select(ParticipantSession.number, ParticipantSession.person, ParticipantSession.visit))
        assert all(number == person and visit == 1 for number, person, visit in people)


def test_the_tables_are_those_of_the_code(old: Database, settings: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from app.models import Base

    migrate(old)
    with old.engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert changes == []
    with old.reading() as db:
        assert list(db.scalars(sa.select(Study))) == []


def test_whoever_owned_a_study_is_its_owner_and_the_first_account_has_those_of_nobody(old: Database) -> None:
    for number in (1, 2):
        insert(old, "experimenter", id=number, email=f"{number}@lab.example", password_hash="x", created_at=MOMENT)
    for name, owner in (("faces", None), ("voices", 2), ("places", 1)):
        insert(
            old, "study", name=name, state="draft", definition={"title": name}, definition_toml="", owner_id=owner,
            created_at=MOMENT,
        )  # fmt: skip
    migrate(old)
    with old.reading() as db:
        members = db.execute(sa.select(Study.name, StudyMember.experimenter_id, StudyMember.role).join(StudyMember))
        assert set(members.tuples()) == {("faces", 1, "owner"), ("voices", 2, "owner"), ("places", 1, "owner")}
        made_by = dict(db.execute(sa.select(Study.name, Study.made_by_id)).tuples().all())
        assert made_by == {"faces": None, "voices": 2, "places": 1}
        admins = db.execute(sa.select(Experimenter.id, Experimenter.is_administrator).order_by(Experimenter.id))
        assert list(admins.tuples()) == [(1, True), (2, False)]
