"""The program's version, and a short name of its static files that changes whenever one of them does."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from analysis import __version__

# The library is released with the program.
VERSION = __version__
STATIC = Path(__file__).parent.parent / "static"


@cache
def static_version() -> str:
    """The first letters of a hash over all static files: part of their address, so that they can be cached for good."""
    digest = hashlib.sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.relative_to(STATIC).as_posix().encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
