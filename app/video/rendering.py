"""Rendering a clip for browsers: MP4, WebM and poster in one pass over its pictures. Runs in the child process."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from app.video.frame_filters import TICK, PictureChain, rendered_size
from app.video.inspection import THREADS, Inspected, decoded, inspect
from app.video.poster import PosterChoice
from app.video.records import Limits, Options, Probe, Rendered, VideoError, colour_name
from app.video.sound import ClipSound, SoundTrack
from app.video.source import open_source, refusing
from app.video.transparency import alpha_track

MP4, WEBM, POSTER = "clip.mp4", "clip.webm", "clip.webp"


@dataclass(frozen=True)
class Format:
    """How one of the two videos is written."""

    name: str
    container_options: dict[str, str]
    codec: str
    codec_options: dict[str, str]
    sound: dict[str, Any]


# MP4 first: it plays everywhere. `faststart` puts the index before the pictures, so that playing starts with the first
# bytes; `cues_to_front` does the same for WebM. Without B-frames, MP4 gives a varying frame rate its right length.
# `bitexact` keeps names of tools and machines out of the files.
FORMATS = (
    Format(
        MP4,
        {"movflags": "+faststart", "fflags": "+bitexact"},
        "libx264",
        {"preset": "veryfast", "crf": "20", "profile": "high", "bf": "0"},
        {"codec": "aac", "sample_format": "fltp", "bit_rate": 128_000},
    ),
    Format(
        WEBM,
        {"cues_to_front": "1", "fflags": "+bitexact"},
        "libvpx-vp9",
        {"deadline": "realtime", "cpu-used": "8", "crf": "36", "b": "0", "row-mt": "1", "lag-in-frames": "0"},
        {"codec": "libopus", "sample_format": "flt", "bit_rate": 96_000},
    ),
)


def render(source: Path, folder: Path, options: Options, limits: Limits, report: Callable[[float], None]) -> Rendered:
    """Write a clip's renditions into `folder`; `report` hears the share that is done, 0 to 1.

    Raises
    ------
    VideoError
        When the file is not a video that can be used; the message says why.
    """
    inspected = inspect(source, limits, sound=options.sound)
    probe = inspected.probe
    shown = (probe.width, probe.height)
    size = rendered_size(shown, options.side)
    with ExitStack() as stack:
        container = stack.enter_context(open_source(source, limits))
        stream = container.streams[inspected.video]
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = THREADS
        audio = None if inspected.audio is None else container.streams[inspected.audio]
        sound = None if audio is None else ClipSound(audio, probe)
        outputs = [stack.enter_context(Output(folder, form, size, probe, sound)) for form in FORMATS]
        poster = PosterChoice(probe.duration)
        chain = PictureChain(stream, size, background=options.background)
        alpha = alpha_track(stream)
        timeline = Timeline(inspected, options.frames_per_second)
        written = 0

        def write(pictures: list[Any]) -> None:
            """Give the pictures to every output, and to the choice of the poster."""
            nonlocal written
            for picture in pictures:
                poster.consider(picture)
                for output in outputs:
                    output.picture(picture)
                written += 1

        def write_sound(frame: Any | None) -> None:
            """Give a decoded frame of sound to every output; None at the end."""
            for piece in [] if sound is None else sound.through(frame):
                for output in outputs:
                    output.sound(piece)

        frames = decoded(
            container, stream, inspected.video_clock, audio=audio, shifts=inspected.audio_clock, alpha=alpha
        )
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                write_sound(frame)
                continue
            if timeline.place(frame):
                with refusing("the video is damaged: its pictures cannot be brought into one shape"):
                    pictures = chain.through(frame)
                write(timeline.with_durations(pictures))
            report(min(1.0, timeline.seen / probe.frames))
        write(timeline.with_durations(chain.through(None)))
        write(timeline.last())
        write_sound(None)
        for output in outputs:
            output.finish()
    timeline.check(written)
    poster.save(folder / POSTER, options.poster_side)
    for form in FORMATS:
        _check(folder / form.name, written, limits)
    remarks = [*probe.remarks, *timeline.remarks(), *([] if sound is None else sound.remarks())]
    if chain.transparent:
        remarks.append(f"where it is transparent, {colour_name(options.background)} is shown")
    return Rendered(*size, timeline.end, written, audio is not None, probe, remarks)


class Timeline:
    """Gives each picture its time and duration in the renditions: those of the file, counted from its first picture."""

    def __init__(self, inspected: Inspected, frames_per_second: float) -> None:
        self.end = inspected.probe.duration
        self._fps = inspected.probe.fps
        self.seen = self.kept = 0
        self._times = inspected.times
        # Of 120 frames a second every other one is kept for 60; 59.94 and 60.5 pass for 60.
        self._keep_every = max(1, math.ceil(inspected.probe.fps / frames_per_second - 0.05))
        self._last = -1
        self._held: Any = None

    def place(self, frame: Any) -> bool:
        """Set the time of the next decoded picture; False when it is to be left out."""
        number, self.seen = self.seen, self.seen + 1
        if number >= len(self._times):
            raise VideoError("the video gives more pictures when it is decoded again: it cannot be relied on")
        if number % self._keep_every:
            return False
        self.kept += 1
        self._last = frame.pts = max(round(self._times[number] / TICK), self._last + 1)
        frame.time_base = TICK
        return True

    def remarks(self) -> list[str]:
        """What the experimenter should know of pictures that are left out."""
        if self._keep_every == 1:
            return []
        return [f"shown at {self._fps / self._keep_every:g} of its {self._fps:g} frames a second"]

    def check(self, written: int) -> None:
        """Every picture that was counted must have come again, and every one that is kept must have been written.

        Raises
        ------
        VideoError
            When the decoder gave other pictures than before.
        RuntimeError
            When pictures were lost between decoder and encoder.
        """
        if self.seen != len(self._times):
            raise VideoError(f"the video gave {len(self._times)} pictures at first, and then {self.seen}")
        if written != self.kept:
            raise RuntimeError(f"{written} pictures were written in place of {self.kept}")

    def with_durations(self, pictures: list[Any]) -> list[Any]:
        """The pictures whose duration is known: each but the latest, which lasts until the next one comes."""
        known = []
        for picture in pictures:
            if self._held is not None:
                self._held.duration = picture.pts - self._held.pts
                known.append(self._held)
            self._held = picture
        return known

    def last(self) -> list[Any]:
        """The last picture: it lasts to the end of the clip."""
        if self._held is None:
            return []
        self._held.duration = max(1, round(self.end / TICK) - self._held.pts)
        self.end = float((self._held.pts + self._held.duration) * TICK)
        return [self._held]


class Output:
    """One video that is being written."""

    def __init__(
        self, folder: Path, form: Format, size: tuple[int, int], probe: Probe, sound: ClipSound | None
    ) -> None:
        self._container = av.open(f"file:{folder / form.name}", "w", container_options=form.container_options)
        rate = Fraction(probe.fps).limit_denominator(1001)
        self._stream = cast(VideoStream, self._container.add_stream(form.codec, rate=rate, options=form.codec_options))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        context = self._stream.codec_context
        context.time_base = TICK
        context.thread_count = THREADS
        # Players guess the colours of an untagged file, and not all guess alike.
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.color_range = ColorRange.MPEG
        self._durations: dict[int | None, int] = {}
        self._sound = SoundTrack(self._container, sound.layout, **form.sound) if sound else None

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def picture(self, picture: Any | None) -> None:
        """Write a picture; None at the end."""
        if picture is not None:
            self._durations[picture.pts] = picture.duration
        for packet in self._stream.encode(picture):
            # The encoders forget it, and then the last picture's end is a guess.
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def sound(self, frame: Any) -> None:
        """Write a frame of sound; without effect in an output that has none."""
        if self._sound:
            self._sound.add(frame)

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self.picture(None)
        if self._sound:
            self._sound.finish()


def _check(path: Path, frames: int, limits: Limits) -> None:
    """A finished file must hold every picture; anything else is a fault of ours and not of the clip."""
    with open_source(path, limits) as container:
        stored = sum(bool(packet.size) for packet in container.demux(video=0))
    if stored != frames:
        raise RuntimeError(f"{path.name} holds {stored} frames in place of {frames}")
