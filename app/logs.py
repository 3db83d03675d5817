"""What the server logs: one line of JSON an event, on standard error or in files (`app.log_files`).

Nothing that participants sent is in it.
"""

from __future__ import annotations

import sys
import traceback
from typing import Protocol, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

# The messages of these name files and the program's own parts. Those of others (a ValueError, the database's) often
# quote the value that they complain of.
SAFE_TO_QUOTE = (OSError, RuntimeError, AssertionError, ImportError, AttributeError, NameError, TypeError)


class Out(Protocol):
    """Where lines are written to."""

    def write(self, line: str, /) -> object:
        """Write a line."""

    def flush(self) -> object:
        """Keep nothing back."""


class _StandardError:
    """Standard error as it is when a line is written; a program may have replaced it, and closed what was there."""

    def write(self, line: str, /) -> object:
        return sys.stderr.write(line)

    def flush(self) -> object:
        return sys.stderr.flush()


def configure_logs(out: Out | None = None) -> None:
    """Let structlog write JSON to `out` (default: standard error).

    Its own default prints every local variable of a traceback, and with them secrets and what participants sent.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _format_error,
            structlog.processors.JSONRenderer(),
        ],
        # It writes a line with its end at once, so that the lines of several processes do not mix.
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, out or _StandardError())),
        cache_logger_on_first_use=False,
    )


def describe_error(error: BaseException) -> str:
    """The kind of an error, and its message where that cannot hold what a participant sent."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{kind}: {error}" if isinstance(error, SAFE_TO_QUOTE) else kind


def _format_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its traceback: files, lines and code of it and of what caused it."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_lines(error))
    return event


def _lines(error: BaseException) -> list[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [] if cause is None else [*_lines(cause), "which led to:"]
    frames = [line.rstrip() for line in traceback.format_tb(error.__traceback__)]
    return [*before, *frames, describe_error(error)]
