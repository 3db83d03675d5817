"""What inspection says of clips whose pictures, times and shape are known."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from app.video.inspection import inspect
from app.video.records import Limits
from tests.factories_video import make_clip


def probe(path: Path):
    return inspect(path, Limits()).probe


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "container", "decoder"),
    [
        ("a.mp4", "libx264", "yuv420p", "mov", "h264"),
        ("a.mov", "mjpeg", "yuvj420p", "mov", "mjpeg"),
        ("a.avi", "mpeg4", "yuv420p", "avi", "mpeg4"),
        ("a.mkv", "ffv1", "yuv420p", "matroska", "ffv1"),
        # The header of WebM gives neither the number of frames nor the duration of a stream.
        ("a.webm", "libvpx-vp9", "yuv420p", "matroska", "vp9"),
        ("a.wmv", "wmv2", "yuv420p", "asf", "wmv2"),
        ("a.ts", "libx264", "yuv420p", "mpegts", "h264"),
        ("a.mpg", "mpeg2video", "yuv420p", "mpeg", "mpeg2video"),
        ("a.gif", "gif", "rgb8", "gif", "gif"),
    ],
)
def test_frames_duration_and_rate_are_counted_in_every_container(tmp_path, name, codec, pix_fmt, container, decoder):
    video = probe(make_clip(tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=10))
    assert video.container.split(",")[0] == container
    assert (video.codec, video.width, video.height, video.frames) == (decoder, 64, 48, 10)
    assert video.duration == pytest.approx(0.4, abs=1e-6)
    assert video.fps == pytest.approx(25.0)
    assert not video.variable_frame_rate
    assert not video.has_audio


def test_a_wrong_extension_is_no_reason_to_refuse(tmp_path):
    clip = make_clip(tmp_path / "a.avi", codec="mpeg4").rename(tmp_path / "a.webm")
    assert probe(clip).codec == "mpeg4"


@pytest.mark.parametrize(
    "name", ["Grüße an 映画.mp4", "with  spaces & 'quotes'.mp4", "concat:a|b.mp4", "x" * 200 + ".mp4"]
)
def test_any_file_name_will_do(tmp_path, name):
    clip = make_clip(tmp_path / "a.mp4").rename(tmp_path / name)
    assert probe(clip).frames == 12


@pytest.mark.parametrize(("rotation", "size"), [(90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
def test_width_and_height_are_those_of_the_picture_turned_upright(tmp_path, rotation, size):
    video = probe(make_clip(tmp_path / "a.mp4", rotation=rotation))
    assert ((video.width, video.height), video.rotation) == (size, rotation)


def test_width_is_that_of_square_pixels(tmp_path):
    video = probe(make_clip(tmp_path / "a.mp4", aspect=Fraction(4, 3)))
    assert (video.width, video.height) == (85, 48)
    turned = probe(make_clip(tmp_path / "b.mp4", aspect=Fraction(4, 3), rotation=90))
    assert (turned.width, turned.height) == (48, 85)


def test_a_pixel_aspect_that_is_a_rounding_error_of_1_counts_as_1(tmp_path):
    video = probe(make_clip(tmp_path / "a.mp4", size=(410, 314), aspect=Fraction(1001, 1000)))
    assert (video.width, video.height) == (410, 314)


def test_a_variable_frame_rate_is_seen_and_its_duration_is_right(tmp_path):
    times = [0, 0.04, 0.08, 0.20, 0.24, 0.50, 0.54]
    video = probe(make_clip(tmp_path / "a.mkv", frames=7, times=times))
    assert video.variable_frame_rate
    assert video.frames == 7
    assert video.duration == pytest.approx(0.58, abs=0.002)
    assert video.fps == pytest.approx(6 / 0.54)


def test_times_rounded_to_the_containers_tick_are_not_a_variable_frame_rate(tmp_path):
    video = probe(make_clip(tmp_path / "a.mkv", fps=Fraction(30000, 1001)))
    assert not video.variable_frame_rate
    assert video.fps == pytest.approx(30000 / 1001, rel=1e-6)


def test_times_that_do_not_start_at_zero_add_nothing_to_the_duration(tmp_path):
    video = probe(make_clip(tmp_path / "a.mkv", start=5.0))
    assert video.start == pytest.approx(5.0)
    assert video.duration == pytest.approx(0.48, abs=0.002)


def test_sound_is_seen(tmp_path):
    assert probe(make_clip(tmp_path / "a.mp4", sound=0.4)).has_audio
