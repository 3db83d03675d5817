"""Where files are kept: under their SHA-256."""

from __future__ import annotations

from pathlib import Path


def media_path(folder: Path, sha256: str, extension: str) -> Path:
    """The place of a file of the given content and extension below `folder`."""
    return folder.resolve() / f"{sha256}.{extension}"
