"""Reading what a video file holds, from its stored pictures rather than from its header. Runs in the child process."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from app.video.picture import orientation_of, shown_size
from app.video.records import Limits, Probe, VideoError
from app.video.source import check_dimensions, check_duration, frames_of, open_source, refusing

BROKEN_OFF = "the file is damaged or incomplete: it ends before its video does (was a copy or a recording broken off?)"


@dataclass(frozen=True)
class Timing:
    """When the pictures of a video are shown; times in seconds."""

    frames: int
    start: float
    duration: float
    fps: float
    variable: bool


def inspect(path: Path, limits: Limits) -> Probe:
    """Probe a file in this process.

    Raises
    ------
    VideoError
        When the file is not a video that can be used; the message says why.
    """
    container, stream = open_source(path, limits)
    with container:
        timing = scan(container, stream, limits)
    container, stream = open_source(path, limits)
    with container:
        first = first_frame(container, stream)
        width, height = shown_size(first, stream)
        check_dimensions(width, height, limits)
        return Probe(
            container=container.format.name,
            codec=stream.codec_context.name,
            width=width,
            height=height,
            rotation=orientation_of(first).rotation,
            start=timing.start,
            duration=timing.duration,
            frames=timing.frames,
            fps=timing.fps,
            variable_frame_rate=timing.variable,
            has_audio=bool(container.streams.audio),
        )


def first_frame(container: Any, stream: Any) -> Any:
    """Decode the first picture.

    Raises
    ------
    VideoError
        When none can be decoded.
    """
    reason = "the video cannot be decoded: no picture comes out of it"
    with refusing(reason):
        for packet in container.demux(stream):
            for frame in frames_of(packet, reason, started=False):
                return frame
    raise VideoError(reason)


def scan(container: Any, stream: Any, limits: Limits) -> Timing:
    """Read the times of all pictures without decoding any.

    Raises
    ------
    VideoError
        When there is only one picture, there are too many, they last too long, or the file ends too early.
    """
    durations: dict[int, int] = {}
    first, end = None, 0.0
    with refusing(BROKEN_OFF):
        for packet in container.demux():
            time = packet.pts if packet.pts is not None else packet.dts
            if packet.size == 0 or time is None:
                continue
            end = max(end, float((time + (packet.duration or 0)) * packet.time_base))
            if packet.stream is not stream:
                continue
            if packet.is_corrupt:
                raise VideoError(BROKEN_OFF)
            if packet.is_discard:
                # Cut away without encoding anew, as phones do: needed to decode what follows, but not shown.
                continue
            durations[time] = packet.duration or 0
            first = time if first is None else min(first, time)
            if len(durations) > limits.frames:
                raise VideoError(f"the video has more than {limits.frames:,} frames, the most that are allowed")
            check_duration(float((time - first) * stream.time_base), limits)
    if not durations:
        raise VideoError("the file is damaged or incomplete: there is not a single picture in it")
    if len(durations) == 1:
        raise VideoError("the file holds a single picture, not a video")
    timing = _timing(durations, stream)
    _check_end(container, stream, timing, end)
    return timing


def _check_end(container: Any, stream: Any, timing: Timing, end: float) -> None:
    """Hold what could be read against the length that the header gives, of the video or else of the whole file."""
    if stream.duration is not None:
        declared, read = float(stream.duration * stream.time_base), timing.duration
    elif container.duration is not None:
        declared, read = container.duration / 1_000_000, max(end, timing.duration)
    else:
        return
    # Headers are a few frames off now and then, but a tenth of a clip is no rounding.
    if read < 0.9 * declared - 2 / timing.fps:
        raise VideoError(f"{BROKEN_OFF}: {read:.1f} s of {declared:.1f} s can be read")


def _timing(durations: dict[int, int], stream: Any) -> Timing:
    times = sorted(durations)
    tick = float(stream.time_base)
    steps = [later - earlier for earlier, later in pairwise(times)]
    step = median(steps)
    # Containers round times to their tick: 30 frames a second are 33 or 34 ms in Matroska.
    variable = any(abs(one - step) > max(1.01, 0.15 * step) for one in steps)
    span = (times[-1] - times[0]) * tick
    fps = len(steps) / span
    named = stream.average_rate
    if not variable and named and abs(float(named) / fps - 1) < 0.005:
        fps = float(Fraction(named))
    last = durations[times[-1]] or step
    return Timing(len(times), times[0] * tick, span + last * tick, fps, variable)
