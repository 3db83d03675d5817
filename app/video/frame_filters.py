"""From a decoded picture to the picture that is shown: turned, with square pixels, even sizes and standard colours.

Runs in the child process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

# One clock for everything that is written: fine enough for every usual frame rate.
TICK = Fraction(1, 90_000)
# The colour matrix of a file that names none (2 in ITU-T H.273).
UNSPECIFIED = 2


@dataclass(frozen=True)
class Orientation:
    """How a player must turn a picture: clockwise degrees, and the filters that do it (after a mirroring, if any)."""

    rotation: int
    filters: tuple[tuple[str, str], ...]


# Display matrices (a, b, c, d): the stored point (x, y) is shown at (ax + cy, bx + dy), y downwards.
ORIENTATIONS = {
    (1, 0, 0, 1): Orientation(0, ()),
    (0, 1, -1, 0): Orientation(90, (("transpose", "clock"),)),
    (-1, 0, 0, -1): Orientation(180, (("hflip", ""), ("vflip", ""))),
    (0, -1, 1, 0): Orientation(270, (("transpose", "cclock"),)),
    (-1, 0, 0, 1): Orientation(0, (("hflip", ""),)),
    (1, 0, 0, -1): Orientation(180, (("vflip", ""),)),
    (0, 1, 1, 0): Orientation(90, (("transpose", "cclock_flip"),)),
    (0, -1, -1, 0): Orientation(270, (("transpose", "clock_flip"),)),
}


def orientation_of(frame: Any) -> Orientation:
    """The turn that the file asks for; angles that are not a multiple of 90 degrees are shown as they are stored."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return ORIENTATIONS[1, 0, 0, 1]
    matrix = memoryview(bytes(data)).cast("i")
    turn = [matrix[k] / max(abs(matrix[0]), abs(matrix[1]), 1) for k in (0, 1, 3, 4)]
    a, b, c, d = (round(value) for value in turn)
    return ORIENTATIONS.get((a, b, c, d), ORIENTATIONS[1, 0, 0, 1])


def turn_remarks(frame: Any) -> list[str]:
    """What the experimenter should know of a turn that is asked for and not made."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return []
    matrix = memoryview(bytes(data)).cast("i")
    degrees = math.degrees(math.atan2(matrix[1], matrix[0]))
    if abs(degrees - 90 * round(degrees / 90)) < 1:
        return []
    return [f"its file asks for a turn by {abs(degrees):.0f} degrees, which is not made: it is shown as it is stored"]


def pixel_aspect(stream: Any) -> float:
    """Width over height of a stored pixel; 1 where none is given, or where it is a rounding error of 1."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return 1.0 if abs(ratio - 1) < 0.005 or not 0.1 < ratio < 10 else ratio


def shown_size(frame: Any, stream: Any) -> tuple[int, int]:
    """Width and height of the picture as a player shows it, with square pixels and turned upright."""
    width, height = round(frame.width * pixel_aspect(stream)), frame.height
    return (height, width) if orientation_of(frame).rotation % 180 else (width, height)


