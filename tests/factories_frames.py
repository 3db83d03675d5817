"""Clips whose pictures count themselves: picture k is one grey, 20 + 8 k. Real encodes of many kinds, by PyAV."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType

GREY_0, GREY_STEP, FRAMES = 20, 8, 25
# H.263 knows a few sizes only, and AV1 needs 64 rows.
SIZES = {"h263": (128, 96), "libsvtav1": (64, 64)}
PIXELS = {
    "gif": "gray",
    "mjpeg": "yuvj420p",
    "prores_ks": "yuv422p10le",
    "png": "rgb24",
    "apng": "rgb24",
    "qtrle": "rgb24",
}
B_FRAMES = {"libx264", "libx265", "mpeg4", "mpeg2video", "mpeg1video"}


def count_itself(
    path: Path,
    codec: str,
    *,
    b_frames: int = 0,
    first: int = 0,
    frames: int = FRAMES,
    start: int = 0,
    container: str | None = None,
    options: dict[str, str] | None = None,
    size: tuple[int, int] | None = None,
    noise: bool = False,
) -> Path:
    """Write pictures number `first` to `first + frames - 1` at 25 a second; the first one `start` pictures late.

    With `noise`, each picture takes many bytes.
    """
    rng = np.random.default_rng(1)
    width, height = size or SIZES.get(codec, (64, 48))
    with scheduled_as_before(), av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, PIXELS.get(codec, "yuv420p")
        stream.codec_context.gop_size = 12
        stream.codec_context.bit_rate = 2_000_000
        more = {"bf": str(b_frames)} if codec in B_FRAMES else {}
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream.options = more | quiet | (options or {})
        for number in range(frames):
            grey = np.full((height, width, 3), GREY_0 + GREY_STEP * (first + number), np.uint8)
            if noise:
                grey[:] = rng.integers(0, 255, grey.shape)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24")
            picture.pts, picture.time_base = start + number, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


@contextmanager
def scheduled_as_before() -> Iterator[None]:
    """Undo what the AV1 encoder does to a process of root: it makes it a real-time one, with all that it starts later.

    Browsers and databases of later tests would take the processors from everything else on the machine.
    """
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def numbers_of(path: Path) -> list[int]:
    """The numbers of the pictures in a file, in the order in which FFmpeg's decoder gives them."""
    with av.open(str(path)) as container:
        greys = [float(frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    # Grey alone is stored in limited range: 16 to 235.
    return [round((grey - GREY_0) / GREY_STEP) for grey in greys]


def joined(path: Path, *parts: Path) -> Path:
    """The parts end to end, byte by byte, as `cat` or `copy /b` does."""
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def packets_of(path: Path) -> list[Any]:
    """All packets of a file's first video track."""
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def packed(source: Path, path: Path) -> Path:
    """The MPEG-4 of `source`, which has one B-frame in a row, as DivX packed it into AVI.

    A packet holds a P-frame and the B-frame that is shown before it; the next one is a placeholder of a few bytes.
    """
    packets = packets_of(source)
    said = b"\0\0\1\xb2DivX503b1393p"
    contents: list[bytes] = []
    for packet in packets:
        data = bytes(packet)
        is_b = not contents or (data[data.index(b"\0\0\1\xb6") + 4] >> 6) == 2
        if contents and is_b:
            contents[-1] += data
            contents.append(b"\0\0\1\xb6\x51\x0f\x7f")
        else:
            begin = data.index(b"\0\0\1\xb6")
            contents.append(data[:begin] + said + data[begin:] if not contents else data)
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for number, data in enumerate(contents):
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 25), number, number
            packet.is_keyframe = packets[number].is_keyframe
            output.mux(packet)
    return path


def with_hidden_picture(source: Path, path: Path) -> Path:
    """The VP8 or VP9 of `source`, all key frames, with its 11th picture stored once more and marked as never shown.

    Encoders store such pictures to predict others from.
    """
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        bit = {"vp8": 0x10, "vp9": 0x02}[given.streams.video[0].codec_context.name]
        for number, packet in enumerate(packet for packet in given.demux(video=0) if packet.size):
            packet.stream = stream
            output.mux(packet)
            if number == 10:
                data = bytearray(bytes(packet))
                data[0] &= 0xFF - bit
                hidden = av.Packet(bytes(data))
                hidden.stream, hidden.time_base, hidden.is_keyframe = stream, packet.time_base, True
                hidden.pts = hidden.dts = packet.pts + 20
                output.mux(hidden)
    return path


def with_empty_picture(source: Path, path: Path) -> Path:
    """The MPEG-4 of `source`, without B-frames, with a packet after the 11th that says: as before.

    Its bits (ISO/IEC 14496-2, 6.2.5): a P-picture 10/25 s into the second, not coded, stuffing.
    """
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        contents = [bytes(packet) for packet in given.demux(video=0) if packet.size]
        contents.insert(11, b"\0\0\1\xb6\x55\x4f")
        for number, data in enumerate(contents):
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), number == 0
            packet.pts = packet.dts = number
            output.mux(packet)
    return path


def late_b_frames(path: Path, *, frames: int, late: int) -> Path:
    """H.264 without a container whose last `late` pictures use B-frames, and whose header does not announce them."""
    with av.open(str(path), "w", format="h264") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"bf": "3", "x264-params": "keyint=1000:scenecut=0"}
        for number in range(frames):
            grey = np.full((48, 64, 3), GREY_0 + GREY_STEP * (number % FRAMES), np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            if number < frames - late:
                picture.pict_type = PictureType.P
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    units = path.read_bytes().split(b"\0\0\1")
    path.write_bytes(b"\0\0\1".join(_without_vui(unit) if unit and unit[0] & 31 == 7 else unit for unit in units))
    return path


def _without_vui(unit: bytes) -> bytes:
    """A sequence parameter set of x264 (ITU-T H.264, 7.3.2.1.1) without its usability information."""
    bits = "".join(f"{byte:08b}" for byte in unit[1:])
    place = 0

    def take(count: int) -> int:
        """An unsigned number of so many bits."""
        nonlocal place
        place += count
        return int(bits[place - count : place] or "0", 2)

    def golomb() -> int:
        """An unsigned Exp-Golomb number."""
        zeros = 0
        while not take(1):
            zeros += 1
        return (1 << zeros) - 1 + take(zeros)

    profile = take(8)
    take(16)
    golomb()
    if profile >= 100:
        golomb(), golomb(), golomb(), take(2)
    golomb()
    assert golomb() == 0, "pictures are counted by their least significant bits"
    golomb(), golomb(), take(1), golomb(), golomb()
    if not take(1):
        take(1)
    take(1)
    if take(1):
        golomb(), golomb(), golomb(), golomb()
    kept = bits[:place] + "01"
    kept += "0" * (-len(kept) % 8)
    return unit[:1] + bytes(int(kept[begin : begin + 8], 2) for begin in range(0, len(kept), 8))
