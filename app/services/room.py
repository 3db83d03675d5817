"""Is there room on the disk for what participants will send?"""

from __future__ import annotations

import shutil

from app.config import Settings


def has_room(settings: Settings) -> bool:
    """Whether new participants may be admitted: enough of the data folder's disk is free (F05)."""
    return shutil.disk_usage(settings.data).free >= settings.least_free_bytes


def problems(settings: Settings) -> list[str]:
    """What is wrong with the server, in sentences for people; empty when all is well."""
    if has_room(settings):
        return []
    return ["The disk is nearly full: new participants are refused, those at the task still saved. Please make room."]
