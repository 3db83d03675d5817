"""Draws the demo's 24 clips and writes their attributes: `python -m demo.draw_clips`.

The same parameters come out at every run; the bytes of the MP4 files may differ between versions of the encoder.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from PIL import Image

from demo.expressions import muscles_at
from demo.faces import SIZE, draw_face
from demo.geometry import ATTRIBUTES, FRAMES_PER_SECOND, MOVEMENTS, design

CLIPS = ATTRIBUTES.parent / "clips"


def draw_moment(clip: dict[str, Any], phase: float) -> Image.Image:
    """The clip's picture at `phase` of its loop, 0 to 1; phase 1 is phase 0 again."""
    _, turns = MOVEMENTS[clip["movement"]]
    turn, angle = np.radians(clip["head_turn"]), 2 * np.pi * turns * phase
    return draw_face(
        clip,
        muscles_at(clip, phase),
        yaw=turn * np.sin(angle + 0.6),
        roll=0.16 * turn * np.sin(angle),
        nod=0.012 * np.sin(2 * angle),
    )


def draw_clip(clip: dict[str, Any], path: Path) -> None:
    """Writes one loop as H.264 in MP4, 4:2:0, playable before it is wholly loaded."""
    n_frames = round(clip["seconds"] * FRAMES_PER_SECOND)
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream("libx264", rate=Fraction(FRAMES_PER_SECOND))
        stream.width = stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        # Players guess the colours of an untagged file, and not all guess alike.
        stream.codec_context.colorspace = Colorspace.ITU709
        stream.codec_context.color_primaries = ColorPrimaries.BT709
        stream.codec_context.color_trc = ColorTrc.BT709
        stream.codec_context.color_range = ColorRange.MPEG
        stream.options = {"crf": "28", "preset": "veryslow", "tune": "animation"}
        for index in range(n_frames):
            frame = av.VideoFrame.from_image(draw_moment(clip, index / n_frames)).reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    clips = design()
    CLIPS.mkdir(exist_ok=True)
    for number, clip in enumerate(clips, start=1):
        print(f"{number:2d} of {len(clips)}  {clip['clip']}", flush=True)
        draw_clip(clip, CLIPS / clip["clip"])
    with ATTRIBUTES.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(clips[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(clips)


if __name__ == "__main__":
    main()
