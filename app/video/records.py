"""What is asked of a conversion and what comes back: plain data, the same in the app and in its child process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


class VideoError(Exception):
    """A file that cannot be used as a clip. The message is the reason, in words; the caller adds the file's name."""


def apart(larger: float, smaller: float) -> tuple[str, str]:
    """Two numbers as texts, with as many decimals as it takes to tell them apart, and at least one."""
    for decimals in range(1, 7):
        texts = f"{larger:,.{decimals}f}", f"{smaller:,.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts


@dataclass(frozen=True)
class Limits:
    """What a clip may cost. Sizes in bytes, times in seconds, pictures in pixels."""

    file_bytes: int = 500_000_000
    duration: float = 120.0
    longest_side: int = 8192
    pixels: int = 36_000_000
    # Of a still picture, which is decoded once and not in every frame.
    picture_pixels: int = 64_000_000
    frames: int = 15_000
    # Of the child process: address space, wall clock, processor time, and the size of each file it writes.
    memory_bytes: int = 2 * 1024**3
    wall_seconds: float = 600.0
    cpu_seconds: int = 900
    output_bytes: int = 200_000_000


@dataclass(frozen=True)
class Options:
    """How clips are rendered. A side is the longer one of the picture, in pixels; nothing is ever made larger.

    `background` (red, green, blue) is seen through what is transparent.
    """

    side: int = 960
    poster_side: int = 480
    frames_per_second: float = 60.0
    sound: bool = False
    background: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Sampling:
    """Which pictures of a clip a network gets: `count` of them, of `height` and `width`.

    A picture is scaled to a shorter side of `shorter_side` and its middle cut out; None: it is squeezed whole.
    `side` and `background` are those of `Options`.
    """

    count: int
    height: int
    width: int
    shorter_side: int | None
    side: int = 960
    background: tuple[int, int, int] = (0, 0, 0)


# The file in which the child writes them.
PICTURES = "pictures.npy"


@dataclass(frozen=True)
class Sample:
    """The times (seconds) of the pictures that were taken, and the place of each among those that were written once."""

    times: list[float]
    places: list[int]


@dataclass(frozen=True)
class Probe:
    """What a file holds. Width and height are as shown: after rotation, and with square pixels.

    `rotation` is the clockwise turn in degrees that the file asks its player for. `frames`, `duration` (seconds) and
    `fps` are counted from the stored pictures, not read from a header; `start` is the time of the first one by the
    file's own clock; `variable_frame_rate` says that their spacing differs.
    """

    container: str
    codec: str
    width: int
    height: int
    rotation: int
    start: float
    duration: float
    frames: int
    fps: float
    variable_frame_rate: bool
    has_audio: bool
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class StoredFile:
    """A finished file, named by its content."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class Converted:
    """An item as browsers load it: `kind` is clip, picture or sound, and `files` are named by kind of rendition.

    `width`, `height`, `frames` and `duration` are those of both videos of a clip; of a sound, the size is that of its
    drawn waveform. `remarks` are sentences for the experimenter: all that is not as one might expect from the file.
    """

    kind: str
    files: dict[str, StoredFile]
    width: int
    height: int
    duration: float
    frames: int
    has_sound: bool
    source: Probe
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rendered:
    """What the child wrote into its folder, before the files are named by their content."""

    width: int
    height: int
    duration: float
    frames: int
    has_sound: bool
    source: Probe
    remarks: list[str]
    kind: str = "clip"


def colour_name(rgb: tuple[int, int, int]) -> str:
    """What is seen through what is transparent, in words."""
    named = {(0, 0, 0): "black", (255, 255, 255): "white"}
    return named.get(rgb, "the study's background")
