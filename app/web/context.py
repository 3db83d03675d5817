"""What views reach for: the running app's settings and database."""

from __future__ import annotations

from typing import cast

from flask import current_app

from app.config import Settings
from app.db import Database
from app.runtime import Runtime


def settings() -> Settings:
    """The app's settings."""
    return _runtime().settings


def database() -> Database:
    """The app's database: `with database().reading() as db:` or `.writing()`."""
    return _runtime().database


def _runtime() -> Runtime:
    return cast(Runtime, current_app.extensions["asterism"])
