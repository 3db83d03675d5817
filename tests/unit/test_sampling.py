"""Pictures out of clips for networks: at their true times, upright, and fitted as training programs do it."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from app.video import Sampling, VideoError, sample_pictures
from app.video.records import Limits, Sample
from app.video.sampling import PICTURES, fitted, sample
from tests.factories_video import make_clip, picture, quarters_of

LIMITS = Limits()


def taken(path: Path, **wanted: Any) -> tuple[np.ndarray, Sample]:
    given = {"count": 4, "height": 16, "width": 16, "shorter_side": 24} | wanted
    sampled = sample(path, path.parent, Sampling(**given), LIMITS, lambda share: None)
    return np.load(path.parent / PICTURES), sampled


def test_frames_are_those_shown_in_the_middles_of_equal_parts(tmp_path: Path) -> None:
    # Pictures 0 to 3 last .1 s each, the fourth .8 s: of 1.2 s, the middles of four parts are .15, .45, .75, 1.05.
    greys = [np.full((48, 64, 3), 40 + 30 * k, np.uint8) for k in range(6)]
    times = [0.0, 0.1, 0.2, 0.3, 1.1, 1.15]
    clip = make_clip(tmp_path / "clip.mkv", frames=6, pictures=greys, times=times, start=2.0)
    pictures, sampled = taken(clip)
    assert sampled.times == pytest.approx([0.1, 0.3, 0.3, 0.3])
    assert sampled.places == [0, 1, 1, 1]
    assert [round((float(one.mean()) - 40) / 30) for one in pictures] == [1, 3]
    many, sampled = taken(clip, count=40)
    assert len(many) == 6, "each picture is there once"
    assert [sampled.places.count(k) for k in (0, 3)] == [3, 27]


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_picture_is_what_another_decoder_and_pillow_make_of_it(tmp_path: Path, rotation: int) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=10, size=(128, 96), rotation=rotation)
    pictures, sampled = taken(clip, count=1)
    with av.open(str(clip)) as container:
        frames = [Image.fromarray(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    # The middle of .4 s is where the sixth picture begins, but for rounding.
    frame = frames[5].rotate(-rotation, expand=True)
    assert sampled.times == pytest.approx([5 / 25])
    scaled = frame.resize((32, 24) if rotation == 0 else (24, 32), Image.Resampling.BILINEAR)
    left, top = (scaled.width - 16) // 2, (scaled.height - 16) // 2
    expected = np.asarray(scaled.crop((left, top, left + 16, top + 16)))
    np.testing.assert_allclose(np.array(quarters_of(pictures[0])), np.array(quarters_of(expected)), atol=6)


def test_a_whole_picture_can_be_squeezed_and_a_size_need_not_be_square() -> None:
    image = Image.fromarray(picture(60, 40))
    given = {"count": 1, "height": 10, "width": 20}
    squeezed = fitted(image, Sampling(**given, shorter_side=None))
    np.testing.assert_array_equal(squeezed, np.asarray(image.resize((20, 10), Image.Resampling.BILINEAR)))
    # 60 x 40 covers 24 x 12 as 24 x 16, of which 20 x 10 are cut out.
    cut = fitted(image, Sampling(**given, shorter_side=12))
    scaled = image.resize((24, 16), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(cut, np.asarray(scaled.crop((2, 3, 22, 13))))
    # As torchvision's Resize(256) and CenterCrop(224) of 500 x 375: 341 x 256, from 58 and 16 on.
    large = Image.fromarray(picture(500, 375))
    usual = fitted(large, Sampling(count=1, height=224, width=224, shorter_side=256))
    scaled = large.resize((341, 256), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(usual, np.asarray(scaled.crop((58, 16, 282, 240))))


def test_a_still_picture_is_shown_all_the_time_and_a_sound_never(tmp_path: Path) -> None:
    Image.fromarray(picture(64, 48)).save(tmp_path / "still.png")
    pictures, sampled = sample_pictures(tmp_path / "still.png", Sampling(3, 16, 16, 24))
    assert pictures.shape == (1, 16, 16, 3)
    assert sampled.places == [0, 0, 0]
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 800, "NONE", ""))
        file.writeframes(np.zeros(800, np.int16).tobytes())
    with pytest.raises(VideoError, match="it is a sound, and a network is given pictures"):
        taken(tmp_path / "sound.wav")
