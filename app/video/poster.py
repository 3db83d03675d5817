"""Choosing the picture that stands for a clip while it does not play. Runs in the child process."""

from __future__ import annotations

from pathlib import Path
from statistics import median, pstdev
from typing import Any

from av.video.reformatter import ColorRange, Colorspace, Interpolation

from app.video.frame_filters import TICK

# The poster is looked for in the first third of the clip, and in its first two seconds.
EARLY_SHARE, EARLY_SECONDS, CANDIDATES = 1 / 3, 2.0, 12
THUMBNAIL = 16
# A spread of grey values (of 255) below this is a blank picture, such as the black before a fade.
BLANK = 6.0


class PosterChoice:
    """Collects some early pictures and picks the most typical one that is not blank."""

    def __init__(self, duration: float) -> None:
        self._end = min(duration * EARLY_SHARE, EARLY_SECONDS)
        self._candidates: list[tuple[Any, list[int]]] = []

    def consider(self, frame: Any) -> None:
        """Takes note of a picture of the clip, in order of time."""
        due = self._end * len(self._candidates) / CANDIDATES
        if len(self._candidates) < CANDIDATES and due <= float(frame.pts * TICK) <= self._end:
            self._candidates.append((frame, _thumbnail(frame)))

    def save(self, path: Path, side: int) -> None:
        """Write the chosen picture as WebP, its longer side at most `side` pixels."""
        clear = [one for one in self._candidates if pstdev(one[1]) >= BLANK] or self._candidates
        typical = [median(values) for values in zip(*(grey for _, grey in clear), strict=True)]
        frame, _ = min(clear, key=lambda one: sum(abs(a - b) for a, b in zip(one[1], typical, strict=True)))
        image = frame.reformat(
            format="rgb24",
            src_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BICUBIC,
        ).to_image()
        image.thumbnail((side, side))
        image.save(path, "WEBP", quality=82, method=4)


def _thumbnail(frame: Any) -> list[int]:
    plane = frame.reformat(THUMBNAIL, THUMBNAIL, "gray", interpolation=Interpolation.AREA).planes[0]
    data = bytes(plane)
    return [
        value for row in range(THUMBNAIL) for value in data[row * plane.line_size : row * plane.line_size + THUMBNAIL]
    ]
