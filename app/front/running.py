"""uvicorn, run with our connections until the process is told to stop."""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import structlog
import uvicorn

from app.front.connections import IDLE_SECONDS, Connection, Crowd

# A save may have to wait for others: longer than the database's own patience (30 s for a turn, 10 s for the lock).
GRACE_SECONDS = 45
MAX_CONNECTIONS = 8000
# Open files that are no connections: the database's, clips that are being sent.
OTHER_FILES = 200

log = structlog.get_logger()


def make_server(app: Any, crowd: Crowd, host: str, port: int) -> uvicorn.Server:
    """A server of the ASGI app, to be started by its `run`.

    On SIGTERM, Ctrl+C or `should_exit` it takes nothing new, and ends once the answers that are being made are sent.
    """
    _log_in_our_way()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast(Any, functools.partial(Connection, crowd)),
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        # The app itself reads the headers of the proxies that the operator named.
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return _Server(config)


class _Server(uvicorn.Server):
    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                cast(Connection, connection).look(now)
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, which sends itself the signal once more at the end, and would so skip our own end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def room_for_connections() -> int:
    """How many connections the system lets this process have open, after asking for as many as we may have."""
    try:
        import resource
    except ImportError:
        return 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(int(wanted) - OTHER_FILES, 50)


def _log_in_our_way() -> None:
    """Errors of uvicorn and asyncio become lines of our log; what it says of single requests holds addresses."""
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [_ToOurLog()]
        logger.setLevel(logging.ERROR)
        logger.propagate = False


class _ToOurLog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log.error("server_error", what=str(record.msg).strip().splitlines()[0], exc_info=error)
