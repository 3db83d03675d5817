"""Is the server well: is there room on the disk for what participants will send, and does the worker run?"""

from __future__ import annotations

import shutil

from app.config import Settings
from app.heartbeat import worker_state


def has_room(settings: Settings) -> bool:
    """Whether new participants may be admitted: enough of the data folder's disk is free (F05)."""
    return shutil.disk_usage(settings.data).free >= settings.least_free_bytes


def problems(settings: Settings) -> list[str]:
    """What is wrong with the server, in sentences for people; empty when all is well."""
    found = []
    if not has_room(settings):
        found.append(
            "The disk is nearly full: new participants are refused, those at the task still saved. Please make room."
        )
    if worker_state(settings) == "down":
        found.append("The process that converts clips is not running at the moment: new clips have to wait.")
    return found
