"""The sound of a clip for one rendition: resampled, cut to the length of the video, encoded.

Runs in the child process.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av

from app.video.records import Probe, VideoError

RATE = 48_000


class SoundTrack:
    """Encodes the frames of an audio stream into a container that is being written."""

    def __init__(
        self, container: Any, source: Any, probe: Probe, *, codec: str, sample_format: str, bit_rate: int
    ) -> None:
        layout = "mono" if source.codec_context.layout.nb_channels == 1 else "stereo"
        self._container = container
        self._start, self._end = round(probe.start * RATE), round(probe.duration * RATE)
        self._next = 0
        self._stream = container.add_stream(codec, rate=RATE, layout=layout, format=sample_format, bit_rate=bit_rate)
        self._stream.codec_context.open()
        self._resampler = av.AudioResampler(
            format=sample_format, layout=layout, rate=RATE, frame_size=self._stream.codec_context.frame_size
        )

    def add(self, frame: Any | None) -> None:
        """Write what a decoded frame holds of the time in which pictures are shown; None at the end."""
        for piece in self._resampler.resample(frame):
            if piece.pts is None or piece.time_base is None:
                raise VideoError("the sound of the video has no times and cannot be fitted to its pictures")
            pts = round(piece.pts * piece.time_base * RATE) - self._start
            if abs(pts - self._next) <= piece.samples / 2:
                # Stored times are rounded; sound that follows on must not overlap, nor leave gaps.
                pts = self._next
            if self._next <= pts < self._end:
                piece.pts, piece.time_base = pts, Fraction(1, RATE)
                self._container.mux(self._stream.encode(piece))
                self._next = pts + piece.samples

    def finish(self) -> None:
        """Write what is still inside."""
        self.add(None)
        self._container.mux(self._stream.encode(None))
