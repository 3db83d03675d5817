"""Files of video, pictures and sound: what they hold, and how they become what every browser shows and plays.

`probe`, `convert` and `sample_pictures` look into files that may be damaged or hostile, so they work in a child process
with limits. Nothing in here knows the database or the web.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.video.child import run_limited
from app.video.records import (
    PICTURES,
    Converted,
    Limits,
    Options,
    Probe,
    Sample,
    Sampling,
    StoredFile,
    VideoError,
    apart,
)

__all__ = [
    "Converted",
    "Limits",
    "Options",
    "Probe",
    "Sample",
    "Sampling",
    "StoredFile",
    "VideoError",
    "apart",
    "convert",
    "probe",
    "remove_unfinished",
    "sample_pictures",
    "sha256_file",
]

UNFINISHED = ".unfinished-"
# What the child writes, by kind of rendition.
FILES = {"mp4": "clip.mp4", "webm": "clip.webm", "poster": "clip.webp", "picture": "picture.webp"}


def probe(source: Path, *, limits: Limits | None = None) -> Probe:
    """What a video file holds.

    Raises
    ------
    VideoError
        When it cannot be used as a clip; the message is the reason, without the file's name.
    OSError
        When it cannot be read.
    """
    return Probe(**run_limited({"task": "probe", "source": _regular_file(source)}, limits or Limits()))


def convert(
    source: Path,
    out_dir: Path,
    options: Options | None = None,
    *,
    limits: Limits | None = None,
    progress: Callable[[float], None] | None = None,
) -> Converted:
    """Make what browsers load of an item in `out_dir`, each file named by the SHA-256 of its content.

    Of a clip MP4 (H.264), WebM (VP9) and a poster (WebP); of a picture the picture and a smaller poster (WebP); of a
    sound MP4 (AAC), WebM (Opus) and its waveform as the poster (WebP).

    A file is there whole or not at all: it is written in a folder of its own and moved when it is on the disk. What a
    killed conversion leaves is removed by a later one. `progress` hears the share that is done, 0 to 1.

    Raises
    ------
    VideoError
        When the file cannot be used as a clip; the message is the reason, without the file's name.
    OSError
        When the machine is at fault: the source cannot be read, the disk is full.
    """
    options, limits = options or Options(), limits or Limits()
    path = _regular_file(source)
    out_dir.mkdir(parents=True, exist_ok=True)
    # The child is stopped at the limit of its time, so nothing that is older still grows.
    remove_unfinished(out_dir, older_than=limits.wall_seconds + 60)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=out_dir) as folder:
        request = {"task": "render", "source": path, "folder": str(Path(folder).resolve()), "options": asdict(options)}
        result = run_limited(request, limits, progress=progress)
        made = {kind: Path(folder) / name for kind, name in FILES.items()}
        files = {kind: _publish(file, out_dir) for kind, file in made.items() if file.exists()}
        _sync_folder(out_dir)
    return Converted(files=files, source=Probe(**result.pop("source")), **result)


def sample_pictures(
    source: Path, sampling: Sampling, *, limits: Limits | None = None
) -> tuple[NDArray[np.uint8], Sample]:
    """Pictures of an item, (count, height, width, 3) red, green, blue, and when they are shown.

    Raises
    ------
    VideoError
        When the file shows no pictures, or cannot be used; the message is the reason, without the file's name.
    OSError
        When the machine is at fault: the source cannot be read, the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="asterism-") as folder:
        request = {"task": "sample", "source": _regular_file(source), "folder": folder, "options": asdict(sampling)}
        sample = Sample(**run_limited(request, limits or Limits()))
        return np.load(Path(folder) / PICTURES, allow_pickle=False), sample


def remove_unfinished(out_dir: Path, *, older_than: float = 0.0) -> int:
    """Remove what killed conversions left in `out_dir` more than `older_than` seconds ago; returns how many folders."""
    removed = 0
    for folder in out_dir.glob(f"{UNFINISHED}*"):
        try:
            age = time.time() - folder.stat().st_mtime
        except FileNotFoundError:
            # Its conversion has just ended.
            continue
        if age >= older_than:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _regular_file(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):
        raise VideoError("it is not a regular file")
    return str(path.resolve())


def _publish(path: Path, out_dir: Path) -> StoredFile:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    sha256 = sha256_file(path)
    final = out_dir / f"{sha256}{path.suffix}"
    size = path.stat().st_size
    path.replace(final)
    return StoredFile(final, sha256, size)


def _sync_folder(folder: Path) -> None:
    """Have the names of moved files on the disk, where folders can be opened for that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
