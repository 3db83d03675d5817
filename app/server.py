"""Runs the app on this machine: waitress for the pages, one worker process for the jobs."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import waitress
from flask import Flask

from app.config import Settings
from app.errors import ConfigurationError

THREADS = 16
PORTS_TO_TRY = 20


def free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or (when none is given) the first free one from 8000 on.

    Raises
    ------
    ConfigurationError
        When the wanted port, or each one tried, is taken, or the host is not one of this machine.
    """
    candidates = [wanted] if wanted is not None else list(range(8000, 8000 + PORTS_TO_TRY))
    for port in candidates:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                reason = error.strerror
                continue
            return int(probe.getsockname()[1])
    raise ConfigurationError(f"cannot listen on {host} port {candidates[0]}: {reason}", field="port")


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """A process that runs the background jobs for as long as the block lasts, or this process lives."""
    command = [sys.executable, "-m", "app", "--data", str(settings.data), "worker"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


def serve(app: Flask, host: str, port: int) -> None:
    """Answer requests until the process is told to stop."""
    # A queue of a few requests is how waitress works, not something to tell the operator.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    waitress.serve(
        app,
        host=host,
        port=port,
        threads=THREADS,
        channel_timeout=60,
        max_request_body_size=2 * 1024**3,
        ident=None,
        _quiet=True,
    )