def rendered_size(shown: tuple[int, int], side: int) -> tuple[int, int]:
    """The size to render at: the longer side at most `side`, both sides even (4:2:0 needs that), never enlarged."""
    scale = min(1.0, side / max(shown))
    width, height = (max(2, round(length * scale) // 2 * 2) for length in shown)
    return width, height


class PictureChain:
    """Turns decoded pictures into pictures of one size in 8-bit 4:2:0, BT.709, limited range, with `TICK` times; or in
    red, green and blue (`rgb`).

    Brightness and colours of HDR video are brought into the standard range, interlaced pictures are made whole, and
    `background` (red, green, blue) is seen through what is transparent; `transparent` tells whether anything was.
    """

    def __init__(
        self,
        stream: Any,
        size: tuple[int, int],
        *,
        background: tuple[int, int, int],
        rgb: bool = False,
    ) -> None:
        self.transparent = self._interlaced = False
        self._aspect = pixel_aspect(stream)
        self._size = size
        self._background, self._rgb = background, rgb
        self._graph: Any = None
        self._key: tuple[Any, ...] = ()

    def through(self, frame: Any | None) -> list[Any]:
        """The pictures that are ready after `frame` went in; None at the end, for those still inside."""
        if frame is None:
            return self._flush()
        if frame.colorspace == UNSPECIFIED and not frame.format.is_rgb:
            # What players assume of untagged files.
            frame.colorspace = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
        self.transparent = self.transparent or is_transparent(frame)
        # Some recordings mix whole and interlaced pictures; the filter leaves whole ones as they are.
        self._interlaced = self._interlaced or frame.interlaced_frame
        key = (
            self._interlaced,
            frame.width,
            frame.height,
            frame.format.name,
            frame.colorspace,
            frame.color_range,
            orientation_of(frame),
        )
        # A file may change its pictures' size or format on its way.
        earlier = self._flush() if self._graph is not None and key != self._key else []
        if self._graph is None:
            self._graph, self._key = self._build(frame), key
        self._graph.push(frame)
        return earlier + self._ready()

    def _ready(self) -> list[Any]:
        frames: list[Any] = []
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return frames
            # Making interlaced pictures whole counts in a finer time of its own.
            frame.pts, frame.time_base = round(frame.pts * frame.time_base / TICK), TICK
            frames.append(frame)

    def _flush(self) -> list[Any]:
        if self._graph is None:
            return []
        self._graph.push(None)
        frames = self._ready()
        self._graph = None
        return frames

    def _build(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        source = (
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base={TICK}:pixel_aspect=1/1"
        )
        if not frame.format.is_rgb:
            source += f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}"
        node = graph.add("buffer", source)
        if self._interlaced:
            node = _follow(graph, node, "bwdif", "mode=send_frame:deint=interlaced")
        if has_alpha(frame):
            node = self._over_background(graph, node)
        for name, arguments in [*self._filters(frame), ("buffersink", "")]:
            node = _follow(graph, node, name, arguments)
        graph.configure()
        return graph

    def _over_background(self, graph: Any, node: Any) -> Any:
        """Lay the pictures over one colour, made of the pictures themselves so that it has their size and times."""
        red, green, blue = self._background
        pair = _follow(graph, _follow(graph, node, "format", "gbrap"), "split", "")
        plain = _follow(graph, pair, "lutrgb", f"r={red}:g={green}:b={blue}:a=255")
        over = graph.add("overlay", "format=gbrp")
        plain.link_to(over, 0, 0)
        pair.link_to(over, 1, 1)
        return over

    def _filters(self, frame: Any) -> list[tuple[str, str]]:
        filters = [*orientation_of(frame).filters]
        width, height = self._size
        # Of a file whose pictures change their size, each is brought to the one size by its own.
        own = (frame.height, frame.width) if orientation_of(frame).rotation % 180 else (frame.width, frame.height)
        if self._aspect == 1.0 and all(0 <= a - b <= 1 for a, b in zip(own, self._size, strict=True)):
            # Cutting off an odd last row or column leaves every other pixel as it was; scaling would blur them all.
            filters.append(("crop", f"{width}:{height}:0:0"))
        scale = f"w={width}:h={height}:flags=lanczos"
        # To red, green and blue every bit counts; what a codec takes is rounded by it anyway.
        scale += (
            "+accurate_rnd+full_chroma_int+full_chroma_inp" if self._rgb else ":out_color_matrix=bt709:out_range=tv"
        )
        if (
            frame.color_trc in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)
            or frame.color_primaries == ColorPrimaries.BT2020
        ):
            scale += ":out_primaries=bt709:out_transfer=bt709:intent=perceptual"
        # The conversion to a format that is asked for behind a scaler is done by it.
        return [*filters, ("scale", scale), ("setsar", "1"), ("format", "rgb24" if self._rgb else "yuv420p")]


def has_alpha(frame: Any) -> bool:
    """Whether pictures of this format can be transparent; palettes may hold transparent colours."""
    return frame.format.name == "pal8" or any(component.is_alpha for component in frame.format.components)


def is_transparent(frame: Any) -> bool:
    """Whether any part of a picture is transparent; many formats could hold that and seldom do."""
    return has_alpha(frame) and int(frame.reformat(format="rgba").to_ndarray()[..., 3].min()) < 255


def _follow(graph: Any, node: Any, name: str, arguments: str) -> Any:
    """Add a filter behind `node`."""
    following = graph.add(name, arguments)
    node.link_to(following)
    return following
