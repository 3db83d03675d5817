"""Opening a file that may be anything: known containers only, the file itself only, and a refusal that says why.

Runs in the child process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from app.video.records import Limits, VideoError, apart

# Containers that hold their own pictures, and streams without one. Playlists, concatenation scripts, image sequences,
# capture devices and network formats are not among them, so no file can make the decoder open another one.
CONTAINERS = (
    *("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpeg", "mpegts", "asf", "flv", "ogg", "dv", "mxf", "gif"),
    *("apng", "ivf", "h264", "hevc", "m4v", "mpegvideo", "yuv4mpegpipe"),
)


# What people have beside JPEG and PNG, WAV and MP3, by its first bytes.
OTHER_PICTURES = {
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"8BPS": "a Photoshop picture",
    b"%PDF": "a PDF",
    b"%!PS": "a PostScript drawing",
    b"\0\0\1\0": "an icon",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance picture",
    b"P3\n": "a PPM picture",
    b"P5\n": "a PGM picture",
    b"P6\n": "a PPM picture",
}
OTHER_SOUNDS = {
    b"#!AMR": "an AMR sound",
    b".snd": "an AU sound",
    b"caff": "a CAF sound",
    b"\x0b\x77": "an AC-3 sound",
    b"wvpk": "a WavPack sound",
    b"TTA1": "a TTA sound",
    b"MAC ": "a Monkey's Audio sound",
    b"MThd": "a MIDI file",
}
# Seconds that no recording lasts.
ENDLESS = 31 * 86_400


@contextmanager
def refusing(reason: str) -> Iterator[None]:
    """Whatever libav has against a file that it reads (it has a dozen errors for damage) becomes a VideoError."""
    try:
        yield
    except MemoryError:
        # Of libav's errors too; the worker knows the limit that was passed.
        raise
    except av.error.FFmpegError as error:
        raise VideoError(reason) from error


def open_source(path: Path, limits: Limits) -> Any:
    """Open `path` for reading; returns the container, which the caller closes.

    Raises
    ------
    VideoError
        When it is not a video that can be used, or its header already passes a limit.
    OSError
        When the file cannot be read at all.
    """
    size = path.stat().st_size
    if size == 0:
        raise VideoError("the file is empty (0 bytes)")
    if size > limits.file_bytes:
        mega, most = apart(size / 1e6, limits.file_bytes / 1e6)
        raise VideoError(f"the file has {mega} MB; at most {most} MB are allowed")
    # Reading its first bytes here tells a file that cannot be read from one that makes no sense.
    kind = why_not_a_video(path)
    with refusing(kind):
        container = av.open(
            f"file:{path}",
            container_options={"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"},
            # Tags in an unknown encoding are no reason to refuse a clip.
            metadata_errors="replace",
        )
    for stream in container.streams.video:
        if stream.codec_context is not None:
            # A later picture may be larger than the header says.
            options = {"max_pixels": str(limits.pixels)}
            if stream.codec_context.name == "h264":
                # Otherwise the decoder guesses how far pictures are reordered, and drops one if it guessed too low.
                options["strict"] = "1"
            stream.codec_context.options = options
    return container


def frames_of(packet: Any, reason: str, *, started: bool = True) -> list[Any]:
    """What a packet decodes to.

    Before the first picture (not `started`) a packet that cannot be decoded holds nothing: a recording that begins in
    the middle of a broadcast has pictures that need others, which are not there.

    Raises
    ------
    VideoError
        With `reason`, when it cannot be decoded.
    """
    try:
        with refusing(reason):
            return list(packet.decode())
    except VideoError:
        if started:
            raise
        return []


def check_dimensions(width: int, height: int, limits: Limits) -> None:
    """Raises VideoError when pictures of this size (pixels) are too small or too large to be used."""
    if width == 0 or height == 0:
        raise VideoError("the video cannot be decoded: the size of its pictures is not known")
    if min(width, height) < 16:
        raise VideoError(f"the video has only {width} x {height} pixels; at least 16 x 16 are needed")
    if max(width, height) > limits.longest_side or width * height > limits.pixels:
        raise VideoError(
            f"the video has {width} x {height} pixels; at most {limits.longest_side} on a side and "
            f"{limits.pixels / 1e6:.0f} million in all are allowed"
        )


def check_duration(seconds: float, limits: Limits) -> None:
    """Raises VideoError when a video of this many seconds is too long."""
    if seconds > ENDLESS:
        raise VideoError("the file is damaged: by the times that it stores it would last for more than a month")
    if seconds > limits.duration:
        lasts, most = apart(seconds, limits.duration)
        raise VideoError(f"the video lasts {lasts} s; at most {most} s are allowed")


def check_sound_duration(seconds: float, limits: Limits) -> None:
    """Raises VideoError when a sound of this many seconds is too long."""
    if seconds > limits.duration:
        raise VideoError(f"the sound lasts longer than the {limits.duration:g} s that are allowed")


def why_not_a_video(path: Path) -> str:
    """A guess, in words, at what a file is that no container fits."""
    with path.open("rb") as file:
        head = file.read(4096)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not any(head):
        return "the file is not a video: it holds only zeros"
    if text.startswith((b"#extm3u", b"ffconcat", b"[playlist]", b"file ")) or b"<mpd" in text or b"<smil" in text:
        return "the file is a playlist that points to other files; only the video files themselves can be used"
    if b"<svg" in text or head.startswith((b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*")):
        return "the file is a picture, not a video"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        # An extended header's flags: the second bit says that the file is animated. FFmpeg reads no such file.
        is_animated = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 2)
        if is_animated:
            return "the file is an animated WebP picture, which is not read; convert it to MP4 first"
        return "the file is a picture, not a video"
    for begins, name in OTHER_PICTURES.items():
        if head.startswith(begins):
            return f"the file is {name}, which is not read; save it as JPEG or PNG first"
    for begins, name in OTHER_SOUNDS.items():
        if head.startswith(begins):
            return f"the file is {name}, which is not read; save it as WAV, FLAC or MP3 first"
    if text.startswith((b"<!doctype", b"<html", b"<script", b"<?xml", b"<head", b"<body")):
        return "the file is a web page or other markup, not a video"
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        return "the file is an archive, not a video; unpack it first"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free"):
        return "the file is damaged or incomplete: its index is missing (was a copy or a recording broken off?)"
    if head.startswith((b"RIFF", b"\x1a\x45\xdf\xa3", b"OggS", b"FLV", b"\x30\x26\xb2\x75", b"\x06\x0e\x2b\x34")):
        return "the file is damaged or incomplete: it begins like a video or a sound but cannot be read"
    return "the file is not a video of a known kind" if b"\0" in head else "the file is text, not a video"
