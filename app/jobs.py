"""Background work through huey: clips are converted outside the web server's process."""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from huey import SqliteHuey, crontab

from app.clips.conversion import convert_waiting_clips
from app.config import Settings
from app.db import Database, open_database
from app.files import private_file
from app.heartbeat import BEAT_SECONDS, Heartbeat, beat


@dataclass(frozen=True)
class Queue:
    """The queue, and the tasks that can be put on it: each attribute is called like a function and returns at once."""

    huey: Any
    convert_clips: Any


def make_queue(settings: Settings, database: Database) -> Queue:
    """The queue in the data folder; SQLite, so that a job is not lost when the machine goes down."""
    huey = SqliteHuey("asterism", filename=str(settings.jobs_file), fsync=True, results=False)

    @huey.task()  # type: ignore[untyped-decorator]
    def convert_clips() -> None:
        """Convert the clips that wait."""
        convert_waiting_clips(database, settings)

    @huey.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def take_up_clips() -> None:
        """Convert, once a minute, what waits although no job asks for it."""
        # A clip whose worker was killed, or whose job was never queued, is found here.
        convert_waiting_clips(database, settings)

    return Queue(huey, convert_clips)


def work(settings: Settings, *, restarts: int = 0) -> None:
    """Run jobs until the process that started this one is gone: its end closes our standard input."""
    logging.getLogger("huey").setLevel(logging.WARNING)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    threading.Thread(target=_keep_beating, args=[settings, restarts], daemon=True).start()
    private_file(settings.jobs_file)
    queue = make_queue(settings, open_database(settings.database))
    # Clips that an earlier worker left behind are taken up at once, not at the next full minute.
    queue.convert_clips()
    queue.huey.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=1.0).run()


def _keep_beating(settings: Settings, restarts: int) -> None:
    while True:
        beat(settings, Heartbeat(os.getpid(), time.time(), True, restarts))
        time.sleep(BEAT_SECONDS)


def _leave_with_parent() -> None:
    # Unbuffered: a thread that waits in a buffered read would be in the way of an orderly end of this process.
    while os.read(0, 1):
        pass
    os._exit(0)
