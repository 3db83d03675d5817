"""A sound file becomes what every browser plays (AAC, and Opus), with its waveform drawn. Runs in the child process."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from numpy.typing import NDArray

from app.video.joined import check_not_joined
from app.video.records import Limits, Options, Probe, Rendered, VideoError, apart
from app.video.source import check_sound_duration, refusing
from app.video.waveform import FACE, draw_waveform
from app.video.wholeness import check_whole

MP4, WEBM, POSTER = "clip.mp4", "clip.webm", "clip.webp"
CONTAINERS = ("wav", "w64", "aiff", "mp3", "aac", "flac", "ogg", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm")
RATE = 48_000
# Samples that are given to an encoder at a time.
PIECE = 48_000
DAMAGED = (
    "the sound is damaged or incomplete: it cannot be decoded to its end (was a copy broken off, or were files joined?)"
)
# Seconds that a sound must last at least: of a shorter one browsers play nothing.
SHORTEST = 0.005
# A file whose sound ends earlier than it says, by more than this many seconds and this share, has been broken off.
MISSING_SECONDS, MISSING_SHARE = 0.25, 0.02
# Full scale is 1. Below the first nothing is heard on usual equipment; below the second it is hard to hear.
SILENT, QUIET, FULL = 10 ** (-70 / 20), 10 ** (-30 / 20), 0.9999
# As many samples in a row at full scale are not chance.
CLIPPED_SAMPLES = 3


@dataclass(frozen=True)
class Format:
    """How one of the two files is written."""

    name: str
    container_options: dict[str, str]
    codec: str
    sample_format: str
    channel_rate: int


# Bits per second and channel. FFmpeg's AAC encoder bursts on a pure tone with few: up to 0.84 of full scale at its own
# rate for one channel, and to 0.99 at 64,000, where the tone has 0.5. From 160,000 on the tone keeps its height.
FORMATS = (
    Format(MP4, {"movflags": "+faststart", "fflags": "+bitexact"}, "aac", "fltp", 192_000),
    Format(WEBM, {"cues_to_front": "1", "fflags": "+bitexact"}, "libopus", "flt", 128_000),
)


def begins_like_a_sound(head: bytes) -> bool:
    """Whether a file's first bytes are those of a kind that holds sound alone, and no video."""
    return head.startswith((b"ID3", b"fLaC")) or (head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE")


def holds_only_sound(path: Path, limits: Limits) -> bool:
    """Whether a file can be opened and holds sound and no video; a cover picture is not one."""
    if path.stat().st_size > limits.file_bytes:
        return False
    try:
        with _open(path) as container:
            pictures = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
            return bool(container.streams.audio) and not pictures
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return False


def render_sound(
    source: Path, folder: Path, options: Options, limits: Limits, report: Callable[[float], None]
) -> Rendered:
    """Write MP4, WEBM and POSTER (the waveform) into `folder`; `report` hears the share that is done, 0 to 1.

    Nothing is made louder or softer: sounds are played as loud as their files are.

    Raises
    ------
    VideoError
        When the file is not a sound that can be used whole; the message says why.
    """
    sound = read_sound(source, limits)
    report(0.4)
    for number, form in enumerate(FORMATS, 1):
        _write(folder / form.name, form, sound.samples)
        report(0.4 + 0.25 * number)
    draw_waveform(sound.samples, folder / POSTER, options.background)
    width, height = FACE
    probe = Probe(
        sound.container,
        sound.codec,
        width,
        height,
        0,
        0.0,
        sound.seconds,
        0,
        0.0,
        variable_frame_rate=False,
        has_audio=True,
    )
    return Rendered(width, height, sound.seconds, 0, has_sound=True, source=probe, remarks=sound.remarks, kind="sound")


@dataclass(frozen=True)
class Sound:
    """A sound that was read to its end: `samples` are (channels, n) floats at RATE, full scale 1."""

    samples: NDArray[np.float32]
    container: str
    codec: str
    remarks: list[str]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return float(self.samples.shape[1] / RATE)


def read_sound(path: Path, limits: Limits) -> Sound:
    """Decode a sound file to its end.

    Raises
    ------
    VideoError
        When it cannot be used whole; the message says why.
    """
    size = path.stat().st_size
    if size > limits.file_bytes:
        mega, most = apart(size / 1e6, limits.file_bytes / 1e6)
        raise VideoError(f"the file has {mega} MB; at most {most} MB are allowed")
    with refusing(DAMAGED):
        container = _open(path)
    with container:
        stream = _track(container)
        remarks = _track_remarks(container, stream)
        samples = _decoded(container, stream, limits)
        said = _said_seconds(container, stream, path)
        name, codec = container.format.name, stream.codec_context.name
    seconds = samples.shape[1] / RATE
    if not samples.size:
        raise VideoError(DAMAGED)
    if said is not None and said - seconds > max(MISSING_SECONDS, MISSING_SHARE * said):
        raise VideoError(
            f"the sound is incomplete: the file says {said:.2f} s and holds {seconds:.2f} s (was a copy broken off?)"
        )
    check_whole(path)
    check_not_joined(path, name, 0)
    if seconds < SHORTEST:
        raise VideoError(f"the sound lasts only {1000 * seconds:.2g} ms; at least {1000 * SHORTEST:g} ms are needed")
    return Sound(samples, name, codec, [*remarks, *_level_remarks(samples)])


def _open(path: Path) -> Any:
    return av.open(
        f"file:{path}",
        container_options={"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"},
        metadata_errors="replace",
    )


def _track(container: Any) -> Any:
    """The track that a player takes: the one marked as the default, else the one of most channels."""
    known = [stream for stream in container.streams.audio if stream.codec_context is not None]
    if not known:
        raise VideoError("the sound cannot be decoded: its codec is not known here")
    return max(
        known,
        key=lambda one: (bool(one.disposition & Disposition.default), one.codec_context.layout.nb_channels, -one.index),
    )


def _track_remarks(container: Any, stream: Any) -> list[str]:
    tracks, channels = list(container.streams.audio), stream.codec_context.layout.nb_channels
    remarks = []
    if len(tracks) > 1:
        remarks.append(f"sound track {tracks.index(stream) + 1} of {len(tracks)} is heard")
    if channels > 2:
        remarks.append(f"its {channels} channels are mixed down to two")
    return remarks


def _decoded(container: Any, stream: Any, limits: Limits) -> NDArray[np.float32]:
    resampler: av.AudioResampler | None = None
    pieces: list[NDArray[np.float32]] = []
    length = 0

    def keep(frame: Any) -> None:
        """Resample a frame and keep the pieces; None brings out what the resampler still holds."""
        nonlocal length, resampler
        if resampler is None:
            if frame is None:
                return
            # The header of some files says mono where the decoder gives two channels.
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
        for piece in resampler.resample(frame):
            pieces.append(piece.to_ndarray().astype(np.float32, copy=False))
            length += piece.samples
        check_sound_duration(length / RATE, limits)

    with refusing(DAMAGED):
        for frame in container.decode(stream):
            # Times of its own would only make gaps of rounding errors.
            frame.pts = None
            keep(frame)
        keep(None)
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((1, 0), np.float32)


def _said_seconds(container: Any, stream: Any, path: Path) -> float | None:
    """How long the sound is by what the file says; None where that is only FFmpeg's guess."""
    name = container.format.name
    if name == "wav":
        return _wave_seconds(path)
    if name == "mp3":
        with path.open("rb") as file:
            head = file.read(256 * 1024)
        if b"Xing" not in head and b"Info" not in head and b"VBRI" not in head:
            return None
    elif name not in {"flac", "mov,mp4,m4a,3gp,3g2,mj2", "aiff", "matroska,webm"}:
        return None
    if stream.duration is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else float(container.duration / av.time_base)


def _wave_seconds(path: Path) -> float | None:
    """By the header of a WAV file, whose size FFmpeg corrects in silence; None where a recorder left it open."""
    with path.open("rb") as file:
        head = file.read(12)
        rate = 0
        while len(chunk := file.read(8)) == 8:
            size = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"fmt ":
                rate = int.from_bytes(file.read(size)[8:12], "little")
            elif chunk[:4] == b"data":
                open_ended = size in {0, 0xFFFFFFFF} or head[:4] == b"RF64"
                return None if open_ended or rate == 0 else size / rate
            else:
                file.seek(size + size % 2, 1)
    return None


def _level_remarks(samples: NDArray[np.float32]) -> list[str]:
    """What the experimenter should know of how loud it is."""
    peak = float(np.abs(samples).max())
    if peak < SILENT:
        return ["it is silent: nothing of it can be heard"]
    if peak > 1.001:
        return ["it is louder than full scale in places, and is distorted there"]
    full = np.abs(samples) >= FULL
    in_a_row = full[:, CLIPPED_SAMPLES - 1 :].copy()
    for shift in range(CLIPPED_SAMPLES - 1):
        in_a_row &= full[:, shift : shift + in_a_row.shape[1]]
    if in_a_row.any():
        return ["it is distorted in places: it was recorded too loud"]
    if peak < QUIET:
        return [f"it is quiet: its loudest sample is {20 * math.log10(peak):.0f} dB below full scale".replace("-", "")]
    return []


def _write(path: Path, form: Format, samples: NDArray[np.float32]) -> None:
    layout = "mono" if samples.shape[0] == 1 else "stereo"
    with av.open(f"file:{path}", "w", container_options=form.container_options) as container:
        stream: Any = container.add_stream(
            form.codec,
            rate=RATE,
            layout=layout,
            format=form.sample_format,
            bit_rate=form.channel_rate * samples.shape[0],
        )
        stream.codec_context.open()
        resampler = av.AudioResampler(
            format=form.sample_format, layout=layout, rate=RATE, frame_size=stream.codec_context.frame_size
        )

        def encode(frame: Any) -> None:
            for piece in resampler.resample(frame):
                container.mux(stream.encode(piece))

        for begin in range(0, samples.shape[1], PIECE):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, begin : begin + PIECE]), format="fltp", layout=layout
            )
            frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
            encode(frame)
        encode(None)
        container.mux(stream.encode(None))
