"""Clocks of files that step back, jump, repeat times or have none; and pictures that are stored in odd ways."""

from __future__ import annotations

import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.video.clock import Stamp, one_clock, times_in_order
from app.video.inspection import Picture, _check_count, _check_gaps
from app.video.records import VideoError
from app.video.tracks import Track
from tests.factories_frames import (
    FRAMES,
    count_itself,
    joined,
    late_b_frames,
    numbers_of,
    packed,
    packets_of,
    with_empty_picture,
    with_hidden_picture,
)
from tests.unit.test_video_frames import ALL, DATA, rendered

STEP = 40


def test_packed_b_frames_of_divx_lose_nothing(tmp_path):
    one = packed(count_itself(tmp_path / "1.avi", "mpeg4", b_frames=1), tmp_path / "clip.avi")
    assert min(packet.size for packet in packets_of(one)) < 10, "there are placeholders"
    assert numbers_of(one) == ALL
    rendered(one).is_whole(ALL)


def test_an_empty_picture_of_mpeg4_lets_the_one_before_stay(tmp_path):
    clip = with_empty_picture(count_itself(tmp_path / "1.avi", "mpeg4"), tmp_path / "clip.avi")
    assert len(packets_of(clip)) == 26
    assert numbers_of(clip) == ALL
    row = rendered(clip)
    assert row.numbers["clip.mp4"] == ALL
    assert "1 stored picture is empty: the one before is shown longer" in row.result.source.remarks


def test_theora_is_whole(tmp_path):
    rendered(Path(shutil.copy(DATA / "theora.ogv", tmp_path))).is_whole(ALL)


@pytest.mark.parametrize(("codec", "packets"), [("libvpx", 26), ("libvpx-vp9", 25)])
def test_pictures_that_are_stored_but_never_shown_are_not_missed(tmp_path, codec, packets):
    """VP8 and VP9 keep pictures to predict others from; of VP9, a packet holds them with one that is shown."""
    one = count_itself(tmp_path / "1.webm", codec, options={"g": "1", "auto-alt-ref": "0", "lag-in-frames": "0"})
    clip = with_hidden_picture(one, tmp_path / "clip.webm")
    assert len(packets_of(clip)) == packets
    assert numbers_of(clip) == ALL
    row = rendered(clip)
    row.is_whole(ALL)
    assert row.result.source.remarks == []


def test_empty_packets_let_the_picture_before_stay(tmp_path):
    """Every other packet of this Theora, at 50 a second, is empty."""
    rendered(Path(shutil.copy(DATA / "theora_repeats.ogv", tmp_path))).is_whole(ALL, slip=0.02)


def test_b_frames_that_begin_late_lose_nothing(tmp_path):
    clip = late_b_frames(tmp_path / "clip.h264", frames=400, late=40)
    assert len(numbers_of(clip)) < 400, "FFmpeg's own reader drops a picture"
    rendered(clip).is_whole([number % FRAMES for number in range(400)])


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_clock_that_jumps_by_hours_is_one_clock(tmp_path, b_frames):
    """Joined recordings: the second one begins an hour later, by its clock."""
    one = count_itself(tmp_path / "1.ts", "libx264", b_frames=b_frames, frames=14)
    two = count_itself(tmp_path / "2.ts", "libx264", b_frames=b_frames, frames=11, first=14, start=25 * 3600)
    rendered(joined(tmp_path / "clip.ts", one, two)).is_whole(ALL)


def test_a_gap_in_the_clock_is_kept_and_told(tmp_path):
    one = count_itself(tmp_path / "1.ts", "libx264", frames=14)
    two = count_itself(tmp_path / "2.ts", "libx264", frames=11, first=14, start=14 + 100)
    row = rendered(joined(tmp_path / "clip.ts", one, two))
    assert row.numbers["clip.mp4"] == ALL
    assert row.times[14] - row.times[13] == pytest.approx(4.04)
    assert any("one picture stays for 4.0 s, from 0.5 s on" in remark for remark in row.result.source.remarks)


