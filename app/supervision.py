"""Processes that run for as long as this one, and are started again when they die (F47)."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

LOOK_SECONDS, LONG_LIFE_SECONDS, MAX_PAUSE = 0.5, 300.0, 30.0

log = structlog.get_logger()

Tell = Callable[[int, bool, int], None]


@contextmanager
def kept_running(
    what: str,
    command: Callable[[int], list[str]],
    *,
    grace: float,
    over: threading.Event | None = None,
    descriptors: Sequence[int] = (),
    tell: Tell = lambda pid, running, restarts: None,
) -> Iterator[None]:
    """A process that runs for as long as the block lasts, or this process lives: its end closes the other's input.

    A process that dies is started again, at once and then after growing pauses.

    Parameters
    ----------
    what
        Its name in the log.
    command
        How often it was started again -> its command line.
    grace
        Seconds that it has for its end, once its input is closed.
    over
        Ends it when it is set, so that several can be ended at once.
    descriptors
        Open files that it inherits.
    tell
        Called with its id, whether it runs, and how often it was started again, whenever that changes.
    """
    over = threading.Event() if over is None else over

    def supervise() -> None:
        """Start, watch and restart the process until the block ends."""
        restarts = 0
        while not over.is_set():
            began = time.monotonic()
            process = subprocess.Popen(command(restarts), stdin=subprocess.PIPE, pass_fds=descriptors)
            tell(process.pid, True, restarts)
            while process.poll() is None and not over.wait(LOOK_SECONDS):
                pass
            if over.is_set():
                _end(process, grace)
                return
            restarts = 0 if time.monotonic() - began > LONG_LIFE_SECONDS else restarts + 1
            tell(process.pid, False, restarts)
            log.error("process_died", process=what, status=process.returncode, restarts=restarts)
            over.wait(min(2.0 ** (restarts - 1) - 1 if restarts else 0.0, MAX_PAUSE))

    supervisor = threading.Thread(target=supervise, daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        over.set()
        supervisor.join(timeout=grace + 5)


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
