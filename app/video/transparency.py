"""The alpha channel of VP8 and VP9 in WebM: a second video beside the first, in what the packets carry besides.

Runs in the child process.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import av
import numpy as np

from app.video.hidden import is_hidden
from app.video.source import refusing

BESIDE = "matroska_block_additional"
# The number of the kind of data (1: alpha) comes before it.
KIND, ALPHA = 8, 1
WITH_ALPHA = {"yuv420p": "yuva420p", "yuv422p": "yuva422p", "yuv444p": "yuva444p"}


class AlphaTrack:
    """Decodes the alpha channel beside a stream's packets, and joins it to the stream's pictures."""

    def __init__(self, stream: Any) -> None:
        self._decoder = av.CodecContext.create(stream.codec_context.name, "r")
        self._waiting: deque[Any] = deque()

    def take(self, packet: Any) -> None:
        """Decode what a packet carries, before the packet itself is decoded.

        Raises
        ------
        VideoError
            When it is damaged.
        """
        if is_hidden(packet):
            return
        data = bytes(packet.get_sidedata(BESIDE)) if packet.has_sidedata(BESIDE) else b""
        if len(data) <= KIND or int.from_bytes(data[:KIND], "big") != ALPHA:
            self._waiting.append(None)
            return
        with refusing("the video is damaged: its transparency cannot be decoded"):
            self._waiting.extend(self._decoder.decode(av.Packet(data[KIND:])))

    def join(self, frame: Any) -> Any:
        """The picture with its alpha channel; as it is where it has none."""
        alpha = self._waiting.popleft() if self._waiting else None
        return frame if alpha is None else _joined(frame, alpha)


def alpha_track(stream: Any) -> AlphaTrack | None:
    """The alpha channel of a stream, if its file says that it has one."""
    has_one = stream.metadata.get("alpha_mode") == "1" and stream.codec_context.name in {"vp8", "vp9"}
    return AlphaTrack(stream) if has_one else None


def _joined(frame: Any, alpha: Any) -> Any:
    if frame.format.name not in WITH_ALPHA:
        frame = frame.reformat(format="yuv420p")
    if (alpha.width, alpha.height) != (frame.width, frame.height):
        alpha = alpha.reformat(frame.width, frame.height)
    joined = av.VideoFrame(frame.width, frame.height, WITH_ALPHA[frame.format.name])
    for target, source in zip(joined.planes, (*frame.planes, alpha.planes[0]), strict=True):
        rows = np.zeros((target.height, target.line_size), np.uint8)
        given = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)
        rows[:, : target.width] = given[: target.height, : target.width]
        target.update(rows.tobytes())
    for name in ("colorspace", "color_range", "color_primaries", "color_trc"):
        setattr(joined, name, getattr(frame, name))
    return joined