def test_many_short_files_joined_are_all_there(tmp_path):
    parts = [count_itself(tmp_path / f"{k}.ts", "libx264", b_frames=2, first=5 * k, frames=5) for k in range(5)]
    rendered(joined(tmp_path / "clip.ts", *parts)).is_whole(ALL)


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        ({7: 6 * STEP}, "1 picture has no time of its own"),
        ({7: 6 * STEP, 8: 6 * STEP}, "2 pictures have no times of their own"),
        ({7: 2 * STEP}, "1 picture has no time of its own"),
        ({7: 100 * STEP}, "1 picture has no time of its own"),
    ],
    ids=["stored twice", "stored three times", "steps back", "leaps ahead"],
)
def test_wrong_times_in_the_file_lose_no_picture(tmp_path, change, remark):
    times = [change.get(number, number * STEP) for number in range(FRAMES)]
    source = count_itself(tmp_path / "1.mkv", "libx264")
    row = rendered(in_matroska(source, tmp_path / "clip.mkv", times))
    row.is_whole(ALL)
    assert remark in "; ".join(row.result.source.remarks)


def in_matroska(source: Path, path: Path, times: list[int]) -> Path:
    """Matroska's own writer puts times in order; the bytes of its blocks are changed instead."""
    shutil.copy(source, path)
    data = bytearray(path.read_bytes())
    end = 0
    for packet, time in zip(packets_of(source), times, strict=True):
        begin = data.index(bytes(packet), end)
        end = begin + packet.size
        assert int.from_bytes(data[begin - 3 : begin - 1], "big") == packet.pts
        data[begin - 3 : begin - 1] = time.to_bytes(2, "big", signed=True)
    path.write_bytes(data)
    return path


def test_times_of_decoding_in_place_of_those_of_showing_lose_nothing(tmp_path):
    """As old programs turn AVI into Matroska: with B-frames, pictures leave the decoder with times that step back."""
    source = count_itself(tmp_path / "1.mkv", "libx264", b_frames=2)
    clip = in_matroska(source, tmp_path / "clip.mkv", [number * STEP for number in range(FRAMES)])
    rendered(clip).is_whole(ALL)


