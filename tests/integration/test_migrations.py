"""Databases of earlier versions are brought forward with what they hold (F32)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import select

from analysis.purposes import Purpose
from app.config import Settings
from app.db import Database, open_database
from app.errors import ConfigurationError
from app.models import Clip, Submission, Trial
from app.participation.payloads import recorded
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


BODY = {
    "moves": [{"clip": "C-1", "t": 5, "x": 0.25, "y": None, "how": "drag"}] * 2,
    "plays": [{"clip": "C-1", "t": 1.5, "ms": 700.0, "how": "hover", "ended": True}],
    "moves_gap": {"after": 1, "left_out": 40},
}


@pytest.mark.parametrize("differs", [False, True])
def test_f32_rows_of_moves_and_plays_go_when_the_bodies_hold_them(tmp_path: Path, differs: bool) -> None:
    _moves_and_plays(open_database(f"sqlite:///{tmp_path / 'old.sqlite3'}"), differs=differs)


@pytest.mark.postgres
@pytest.mark.parametrize("differs", [False, True])
def test_f32_rows_of_moves_and_plays_go_from_postgresql_too(postgres_url: str, differs: bool) -> None:
    database = open_database(postgres_url)
    with database.writer.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    _moves_and_plays(database, differs=differs)


def _moves_and_plays(database: Database, *, differs: bool) -> None:
    with database.writer.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0007")
        _fill_with_a_trial(connection, first_move_at=6.0 if differs else 5.0)
    if differs:
        with pytest.raises(ConfigurationError, match="table move holds of trial 1"):
            migrate(database)
        assert schema_state(database) == "older"
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM move").scalar_one() == 2
    else:
        migrate(database)
        assert schema_state(database) == "current"
        assert not {"move", "play"} & set(sa.inspect(database.engine).get_table_names())
        with database.reading() as db:
            record = recorded(db.scalars(select(Submission.body)).one())
        assert record.moves == list(zip([0, 41], BODY["moves"], strict=True))
        assert record.plays == list(enumerate(BODY["plays"]))
    database.close()


def _fill_with_a_trial(connection: sa.Connection, *, first_move_at: float) -> None:
    tables = sa.MetaData()
    tables.reflect(connection)
    rows: dict[str, list[dict[str, object]]] = {
        "study": [{"id": 1, "name": "faces", "state": "open", "definition": {"title": "F"}, "definition_toml": ""}],
        "clip": [
            {"id": 1, "study_id": 1, "public_id": "C-1", "position": 0, "file_name": "a.mp4", "label": "a"}
            | {"source_sha256": "abc", "attributes": {}, "state": "ready", "progress": 1.0}
        ],
        "participant_session": [
            {"id": 1, "study_id": 1, "public_id": "S-1", "number": 1, "state": "arranging", "is_simulated": False}
            | {"recruiter": {}, "seed": 1, "progress": 0.0, "language": "en"}
        ],
        "trial": [
            {"id": 1, "session_id": 1, "key": "k", "number": 0, "purpose": "arrange", "design": "random", "seed": 1}
        ],
        "submission": [
            {"trial_id": 1, "sha256": "x", "body": json.dumps(BODY).encode(), "duration_ms": 1.0, "hidden_ms": 0.0}
            | {"active_ms": 1.0, "viewport_width": 1.0, "viewport_height": 1.0, "pixel_ratio": 1.0, "arena_x": 0.0}
            | {"arena_y": 0.0, "arena_diameter": 1.0, "item_width": 1.0}
        ],
        "move": [
            {"trial_id": 1, "move_order": order, "clip_id": 1, "t_ms": t_ms, "x": 0.25, "y": None, "how": "drag"}
            for order, t_ms in ((0, first_move_at), (41, 5.0))
        ],
        "play": [
            {"trial_id": 1, "play_order": 0, "clip_id": 1, "t_ms": 1.5, "played_ms": 700.0, "how": "hover"}
            | {"ended": True}
        ],
    }
    for name, given in rows.items():
        table = tables.tables[name]
        times = [column.name for column in table.columns if column.name.endswith("_at") and not column.nullable]
        stamps = dict.fromkeys(times, datetime(2026, 1, 1, tzinfo=UTC))
        connection.execute(table.insert(), [one | stamps for one in given])


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
