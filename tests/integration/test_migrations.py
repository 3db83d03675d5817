"""Databases of earlier versions are brought forward with what they hold (F32)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import select

from analysis.purposes import Purpose
from app.config import Settings
from app.db import Database, open_database
from app.models import Clip, Trial
from app.schema import _config, migrate, schema_state
from tests.integration.old_databases import MOMENT, insert, old, rows_of

__all__ = ["old"]


def test_f32_a_database_of_the_first_version_keeps_its_clips(settings: Settings, tmp_path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with database.writer.begin() as connection:
        _fill_first_version(connection)
    assert schema_state(database) == "older"
    migrate(database)
    _is_whole(database)


@pytest.mark.postgres
def test_f32_postgresql_is_brought_forward_too(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.writer.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    with database.writer.begin() as connection:
        _fill_first_version(connection)
    assert schema_state(database) == "older"
    migrate(database)
    _is_whole(database)


def _fill_first_version(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    connection.exec_driver_sql(
        "INSERT INTO study (id, name, state, definition, definition_toml, created_at)"
        """ VALUES (1, 'faces', 'open', '{"title": "Faces"}', 'title = "Faces"', '2026-01-01 00:00:00')"""
    )
    connection.exec_driver_sql(
        "INSERT INTO clip (id, study_id, public_id, position, file_name, label, source_sha256, attributes, state,"
        " progress, width, height, created_at) VALUES (1, 1, 'C-1', 0, 'a.mp4', 'a', 'abc', '{}', 'ready', 1.0, 640,"
        " 360, '2026-01-01 00:00:00')"
    )
    connection.exec_driver_sql("INSERT INTO rendition (clip_id, kind, sha256, bytes) VALUES (1, 'mp4', 'def', 5)")


def _is_whole(database) -> None:
    assert schema_state(database) == "current"
    with database.reading() as db:
        clip = db.scalars(select(Clip)).one()
        assert (clip.file_name, clip.width, clip.frames, clip.converted_at) == ("a.mp4", 640, None, None)
        assert [rendition.sha256 for rendition in clip.renditions] == ["def"]
    database.close()


def test_an_ordinary_trial_gets_the_name_that_the_files_have_for_it(old: Database) -> None:
    """The first versions stored `arrange` where the export bundle said `main`."""
    definition = {"title": "Faces"}
    insert(old, "study", id=1, name="faces", state="open", definition=definition, definition_toml="", created_at=MOMENT)
    insert(
        old, "participant_session", id=1, study_id=1, public_id="S-1", number=1, state="arranging", is_simulated=False,
        recruiter={}, seed=1, progress=0.0, language="en", consented_at=MOMENT, last_seen_at=MOMENT,
    )  # fmt: skip
    for number, purpose in enumerate(("arrange", "repeat", "check")):
        insert(
            old, "trial", session_id=1, key=f"{number}", number=number, purpose=purpose, design="balanced", seed=1,
            assigned_at=MOMENT,
        )  # fmt: skip
    before = rows_of(old)["trial"]
    migrate(old)
    with old.reading() as db:
        trials = list(db.scalars(select(Trial).order_by(Trial.number)))
    assert [trial.purpose for trial in trials] == [Purpose.MAIN, Purpose.REPEAT, Purpose.CHECK]
    assert rows_of(old)["trial"] == [before[0] | {"purpose": "main"}, *before[1:]]
