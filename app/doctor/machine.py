"""What is looked at on any machine: Python, packages, disk, clock, codecs, and the browser for the tests."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
import tomllib
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from analysis.words import counted
from app.doctor.finding import Finding

MIN_DISK = 2 * 1024**3
MIN_FILES = 10_000
LOCKS = Path(__file__).parent.parent.parent / "locks"
# Within this time after the versions were chosen, faults that became known in them can be expected to be few.
OLD_LOCK_DAYS = 180
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)


def python() -> Finding:
    """The version of Python."""
    version = sys.version.split()[0]
    return Finding(sys.version_info >= (3, 11), "Python", f"{version}; 3.11 or newer is needed")


def packages(locks: Path = LOCKS, *, today: date | None = None) -> Finding:
    """Whether what is installed is what the lock pins, and how long ago its versions were chosen."""
    try:
        text = (locks / "runtime.txt").read_text(encoding="utf-8")
        made = tomllib.loads((locks / "made.toml").read_text(encoding="utf-8"))
    except OSError:
        return Finding(True, "packages", "no lock beside the program: their versions and age are not known")
    if hashlib.sha256(text.encode()).hexdigest() != made["runtime"]:
        return Finding(False, "packages", "locks/runtime.txt was changed and its date in locks/made.toml was not")
    age = ((today or datetime.now(UTC).date()) - made["date"]).days
    pinned: dict[str, set[str]] = {}
    for name, one in PINNED.findall(text):
        # Of some packages another version is pinned for each version of Python.
        pinned.setdefault(name, set()).add(one)
    others = [name for name, some in pinned.items() if (there := _installed(name)) is not None and there not in some]
    if others:
        return Finding(False, "packages", f"installed in other versions than the lock's: {', '.join(others)}")
    said = f"as locked on {made['date']}, {counted(max(age, 0), 'day')} ago"
    if age > OLD_LOCK_DAYS:
        return Finding(False, "packages", f"{said}: look for a newer version of Asterism, which fixes known faults")
    return Finding(True, "packages", said)


def _installed(name: str) -> str | None:
    # Some packages are pinned for other systems alone.
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def disk(data: Path) -> Finding:
    """Whether there is room for what participants send, in bytes and in numbers of files (F05, F50)."""
    folder = next(folder for folder in [data.absolute(), *data.absolute().parents] if folder.exists())
    if not folder.is_dir():
        return Finding(False, "disk", f"{folder} is a file, not a folder")
    if not os.access(folder, os.W_OK):
        return Finding(False, "disk", f"{folder} cannot be written to")
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GB free at {folder}"
    if free < MIN_DISK:
        return Finding(False, "disk", f"only {text}; 2 GB are needed")
    if hasattr(os, "statvfs"):
        files = os.statvfs(folder)
        # Some file systems have no such limit, and say 0 of 0.
        if files.f_files and files.f_favail < MIN_FILES:
            return Finding(False, "disk", f"{text}, but room for only {files.f_favail} more files")
    return Finding(True, "disk", text)


def clock(*, at: datetime | None = None) -> Finding:
    """Whether the clock is behind the program itself, as after an empty battery (F23)."""
    now = at or datetime.now(UTC)
    newest = max(file.stat().st_mtime for file in Path(__file__).parent.glob("*.py"))
    if newest > now.timestamp() + 86_400:
        return Finding(False, "clock", f"it says {now:%Y-%m-%d %H:%M} UTC, which is before this program was installed")
    return Finding(True, "clock", f"{now:%Y-%m-%d %H:%M} UTC")


def codecs() -> Finding:
    """Whether PyAV reads and writes what is needed."""
    import av

    wanted: dict[str, Literal["r", "w"]] = {"libx264": "w", "libvpx-vp9": "w", "h264": "r", "mpeg4": "r"}
    missing = []
    for name, mode in wanted.items():
        try:
            av.codec.Codec(name, mode)
        except av.error.FFmpegError:
            missing.append(name)
    if missing:
        return Finding(False, "codecs", f"PyAV lacks {', '.join(missing)}: install its wheel, not a build of your own")
    return Finding(True, "codecs", f"PyAV {av.__version__} reads and writes what is needed")


def chromium() -> Finding:
    """The browser for the tests, which nothing else needs."""
    names = [os.environ.get("ASTERISM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    browser = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if browser:
        return Finding(True, "browser for the tests", browser)
    return Finding(True, "browser for the tests", "none on the path; `python3 run.py test` installs one where it can")
