"""The sound of a clip: on the clock of its pictures, without gaps, and what is said of what is not heard."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from app.video.inspection import inspect
from app.video.records import Limits, Options, VideoError
from app.video.rendering import MP4, WEBM, render
from app.video.sound import RATE, ClipSound
from tests.unit.test_video_tracks import write

BLOCK = 4_800


def frame(pts: int | None, *, layout: str = "stereo", level: float = 0.5) -> Any:
    """A tenth of a second of one level, in ticks of a millisecond."""
    channels = av.AudioLayout(layout).nb_channels
    block = av.AudioFrame.from_ndarray(np.full((channels, BLOCK), level, np.float32), format="fltp", layout=layout)
    block.sample_rate, block.time_base, block.pts = RATE, Fraction(1, 1000), pts
    return block


def heard(frames: Sequence[Any], *, start: float = 0.0, duration: float = 1.0) -> tuple[np.ndarray, list[str]]:
    """What comes out, one value for each tenth of a second, and the remarks."""
    source: Any = SimpleNamespace(codec_context=SimpleNamespace(layout=frames[0].layout))
    probe: Any = SimpleNamespace(start=start, duration=duration)
    sound = ClipSound(source, probe)
    pieces = [piece for one in (*frames, None) for piece in sound.through(one)]
    begins = [piece.pts for piece in pieces]
    assert begins == list(np.cumsum([0, *(piece.samples for piece in pieces[:-1])])), "one after the other"
    samples = np.concatenate([piece.to_ndarray()[0] for piece in pieces])
    return np.array([np.mean(part) for part in np.split(samples, range(BLOCK, samples.size, BLOCK))]), sound.remarks()


def test_a_gap_is_silent_and_a_block_without_a_time_follows_on() -> None:
    levels, remarks = heard([frame(0), frame(100), frame(400), frame(None)])
    assert levels.round(2).tolist() == [0.5, 0.5, 0, 0, 0.5, 0.5]
    assert remarks == []


def test_what_is_before_and_after_the_pictures_is_cut_off_to_the_sample() -> None:
    levels, _ = heard([frame(100 * k, level=k / 10) for k in range(8)], start=0.25, duration=0.3)
    np.testing.assert_allclose(levels, [0.25, 0.35, 0.45], atol=1e-6)
    late, _ = heard([frame(200)], duration=0.25)
    assert late.round(2).tolist() == [0, 0, 0.5]


def test_times_that_are_rounded_or_overlap_leave_no_gap() -> None:
    levels, _ = heard([frame(0), frame(103), frame(197), frame(240)], duration=0.5)
    assert levels.round(2).tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5], abs=0.21)
    assert levels.size == 4


def test_sound_without_any_time_is_refused() -> None:
    with pytest.raises(VideoError, match="has no times"):
        heard([frame(None)])


def test_silence_and_channels_that_are_mixed_are_told() -> None:
    assert heard([frame(0, level=0.0)])[1] == ["its sound is silent: nothing of it can be heard"]
    assert heard([frame(0, layout="5.1")])[1] == ["the 6 channels of its sound are mixed down to two"]


def test_sound_that_does_not_say_where_its_channels_belong_is_heard(tmp_path: Path) -> None:
    """As in WMA: two channels, and not left and right."""
    clip = write(tmp_path / "a.wmv", [("wmv2", 64, 25, False)], [("wmav2", 440, 0.0, False)])
    result = render(clip, tmp_path, Options(sound=True), Limits(), lambda share: None)
    assert result.has_sound
    for name in (MP4, WEBM):
        with av.open(str(tmp_path / name)) as container:
            samples = np.concatenate([one.to_ndarray()[0] for one in container.decode(audio=0)])
        assert samples.size / RATE == pytest.approx(1.0, abs=0.05)
        assert np.abs(samples).max() == pytest.approx(0.3, abs=0.1)


def test_sound_that_is_cut_off_is_told(tmp_path: Path) -> None:
    late = write(tmp_path / "late.mkv", [("libx264", 64, 10, False)], [("aac", 440, 0.0, False)])
    remarks = inspect(late, Limits(), sound=True).probe.remarks
    assert remarks == ["its sound goes on for 0.6 s after its pictures: so much of it is not heard"]
    assert inspect(late, Limits()).probe.remarks == [], "where no sound is wanted"
