"""Items of a study that differ so much that a participant would sort by it: pointed out, never refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from analysis.words import counted
from app.domain import ClipState, ItemKind
from app.models import Clip

# From these ratios on a difference is pointed out.
DURATION, AREA, SHAPE = 10.0, 4.0, 1.5


def differences(clips: Sequence[Clip]) -> list[str]:
    """Sentences about kinds that differ, durations that differ tenfold, sizes fourfold, and shapes by half."""
    ready = [clip for clip in clips if clip.state == ClipState.READY]
    return [
        sentence
        for sentence in (
            _mixture(ready),
            _compare(ready, lambda clip: clip.duration_s, DURATION, _duration),
            _compare(ready, _area, AREA, _size),
            _compare(ready, _shape, SHAPE, _size_and_shape),
        )
        if sentence
    ]


def _mixture(clips: list[Clip]) -> str:
    counts = Counter(clip.kind for clip in clips)
    if len(counts) < 2:
        return ""
    told = [counted(counts[kind], kind.value) for kind in ItemKind if counts[kind]]
    listed = " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))
    return f"kinds differ: the study holds {listed}; remove what is there by mistake"


def _compare(
    clips: list[Clip],
    measure: Callable[[Clip], float | None],
    ratio: float,
    sentence: Callable[[Clip, Clip, float], str],
) -> str:
    values = [(value, clip) for clip in clips if (value := measure(clip))]
    if not values:
        return ""
    (low, least), (high, most) = min(values, key=lambda one: one[0]), max(values, key=lambda one: one[0])
    return sentence(least, most, high / low) if high / low >= ratio else ""


def _duration(least: Clip, most: Clip, ratio: float) -> str:
    return (
        f"durations differ {ratio:.0f}-fold: {least.file_name} lasts {least.duration_s:.2f} s, "
        f"{most.file_name} {most.duration_s:.1f} s"
    )


def _area(clip: Clip) -> float | None:
    # All waveforms of sounds are drawn at one size.
    no_size = clip.width is None or clip.height is None or clip.kind == ItemKind.SOUND
    return None if no_size else float((clip.width or 0) * (clip.height or 0))


def _size(least: Clip, most: Clip, _ratio: float) -> str:
    return (
        f"sizes differ: {least.file_name} is shown at {least.width} x {least.height} pixels, "
        f"{most.file_name} at {most.width} x {most.height}"
    )


def _shape(clip: Clip) -> float | None:
    if not clip.width or not clip.height or clip.kind == ItemKind.SOUND:
        return None
    return clip.width / clip.height


def _size_and_shape(least: Clip, most: Clip, _ratio: float) -> str:
    return (
        f"shapes differ: {least.file_name} is {least.width} x {least.height} pixels, "
        f"{most.file_name} {most.width} x {most.height}"
    )
