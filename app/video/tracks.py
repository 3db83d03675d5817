"""Which of a file's tracks become the clip: the choice that a player makes, said in words. Runs in the child."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from av.stream import Disposition

from app.video.clock import Stamp
from app.video.hidden import is_hidden
from app.video.records import Limits, VideoError
from app.video.source import check_dimensions, check_duration, open_source, refusing, why_not_a_video

BROKEN_OFF = "the file is damaged or incomplete: it ends before its video does (was a copy or a recording broken off?)"
SOUND_ALONE = "the file holds sound but no video; to use it as a sound, save it as WAV, FLAC or MP3 first"
# FFmpeg's own weights: a track that is marked as the default one, against its pixels or its channels.
DEFAULT_BONUS = 5_000_000
# Sound whose first packets give nothing is taken for sound that cannot be decoded.
TRIAL_PACKETS = 50


@dataclass
class Track:
    """What was read of a track: the packets of a video in the order of decoding, of sound its times alone.

    `flagged` and `keys` number the packets before which the container found a gap, and those that need no others. `cut`
    counts pictures that are stored but not shown (cut without re-encoding, or never meant to be seen), `small`
    packets of a few bytes, `before_key` those before the first that needs no others.
    """

    index: int
    stamps: list[Stamp] = field(default_factory=list)
    flagged: list[int] = field(default_factory=list)
    keys: set[int] = field(default_factory=set)
    cut: int = 0
    small: int = 0
    before_key: int = 0


@dataclass(frozen=True)
class Choice:
    """The chosen tracks, by their index in the file, and remarks for the experimenter."""

    video: Track
    audio: Track | None
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """All tracks of a file, and how far it could be read: the last second, and the last byte of a packet."""

    tracks: dict[int, Track]
    end: float
    last_byte: int


def read_contents(container: Any, limits: Limits) -> Contents:
    """Read all packets of a file without decoding any.

    Raises
    ------
    VideoError
        When it breaks off, or the video that the header points to has too many pictures or lasts too long.
    """
    tracks = {stream.index: Track(stream.index) for stream in (*container.streams.video, *container.streams.audio)}
    likely = max(_pictures(container), key=_video_score, default=None)
    first: dict[int, int] = {}
    end, last_byte = 0.0, 0
    with refusing(BROKEN_OFF):
        for packet in container.demux():
            if packet.size == 0:
                continue
            last_byte = max(last_byte, (packet.pos or 0) + packet.size)
            time = packet.pts if packet.pts is not None else packet.dts
            if time is not None:
                end = max(end, float((time + (packet.duration or 0)) * packet.time_base))
            track = tracks.get(packet.stream.index)
            if track is None:
                continue
            _note(track, packet)
            if likely is not None and packet.stream is likely:
                if len(track.stamps) > limits.frames:
                    raise VideoError(f"the video has more than {limits.frames:,} frames, the most that are allowed")
                if time is not None and len(track.stamps) == 1:
                    first[track.index] = time
                if time is not None and track.index in first and container.format.name not in BROADCAST:
                    check_duration(float((time - first[track.index]) * packet.time_base), limits)
    return Contents(tracks, end, last_byte)


# Containers made for broadcasts: their clock may jump, and they give no length to check it against.
BROADCAST = ("mpegts", "mpeg")


def _note(track: Track, packet: Any) -> None:
    if packet.stream.type == "video":
        number = len(track.stamps)
        if packet.is_corrupt:
            track.flagged.append(number)
        if packet.is_keyframe:
            track.keys.add(number)
        if packet.is_discard or is_hidden(packet):
            # Needed to decode what follows, but not shown.
            track.cut += 1
        track.small += packet.size <= 10
        track.before_key += not track.keys
    track.stamps.append(Stamp(packet.pts, packet.dts, packet.duration or 0))


def choose(path: Path, container: Any, contents: Contents, limits: Limits, *, sound: bool) -> Choice:
    """The tracks that FFmpeg would take: the one marked as default, else the largest, never a still picture.

    Raises
    ------
    VideoError
        When there is no moving picture that can be decoded.
    """
    pictures = _pictures(container)
    if not pictures:
        raise VideoError(SOUND_ALONE if container.streams.audio else why_not_a_video(path))
    counts = {stream.index: _count(contents.tracks[stream.index]) for stream in pictures}
    known = [stream for stream in pictures if stream.codec_context is not None]
    moving = [stream for stream in known if counts[stream.index] > 1]
    if not moving:
        if not known:
            raise VideoError("the video cannot be decoded: its codec is not known here")
        if any(counts.values()):
            raise VideoError("the file holds a single picture, not a video")
        raise VideoError("the file is damaged or incomplete: there is not a single picture in it")
    video = max(moving, key=_video_score)
    check_dimensions(video.width, video.height, limits)
    remarks = _video_remarks(container, video, moving, known)
    audio, more = _choose_audio(path, container, limits) if sound and container.streams.audio else (None, [])
    track = contents.tracks[audio.index] if audio is not None else None
    return Choice(contents.tracks[video.index], track, (*remarks, *more))


def _pictures(container: Any) -> list[Any]:
    # The cover of a sound file is stored as a video stream of one picture.
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _count(track: Track) -> int:
    return len(track.stamps) - track.cut


def _video_score(stream: Any) -> int:
    area = 0 if stream.codec_context is None else stream.width * stream.height
    return int(area + DEFAULT_BONUS * bool(stream.disposition & Disposition.default))


def _video_remarks(container: Any, video: Any, moving: list[Any], known: list[Any]) -> list[str]:
    streams = list(container.streams.video)
    if len(streams) == 1:
        return []
    others = []
    for number, stream in enumerate(streams, 1):
        if stream is video:
            continue
        if stream not in _pictures(container) or (stream in known and stream not in moving):
            others.append(f"track {number} is a still picture")
        elif stream not in known:
            others.append(f"track {number} cannot be decoded")
        else:
            others.append(f"track {number} has {stream.width} x {stream.height} pixels")
    marked = " and marked as the default" if _is_marked(video, moving) else ""
    size = f", {video.width} x {video.height} pixels{marked}" if len(moving) > 1 else ""
    return [f"video track {streams.index(video) + 1} of {len(streams)} is shown{size}: {', '.join(others)}"]


def _is_marked(chosen: Any, streams: list[Any]) -> bool:
    """Whether being marked as the default one sets the track apart."""
    marked = [bool(stream.disposition & Disposition.default) for stream in streams]
    return not all(marked) and bool(chosen.disposition & Disposition.default)


def _choose_audio(path: Path, container: Any, limits: Limits) -> tuple[Any | None, list[str]]:
    streams = list(container.streams.audio)
    good = [stream for stream in streams if _decodes(path, stream.index, limits)]
    if not good:
        raise VideoError("the sound of the video cannot be decoded: its codec is not known here, or it is damaged")
    best = max(good, key=_audio_score)
    if len(streams) == 1:
        return best, []
    bad = [f"track {number} cannot be decoded" for number, stream in enumerate(streams, 1) if stream not in good]
    marked = ", marked as the default" if _is_marked(best, streams) else ""
    why = f" ({', '.join(bad)})" if bad else ""
    return best, [f"sound track {streams.index(best) + 1} of {len(streams)} is heard{marked}{why}"]


def _audio_score(stream: Any) -> int:
    return int(stream.codec_context.layout.nb_channels + DEFAULT_BONUS * bool(stream.disposition & Disposition.default))


def _decodes(path: Path, index: int, limits: Limits) -> bool:
    """Whether any sound comes out of the first packets of a track."""
    with open_source(path, limits) as container:
        stream = container.streams[index]
        if stream.codec_context is None:
            return False
        for number, packet in enumerate(container.demux(stream)):
            if number >= TRIAL_PACKETS:
                return False
            try:
                with refusing("not this packet"):
                    if packet.size and packet.decode():
                        return True
            except VideoError:
                continue
    return False
