"""Sounds as items: every form plays as long as PyAV says it does, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.video import Limits, Options, VideoError, convert
from app.video.kinds import kind_of
from app.video.sounds import MP4, POSTER, WEBM, read_sound, render_sound
from app.video.waveform import FACE, draw_waveform, peaks

# By the end of the file's name: container, codec, the format of samples.
FORMS = {
    "wav": ("wav", "pcm_s16le", "s16"),
    "24.wav": ("wav", "pcm_s24le", "s32"),
    "float.wav": ("wav", "pcm_f32le", "flt"),
    "8.wav": ("wav", "pcm_u8", "u8"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "flac": ("flac", "flac", "s16"),
    "m4a": ("mp4", "aac", "fltp"),
    "alac.m4a": ("ipod", "alac", "s16p"),
    "aac": ("adts", "aac", "fltp"),
    "opus": ("ogg", "libopus", "flt"),
    "ogg": ("ogg", "vorbis", "fltp"),
    "webm": ("webm", "libopus", "flt"),
    "aiff": ("aiff", "pcm_s16be", "s16"),
}


def tone(seconds: float = 1.0, channels: int = 1, rate: int = 48_000, loud: float = 0.5) -> NDArray[np.float32]:
    time = np.arange(round(seconds * rate)) / rate
    return np.tile((loud * np.sin(2 * np.pi * 440 * time)).astype(np.float32), (channels, 1))


def make_sound(path: Path, samples: NDArray[np.float32], rate: int = 48_000, *, cover: bool = False) -> Path:
    ending = path.name.partition(".")[2]
    form, codec, sample_format = FORMS[ending]
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[0]]
    with av.open(str(path), "w", format=form) as container:
        stream: Any = container.add_stream(codec, rate=rate, layout=layout, format=sample_format)
        if codec == "aac":
            stream.bit_rate = 192_000 * samples.shape[0]
        if codec == "vorbis":
            stream.codec_context.options = {"strict": "experimental"}
        if cover:
            art: Any = container.add_stream("mjpeg", rate=1)
            art.width, art.height, art.pix_fmt = 64, 64, "yuvj420p"
            art.disposition = av.stream.Disposition.attached_pic
        stream.codec_context.open()
        if cover:
            container.mux(art.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
            container.mux(art.encode(None))
        resampler = av.AudioResampler(
            format=sample_format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size
        )
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for given in (frame, None):
            for piece in resampler.resample(given):
                container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path) -> NDArray[np.float32]:
    """What PyAV makes of a file, as (channels, samples) at 48 kHz."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    resampler = av.AudioResampler(format="fltp", layout=frames[0].layout.name, rate=48_000)
    pieces = [piece for frame in [*frames, None] for piece in resampler.resample(frame)]
    return np.concatenate([piece.to_ndarray() for piece in pieces], axis=1)


def refusal(path: Path, **limits: float) -> str:
    with pytest.raises(VideoError) as caught:
        read_sound(path, Limits(**limits))
    return str(caught.value)


@pytest.mark.parametrize("ending", FORMS)
@pytest.mark.parametrize(("channels", "rate"), [(1, 48_000), (2, 44_100)])
def test_every_form_plays_as_long_as_its_file(tmp_path: Path, ending: str, channels: int, rate: int) -> None:
    if (ending, channels) == ("ogg", 1):
        channels = 2  # FFmpeg's own Vorbis encoder knows stereo alone.
    rate = 48_000 if FORMS[ending][1] == "libopus" else rate
    path = make_sound(tmp_path / f"a.{ending}", tone(1.3, channels, rate), rate)
    assert kind_of(path, Limits()) == "sound"
    made = render_sound(path, tmp_path, Options(), Limits(), lambda _: None)
    own = decoded(path).shape[1] / 48_000
    assert made.duration == pytest.approx(own, abs=0.002)
    assert made.remarks == []
    for name in (MP4, WEBM):
        played = decoded(tmp_path / name)
        # Not at the ends, where an encoder fades in and out.
        assert played.shape[0] == channels
        assert played.shape[1] / 48_000 == pytest.approx(made.duration, abs=0.05)
        middle = np.abs(played[:, 4_800:-9_600])
        assert middle.max() == pytest.approx(0.5, abs=0.06), "neither louder nor softer, without bursts"
    with Image.open(tmp_path / POSTER) as poster:
        assert poster.size == FACE == (made.width, made.height)


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_other_rates_keep_their_length_and_pitch(tmp_path: Path, rate: int) -> None:
    sound = read_sound(make_sound(tmp_path / "a.wav", tone(1.0, 1, rate), rate), Limits())
    assert sound.seconds == pytest.approx(1.0, abs=0.001)
    assert np.abs(np.fft.rfft(sound.samples[0])).argmax() == pytest.approx(440, abs=1)


def test_six_channels_become_two_and_that_is_said(tmp_path: Path) -> None:
    sound = read_sound(make_sound(tmp_path / "a.wav", tone(0.5, 6, loud=0.1)), Limits())
    assert sound.samples.shape[0] == 2
    assert sound.remarks[0] == "its 6 channels are mixed down to two"


