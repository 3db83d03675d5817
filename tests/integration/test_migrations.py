"""Databases of earlier versions are brought forward with what they hold (F32)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import select

from app.config import Settings
from app.db import open_database
from app.models import Clip
from app.schema import _config, migrate, schema_state


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
