"""Whether the worker process runs: it says so in a file of the data folder, which the web server reads."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from app.config import Settings
from app.files import write_whole

BEAT_SECONDS = 5.0
# A worker that is busy with a large clip still beats; one that missed this many seconds is gone or stuck.
SILENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Heartbeat:
    """What was said last: the process, when (seconds since 1970), whether it runs, and how often it was restarted."""

    pid: int
    at: float
    running: bool
    restarts: int


def beat(settings: Settings, heartbeat: Heartbeat) -> None:
    """Write a heartbeat; a full disk must not end the worker, and the age of the old one shows what is wrong."""
    try:
        write_whole(_file(settings), json.dumps(asdict(heartbeat)))
    except OSError:
        return


def last_heartbeat(settings: Settings) -> Heartbeat | None:
    """The last heartbeat, or None when no worker ever ran here."""
    try:
        return Heartbeat(**json.loads(_file(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def worker_state(settings: Settings, *, at: float | None = None) -> str:
    """The worker as `/healthz` names it: "running", "down", or "none" where no worker was ever started."""
    last = last_heartbeat(settings)
    if last is None:
        return "none"
    age = (time.time() if at is None else at) - last.at
    return "running" if last.running and age <= SILENCE_SECONDS else "down"


def _file(settings: Settings) -> Path:
    return settings.data / "worker.json"
