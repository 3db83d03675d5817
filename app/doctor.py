"""What is wrong with this machine or this data folder, in words."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy.exc import SQLAlchemyError

from app.config import load_settings
from app.db import open_database
from app.errors import ConfigurationError
from app.schema import schema_state

LEAST_DISK = 2 * 1024**3
NETWORK_DISKS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    subject: str
    text: str


def examine(data: Path) -> list[Finding]:
    """Look at Python, the disk, the data folder, the database, the codecs, and the browser for the tests."""
    return [_python(), _disk(data), *_database(data), _codecs(), _chromium()]


def _python() -> Finding:
    version = sys.version.split()[0]
    return Finding(sys.version_info >= (3, 11), "Python", f"{version}; 3.11 or newer is needed")


def _disk(data: Path) -> Finding:
    folder = next(folder for folder in [data.absolute(), *data.absolute().parents] if folder.exists())
    if not os.access(folder, os.W_OK):
        return Finding(False, "disk", f"{folder} cannot be written to")
    free = shutil.disk_usage(folder).free
    kind = _file_system(folder)
    if kind in NETWORK_DISKS:
        return Finding(
            False, "disk", f"{folder} is a network disk ({kind}), on which SQLite can lose data: take a local one"
        )
    text = f"{free / 1024**3:.1f} GB free at {folder}"
    return Finding(free >= LEAST_DISK, "disk", text if free >= LEAST_DISK else f"only {text}; 2 GB are wanted")


def _file_system(folder: Path) -> str:
    """The kind of file system that holds a folder, on Linux; empty elsewhere."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    holding = [(mount[1], mount[2]) for mount in mounts if folder.is_relative_to(mount[1].replace("\\040", " "))]
    return max(holding, key=lambda mount: len(mount[0]), default=("", ""))[1]


def _database(data: Path) -> list[Finding]:
    if not data.exists():
        return [Finding(True, "data folder", f"{data} does not exist yet; the first start makes it")]
    try:
        settings = load_settings(data=data)
    except ConfigurationError as error:
        return [Finding(False, "settings", error.message)]
    kind = "PostgreSQL" if settings.database_url.startswith("postgresql") else "SQLite"
    try:
        database = open_database(settings.database)
        state = schema_state(database)
        database.close()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return [Finding(False, "database", f"{kind} cannot be reached: {reason}")]
    texts = {
        "empty": "is empty; the first start fills it",
        "current": "is there, and fits this version",
        "older": "is of an older version; the next start brings it forward",
        "newer": "was written by a newer version of Asterism: update the program, or restore a backup",
    }
    return [Finding(state != "newer", "database", f"{kind} {texts[state]}")]


def _codecs() -> Finding:
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


def _chromium() -> Finding:
    names = [os.environ.get("ASTERISM_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if found:
        return Finding(True, "browser for the tests", found)
    return Finding(True, "browser for the tests", "none on the path; `python3 run.py test` installs one where it can")
