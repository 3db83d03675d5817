"""What the renditions of a clip show, and when, against clips whose pictures and times are known.

Over 300 lines: tests of one subject, which share their fixtures.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc
from PIL import Image

from app.video.frame_filters import rendered_size
from app.video.records import Limits, Options, VideoError
from app.video.rendering import MP4, POSTER, WEBM, Rendered, render
from tests.factories_frames import joined
from tests.factories_video import QUARTERS, make_clip, picture, quarters_of

VIDEOS = (MP4, WEBM)
DATA = Path(__file__).parent.parent / "data" / "clips"


class Shown(NamedTuple):
    result: Rendered
    folder: Path

    def pictures(self, name: str) -> list[np.ndarray]:
        with av.open(str(self.folder / name)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    def times(self, name: str) -> list[float]:
        with av.open(str(self.folder / name)) as container:
            return [frame.time for frame in container.decode(video=0)]

    def poster(self) -> np.ndarray:
        with Image.open(self.folder / POSTER) as image:
            assert image.format == "WEBP"
            return np.asarray(image.convert("RGB"))


@pytest.fixture
def shown(tmp_path):
    def run(clip: Path, **options: object) -> Shown:
        folder = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return Shown(render(clip, folder, Options(**options), Limits(), lambda share: None), folder)

    return run


def assert_quarters(image: np.ndarray, order: tuple[int, int, int, int] = (0, 1, 2, 3), tolerance: float = 8.0) -> None:
    expected = [QUARTERS[index] for index in order]
    np.testing.assert_allclose(quarters_of(image), expected, atol=tolerance)


def test_both_videos_are_of_the_kind_that_browsers_play(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.avi", codec="mpeg4"))
    for name, codec, profile in ((MP4, "h264", "High"), (WEBM, "vp9", "Profile 0")):
        with av.open(str(one.folder / name)) as container:
            (stream,) = container.streams
            context = stream.codec_context
            assert (context.name, context.pix_fmt, context.profile) == (codec, "yuv420p", profile)
            assert (context.colorspace, context.color_primaries) == (Colorspace.ITU709, ColorPrimaries.BT709)
    mp4, webm = ((one.folder / name).read_bytes() for name in VIDEOS)
    assert mp4.index(b"moov") < mp4.index(b"mdat"), "faststart: the index comes first"
    cues, cluster = bytes.fromhex("1c53bb6b"), bytes.fromhex("1f43b675")
    # The seek head names the cues before they come, so the last mention counts.
    assert webm.rindex(cues) < webm.index(cluster), "the index comes first"


def test_every_picture_is_shown_in_its_order_with_its_colours(tmp_path, shown):
    clip = make_clip(tmp_path / "a.mkv", codec="ffv1", pix_fmt="yuv444p", size=(128, 96), frames=20)
    one = shown(clip)
    sources = np.stack([picture(128, 96, index) for index in range(20)]).astype(float)
    for name in VIDEOS:
        pictures = one.pictures(name)
        assert len(pictures) == 20 == one.result.frames
        for index, image in enumerate(pictures):
            assert_quarters(image)
            assert np.abs(sources - image).mean(axis=(1, 2, 3)).argmin() == index
    assert_quarters(one.poster())


@pytest.mark.parametrize(
    ("rotation", "order"), [(0, (0, 1, 2, 3)), (90, (2, 0, 3, 1)), (180, (3, 2, 1, 0)), (270, (1, 3, 0, 2))]
)
def test_phone_clips_are_turned_upright(tmp_path, shown, rotation, order):
    one = shown(make_clip(tmp_path / "a.mov", rotation=rotation))
    size = (48, 64) if rotation % 180 else (64, 48)
    assert (one.result.width, one.result.height) == size
    for image in (one.pictures(MP4)[0], one.pictures(WEBM)[0], one.poster()):
        assert image.shape == (size[1], size[0], 3)
        assert_quarters(image, order)
    with av.open(str(one.folder / MP4)) as container:
        assert next(container.decode(video=0)).rotation == 0, "turned once, not once more by the player"


def test_an_odd_last_row_and_column_are_cut_off_and_nothing_is_blurred(tmp_path, shown):
    rng = np.random.default_rng(1)
    # Columns of one pixel, alternately dark and light: any scaling would smear them.
    stripes = np.where(np.arange(65) % 2, 200, 50).astype(np.uint8)
    image = np.broadcast_to(stripes[None, :, None], (49, 65, 3)) + rng.integers(0, 3, (49, 65, 3)).astype(np.uint8)
    clip = make_clip(tmp_path / "a.avi", codec="ffv1", pix_fmt="yuv444p", size=(65, 49), frames=4, pictures=[image] * 4)
    one = shown(clip)
    assert (one.result.width, one.result.height) == (64, 48)
    for name in VIDEOS:
        np.testing.assert_allclose(one.pictures(name)[0], image[:48, :64], atol=20)


def test_pixels_become_square(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.mp4", aspect=Fraction(2, 1)))
    assert (one.result.width, one.result.height) == (128, 48)
    assert_quarters(one.pictures(MP4)[0])
    with av.open(str(one.folder / MP4)) as container:
        assert container.streams.video[0].sample_aspect_ratio in (None, 0, 1)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((1920, 1080), 640, (640, 360)),
        ((1080, 1920), 640, (360, 640)),
        ((410, 314), 640, (410, 314)),
        ((411, 315), 640, (410, 314)),
        ((1281, 722), 640, (640, 360)),
        ((5000, 17), 640, (640, 2)),
    ],
)
def test_sizes_are_even_never_larger_and_at_most_the_side(size, side, expected):
    assert rendered_size(size, side) == expected


def test_large_clips_are_made_smaller_and_posters_smaller_still(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.mp4", size=(200, 100), frames=3), side=100, poster_side=40)
    assert one.pictures(WEBM)[0].shape == (50, 100, 3)
    assert_quarters(one.pictures(MP4)[0])
    assert one.poster().shape == (20, 40, 3)


def test_a_variable_frame_rate_keeps_its_times(tmp_path, shown):
    times = [0, 0.04, 0.08, 0.20, 0.24, 0.50, 0.54]
    one = shown(make_clip(tmp_path / "a.mkv", frames=7, times=times, start=3.0))
    for name in VIDEOS:
        np.testing.assert_allclose(one.times(name), times, atol=0.0011)
    assert one.result.duration == pytest.approx(0.58, abs=0.002)
    for name in VIDEOS:
        with av.open(str(one.folder / name)) as container:
            assert container.duration / 1e6 == pytest.approx(0.58, abs=0.002)


@pytest.mark.parametrize(("fps", "every"), [(Fraction(60000, 1001), 1), (50, 1), (120, 2), (240, 4)])
def test_at_most_sixty_frames_a_second_are_kept_evenly(tmp_path, shown, fps, every):
    one = shown(make_clip(tmp_path / "a.mp4", fps=fps, frames=24))
    expected = np.arange(0, 24, every) / float(fps)
    for name in VIDEOS:
        np.testing.assert_allclose(one.times(name), expected, atol=0.0011)
    assert one.result.duration == pytest.approx(24 / float(fps), abs=1e-3)


def test_what_a_phone_cut_away_without_encoding_anew_is_not_shown(tmp_path, shown):
    clip = make_clip(tmp_path / "a.mp4", frames=40, size=(200, 100))
    data = bytearray(clip.read_bytes())
    entry = data.index(b"elst") + 12
    length, start, rate = struct.unpack(">IiI", data[entry : entry + 12])
    assert length == 1600, "the one edit shows 40 frames, in ms"
    # MP4 counts 512 ticks a frame here: show 800 ms from the tenth frame on.
    data[entry : entry + 12] = struct.pack(">IiI", 800, start + 10 * 512, rate)
    clip.write_bytes(data)
    one = shown(clip)
    assert (one.result.source.frames, one.result.frames) == (20, 20)
    assert one.result.duration == pytest.approx(0.8)
    sources = np.stack([picture(200, 100, index) for index in range(40)]).astype(float)
    for name in VIDEOS:
        np.testing.assert_allclose(one.times(name), np.arange(20) / 25, atol=0.0011)
        frames = [np.abs(sources - image).mean(axis=(1, 2, 3)).argmin() for image in one.pictures(name)]
        assert frames == list(range(10, 30))


def test_three_frames_are_enough(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.mp4", frames=3))
    assert [len(one.pictures(name)) for name in VIDEOS] == [3, 3]


def test_ten_bit_video_is_shown(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.mp4", pix_fmt="yuv420p10le"))
    assert_quarters(one.pictures(MP4)[0])


def test_hdr_video_is_brought_into_the_standard_range(tmp_path, shown):
    hlg = {
        "colorspace": Colorspace.BT2020,
        "color_primaries": ColorPrimaries.BT2020,
        "color_trc": ColorTrc.ARIB_STD_B67,
    }
    greys = [np.full((48, 64, 3), value, dtype=np.uint8) for value in (64, 128, 191, 255)]
    one = shown(make_clip(tmp_path / "a.mp4", pix_fmt="yuv420p10le", frames=4, pictures=greys, colour=hlg))
    for name in VIDEOS:
        means = np.array([image.mean(axis=(0, 1)) for image in one.pictures(name)])
        assert np.ptp(means, axis=1).max() < 6, "grey stays grey"
        # Diffuse white of HLG is at three quarters of its signal.
        assert means[2].mean() > 20 + means[1].mean()
        assert (np.diff(means.mean(axis=1)) > 20).all()
        with av.open(str(one.folder / name)) as container:
            assert container.streams.video[0].codec_context.color_trc == ColorTrc.BT709


def test_what_is_transparent_becomes_black(tmp_path, shown):
    image = np.dstack([picture(64, 48), np.full((48, 64), 255, dtype=np.uint8)])
    image[:24, :, 3] = 0
    clip = make_clip(
        tmp_path / "a.mov", codec="qtrle", pix_fmt="argb", frames=3, pictures=[image] * 3, source_format="rgba"
    )
    quarters = quarters_of(shown(clip).pictures(MP4)[0])
    np.testing.assert_allclose(quarters, [(0, 0, 0), (0, 0, 0), QUARTERS[2], QUARTERS[3]], atol=8)


def test_interlaced_video_keeps_its_length(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.dv", codec="dvvideo", size=(720, 576), frames=6))
    assert (one.result.frames, one.result.width, one.result.height) == (6, 768, 576)
    assert one.result.duration == pytest.approx(0.24, abs=0.002)
    assert_quarters(one.pictures(MP4)[3])


def test_the_poster_is_an_early_picture_and_not_a_blank_one(tmp_path, shown):
    black = np.zeros((48, 64, 3), dtype=np.uint8)
    late = np.ascontiguousarray(picture(64, 48)[::-1, ::-1])
    one = shown(make_clip(tmp_path / "a.mp4", frames=30, pictures=[black] * 4 + [picture(64, 48)] * 8 + [late] * 18))
    assert_quarters(one.poster())


def test_a_clip_that_is_blank_all_along_still_has_a_poster(tmp_path, shown):
    black = np.zeros((48, 64, 3), dtype=np.uint8)
    assert shown(make_clip(tmp_path / "a.mp4", frames=5, pictures=[black] * 5)).poster().max() < 8


def test_there_is_no_sound_unless_the_study_wants_it(tmp_path, shown):
    one = shown(make_clip(tmp_path / "a.mp4", sound=0.4))
    assert not one.result.has_sound
    for name in VIDEOS:
        with av.open(str(one.folder / name)) as container:
            assert not container.streams.audio


@pytest.mark.parametrize(("start", "tone", "heard"), [(0.0, 0.3, 0.3), (0.0, 2.0, 0.48), (5.0, 5.3, 0.3)])
def test_sound_keeps_its_time_and_ends_with_the_pictures(tmp_path, shown, start, tone, heard):
    one = shown(make_clip(tmp_path / "a.mkv", sound=tone, start=start), sound=True)
    assert one.result.has_sound
    for name, codec in ((MP4, "aac"), (WEBM, "opus")):
        with av.open(str(one.folder / name)) as container:
            assert container.streams.audio[0].codec_context.name == codec
            frames = list(container.decode(audio=0))
        loud = [f.time + f.samples / 48_000 for f in frames if np.abs(f.to_ndarray()).max() > 0.1]
        assert max(loud) == pytest.approx(heard, abs=0.06)
        wave = np.concatenate([f.to_ndarray()[0] for f in frames])[2000:12_000]
        peak = np.abs(np.fft.rfft(wave)).argmax() * 48_000 / len(wave)
        assert peak == pytest.approx(440, abs=10)


def test_wanting_sound_of_a_silent_clip_is_no_error(tmp_path, shown):
    assert not shown(make_clip(tmp_path / "a.mp4"), sound=True).result.has_sound


def test_what_a_file_says_of_people_and_places_is_not_passed_on(tmp_path, shown):
    said = {"title": "Participant Smith", "location": "+48.2082+016.3738/", "comment": "private"}
    one = shown(make_clip(tmp_path / "a.mov", metadata=said))
    for name in (*VIDEOS, POSTER):
        data = (one.folder / name).read_bytes()
        assert not any(text.encode() in data for text in said.values())


def test_progress_rises_to_one(tmp_path):
    shares: list[float] = []
    render(make_clip(tmp_path / "a.mp4", frames=10), tmp_path, Options(), Limits(), shares.append)
    assert shares == sorted(shares)
    assert len(shares) == 10
    assert shares[-1] == 1.0


GROUNDS = [(0, 0, 0), (128, 128, 128)]


def _is_over(
    one: Shown, ground: tuple[int, int, int], box: tuple[int, int, int], *, inside: tuple[slice, slice]
) -> None:
    """The box in its place, and the ground at the four corners, in both videos and on the poster."""
    for image in (one.pictures(MP4)[-1], one.pictures(WEBM)[-1], one.poster()):
        np.testing.assert_allclose(image[inside].mean(axis=(0, 1)), box, atol=8)
        height, width = image.shape[:2]
        for y, x in ((2, 2), (2, width - 3), (height - 3, 2), (height - 3, width - 3)):
            np.testing.assert_allclose(image[y, x], ground, atol=8)
    assert any("where it is transparent" in remark for remark in one.result.remarks)


@pytest.mark.parametrize("ground", GROUNDS)
def test_transparent_vp9_shows_the_background_and_not_the_hidden_green(tmp_path, shown, ground):
    one = shown(DATA / "alpha.webm", background=ground)
    assert one.result.frames == 25
    height, width = one.pictures(MP4)[0].shape[:2]
    middle = slice(height // 2 - 4, height // 2 + 4), slice(width // 2 - 4, width // 2 + 4)
    _is_over(one, ground, (200, 40, 40), inside=middle)


@pytest.mark.parametrize("ground", GROUNDS)
def test_transparent_vp8_keeps_pictures_and_transparency_together(tmp_path, shown, ground):
    """The box of picture k is grey 20 + 8 k; what is around it is transparent, and green underneath."""
    one = shown(DATA / "vp8_alpha.webm", background=ground)
    for name in VIDEOS:
        pictures = one.pictures(name)
        assert [round((float(image[18:30, 24:40].mean()) - 20) / 8) for image in pictures] == list(range(25))
        for image in pictures:
            np.testing.assert_allclose(image[2:6, 2:60].mean(axis=(0, 1)), ground, atol=8)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mov", "qtrle", "argb"),
        ("a.mov", "png", "rgba"),
        ("a.mov", "prores_ks", "yuva444p10le"),
        ("a.apng", "apng", "rgba"),
        ("a.mkv", "ffv1", "bgra"),
    ],
)
def test_transparent_pictures_show_the_background(tmp_path, shown, name, codec, pix_fmt, ground):
    image = np.zeros((48, 64, 4), dtype=np.uint8)
    image[..., 1] = 255
    image[12:36, 16:48] = (200, 40, 40, 255)
    clip = make_clip(
        tmp_path / name, codec=codec, pix_fmt=pix_fmt, frames=4, pictures=[image] * 4, source_format="rgba"
    )
    _is_over(shown(clip, background=ground), ground, (200, 40, 40), inside=(slice(20, 28), slice(24, 40)))


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_transparent_gif_shows_the_background(tmp_path, shown, ground):
    images = []
    for k in range(4):
        image = Image.new("RGBA", (64, 48), (0, 255, 0, 0))
        image.paste((200, 40, 40, 255), (16, 12, 48, 36))
        image.putpixel((20 + k, 14), (0, 0, 200, 255))
        images.append(image)
    images[0].save(tmp_path / "a.gif", save_all=True, append_images=images[1:], duration=40, disposal=2)
    _is_over(shown(tmp_path / "a.gif", background=ground), ground, (200, 40, 40), inside=(slice(20, 28), slice(24, 40)))


def test_only_what_is_transparent_is_called_so(tmp_path, shown):
    opaque = [np.dstack([picture(64, 48, k), np.full((48, 64), 255, np.uint8)]) for k in range(3)]
    one = shown(
        make_clip(tmp_path / "a.mov", codec="png", pix_fmt="rgba", pictures=opaque, source_format="rgba", frames=3)
    )
    assert one.result.remarks == []
    opaque[1][5, 5, 3] = 0
    one = shown(
        make_clip(tmp_path / "b.mov", codec="png", pix_fmt="rgba", pictures=opaque, source_format="rgba", frames=3)
    )
    assert one.result.remarks == ["where it is transparent, black is shown"]


def test_pictures_that_change_their_size_are_all_shown_whole(tmp_path, shown):
    small, large = make_clip(tmp_path / "1.ts"), make_clip(tmp_path / "2.ts", size=(128, 96))
    one = shown(joined(tmp_path / "a.ts", small, large))
    assert (one.result.width, one.result.height, one.result.frames) == (64, 48, 24)
    for name in VIDEOS:
        for image in one.pictures(name):
            assert_quarters(image)
    assert any("change their size on the way, from 64 x 48 to 128 x 96 pixels" in one for one in one.result.remarks)
    wide = make_clip(tmp_path / "3.ts", size=(128, 48))
    with pytest.raises(VideoError, match="change their shape on the way, from 64 x 48 to 128 x 48"):
        shown(joined(tmp_path / "b.ts", small, wide))


def test_a_turn_that_is_not_made_is_told(tmp_path, shown):
    remark = shown(make_clip(tmp_path / "a.mp4", rotation=30)).result.remarks
    assert remark == ["its file asks for a turn by 30 degrees, which is not made: it is shown as it is stored"]


def test_half_transparent_is_half_background(tmp_path, shown):
    image = np.full((48, 64, 4), 200, dtype=np.uint8)
    image[..., 3] = 128
    clip = make_clip(
        tmp_path / "a.mov", codec="png", pix_fmt="rgba", frames=3, pictures=[image] * 3, source_format="rgba"
    )
    np.testing.assert_allclose(shown(clip).pictures(MP4)[0], 100, atol=4)
    np.testing.assert_allclose(shown(clip, background=(128, 128, 128)).pictures(MP4)[0], 164, atol=4)
