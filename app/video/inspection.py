"""Reading what a video file holds, from its pictures rather than from its header. Runs in the child process.

Over 300 lines: one walk over a file's packets and pictures, whose findings depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from app.video.clock import Clock, one_clock, times_in_order, usual_step
from app.video.frame_filters import orientation_of, shown_size, turn_remarks
from app.video.joined import check_not_joined
from app.video.records import Limits, Probe, VideoError
from app.video.source import check_dimensions, check_duration, frames_of, open_source, refusing
from app.video.tracks import BROADCAST, BROKEN_OFF, Contents, Track, choose, read_contents
from app.video.transparency import AlphaTrack
from app.video.wholeness import check_whole

# A step of the clock by more is a new clock, in containers made for broadcasts; FFmpeg takes the same number.
MAX_GAP = 10.0
# A picture that stays longer than this, and ten times longer than is usual in the file, is worth a remark.
LONG_STILL = 2.0
# Sound that is cut off at an end is worth a remark from this many seconds on: codecs begin and end it in whole blocks.
CUT_SOUND = 0.25
# Pictures that change their size keep their shape, but for rounding.
SAME_SHAPE = 0.02
# More would not help pictures of this size, and the same machine saves participants' trials.
THREADS = 2


@dataclass(frozen=True)
class Picture:
    """What the decoder says of a picture: its time in ticks, if it has one, and how long it lasts (0: not known).

    `size` is its width and height as they are shown.
    """

    time: int | None
    duration: int
    interlaced: bool
    size: tuple[int, int]


@dataclass(frozen=True)
class Inspected:
    """A file that was read to its end. `times` holds the second at which each picture is shown, the first one at 0."""

    probe: Probe
    times: list[float]
    video: int
    audio: int | None
    video_clock: Clock
    audio_clock: Clock | None


def inspect(path: Path, limits: Limits, *, sound: bool = False) -> Inspected:
    """Read a file to its end, decoding every picture, in this process.

    Raises
    ------
    VideoError
        When the file is not a video that can be used whole; the message says why.
    """
    with open_source(path, limits) as container:
        contents = read_contents(container, limits)
        choice = choose(path, container, contents, limits, sound=sound)
        check_not_joined(path, container.format.name, contents.last_byte)
        _check_end(container, choice.video, contents)
        check_whole(path)
        gap = MAX_GAP if container.format.name in BROADCAST else None
    with open_source(path, limits) as container:
        stream = container.streams[choice.video.index]
        clock = one_clock(choice.video.stamps, longest_gap=None if gap is None else round(gap / stream.time_base))
        remarks = [*choice.remarks, *_check_gaps(choice.video, stream)]
        pictures, first = _all_pictures(container, stream, clock, choice.video)
        remarks += _check_count(pictures, choice.video, stream)
        width, height = pictures[0].size
        check_dimensions(width, height, limits)
        remarks += [*_check_sizes(pictures), *turn_remarks(first)]
        step = _step(stream, pictures)
        decodings = _times_of_decoding(choice.video, clock)
        of_decoding = container.format.name == "avi" and step > 1 and len(decodings) == len(pictures)
        given = decodings if of_decoding else [picture.time for picture in pictures]
        ticks, made_up = times_in_order(given, step)
        tick = float(stream.time_base)
        times = [(time - ticks[0]) * tick for time in ticks]
        last = step if made_up or of_decoding else pictures[-1].duration or step
        duration = times[-1] + last * tick
        check_duration(duration, limits)
        fps, variable = _rate(times, step * tick, stream)
        remarks += _clock_remarks(clock, times, made_up, fps, duration)
        probe = Probe(
            container=container.format.name,
            codec=stream.codec_context.name,
            width=width,
            height=height,
            rotation=orientation_of(first).rotation,
            start=ticks[0] * tick,
            duration=duration,
            frames=len(times),
            fps=fps,
            variable_frame_rate=variable,
            has_audio=bool(container.streams.audio),
            remarks=remarks,
        )
        shifts = None
        if choice.audio is not None:
            audio = container.streams[choice.audio.index]
            shifts = _audio_shifts(choice.audio, clock, stream.time_base, audio.time_base, gap)
            begin, end = _span(choice.audio, shifts, audio.time_base)
            if begin >= probe.start + duration or end <= probe.start:
                remarks.append("its sound plays at no time at which there are pictures: nothing of it is heard")
                shifts = None
            else:
                remarks += _cut_remarks(probe.start - begin, end - probe.start - duration)
        index = None if choice.audio is None or shifts is None else choice.audio.index
        return Inspected(probe, times, choice.video.index, index, clock, shifts)


def decoded(
    container: Any,
    stream: Any,
    clock: Clock,
    *,
    audio: Any | None = None,
    shifts: Clock | None = None,
    alpha: AlphaTrack | None = None,
) -> Iterator[Any]:
    """The decoded pictures of `stream`, and the sounds of `audio` if given, in the order of the file, on one clock.

    Pictures are transparent where `alpha` says so.

    Raises
    ------
    VideoError
        When something from the first picture on cannot be decoded.
    """
    started, number, sounds = False, 0, 0
    packets = container.demux([stream, audio] if audio else [stream])
    while True:
        with refusing(BROKEN_OFF):
            packet = next(packets, None)
        if packet is None:
            return
        if packet.size == 0 and packet.dts is not None:
            # AVI and Ogg store so that the picture before stays; a decoder would take it for the end.
            continue
        if packet.stream is not stream:
            if packet.size and shifts is not None:
                _move(packet, shifts.shift(sounds))
                sounds += 1
            yield from frames_of(packet, "the sound of the video is damaged and cannot be decoded")
            continue
        near = "" if packet.dts is None else f" near {float(packet.dts * packet.time_base):.1f} s"
        if packet.size:
            _move(packet, clock.shift(number))
            number += 1
            if alpha is not None:
                alpha.take(packet)
        frames = frames_of(packet, f"the video is damaged{near}: part of it cannot be decoded", started=started)
        started = started or bool(frames)
        yield from frames if alpha is None else [alpha.join(frame) for frame in frames]


def _move(packet: Any, shift: int | None) -> None:
    packet.pts = None if packet.pts is None or shift is None else packet.pts + shift
    packet.dts = None if packet.dts is None or shift is None else packet.dts + shift


def _all_pictures(container: Any, stream: Any, clock: Clock, track: Track) -> tuple[list[Picture], Any]:
    """What the decoder says of all pictures, in the order of showing, and the first of them."""
    options = {"skip_loop_filter": "all"}
    if track.flagged:
        # A gap before a picture that needs no others may yet be one: the decoder shall not paint over it.
        options["err_detect"] = "explode"
    stream.codec_context.options |= options
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = THREADS
    first, pictures = None, []
    for frame in decoded(container, stream, clock):
        first = frame if first is None else first
        pictures.append(Picture(frame.pts, frame.duration or 0, frame.interlaced_frame, shown_size(frame, stream)))
    if first is None:
        raise VideoError("the video cannot be decoded: no picture comes out of it")
    if len(pictures) == 1:
        raise VideoError("only one picture of the video can be decoded")
    return pictures, first


def _check_gaps(track: Track, stream: Any) -> list[str]:
    """Tell the place where a file was joined, which looks like a gap in the container's count, from one that is broken.

    Raises
    ------
    VideoError
        When packets are missing elsewhere than before a picture that needs no others.
    """
    for number in track.flagged:
        # The flag is on the packet before the one that is cut short, and that is the last one of the joined file.
        if not track.keys & {number + 1, number + 2}:
            time = track.stamps[number].dts
            near = "" if time is None else f" near {float(time * stream.time_base):.1f} s"
            raise VideoError(f"the video is damaged{near}: packets of the recording are missing")
    joints = len(track.flagged)
    return [f"the file seems to be joined from {joints + 1} files"] if joints else []


def _check_count(pictures: list[Picture], track: Track, stream: Any) -> list[str]:
    """Hold the pictures that came out against those that are stored; remarks on the difference, where it is explained.

    Raises
    ------
    VideoError
        When pictures are lost and nothing explains it.
    """
    stored = len(track.stamps) - track.cut
    missing = stored - len(pictures)
    if missing <= 0:
        return []
    if any(picture.interlaced for picture in pictures) and abs(stored - 2 * len(pictures)) <= 2:
        # Each picture is stored as two fields of every other line.
        return []
    start = [time for stamp in track.stamps if (time := stamp.dts if stamp.pts is None else stamp.pts) is not None]
    shown = pictures[0].time
    early = max(track.before_key, sum(time < shown for time in start) if shown is not None else 0)
    if missing <= early:
        text = "picture needs an earlier one" if missing == 1 else f"{missing} pictures need earlier ones"
        return [
            f"the file begins in the middle of a recording: its first {text} that it does not hold, and cannot be shown"
        ]
    if stream.codec_context.name == "mpeg4" and missing <= track.small:
        pictures_are = "picture is" if missing == 1 else "pictures are"
        return [f"{missing} stored {pictures_are} empty: the one before is shown longer"]
    raise VideoError(f"the video cannot be decoded whole: of {stored} stored pictures only {len(pictures)} come out")


def _check_sizes(pictures: list[Picture]) -> list[str]:
    """A remark where pictures are larger or smaller than the first one, as in joined files: all are shown as large.

    Raises
    ------
    VideoError
        When their shape differs, so that they would be shown stretched.
    """
    width, height = pictures[0].size
    other = next((picture.size for picture in pictures if picture.size != (width, height)), None)
    if other is None:
        return []
    change = f"from {width} x {height} to {other[0]} x {other[1]} pixels"
    for wide, high in {picture.size for picture in pictures}:
        if abs(wide * height / (high * width) - 1) > SAME_SHAPE:
            raise VideoError(f"the video's pictures change their shape on the way, {change}")
    return [f"its pictures change their size on the way, {change}: all are shown as the first ones"]


def _cut_remarks(before: float, after: float) -> list[str]:
    """What is said of sound that plays for so many seconds before the first picture, and after the last one."""
    remarks = []
    if before > CUT_SOUND:
        remarks.append(f"its sound begins {before:.1f} s before its pictures: so much of it is not heard")
    if after > CUT_SOUND:
        remarks.append(f"its sound goes on for {after:.1f} s after its pictures: so much of it is not heard")
    return remarks


def _check_end(container: Any, track: Track, contents: Contents) -> None:
    """Hold what could be read against the length that the header gives, of the video or else of the whole file."""
    stream = container.streams[track.index]
    if container.format.name in BROADCAST:
        return
    times = [time for stamp in track.stamps if (time := stamp.dts if stamp.pts is None else stamp.pts) is not None]
    if not times:
        return
    step = usual_step(times)
    video = float(max(max(times) - min(times) + step, len(track.stamps) * step) * stream.time_base)
    if stream.duration is not None:
        declared, read = float(stream.duration * stream.time_base), video
    elif container.duration is not None:
        declared, read = container.duration / 1_000_000, max(contents.end, video)
    else:
        return
    # Headers are sometimes a few frames off, but a tenth of a clip is not rounding.
    if read < 0.9 * declared - 2 * step * float(stream.time_base):
        raise VideoError(f"{BROKEN_OFF}: {read:.1f} s of {declared:.1f} s can be read")


def _times_of_decoding(track: Track, clock: Clock) -> Sequence[int | None]:
    """When the packets of a track are decoded, in ticks.

    AVI stores no other times, and FFmpeg guesses those of showing as if pictures were a tick apart, which is wrong
    where they are not. With every picture that is decoded one is shown, so these are the times of showing too.
    """
    return [
        None if stamp.dts is None or (shift := clock.shift(number)) is None else stamp.dts + shift
        for number, stamp in enumerate(track.stamps)
    ]


def _step(stream: Any, pictures: list[Picture]) -> float:
    """The usual time from one picture to the next, in ticks."""
    times = [picture.time for picture in pictures if picture.time is not None]
    if len(set(times)) > 1:
        return usual_step(times)
    rate = stream.average_rate or stream.guessed_rate or 25
    return float(1 / rate / stream.time_base)


def _rate(times: list[float], step: float, stream: Any) -> tuple[float, bool]:
    """Pictures a second, and whether their spacing varies."""
    tick = float(stream.time_base)
    steps = [later - earlier for earlier, later in pairwise(times)]
    middle = median(steps)
    # Containers round times to their tick: 30 frames a second are 33 or 34 ms in Matroska.
    variable = any(abs(one - middle) > max(1.01 * tick, 0.15 * middle) for one in steps)
    fps = len(steps) / times[-1]
    named = stream.average_rate
    if not variable and named and abs(float(named) / fps - 1) < 0.005:
        fps = float(Fraction(named))
    return fps, variable


def _clock_remarks(clock: Clock, times: list[float], made_up: int, fps: float, duration: float) -> list[str]:
    remarks = []
    if len(clock.runs) > 1:
        times_over = "once" if len(clock.runs) == 2 else f"{len(clock.runs) - 1} times"
        remarks.append(f"the file's clock starts again {times_over}, as in joined files: shown one after the other")
    if made_up == len(times):
        remarks.append(f"the file stores no times: shown at {fps:g} frames per second")
    elif made_up:
        pictures = "picture has no time of its own" if made_up == 1 else "pictures have no times of their own"
        remarks.append(f"{made_up} {pictures} in the file: spread evenly")
    steps = [*(later - earlier for earlier, later in pairwise(times)), duration - times[-1]]
    longest = max(steps)
    if longest > LONG_STILL and longest > 10 * median(steps):
        remarks.append(f"one picture stays for {longest:.1f} s, from {times[steps.index(longest)]:.1f} s on")
    return remarks


def _audio_shifts(track: Track, clock: Clock, video_tick: Fraction, audio_tick: Fraction, gap: float | None) -> Clock:
    """Moves the sound as the pictures are moved: run by run.

    Raises
    ------
    VideoError
        When the sound's clock restarts elsewhere.
    """
    own = one_clock(track.stamps, longest_gap=None if gap is None else round(gap / audio_tick))
    if len(own.runs) != len(clock.runs):
        raise VideoError(
            "the clocks of sound and pictures start again at different places, so the two cannot be kept together"
        )
    runs = tuple(
        type(run)(run.first, round(picture.shift * video_tick / audio_tick))
        for run, picture in zip(own.runs, clock.runs, strict=True)
    )
    return Clock(runs, own.wrong)


def _span(track: Track, shifts: Clock, tick: Fraction) -> tuple[float, float]:
    """The first and the last second of a sound track; nothing, at infinity, where it has no times."""
    times = [
        (time + shift, stamp.duration)
        for number, stamp in enumerate(track.stamps)
        if (time := stamp.dts if stamp.pts is None else stamp.pts) is not None
        and (shift := shifts.shift(number)) is not None
    ]
    if not times:
        return float("inf"), float("inf")
    return float(min(time for time, _ in times) * tick), float(max(time + length for time, length in times) * tick)
