"""No picture is lost in silence: container x codec x B-frames x clock, by pictures that count themselves.

The truth is what was encoded. Each clip is a real encode; what comes out is read from the finished MP4 and WebM.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest

from app.video.records import Limits, Options, VideoError
from app.video.rendering import MP4, WEBM, Rendered, render
from tests.factories_frames import FRAMES, count_itself, joined, numbers_of

DATA = Path(__file__).parent.parent / "data" / "clips"
ALL = list(range(FRAMES))

# Container, codec, B-frames in a row. The name's extension chooses FFmpeg's muxer, but for raw streams.
WHOLE = [
    *[("mp4", "libx264", b) for b in (0, 1, 3)],
    *[("mov", "libx264", b) for b in (0, 2)],
    *[("mkv", "libx264", b) for b in (0, 1, 3)],
    *[("avi", "libx264", b) for b in (0, 1, 2, 3)],
    *[("flv", "libx264", b) for b in (0, 2)],
    *[("ts", "libx264", b) for b in (0, 2)],
    *[("mpg", "libx264", b) for b in (0, 2)],
    *[("3gp", "libx264", b) for b in (0, 2)],
    *[("mp4", "libx265", b) for b in (0, 3)],
    *[("mkv", "libx265", b) for b in (0, 3)],
    *[("ts", "libx265", b) for b in (0, 3)],
    *[("avi", "mpeg4", b) for b in (0, 1, 2)],
    *[("mp4", "mpeg4", b) for b in (0, 2)],
    *[("mkv", "mpeg4", b) for b in (0, 2)],
    *[("mpg", "mpeg2video", b) for b in (0, 2)],
    *[("vob", "mpeg2video", b) for b in (0, 2)],
    *[("ts", "mpeg2video", b) for b in (0, 2)],
    *[("mxf", "mpeg2video", b) for b in (0, 2)],
    *[("avi", "mpeg2video", b) for b in (0, 2)],
    *[("mpg", "mpeg1video", b) for b in (0, 2)],
    ("avi", "mjpeg", 0),
    ("mov", "prores_ks", 0),
    ("mov", "png", 0),
    ("mov", "qtrle", 0),
    ("mkv", "ffv1", 0),
    ("avi", "ffvhuff", 0),
    ("avi", "msmpeg4", 0),
    ("wmv", "wmv2", 0),
    ("asf", "libx264", 2),
    ("flv", "flv", 0),
    ("3gp", "h263", 0),
    ("webm", "libvpx-vp9", 0),
    ("ivf", "libvpx-vp9", 0),
    ("webm", "libsvtav1", 0),
    ("gif", "gif", 0),
    ("apng", "apng", 0),
]
RAW = [("h264", "libx264", b) for b in (0, 1, 3)] + [("hevc", "libx265", 3), ("m4v", "mpeg4", 0), ("m4v", "mpeg4", 2)]
RAW += [("mpeg2video", "mpeg2video", 0), ("mpeg2video", "mpeg2video", 2)]
JOINED = [
    *[("ts", "libx264", b) for b in (0, 2)],
    *[("ts", "mpeg2video", b) for b in (0, 2)],
    *[("mpg", "mpeg2video", b) for b in (0, 2)],
    *[("vob", "mpeg2video", b) for b in (0, 2)],
    *[("mkv", "libx264", b) for b in (0, 2)],
    ("webm", "libvpx-vp9", 0),
    ("gif", "gif", 0),
]


class Row(NamedTuple):
    """What became of a clip."""

    result: Rendered
    numbers: dict[str, list[int]]
    times: list[float]

    def is_whole(self, numbers: list[int], *, slip: float = 0.0) -> None:
        """All pictures, in order, in both videos, at their times: 25 a second (`slip`: seconds off at most)."""
        for name in (MP4, WEBM):
            assert self.numbers[name] == numbers, name
        assert self.result.source.frames == self.result.frames == len(numbers)
        np.testing.assert_allclose(self.times, np.arange(len(numbers)) / 25, atol=0.0051 + slip)
        assert self.result.duration == pytest.approx(len(numbers) / 25, abs=0.011 + slip)


def rendered(path: Path) -> Row:
    result = render(path, path.parent, Options(), Limits(), lambda share: None)
    with av.open(str(path.parent / MP4)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    return Row(result, {name: greys(path.parent / name) for name in (MP4, WEBM)}, times)


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [round((float(f.to_ndarray(format="rgb24").mean()) - 20) / 8) for f in container.decode(video=0)]


@pytest.mark.parametrize(("container", "codec", "b_frames"), WHOLE)
def test_every_picture_that_goes_in_comes_out_in_order(tmp_path, container, codec, b_frames):
    # FFmpeg writes times into .mpg that leave out one picture's turn at the end of a pack.
    slip = 0.04 if container == "mpg" else 0.0
    rendered(count_itself(tmp_path / f"clip.{container}", codec, b_frames=b_frames)).is_whole(ALL, slip=slip)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a process is scheduled")
def test_making_a_clip_leaves_the_process_scheduled_as_before(tmp_path):
    count_itself(tmp_path / "clip.webm", "libsvtav1")
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize(("container", "codec", "b_frames"), RAW)
def test_a_stream_without_a_container_is_shown_at_its_own_rate(tmp_path, container, codec, b_frames):
    rendered(count_itself(tmp_path / "clip.raw", codec, b_frames=b_frames, container=container)).is_whole(ALL)


@pytest.mark.parametrize("name", ["h264_1bframe.avi", "h264_2bframes.avi"])
def test_avi_with_b_frames_loses_nothing(tmp_path, name):
    (tmp_path / name).write_bytes((DATA / name).read_bytes())
    rendered(tmp_path / name).is_whole(ALL)


@pytest.mark.parametrize(("container", "codec", "b_frames"), JOINED)
@pytest.mark.parametrize("start", [0, 40])
def test_joined_files_are_shown_one_after_the_other(tmp_path, container, codec, b_frames, start):
    """The second file's clock starts again, at 0 or in the past of the first one's, which began at 1.6 s."""
    one = count_itself(tmp_path / f"1.{container}", codec, b_frames=b_frames, frames=14, start=start)
    two = count_itself(tmp_path / f"2.{container}", codec, b_frames=b_frames, frames=11, first=14)
    rendered(joined(tmp_path / f"clip.{container}", one, two)).is_whole(ALL)


@pytest.mark.parametrize(("codec", "b_frames"), [("mpeg4", 0), ("libx264", 2)])
def test_joined_avi_files_are_shown_one_after_the_other(tmp_path, codec, b_frames):
    parts = [
        count_itself(tmp_path / f"{first}.avi", codec, b_frames=b_frames, frames=frames, first=first)
        for first, frames in ((0, 14), (14, 11))
    ]
    rendered(joined(tmp_path / "clip.avi", *parts)).is_whole(ALL)


@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "libx264"), ("mov", "libx264"), ("wmv", "wmv2"), ("flv", "libx264")]
)
def test_joined_files_of_which_readers_see_the_first_one_are_refused(tmp_path, container, codec):
    one = count_itself(tmp_path / f"1.{container}", codec, frames=10)
    two = count_itself(tmp_path / f"2.{container}", codec, frames=10, first=10)
    both = joined(tmp_path / f"clip.{container}", one, two)
    assert numbers_of(both) == list(range(10)), "FFmpeg's own reader loses the second file"
    with pytest.raises(VideoError, match="several files joined"):
        rendered(both)
