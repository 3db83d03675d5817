"""Files that browsers load: where they are kept, under their SHA-256, and what kinds there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# The extension of each kind of rendition, and the MIME type of each extension. Browsers try the videos in this order.
EXTENSIONS = {"mp4": "mp4", "webm": "webm", "poster": "webp"}
MIME_TYPES = {"mp4": "video/mp4", "webm": "video/webm", "webp": "image/webp"}
VIDEOS = ("mp4", "webm")


def media_path(folder: Path, sha256: str, extension: str) -> Path:
    """The place of a file of the given content and extension below `folder`."""
    return folder.resolve() / f"{sha256}.{extension}"


def video_sources(addresses: Mapping[str, str]) -> list[dict[str, str]]:
    """A clip's videos as a page loads them, out of the addresses of its renditions by kind."""
    return [{"src": addresses[kind], "type": MIME_TYPES[kind]} for kind in VIDEOS if kind in addresses]
