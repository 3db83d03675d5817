"""The child process: reads one request, limits itself, does the work, and answers in lines of JSON.

Started by `app.video.child` as `python -m app.video.worker`. A file that crashes a decoder, or makes it eat time or
memory, ends this process and nothing else.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av

from app.video.inspection import inspect
from app.video.kinds import kind_of
from app.video.pictures import render_picture
from app.video.records import Limits, Options, Rendered, Sampling, VideoError
from app.video.rendering import render
from app.video.sampling import sample
from app.video.sounds import render_sound

# Faults of the machine, not of the clip.
MACHINE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE}
REPORT_STEP = 0.01

Answer = Callable[[dict[str, Any]], None]


def main() -> None:
    """Answer one request. The last line says what became of it: result, refused, machine or failed."""
    answer = _answers()
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limits = Limits(**request["limits"])
    _limit_process(limits)
    av.logging.set_level(None)
    try:
        answer({"result": _work(request, limits, answer)})
    except Exception as error:
        answer(_verdict(error, limits))


def _verdict(error: Exception, limits: Limits) -> dict[str, Any]:
    """Whose fault an error is: the clip's (refused), the machine's, or ours (failed)."""
    own_words = isinstance(error, VideoError) and error.__cause__ is None
    if isinstance(error, MemoryError) or (not own_words and _memory_was_short(limits)):
        return {"refused": f"the video needs more than the {limits.memory_bytes / 2**30:.1f} GB of memory allowed"}
    if isinstance(error, VideoError):
        return {"refused": str(error)}
    if isinstance(error, OSError) and error.errno in MACHINE_FAULTS:
        return {"machine": [error.errno, str(error)]}
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return {"refused": f"the video has more than {limits.output_bytes / 1e6:,.0f} MB after conversion"}
    return {"failed": "".join(traceback.format_exception(error))}


def _memory_was_short(limits: Limits) -> bool:
    """Whether this process came near its bound: then libraries fail in ways that do not speak of memory."""
    if sys.platform != "linux":
        return False
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmPeak:"))
    return peak > 0.8 * limits.memory_bytes


def _work(request: dict[str, Any], limits: Limits, answer: Answer) -> dict[str, Any]:
    source = Path(request["source"])
    if request["task"] == "probe":
        return asdict(inspect(source, limits).probe)
    reported = 0.0

    def report(share: float) -> None:
        """Tell the parent the share that is done, each time it has grown by REPORT_STEP."""
        nonlocal reported
        if share >= reported + REPORT_STEP:
            reported = share
            answer({"progress": share})

    # JSON knows no tuples.
    given = request["options"] | {"background": tuple(request["options"]["background"])}
    if request["task"] == "sample":
        return asdict(sample(source, Path(request["folder"]), Sampling(**given), limits, report))
    options = Options(**given)
    return asdict(_rendered(source, Path(request["folder"]), options, limits, report))


def _rendered(
    source: Path, folder: Path, options: Options, limits: Limits, report: Callable[[float], None]
) -> Rendered:
    kind = kind_of(source, limits)
    if kind == "picture":
        return render_picture(source, folder, options, limits)
    if kind == "sound":
        return render_sound(source, folder, options, limits, report)
    return render(source, folder, options, limits, report)


def _answers() -> Answer:
    """Take the standard output for the answers alone: what libraries print goes where errors go."""
    pipe = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(message: dict[str, Any]) -> None:
        """Send one message as a line of JSON, at once."""
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    return answer


def _end_with_parent() -> None:
    """The parent keeps this process's input open; if it ends, however it ends, so does this process."""
    while os.read(0, 1):
        pass
    os._exit(1)


def _limit_process(limits: Limits) -> None:
    """Bound what this process may take. Where the system knows no such limits (Windows), the parent's clock is left."""
    if sys.platform == "win32":
        return
    import resource

    os.nice(10)
    bounds = [
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.output_bytes),
        (resource.RLIMIT_CORE, 0),
    ]
    if sys.platform == "linux":
        # macOS accepts no bound on the address space.
        bounds.append((resource.RLIMIT_AS, limits.memory_bytes))
    for kind, bound in bounds:
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


if __name__ == "__main__":
    main()
