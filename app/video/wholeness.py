"""Whether a file is as long as its own container says. Runs in the child process.

FFmpeg reads a file that was broken off as far as it goes, and says nothing. Most containers write at their beginning
how long they are, or mark their end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.video.boxes import boxes
from app.video.records import VideoError

BROKEN_OFF = "the file is damaged or incomplete: {} (was a copy or a recording broken off?)"
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
EBML, SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
GIF_TRAILER = 0x3B
# Bytes of a picture of DV, with 625 lines and with 525; of its larger kinds they are a multiple.
PAL, NTSC = 144_000, 120_000
# Some writers count a header of their own in.
SLACK = 16


def check_whole(path: Path) -> None:
    """Return unless the file ends before the place that its own beginning names, or without its end.

    Raises
    ------
    VideoError
        When it does.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"GIF8"):
        if not _gif_ends(path.read_bytes()):
            raise VideoError(BROKEN_OFF.format("it has no end"))
        return
    if head.startswith(b"OggS") and not _ogg_ends(path):
        raise VideoError(BROKEN_OFF.format("a page of it is cut off or missing"))
    if head[:1] == b"\x1f" and head[1:2] in {b"\x07", b"\x04"} and size % (PAL if head[3] & 0x80 else NTSC):
        raise VideoError(BROKEN_OFF.format("its last picture is not whole"))
    said = _said_size(path, head)
    if said is not None and said > size + SLACK:
        raise VideoError(BROKEN_OFF.format(f"it says that it has {said:,} bytes, and has {size:,}"))


def _said_size(path: Path, head: bytes) -> int | None:
    """How many bytes there must be at least; None where the file does not say."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return max(_box_ends(path), default=None)
    if head[:4] in {b"RF64", b"BW64"} and head[12:16] == b"ds64":
        return int.from_bytes(head[20:28], "little") + 8
    if head.startswith(W64):
        return int.from_bytes(head[16:24], "little")
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        # WAV has tests of its own, and recorders that leave its size open.
        size = int.from_bytes(head[4:8], "little")
        return None if size == 0xFFFFFFFF else size + 8
    if head.startswith(ASF_HEADER):
        place = head.find(ASF_FILE)
        return None if place < 0 else int.from_bytes(head[place + 40 : place + 48], "little")
    if head.startswith(EBML):
        return _segment_end(head)
    return None


def _box_ends(path: Path) -> Iterator[int]:
    """Where each box of the top level of MP4 or MOV ends."""
    for kind, end in boxes(path):
        # Other bytes than letters are no box, but something behind the last one.
        if not kind.isalnum():
            return
        yield end


def _segment_end(head: bytes) -> int | None:
    """Where the segment of Matroska ends; None where it was written as of unknown length."""
    place = head.find(SEGMENT)
    if place < 0 or place + 12 > len(head):
        return None
    first = head[place + 4]
    width = 9 - first.bit_length()
    if not 1 <= width <= 8:
        return None
    value = int.from_bytes(head[place + 4 : place + 4 + width], "big") & ((1 << 7 * width) - 1)
    return None if value == (1 << 7 * width) - 1 else place + 4 + width + value


def _ogg_ends(path: Path) -> bool:
    """Whether the pages of an Ogg file follow on one another up to its end (RFC 3533, 6), whatever lies behind that."""
    size, place, is_last = path.stat().st_size, 0, False
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            head = file.read(27)
            if len(head) < 27 or not head.startswith(b"OggS"):
                return is_last
            is_last = bool(head[5] & 4)
            place += 27 + head[26] + sum(file.read(head[26]))
    return place == size


def _gif_ends(data: bytes) -> bool:
    """Whether the blocks of a GIF follow on one another up to its end (GIF89a, appendix A)."""

    def table(flags: int) -> int:
        """How many bytes a table of colours has."""
        return 3 * (2 << (flags & 7)) if flags & 0x80 else 0

    try:
        place = 13 + table(data[10])
        while data[place] != GIF_TRAILER:
            if data[place] == 0x21:
                place += 2
            elif data[place] == 0x2C:
                place += 11 + table(data[place + 9])
            else:
                return False
            while data[place]:
                place += 1 + data[place]
            place += 1
    except IndexError:
        return False
    return True