def test_a_cover_is_no_video(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.m4a", tone(), cover=True)
    assert kind_of(path, Limits()) == "sound"
    assert read_sound(path, Limits()).seconds == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("ending", ["wav", "flac", "m4a", "mp3"])
def test_f37_a_sound_that_breaks_off_is_refused(tmp_path: Path, ending: str) -> None:
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (1, 96_000)).astype(np.float32)
    path = make_sound(tmp_path / f"a.{ending}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if ending == "m4a":
        # Its index stands at the end: nothing can be read, and nobody can tell a sound from a video.
        assert kind_of(path, Limits()) == "clip"
        return
    assert kind_of(path, Limits()) == "sound"
    assert "incomplete" in refusal(path)


def test_f37_what_only_begins_like_a_sound_is_refused(tmp_path: Path) -> None:
    for head in (b"ID3\4\0\0\0\0\0\0", b"fLaC\0\0\0\x22", b"RIFF\xff\0\0\0WAVE"):
        (tmp_path / "a").write_bytes(head + b"nothing of that kind" * 20)
        assert kind_of(tmp_path / "a", Limits()) == "sound"
        assert "damaged or incomplete" in refusal(tmp_path / "a")
    path = make_sound(tmp_path / "a.wav", tone(2.0))
    assert refusal(path, duration=1.5) == "the sound lasts longer than the 1.5 s that are allowed"
    assert "MB are allowed" in refusal(path, file_bytes=1000)


@pytest.mark.parametrize(
    ("loud", "remark"),
    [(0.0, "it is silent"), (1e-5, "it is silent"), (0.01, "40 dB below"), (0.5, None), (1.6, "full scale")],
)
def test_how_loud_it_is_is_said(tmp_path: Path, loud: float, remark: str | None) -> None:
    remarks = read_sound(make_sound(tmp_path / "a.float.wav", tone(loud=loud)), Limits()).remarks
    assert (remark is None) == (remarks == [])
    assert remark is None or remark in remarks[0]


def test_a_recording_that_was_too_loud_is_said_to_be(tmp_path: Path) -> None:
    clipped = np.clip(tone(loud=2.0), -1, 1)
    assert "recorded too loud" in read_sound(make_sound(tmp_path / "a.wav", clipped), Limits()).remarks[0]


def test_the_waveform_is_that_of_the_samples_and_always_the_same(tmp_path: Path) -> None:
    samples = np.concatenate([tone(0.5, loud=1.0), tone(0.5, loud=0.25)], axis=1)
    assert peaks(samples, 4) == pytest.approx([1.0, 1.0, 0.25, 0.25], abs=0.001)
    assert peaks(samples[:, :3], 10)[-1] >= 0
    for name in ("a", "b"):
        draw_waveform(samples, tmp_path / name, (0, 0, 0))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with Image.open(tmp_path / "a") as image:
        grey = np.asarray(image.convert("L"))
    bright = (grey > 150).sum(axis=0)
    assert bright[40:200].max() == pytest.approx(4 * bright[280:440].max(), rel=0.1)
    draw_waveform(samples, tmp_path / "grey", (128, 128, 128))
    with Image.open(tmp_path / "grey") as image:
        colours = np.asarray(image.convert("RGB")).astype(int)
    assert np.ptp(colours, axis=2).max() == 0


def test_the_child_process_makes_three_files_of_a_sound(tmp_path: Path) -> None:
    shares: list[float] = []
    made = convert(make_sound(tmp_path / "a.mp3", tone()), tmp_path / "out", progress=shares.append)
    assert (made.kind, set(made.files), made.has_sound) == ("sound", {"mp4", "webm", "poster"}, True)
    assert made.source.codec in {"mp3", "mp3float"}
    assert shares


@pytest.mark.parametrize("ending", ["wav", "aiff", "m4a"])
def test_joined_files_of_which_players_hear_the_first_one_are_refused(tmp_path: Path, ending: str) -> None:
    one = make_sound(tmp_path / f"a.{ending}", tone(0.2))
    one.write_bytes(one.read_bytes() * 2)
    assert "several files joined" in refusal(one)


def test_a_sound_that_nobody_can_hear_for_its_length_is_refused(tmp_path: Path) -> None:
    assert "lasts only 1 ms" in refusal(make_sound(tmp_path / "a.wav", tone(0.001)))
    assert read_sound(make_sound(tmp_path / "b.wav", tone(0.005)), Limits()).seconds == 0.005


def test_f37_a_large_wave_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    """WAV of more than 4 GB, and what some programs always write: its size stands in a chunk of its own."""
    path = make_sound(tmp_path / "a.wav", tone(0.5))
    whole = path.read_bytes()
    sizes = (len(whole) + 28).to_bytes(8, "little") + (48_000).to_bytes(8, "little") + bytes(12)
    large = b"RF64\xff\xff\xff\xffWAVEds64" + (28).to_bytes(4, "little") + sizes + whole[12:]
    path.write_bytes(large)
    assert read_sound(path, Limits()).seconds == pytest.approx(0.5, abs=0.01)
    path.write_bytes(large[:-10_000])
    assert "damaged or incomplete" in refusal(path)
