"""Packets that hold a picture which is never shown: VP8 and VP9 keep such pictures to predict others from."""

from __future__ import annotations

from typing import Any


def is_hidden(packet: Any) -> bool:
    """Whether the packet's picture is discarded by the container, or marked by VP8 or VP9 as not to be shown."""
    if packet.is_discard:
        return True
    codec = packet.stream.codec_context.name if packet.stream.codec_context is not None else ""
    if codec not in {"vp8", "vp9"}:
        return False
    data = memoryview(packet)
    head = data[0]
    if codec == "vp8":
        return not head >> 4 & 1
    # A superframe ends in an index of its frames, of which one is shown.
    if data[len(data) - 1] >> 5 == 0b110 or head >> 6 != 0b10 or head >> 4 & 3 == 3:
        return False
    shows_an_earlier_one = head >> 3 & 1
    return not shows_an_earlier_one and not head >> 1 & 1
