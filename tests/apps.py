"""Apps for tests, made once for many of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from app import create_app
from app.config import Settings, load_settings
from app.db import open_database
from app.logs import configure_logs
from app.metrics import Counts
from app.runtime import Runtime

# Making an app, and compiling its templates, takes longer than most tests: those whose settings differ only in where
# the data are use one after the other.
BUCKET = {"bucket_url", "bucket_key", "bucket_secret", "bucket_region"}
_spare_apps: dict[str, list[Flask]] = {}


def installation(data: Path, empty_sqlite: Path) -> Settings:
    """Settings of an installation in the folder, without rate limits and with a migrated SQLite database."""
    settings = load_settings(data=data, rate_limits=False)
    shutil.copyfile(empty_sqlite, settings.data / "asterism.sqlite3")
    return settings


@contextmanager
def app_for(settings: Settings) -> Iterator[Flask]:
    """The app for these settings, as new: its configuration is put back, and its database closed, at the end."""
    alike = repr(settings.model_dump(exclude={"data", "database_url", "secret_key", *BUCKET}))
    spare = _spare_apps.setdefault(alike, [])
    # What is counted for rate limits is in the app.
    app = create_app(settings) if settings.rate_limits or not spare else spare.pop()
    if app.extensions["asterism"].settings is not settings:
        app.extensions["asterism"] = Runtime(settings, open_database(settings.database))
        app.config["SECRET_KEY"] = settings.secret_key
        app.extensions["asterism_counts"] = Counts()
    # The log goes to the standard error of the test that runs.
    configure_logs()
    before = dict(app.config)
    app.testing = True
    try:
        yield app
    finally:
        app.extensions["asterism"].database.close()
        app.config.clear()
        app.config.update(before)
        spare.append(app)
