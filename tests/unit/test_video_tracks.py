"""Which track of a file becomes the clip, and which is heard: the choice that FFmpeg makes, in words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from app.video.inspection import Inspected, inspect
from app.video.records import Limits, VideoError
from tests.unit.test_video_frames import ALL, DATA, rendered


def looked_at(path: Path, *, sound: bool = False) -> Inspected:
    return inspect(path, Limits(), sound=sound)


def write(
    path: Path,
    videos: list[tuple[str, int, int, bool]],
    sounds: list[tuple[str, int, float, bool]] | None = None,
) -> Path:
    """Video tracks as (codec, side, pictures, default) and sound tracks as (codec, Hz, first second, default)."""
    with av.open(str(path), "w") as output:
        streams = []
        for codec, side, _, default in videos:
            stream = output.add_stream(codec, rate=25)
            stream.width = stream.height = side
            stream.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24"}.get(codec, "yuv420p")
            stream.disposition = Disposition.default if default else Disposition(0)
            streams.append(stream)
        tones = []
        for codec, _, _, default in sounds or []:
            tone = output.add_stream(codec, rate=48_000, layout="stereo", bit_rate=128_000)
            tone.disposition = Disposition.default if default else Disposition(0)
            tone.codec_context.open()
            tones.append(tone)
        for stream, (_, side, pictures, _) in zip(streams, videos, strict=True):
            for number in range(pictures):
                grey = np.full((side, side, 3), 20 + 8 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        for tone, (_, hertz, begin, _) in zip(tones, sounds or [], strict=True):
            size = tone.codec_context.frame_size or 1024
            for start in range(0, 48_000, size):
                wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(start, start + size) / 48_000).astype(np.float32)
                samples = np.ascontiguousarray(np.stack([wave, wave]))
                frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
                frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
                frame.pts = round(begin * 48_000) + start
                output.mux(tone.encode(frame))
            output.mux(tone.encode(None))
    return path


@pytest.mark.parametrize("name", ["thumb_first_plain.mkv", "thumb_first_plain.mp4"])
def test_a_still_picture_before_the_track_is_passed_over_and_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes((DATA / name).read_bytes())
    row = rendered(path)
    assert (row.result.frames, row.result.duration) == (25, pytest.approx(1.0, abs=0.002))
    assert row.result.remarks == ["video track 2 of 2 is shown: track 1 is a still picture"]


@pytest.mark.parametrize(("name", "codec"), [("a.mkv", "mjpeg"), ("a.mov", "png")])
def test_a_still_picture_is_passed_over_even_when_marked_as_the_default(tmp_path, name, codec):
    video = looked_at(write(tmp_path / name, [(codec, 128, 1, True), ("libx264", 64, 25, False)]))
    assert (video.probe.frames, video.probe.width) == (25, 64)


def test_the_track_marked_as_the_default_is_shown_though_it_is_smaller_and_later(tmp_path):
    video = looked_at(write(tmp_path / "a.mkv", [("libx264", 128, 25, False), ("libx264", 64, 10, True)]))
    assert (video.probe.frames, video.probe.width) == (10, 64)
    (remark,) = video.probe.remarks
    assert remark == (
        "video track 2 of 2 is shown, 64 x 64 pixels and marked as the default: track 1 has 128 x 128 pixels"
    )


def test_of_equal_tracks_the_largest_is_shown_as_ffmpeg_does(tmp_path):
    path = write(tmp_path / "a.mkv", [("libx264", 64, 10, False), ("libx264", 128, 25, False)])
    assert looked_at(path).probe.width == 128


def test_the_sound_marked_as_the_default_is_heard(tmp_path):
    path = write(tmp_path / "a.mkv", [("libx264", 64, 25, True)], [("aac", 440, 0, False), ("aac", 880, 0, True)])
    video = looked_at(path, sound=True)
    assert video.audio == 2
    assert video.probe.remarks == ["sound track 2 of 2 is heard, marked as the default"]
    assert looked_at(path).probe.remarks == [], "nothing is heard where the study has no sound"


@pytest.mark.parametrize("damage", ["codec", "content"])
def test_sound_that_cannot_be_decoded_gives_way_to_sound_that_can(tmp_path, damage):
    path = write(tmp_path / "a.mkv", [("libx264", 64, 25, True)], [("ac3", 440, 0, True), ("aac", 880, 0, False)])
    data = bytearray(path.read_bytes())
    if damage == "codec":
        data = data.replace(b"A_AC3", b"A_XX3")
    else:
        with av.open(str(path)) as container:
            for packet in container.demux(audio=0):
                if packet.size:
                    place = data.index(bytes(packet))
                    data[place : place + packet.size] = b"\0" * packet.size
    path.write_bytes(data)
    video = looked_at(path, sound=True)
    assert video.audio == 2
    assert video.probe.remarks == ["sound track 2 of 2 is heard (track 1 cannot be decoded)"]


def test_sound_that_cannot_be_decoded_at_all_refuses_only_where_it_would_be_heard(tmp_path):
    path = write(tmp_path / "a.mkv", [("libx264", 64, 25, True)], [("ac3", 440, 0, True)])
    path.write_bytes(path.read_bytes().replace(b"A_AC3", b"A_XX3"))
    with pytest.raises(VideoError, match="sound of the video cannot be decoded"):
        looked_at(path, sound=True)
    assert looked_at(path).probe.frames == 25


def test_sound_that_begins_after_the_pictures_have_ended_is_told(tmp_path):
    path = write(tmp_path / "a.mkv", [("libx264", 64, 25, True)], [("aac", 440, 3.0, True)])
    video = looked_at(path, sound=True)
    assert video.audio is None
    assert "nothing of it is heard" in video.probe.remarks[0]


def test_a_programme_of_a_broadcast_is_chosen_by_its_size(tmp_path):
    video = looked_at(write(tmp_path / "a.ts", [("libx264", 64, 25, False), ("libx264", 128, 25, False)]))
    assert (video.probe.width, video.probe.frames) == (128, 25)
    assert video.times == pytest.approx([number / 25 for number in ALL])
