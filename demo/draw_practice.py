"""Draws the clips of the practice round, circles and squares of three sizes that gently pulse, into static/practice."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw

PRACTICE = Path(__file__).parent.parent / "static" / "practice"
SIDE, FRAMES, FPS, OVERSAMPLING = 192, 36, 24, 4
GROUND = (236, 238, 240)
COLOURS = {"circle": (196, 82, 32), "square": (32, 84, 150)}
SIZES = {"small": 0.34, "middle": 0.54, "large": 0.74}


def picture(shape: str, size: float, phase: float) -> Image.Image:
    """One frame; `phase` runs from 0 to 1 over the loop."""
    side = SIDE * OVERSAMPLING
    image = Image.new("RGB", (side, side), GROUND)
    half = side / 2 * size * (1 + 0.06 * np.sin(2 * np.pi * phase))
    box = (side / 2 - half, side / 2 - half, side / 2 + half, side / 2 + half)
    pen = ImageDraw.Draw(image)
    if shape == "circle":
        pen.ellipse(box, fill=COLOURS[shape])
    else:
        pen.rounded_rectangle(box, radius=side * 0.03, fill=COLOURS[shape])
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main() -> None:
    """Write an MP4, a WebM and a poster for each of the six clips."""
    for shape in COLOURS:
        for name, size in SIZES.items():
            frames = [picture(shape, size, k / FRAMES) for k in range(FRAMES)]
            poster = io.BytesIO()
            frames[0].save(poster, "WEBP", quality=85)
            (PRACTICE / f"{shape}-{name}.webp").write_bytes(poster.getvalue())
            for ending, codec, options in (
                ("mp4", "libx264", {"crf": "26", "preset": "veryslow"}),
                ("webm", "libvpx-vp9", {"crf": "38", "b": "0"}),
            ):
                extra = {"movflags": "+faststart"} if ending == "mp4" else {}
                with av.open(str(PRACTICE / f"{shape}-{name}.{ending}"), "w", options=extra) as container:
                    stream = container.add_stream(codec, rate=FPS, options=options)
                    stream.width = stream.height = SIDE
                    stream.pix_fmt = "yuv420p"
                    for frame in frames:
                        container.mux(stream.encode(av.VideoFrame.from_image(frame)))
                    container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
