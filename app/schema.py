"""The database's schema: made and moved forward by migrations, and compared with the code at every start."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from app.db import Database
from app.errors import ConfigurationError


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def schema_state(database: Database) -> str:
    """How the database compares with the code: "empty", "current", "older", "newer", or "foreign" (another's)."""
    with database.engine.connect() as connection:
        return state_of(connection)


def state_of(connection: Connection) -> str:
    """As `schema_state`, of the database of a connection."""
    script = ScriptDirectory.from_config(_config())
    revision = current_revision(connection)
    tables = inspect(connection).get_table_names()
    if revision is None:
        return "foreign" if tables else "empty"
    if revision == script.get_current_head():
        return "current"
    return "older" if is_known(revision) else "newer"


def current_revision(connection: Connection) -> str | None:
    """The version of the schema of a database; None when it has none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this version of the program has the step that leads to a version of the schema."""
    return revision in {item.revision for item in ScriptDirectory.from_config(_config()).walk_revisions()}


def migrate(database: Database) -> None:
    """Bring the database to the code's schema, in one transaction; does nothing when it is there already.

    Raises
    ------
    ConfigurationError
        When a newer version of Asterism has written this database, or another program.
    """
    state = schema_state(database)
    if state == "foreign":
        raise ConfigurationError("the database holds tables of another program: name an empty database, or another one")
    if state == "newer":
        raise ConfigurationError(
            "the database was written by a newer version of Asterism: update the program, or restore a backup"
        )
    with database.writer.begin() as connection:
        upgrade(connection)


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring a database forward to a version of the schema, within the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
