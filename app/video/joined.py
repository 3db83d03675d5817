"""Files joined end to end of which readers see the first one only. Runs in the child process."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.video.boxes import boxes
from app.video.records import VideoError

JOINED = (
    "it is several files joined end to end, of which players show the first one only; "
    "join them with a program for that, or give each as a file of its own"
)
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
MAX_HEAD = 16
# Containers of sound that begin with their size, and in which order its bytes are.
FORMS: dict[str, Literal["little", "big"]] = {"wav": "little", "aiff": "big"}


def check_not_joined(path: Path, container: str, last_byte: int) -> None:
    """Look for another file's beginning behind the last packet that was read.

    Raises
    ------
    VideoError
        When there is one.
    """
    if container.startswith("mov,"):
        if _second_movie(path):
            raise VideoError(JOINED)
        return
    if container in FORMS:
        if _second_form(path, FORMS[container]):
            raise VideoError(JOINED)
        return
    head = {"asf": ASF_HEADER, "flv": b"FLV\x01"}.get(container)
    if head is not None and _holds(path, head, last_byte):
        raise VideoError(JOINED)


def _second_form(path: Path, order: Literal["little", "big"]) -> bool:
    """Whether another WAV or AIFF begins where one ends."""
    with path.open("rb") as file:
        head = file.read(8)
        size = int.from_bytes(head[4:8], order)
        file.seek(8 + size + size % 2)
        return file.read(4) == head[:4]


def _second_movie(path: Path) -> bool:
    """Whether the top level of an MP4 or MOV holds more than one file type or movie box."""
    kinds = [kind for kind, _ in boxes(path)]
    return kinds.count(b"moov") > 1 or kinds.count(b"ftyp") > 1


def _holds(path: Path, head: bytes, begin: int) -> bool:
    kept = b""
    with path.open("rb") as file:
        file.seek(begin)
        while chunk := file.read(1 << 20):
            if head in kept + chunk:
                return True
            kept = chunk[-MAX_HEAD:]
    return False
