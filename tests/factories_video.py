"""Odd clips for the tests of app.video, made with PyAV: small, short, and with known pictures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

# The colours of the four quarters: top left, top right, bottom left, bottom right.
QUARTERS = ((220, 40, 40), (40, 180, 60), (50, 70, 220), (235, 235, 235))


def picture(width: int, height: int, index: int = 0) -> NDArray[np.uint8]:
    """Four coloured quarters and a dark dot that moves along the middle with `index`; (height, width, 3)."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    top, left = height // 2, width // 2
    image[:top, :left], image[:top, left:], image[top:, :left], image[top:, left:] = QUARTERS
    x = (2 + 3 * index) % max(1, width - 4)
    image[top - 2 : top + 2, x : x + 4] = (20, 20, 20)
    return image


def quarters_of(image: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """The mean colours of the four quarters of a picture (their middles)."""
    height, width = image.shape[:2]
    boxes = [(0, 0), (0, width // 2), (height // 2, 0), (height // 2, width // 2)]
    h, w = height // 2, width // 2
    return [image[y + h // 4 : y + 3 * h // 4, x + w // 4 : x + 3 * w // 4].mean(axis=(0, 1)) for y, x in boxes]


def make_clip(
    path: Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (64, 48),
    fps: Fraction | int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rotation: int = 0,
    aspect: Fraction | None = None,
    times: Sequence[float] | None = None,
    start: float = 0.0,
    sound: float | None = None,
    pictures: Sequence[NDArray[np.uint8]] | None = None,
    source_format: str = "rgb24",
    colour: dict[str, int] | None = None,
    metadata: dict[str, str] | None = None,
    container_format: str | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Write a clip and return its path.

    `rotation` turns clockwise when played. `times` are the seconds at which the pictures are shown (else `fps` counts),
    all later by `start`. `sound` is the length in seconds of a 440 Hz tone, from 0 on. `pictures` (height, width,
    channels) replace the usual ones; `colour` sets colorspace, color_primaries, color_trc or color_range of the video.
    """
    with av.open(str(path), "w", format=container_format, options=options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=Fraction(fps))
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        if times is not None or start:
            context.time_base = Fraction(1, 1000)
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        for name, value in (colour or {}).items():
            setattr(context, name, value)
        if rotation:
            stream.set_display_rotation(-rotation)
        tone = container.add_stream("aac" if path.suffix != ".webm" else "libopus", rate=48_000) if sound else None
        if tone is not None:
            tone.codec_context.open()
        for index in range(frames):
            image = pictures[index] if pictures is not None else picture(*size, index)
            frame = av.VideoFrame.from_ndarray(image, format=source_format)
            if times is not None or start:
                seconds = start + (times[index] if times is not None else float(index / Fraction(fps)))
                frame.pts, frame.time_base = round(1000 * seconds), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _write_tone(container, tone, sound)
    return path


def _write_tone(container: Any, stream: Any, seconds: float) -> None:
    signal = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(48_000 * seconds)) / 48_000)
    block = stream.codec_context.frame_size
    for begin in range(0, len(signal) - block + 1, block):
        samples = np.ascontiguousarray(np.stack([signal[begin : begin + block]] * 2), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
