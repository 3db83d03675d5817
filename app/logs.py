"""What the server logs: one line of JSON an event on standard error, without the values of local variables."""

from __future__ import annotations

import sys
from typing import TextIO

import structlog


def configure_logs(out: TextIO | None = None) -> None:
    """Let structlog write JSON to `out` (default: standard error).

    Its own default prints every local variable of a traceback, and with them secrets and what participants sent.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(out or sys.stderr),
        cache_logger_on_first_use=False,
    )
