"""What is wrong with this machine or this data folder, in words."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.config import Settings, read_settings, sqlite_file
from app.db import open_database
from app.errors import ConfigurationError
from app.schema import schema_state
from app.startup import in_words, refuse_lost_database, refuse_missing_columns, refuse_network_disk

MIN_DISK = 2 * 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    subject: str
    text: str


def examine(data: Path) -> list[Finding]:
    """Check Python, the disk, the data folder, the database, the codecs, and the browser for the tests."""
    return [_python(), _disk(data), *_data(data), _codecs(), _chromium()]


def _python() -> Finding:
    version = sys.version.split()[0]
    return Finding(sys.version_info >= (3, 11), "Python", f"{version}; 3.11 or newer is needed")


def _disk(data: Path) -> Finding:
    folder = next(folder for folder in [data.absolute(), *data.absolute().parents] if folder.exists())
    if not folder.is_dir():
        return Finding(False, "disk", f"{folder} is a file, not a folder")
    if not os.access(folder, os.W_OK):
        return Finding(False, "disk", f"{folder} cannot be written to")
    free = shutil.disk_usage(folder).free
    text = f"{free / 1024**3:.1f} GB free at {folder}"
    return Finding(free >= MIN_DISK, "disk", text if free >= MIN_DISK else f"only {text}; 2 GB are wanted")


def _data(data: Path) -> list[Finding]:
    """What the start would say of the settings, the data folder and the database; nothing is made or changed."""
    try:
        settings = read_settings(data=data)
        refuse_network_disk(settings)
        if not data.exists():
            return [Finding(True, "data folder", f"{data} does not exist yet; the first start makes it")]
        refuse_lost_database(settings)
    except ConfigurationError as error:
        return [Finding(False, "settings", error.message)]
    return [_rights(data), _database(settings)]


def _rights(data: Path) -> Finding:
    if os.name == "posix" and data.stat().st_mode & 0o077:
        return Finding(False, "data folder", f"others can read {data}: chmod 700 {data}")
    return Finding(True, "data folder", f"{data} is its owner's alone")


def _database(settings: Settings) -> Finding:
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return Finding(True, "database", f"{file.name} does not exist yet; the first start makes it")
    kind = "PostgreSQL" if file is None else "SQLite"
    texts = {
        "empty": "is empty; the first start fills it",
        "current": "is there, and fits this version",
        "older": "is of an older version; the next start brings it forward, after a backup",
        "newer": "was written by a newer version of Asterism: update the program, or restore a backup",
        "foreign": "holds tables of another program: name an empty database, or another one",
    }
    try:
        with in_words(settings):
            database = open_database(settings.database)
            try:
                state = schema_state(database)
                if state == "current":
                    refuse_missing_columns(database)
            finally:
                database.close()
    except ConfigurationError as error:
        return Finding(False, "database", error.message)
    return Finding(state not in {"newer", "foreign"}, "database", f"{kind} {texts[state]}")


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
