"""Files that browsers load: where they are kept, under their SHA-256, and what kinds there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

# The extension of each kind of rendition, and the MIME type of each extension.
EXTENSIONS = {"mp4": "mp4", "webm": "webm", "poster": "webp", "picture": "webp"}
MIME_TYPES = {"mp4": "video/mp4", "webm": "video/webm", "webp": "image/webp"}
# What follows an item's id in the address of each kind.
ADDRESS_ENDINGS = EXTENSIONS | {"picture": "picture.webp"}
# Of a clip and of a sound; browsers try them in this order.
VIDEOS = ("mp4", "webm")
SOURCES = (*VIDEOS, "picture")


def media_path(folder: Path, sha256: str, extension: str) -> Path:
    """The place of a file of the given content and extension below `folder`."""
    return folder.resolve() / f"{sha256}.{extension}"


def sources_of(addresses: Mapping[str, str]) -> list[dict[str, str]]:
    """What a page shows or plays of an item, out of the addresses of its renditions by kind."""
    return [{"src": addresses[kind], "type": MIME_TYPES[EXTENSIONS[kind]]} for kind in SOURCES if kind in addresses]
