"""What a running app holds: its settings and its database."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Settings
from app.db import Database


@dataclass(frozen=True)
class Runtime:
    """Made once by the factory, kept in `app.extensions["asterism"]`."""

    settings: Settings
    database: Database
