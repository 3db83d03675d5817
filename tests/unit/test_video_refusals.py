"""F37: files that are no clips are refused, each with its reason, and none makes the decoder open another file."""

from __future__ import annotations

import os
import random
import re
import struct
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.video import Limits, Options, VideoError, probe
from app.video.inspection import inspect
from app.video.rendering import render
from app.video.source import CONTAINERS, check_duration, open_source
from app.video.wholeness import check_whole
from tests.factories_video import make_clip


def refusal(path: Path, **limits: float) -> str:
    with pytest.raises(VideoError) as caught:
        inspect(path, Limits(**limits))
    reason = str(caught.value)
    assert path.name not in reason, "the caller adds the name"
    return reason


def test_f37_the_child_process_refuses_in_words_too(tmp_path):
    page = tmp_path / "page.mp4"
    page.write_text("<!DOCTYPE html><script>alert(1)</script>")
    with pytest.raises(VideoError, match="web page"):
        probe(page)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty (0 bytes)"),
        (b"\0" * 5000, "only zeros"),
        (b"<!DOCTYPE html><html><body>hi</body></html>", "web page"),
        (b"\xef\xbb\xbf  <html><script>alert(1)</script></html>", "web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "picture"),
        (b"#!/bin/sh\nrm -rf /\n", "text"),
        (b"just some words", "text"),
        (b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 8, "known kind"),
        (b"%PDF-1.7\n\0\0\0", "a PDF, which is not read; save it as JPEG or PNG"),
        (b"caff\0\1\0\0desc", "a CAF sound, which is not read; save it as WAV, FLAC or MP3"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"file '/etc/passwd'\n", "playlist"),
        (b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "playlist"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + b"\1" * 4000, "index is missing"),
    ],
)
def test_f37_what_is_not_a_video_is_refused_by_what_it_is(tmp_path, content, reason):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert reason in refusal(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_f37_a_still_picture_named_mp4_is_refused(tmp_path, kind):
    path = tmp_path / "still.mp4"
    Image.fromarray(np.full((64, 64, 3), 90, dtype=np.uint8)).save(path, kind)
    assert "picture, not a video" in refusal(path)


def test_an_animated_webp_is_called_so_and_gif_and_apng_are_read(tmp_path):
    pictures = [Image.new("RGB", (64, 48), (60 * shade, 0, 200)) for shade in range(4)]
    for name in ("a.webp", "a.gif", "a.png"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=100)
    assert (
        refusal(tmp_path / "a.webp")
        == "the file is an animated WebP picture, which is not read; convert it to MP4 first"
    )
    assert inspect(tmp_path / "a.gif", Limits()).probe.frames == inspect(tmp_path / "a.png", Limits()).probe.frames == 4


def test_f37_one_frame_is_no_video(tmp_path):
    assert "single picture" in refusal(make_clip(tmp_path / "a.mp4", frames=1))
    still = tmp_path / "still.gif"
    Image.fromarray(np.full((64, 64, 3), 90, dtype=np.uint8)).save(still, "GIF")
    assert "single picture" in refusal(still)


def test_f37_an_archive_is_refused(tmp_path):
    path = tmp_path / "clips.mp4"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../clip.mp4", b"\0" * 10_000)
    assert "archive" in refusal(path)


def test_f37_sound_without_video_is_refused_even_with_a_cover(tmp_path):
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        sound = container.add_stream("aac", rate=48_000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        sound.codec_context.open()
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(cover.encode(None))
        for begin in range(0, 48_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = 48_000, begin
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    assert "sound but no video" in refusal(path)


@pytest.mark.parametrize(
    ("name", "codec", "options", "keep"),
    [
        ("end.mp4", "libx264", {}, 0.6),
        ("front.mp4", "libx264", {"movflags": "faststart"}, 0.7),
        ("a.mov", "mjpeg", {}, 0.5),
        ("a.avi", "mpeg4", {}, 0.7),
        ("a.mkv", "ffv1", {}, 0.6),
        ("a.webm", "libvpx-vp9", {}, 0.8),
    ],
)
def test_f37_a_file_that_breaks_off_is_refused(tmp_path, name, codec, options, keep):
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = make_clip(tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=60, options=options)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    assert "damaged or incomplete" in refusal(path)


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mkv", "ffv1", {}),
        ("a.webm", "libvpx-vp9", {}),
        ("a.avi", "mpeg4", {}),
        ("a.wmv", "wmv2", {}),
        ("front.mp4", "mjpeg", {"movflags": "faststart"}),
        ("a.gif", "gif", {}),
    ],
)
def test_f37_a_file_that_lacks_its_last_bytes_is_refused(tmp_path, name, codec, options):
    """FFmpeg reads all of it but the last picture, and says nothing."""
    pix_fmt = {"mjpeg": "yuvj420p", "gif": "rgb8"}.get(codec, "yuv420p")
    path = make_clip(tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=30, options=options)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert "damaged" in refusal(path)
    with pytest.raises(VideoError, match="damaged or incomplete: it "):
        check_whole(path)
    path.write_bytes(whole + b"\0" * 40)
    assert inspect(path, Limits()).probe.frames == 30


def test_f37_ogg_that_lacks_a_page_is_refused(tmp_path):
    whole = (Path(__file__).parent.parent / "data" / "clips" / "theora.ogv").read_bytes()
    path = tmp_path / "a.ogv"
    for content in (whole[:-20], whole.replace(b"OggS", b"OgxS").replace(b"OgxS", b"OggS", 5)):
        path.write_bytes(content)
        with pytest.raises(VideoError, match="a page of it is cut off or missing"):
            check_whole(path)
    path.write_bytes(whole + b"TAG of a player")
    check_whole(path)


def test_f37_dv_that_ends_within_a_picture_is_refused(tmp_path):
    picture = bytes([0x1F, 7, 0, 0x3F]) + bytes(119_996)
    (tmp_path / "a.dv").write_bytes(picture * 2)
    check_whole(tmp_path / "a.dv")
    (tmp_path / "a.dv").write_bytes(picture + picture[:-100])
    with pytest.raises(VideoError, match="last picture is not whole"):
        check_whole(tmp_path / "a.dv")


def test_f37_a_clock_that_is_damaged_is_no_length(tmp_path):
    with pytest.raises(VideoError, match="damaged: by the times that it stores"):
        check_duration(1e15, Limits())


def test_f37_a_file_with_damaged_pictures_is_refused(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=40, size=(128, 96))
    data, rng = bytearray(path.read_bytes()), random.Random(1)
    begin = data.index(b"mdat")
    for _ in range(10):
        data[rng.randrange(begin + 300, begin + len(data) // 2)] = rng.randrange(256)
    path.write_bytes(data)
    with pytest.raises(VideoError, match="damaged"):
        render(path, tmp_path, Options(), Limits(), lambda share: None)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "ffv1"), ("a.webm", "libvpx-vp9"), ("a.wmv", "wmv2"), ("a.gif", "gif")],
)
def test_f37_whatever_is_damaged_is_converted_or_refused_and_nothing_else(tmp_path, name, codec):
    """libav reports damage by a dozen kinds of error: end of file, input/output, permission, range, and more."""
    whole = make_clip(
        tmp_path / name, codec=codec, pix_fmt="rgb8" if codec == "gif" else "yuv420p", frames=8
    ).read_bytes()
    refused = 0
    for seed in range(12):
        rng, data = random.Random(seed), bytearray(whole)
        for _ in range(rng.choice([1, 5, 40])):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"damaged{seed}{name}"
        path.write_bytes(data[: rng.randrange(len(data) // 2, len(data))] if seed % 3 == 0 else data)
        try:
            render(path, tmp_path, Options(), Limits(), lambda share: None)
        except VideoError:
            refused += 1
    assert refused


def test_f37_ten_hours_are_refused_without_reading_them(tmp_path):
    path = make_clip(tmp_path / "a.mkv", frames=3, times=[0, 5, 36_000])
    assert refusal(path) == "the video lasts 36,000.0 s; at most 120.0 s are allowed"


def test_f37_caps_on_size_frames_and_dimensions_are_named(tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=30)
    assert re.search(r"the file has 0\.00\d+ MB; at most 0\.001\d* MB are allowed", refusal(path, file_bytes=1000))
    assert "more than 20 frames" in refusal(path, frames=20)
    assert "64 x 48 pixels; at most 50 on a side" in refusal(path, longest_side=50)
    assert "64 x 48 pixels" in refusal(path, pixels=3000)
    assert "only 8 x 8 pixels" in refusal(make_clip(tmp_path / "b.mp4", size=(8, 8)))


@pytest.mark.parametrize(
    ("seconds", "limit", "lasts", "most"),
    [(120.04, 120, "120.04", "120.00"), (130, 120, "130.0", "120.0"), (1234.5, 120, "1,234.5", "120.0")],
)
def test_f37_a_length_just_over_the_limit_is_told_from_it(seconds, limit, lasts, most):
    with pytest.raises(VideoError, match=f"lasts {lasts} s; at most {most} s"):
        check_duration(seconds, Limits(duration=limit))


@pytest.mark.parametrize(("side", "reason"), [(16_000, "16000 x 16000 pixels"), (60_000, "cannot be decoded")])
def test_f37_enormous_pictures_in_a_few_bytes_are_refused(tmp_path, side, reason):
    screen = struct.pack("<HHBBB", side, side, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    image = b"\x21\xf9\x04\0\x05\0\0\0," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x44\x01\0"
    path = tmp_path / "bomb.gif"
    path.write_bytes(b"GIF89a" + screen + image * 3 + b";")
    assert reason in refusal(path)


def test_f37_a_later_picture_may_not_be_larger_than_the_header_says(tmp_path):
    small, large = (make_clip(tmp_path / f"{w}.ts", size=(w, w), frames=12) for w in (64, 512))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    with pytest.raises(VideoError, match=r"damaged|large|cannot be decoded"):
        render(both, tmp_path, Options(), Limits(pixels=100 * 100), lambda share: None)


def test_f37_only_containers_that_hold_their_own_pictures_are_opened():
    followed = {"hls", "concat", "dash", "image2", "rtsp", "sdp", "lavfi", "imf", "webm_dash_manifest"}
    assert not followed & {name for one in CONTAINERS for name in one.split(",")}


def test_f37_a_playlist_of_a_format_that_is_asked_for_would_have_been_followed(tmp_path):
    """The bait works: without the list of containers, this script opens another file."""
    make_clip(tmp_path / "secret.mp4")
    script = tmp_path / "clip.mp4"
    script.write_text("ffconcat version 1.0\nfile secret.mp4\n")
    with av.open(str(script), container_options={"safe": "0"}) as followed:
        assert followed.streams.video[0].width == 64
    assert "playlist" in refusal(script)


def test_f37_a_url_is_only_a_file_name(tmp_path):
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "http://127.0.0.1:1/a.mp4", Limits())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_f37_a_pipe_or_folder_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path / "pipe.mp4", tmp_path):
        with pytest.raises(VideoError, match="not a regular file"):
            probe(path)
