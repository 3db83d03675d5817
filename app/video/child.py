"""Running a task of `app.video.worker` in a child process of its own, within limits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.video.records import Limits, VideoError

ROOT = Path(__file__).resolve().parents[2]
# A decoder that is tricked by a file finds no secrets in its environment.
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")
COMMAND = (sys.executable, "-m", "app.video.worker")
FINAL = ("result", "refused", "machine", "failed")


def run_limited(
    request: dict[str, Any], limits: Limits, *, progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """Have the worker do `request` (plain data) and return its result; `progress` hears the share done, 0 to 1.

    The child never outlives this call, whatever ends it.

    Raises
    ------
    VideoError
        When the file cannot be used, or passes a limit of time or memory.
    OSError
        When the machine is at fault: a full disk, a folder that cannot be written.
    RuntimeError
        When the worker failed otherwise; the message holds what it said.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "MALLOC_ARENA_MAX": "2"}
    late = threading.Event()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            env=environment,
            text=True,
            encoding="utf-8",
        ) as child,
    ):
        clock = threading.Timer(limits.wall_seconds, _stop, (child, late))
        clock.start()
        try:
            answer = _converse(child, request | {"limits": asdict(limits)}, progress)
        finally:
            clock.cancel()
            child.kill()
        errors.seek(0)
        said = errors.read()[-4000:].decode(errors="replace")
    return _outcome(answer, child.returncode, limits, late=late.is_set(), said=said)


def _stop(child: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    child.kill()


def _converse(
    child: subprocess.Popen[str], request: dict[str, Any], progress: Callable[[float], None] | None
) -> dict[str, Any] | None:
    """The child's final answer; None when it ended without one."""
    assert child.stdin is not None
    assert child.stdout is not None
    # A child that cannot even start breaks the pipe; its exit code and its last words tell more.
    try:
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
    except BrokenPipeError:
        # What could not be written must not be tried again when the pipe is closed.
        with suppress(BrokenPipeError):
            child.stdin.close()
    for line in child.stdout:
        answer: dict[str, Any] = json.loads(line)
        if any(key in answer for key in FINAL):
            return answer
        if progress is not None:
            progress(float(answer["progress"]))
    child.wait()
    return None


def _outcome(answer: dict[str, Any] | None, code: int, limits: Limits, *, late: bool, said: str) -> dict[str, Any]:
    if answer is not None:
        if "result" in answer:
            result: dict[str, Any] = answer["result"]
            return result
        if "refused" in answer:
            raise VideoError(answer["refused"])
        if "machine" in answer:
            raise OSError(*answer["machine"])
        raise RuntimeError(f"the video worker failed:\n{answer['failed']}")
    if late:
        raise VideoError(f"working on the video took longer than the {limits.wall_seconds:g} s allowed")
    if code < 0:
        name = signal.Signals(-code).name
        if name == "SIGXCPU":
            raise VideoError(f"the video took more than the {limits.cpu_seconds} s of processor time allowed")
        if name != "SIGTERM":
            raise VideoError(f"the video made its decoder crash or use too much memory ({name})")
    raise RuntimeError(f"the video worker ended with code {code}:\n{said}")
