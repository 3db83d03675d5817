"""The face of a sound: its waveform, drawn. The same samples give the same picture. Runs in the child process."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

FACE = (480, 320)
BARS, GAP, MARGIN = 60, 2, 24
# Drawn twice as large, so that the ends of bars are round when it is made smaller.
SCALE = 2
CARD, WAVE, AXIS = (33, 41, 52), (160, 196, 240), (84, 98, 116)
GREY_CARD, GREY_WAVE, GREY_AXIS = (96, 96, 96), (214, 214, 214), (128, 128, 128)


def draw_waveform(samples: NDArray[np.float32], path: Path, background: tuple[int, int, int]) -> None:
    """Write the waveform of `samples` (channels, n; full scale 1) as WebP: a bar for each stretch, as high as its peak.

    All sounds have the same scale, so that a louder one looks louder. A study on grey gets a grey card.
    """
    grey = any(background)
    card, wave, axis = (GREY_CARD, GREY_WAVE, GREY_AXIS) if grey else (CARD, WAVE, AXIS)
    width, height = (SCALE * side for side in FACE)
    image = Image.new("RGB", (width, height), card)
    draw = ImageDraw.Draw(image)
    margin, gap = SCALE * MARGIN, SCALE * GAP
    draw.line((margin, height / 2, width - margin, height / 2), fill=axis, width=SCALE)
    step = (width - 2 * margin) / BARS
    for place, peak in enumerate(peaks(samples, BARS)):
        half = peak * (height / 2 - margin)
        if half < SCALE:
            continue
        left = margin + place * step
        box = (left, height / 2 - half, left + step - gap, height / 2 + half)
        draw.rounded_rectangle(box, radius=min((step - gap) / 2, half), fill=wave)
    image.resize(FACE, Image.Resampling.LANCZOS).save(path, "WEBP", lossless=True, method=4)


def peaks(samples: NDArray[np.float32], n: int) -> list[float]:
    """The largest absolute sample, 0 to 1, of each of `n` stretches of equal length."""
    loud = np.minimum(np.abs(samples).max(axis=0), 1.0)
    edges = np.linspace(0, loud.size, n + 1).round().astype(int)
    return [float(loud[a:b].max()) if b > a else 0.0 for a, b in pairwise(edges)]
