"""Claims of background work in the database: whoever works on a row says so every few seconds.

A claim without a heartbeat for `CLAIM_LEASE` belongs to a process that died, and is taken up by another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from app.db import Database

BEAT_SECONDS = 2.0
CLAIM_LEASE = timedelta(seconds=30)


@contextmanager
def heartbeat(database: Database, beat: Callable[[Session], object]) -> Iterator[None]:
    """While the block lasts, call `beat` every few seconds, in a thread and in a transaction of its own."""
    over = threading.Event()

    def go_on() -> None:
        """Beat until the work is over."""
        while not over.wait(BEAT_SECONDS):
            with database.writing() as db:
                beat(db)
                db.commit()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
