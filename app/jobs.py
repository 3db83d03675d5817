"""Background work outside the web server's process: clips are converted, results computed, and leftovers removed.

What is to be done, and who is working on it, is in the database: each loop looks for something to claim, and does it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import structlog

from app.bucket.copies import LOOK_SECONDS, look_after_bucket
from app.clips.conversion import clips_wait, convert_waiting_clips
from app.clips.unfinished import remove_abandoned_uploads
from app.clips.unused_files import remove_unused
from app.config import Settings
from app.db import Database, open_database
from app.heartbeat import BEAT_SECONDS, Heartbeat, beat
from app.participation.retention import apply_retention
from app.planning.work import compute_next_plan, plan_waits
from app.results.model_work import comparison_waits, compute_next_comparison
from app.results.work import compute_next, results_wait

# Between two looks for work, and after work that failed through no fault of its own.
PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 30.0
# Between two looks for uploads that nobody goes on with, and for files that no clip needs any longer.
TIDY_SECONDS = 600.0
# Between two looks for what the studies' own rules delete.
RETENTION_SECONDS = 24 * 3600.0

log = structlog.get_logger()


def work(settings: Settings, *, restarts: int = 0) -> None:
    """Do what there is to do until the process that started this one is gone: its end closes our standard input."""
    # Ctrl+C reaches the whole group of processes; the parent, which ends in order, then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    threading.Thread(target=_keep_beating, args=[settings, restarts], daemon=True).start()
    database = open_database(settings.database)
    threading.Thread(target=convert_clips, args=[database, settings, threading.Event()], daemon=True).start()
    threading.Thread(target=compute_plans, args=[database, threading.Event()], daemon=True).start()
    threading.Thread(target=compare_models, args=[database, threading.Event()], daemon=True).start()
    threading.Thread(target=_keep_tidy, args=[database, settings], daemon=True).start()
    threading.Thread(target=keep_bucket, args=[database, settings, threading.Event()], daemon=True).start()
    compute_results(database, threading.Event())


def convert_clips(database: Database, settings: Settings, over: threading.Event) -> None:
    """Convert clips as they arrive, including those whose worker was killed, until `over` is set."""
    _again_and_again(over, lambda: clips_wait(database), lambda: convert_waiting_clips(database, settings))


def compute_results(database: Database, over: threading.Event) -> None:
    """Compute results as they are asked for, one after the other, until `over` is set."""
    _again_and_again(over, lambda: results_wait(database), lambda: compute_next(database))


def compute_plans(database: Database, over: threading.Event) -> None:
    """Compute plans of studies as they are asked for, beside the results, which do not wait for them."""
    _again_and_again(over, lambda: plan_waits(database), lambda: compute_next_plan(database))


def compare_models(database: Database, over: threading.Event) -> None:
    """Compare models with raters as it is asked for, beside the results, which it waits for."""
    _again_and_again(over, lambda: comparison_waits(database), lambda: compute_next_comparison(database))


def keep_bucket(database: Database, settings: Settings, over: threading.Event) -> None:
    """Keep copies of clips in the bucket, where one is set, until `over` is set."""
    while settings.bucket_url:
        try:
            look_after_bucket(database, settings)
        except Exception as error:
            log.error("background_work_failed", exc_info=error)
        if over.wait(LOOK_SECONDS):
            return


def _again_and_again(over: threading.Event, waits: Callable[[], bool], do: Callable[[], object]) -> None:
    pause = PAUSE_SECONDS
    while not over.wait(pause):
        try:
            while waits() and not over.is_set():
                do()
            pause = PAUSE_SECONDS
        except Exception as error:
            # Such as a full disk, or a database that is away. The work waits, and nothing of it is lost.
            log.error("background_work_failed", exc_info=error)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _keep_beating(settings: Settings, restarts: int) -> None:
    while True:
        beat(settings, Heartbeat(os.getpid(), time.time(), True, restarts))
        time.sleep(BEAT_SECONDS)


def _keep_tidy(database: Database, settings: Settings) -> None:
    applied = -RETENTION_SECONDS
    while True:
        try:
            remove_abandoned_uploads(settings)
            remove_unused(database, settings)
            if time.monotonic() - applied >= RETENTION_SECONDS:
                apply_retention(database)
                applied = time.monotonic()
        except Exception as error:
            log.error("background_work_failed", exc_info=error)
        time.sleep(TIDY_SECONDS)


def _leave_with_parent() -> None:
    # Unbuffered: a thread that waits in a buffered read would be in the way of an orderly end of this process.
    while os.read(0, 1):
        pass
    os._exit(0)
