"""The sound of a clip: on the clock of its pictures, cut to their length, and encoded for each rendition.

Runs in the child process.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from app.video.records import Probe, VideoError

RATE = 48_000
# Stored times are rounded: sound that is so many samples off its turn follows on, without a gap or an overlap.
SLACK = RATE // 100
# Full scale is 1. Below this nothing is heard on usual equipment.
SILENT = 10 ** (-70 / 20)


class ClipSound:
    """Brings what is decoded of a track into one stream of samples, mono or stereo, from the first picture on.

    Where the track has a gap there is silence, and what plays when no picture is shown is left out: players differ in
    what they make of both.
    """

    def __init__(self, source: Any, probe: Probe) -> None:
        self.channels = source.codec_context.layout.nb_channels
        self.layout = "mono" if self.channels == 1 else "stereo"
        self.peak = 0.0
        self._start, self._end = round(probe.start * RATE), round(probe.duration * RATE)
        self._next = 0
        self._follows: int | None = None
        self._resampler = av.AudioResampler(format="fltp", layout=self.layout, rate=RATE)

    def through(self, frame: Any | None) -> Iterator[Any]:
        """The frames that are ready after a decoded one went in; None at the end, for those still inside.

        Raises
        ------
        VideoError
            When the sound has no times.
        """
        if frame is not None:
            if frame.pts is None:
                # Some decoders give the last of it without a time.
                frame.pts = self._follows
            if frame.pts is None or frame.time_base is None:
                raise VideoError("the sound of the video has no times and cannot be fitted to its pictures")
            self._follows = frame.pts + round(frame.samples / frame.sample_rate / frame.time_base)
        for piece in self._resampler.resample(frame):
            yield from self._fitted(piece)

    def _fitted(self, piece: Any) -> Iterator[Any]:
        begin = round(piece.pts * piece.time_base * RATE) - self._start
        if abs(begin - self._next) <= SLACK:
            begin = self._next
        samples = piece.to_ndarray()[:, max(self._next - begin, 0) : max(self._end - begin, 0)]
        if samples.shape[1] == 0:
            return
        if begin > self._next:
            yield self._frame(np.zeros((samples.shape[0], begin - self._next), samples.dtype))
        self.peak = max(self.peak, float(np.abs(samples).max()))
        yield self._frame(samples)

    def _frame(self, samples: Any) -> Any:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self.layout)
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._next, Fraction(1, RATE)
        self._next += frame.samples
        return frame

    def remarks(self) -> list[str]:
        """What the experimenter should know of it."""
        remarks = [f"the {self.channels} channels of its sound are mixed down to two"] if self.channels > 2 else []
        return [*remarks, "its sound is silent: nothing of it can be heard"] if self.peak < SILENT else remarks


class SoundTrack:
    """Encodes the frames of a `ClipSound` into a container that is being written."""

    def __init__(self, container: Any, layout: str, *, codec: str, sample_format: str, bit_rate: int) -> None:
        self._container = container
        self._stream = container.add_stream(codec, rate=RATE, layout=layout, format=sample_format, bit_rate=bit_rate)
        self._stream.codec_context.open()
        self._resampler = av.AudioResampler(
            format=sample_format, layout=layout, rate=RATE, frame_size=self._stream.codec_context.frame_size
        )

    def add(self, frame: Any | None) -> None:
        """Write a frame; None at the end, with what is still inside."""
        for piece in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(piece))

    def finish(self) -> None:
        """Write what is still inside."""
        self.add(None)
        self._container.mux(self._stream.encode(None))
