"""The boxes of which MP4 and MOV files are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def boxes(path: Path) -> Iterator[tuple[bytes, int]]:
    """Kind and end, in bytes from the file's beginning, of each box of the top level.

    The last end lies behind the file's where the file was broken off. A box of length 0, which goes on to the end of
    the file, is not among them, nor is anything behind a box whose length cannot be.
    """
    size, place = path.stat().st_size, 0
    with path.open("rb") as file:
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:16], "big")
            if length < 8:
                return
            place += length
            yield head[4:8], place
