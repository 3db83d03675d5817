"""Is the server well: is there room on the disk for what participants will send, and does the worker run?"""

from __future__ import annotations

import shutil

from app.bucket.notes import standing_of_bucket
from app.config import Settings
from app.errors import Invalid
from app.heartbeat import worker_state
from app.video.records import apart


def has_room(settings: Settings) -> bool:
    """Whether new participants may be admitted: enough of the data folder's disk is free (F05)."""
    return shutil.disk_usage(settings.data).free >= settings.least_free_bytes


def require_room_for(settings: Settings, size: int) -> None:
    """Return if the disk has room for files of this many bytes and for what participants send.

    Raises
    ------
    Invalid
        When it has not.
    """
    free = shutil.disk_usage(settings.data).free - settings.least_free_bytes
    if size > free:
        needed, there = apart(size / 1e6, max(free, 0) / 1e6)
        raise Invalid(
            f"The clips have {needed} MB, but the disk has room for {there} MB only "
            f"({settings.least_free_bytes / 1e6:,.0f} MB are kept free for what participants send).",
            field="clips",
        )


def problems(settings: Settings) -> list[str]:
    """What is wrong with the server, in sentences for people; empty when all is well."""
    sentences = []
    if not has_room(settings):
        sentences.append(
            "The disk is nearly full: new participants are refused, those at the task still saved. Please make room."
        )
    if worker_state(settings) == "down":
        sentences.append("The worker is not running at the moment: new clips and new results have to wait.")
    standing = standing_of_bucket(settings)
    if standing is not None and standing.error is not None:
        sentences.append("The bucket for clips cannot be used at the moment: clips come from this server's own disk.")
    return sentences