def test_a_varying_rate_with_b_frames_keeps_its_times(tmp_path):
    times = [0, 40, 80, 200, 240, 500, 540, 600, 610, 700]
    source = count_itself(tmp_path / "1.mkv", "libx264", b_frames=2, frames=10)
    given = [packet.pts // STEP for packet in packets_of(source)]
    clip = in_matroska(source, tmp_path / "clip.mkv", [times[number] for number in given])
    row = rendered(clip)
    assert row.numbers["clip.mp4"] == row.numbers["clip.webm"] == list(range(10))
    np.testing.assert_allclose(row.times, np.array(times) / 1000, atol=0.001)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_times_before_zero_are_no_reason_to_lose_pictures(tmp_path, b_frames):
    source = count_itself(tmp_path / "1.mkv", "libx264", b_frames=b_frames)
    times = [packet.pts - 200 for packet in packets_of(source)]
    clip = in_matroska(source, tmp_path / "clip.mkv", times)
    assert packets_of(clip)[0].pts is None, "FFmpeg's own reader has no time for it"
    rendered(clip).is_whole(ALL)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_recording_that_begins_in_the_middle_says_so(tmp_path, b_frames):
    options = {"x264-params": "open-gop=1:keyint=12:min-keyint=12:scenecut=0:bframes=2:b-adapt=0"}
    whole = count_itself(tmp_path / "1.ts", "libx264", b_frames=b_frames, options=options)
    packets = packets_of(whole)
    key = [number for number, packet in enumerate(packets) if packet.is_keyframe][1]
    data = whole.read_bytes()
    # The tables of the stream, then everything from three pictures before the second key picture on.
    clip = tmp_path / "clip.ts"
    clip.write_bytes(data[: 3 * 188] + data[packets[key - 3].pos :])
    expected = numbers_of(clip)
    assert 5 < len(expected) < FRAMES
    row = rendered(clip)
    assert row.numbers["clip.mp4"] == row.numbers["clip.webm"] == expected
    assert "begins in the middle of a recording" in "; ".join(row.result.source.remarks)


def test_pictures_that_do_not_come_out_of_the_decoder_are_missed(tmp_path):
    """Of a few pictures only the size is left: the decoder passes over them without an error."""
    clip = count_itself(tmp_path / "clip.avi", "mpeg4")
    data = bytearray(clip.read_bytes())
    for packet in packets_of(clip)[10:13]:
        place = data.index(bytes(packet))
        data[place : place + packet.size] = b"\0" * packet.size
    clip.write_bytes(data)
    with pytest.raises(VideoError, match=r"of 25 stored pictures only \d\d come out|damaged"):
        rendered(clip)


@given(st.lists(st.one_of(st.none(), st.integers(-50, 200)), min_size=1, max_size=40), st.integers(1, 50))
def test_times_always_rise_and_known_ones_that_rise_are_kept(stamps, step):
    times, _ = times_in_order(stamps, step)
    assert len(times) == len(stamps)
    assert (np.diff(times) > 0).all()
    known = [(number, stamp) for number, stamp in enumerate(stamps) if stamp is not None]
    if all(earlier[1] < later[1] for earlier, later in pairwise(known)):
        assert [times[number] for number, _ in known] == [stamp for _, stamp in known]


def test_a_clock_without_restarts_is_left_alone():
    stamps = [Stamp(pts, dts, 40) for dts, pts in enumerate((0, 3, 1, 2, 6, 4, 5))]
    clock = one_clock(stamps, longest_gap=10)
    assert len(clock.runs) == 1
    assert [clock.shift(number) for number in range(7)] == [0] * 7


@pytest.mark.parametrize(("name", "codec"), [("clip.ts", "libx264"), ("clip.ts", "mpeg2video")])
def test_a_broadcast_with_lost_packets_is_refused(tmp_path, name, codec):
    clip = count_itself(tmp_path / name, codec, b_frames=2, size=(160, 128), noise=True)
    data = clip.read_bytes()
    middle = len(data) // 2 // 188 * 188
    clip.write_bytes(data[:middle] + data[middle + 2 * 188 :])
    with pytest.raises(VideoError, match="damaged"):
        rendered(clip)


class _Stream:
    """As much of a stream as the counts look at."""

    time_base = Fraction(1, 25)

    class codec_context:  # noqa: N801
        name = "h264"


def _track(stored: int, **more: Any) -> Track:
    return Track(0, stamps=[Stamp(number, number, 1) for number in range(stored)], **more)


def test_lost_pictures_that_nothing_explains_refuse_the_file():
    pictures = [Picture(number, 1, False, (64, 48)) for number in range(25)]
    assert _check_count(pictures, _track(25), _Stream()) == []
    assert _check_count(pictures, _track(27, cut=2), _Stream()) == []
    with pytest.raises(VideoError, match="of 26 stored pictures only 25 come out"):
        _check_count(pictures, _track(26), _Stream())


def test_fields_that_are_stored_one_by_one_are_one_picture():
    pictures = [Picture(2 * number, 2, True, (64, 48)) for number in range(25)]
    assert _check_count(pictures, _track(50), _Stream()) == []
    with pytest.raises(VideoError, match="of 40 stored pictures only 25 come out"):
        _check_count(pictures, _track(40), _Stream())


def test_a_gap_is_a_joint_only_before_a_picture_that_needs_no_others():
    (remark,) = _check_gaps(_track(25, flagged=[10], keys={0, 12}), _Stream())
    assert "joined from 2 files" in remark
    with pytest.raises(VideoError, match=r"damaged near 0\.2 s: packets of the recording are missing"):
        _check_gaps(_track(25, flagged=[5], keys={0, 12}), _Stream())


@pytest.mark.parametrize("b_frames", [0, 2])
def test_avi_whose_tick_is_not_a_pictures_keeps_its_times(tmp_path, b_frames):
    """As FFmpeg copies a phone's MP4 into AVI: FFmpeg itself shows the last pictures of it a tick apart."""
    path = tmp_path / "clip.avi"
    given = count_itself(tmp_path / "given.h264", "libx264", b_frames=b_frames, container="h264")
    with av.open(str(given)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        stream.time_base = Fraction(1, 600)
        for number, packet in enumerate(packet for packet in source.demux(video=0) if packet.size):
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, Fraction(1, 600), None, 24 * number
            packet.duration = 24
            output.mux(packet)
    rendered(path).is_whole(ALL)
