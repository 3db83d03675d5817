"""The clips of a file matched to those of a study by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

# As many names are listed in an error or a remark.
LISTED = 5


def match_clips(clips: Sequence[str], wanted: Sequence[str]) -> tuple[list[int], str]:
    """The place among `clips` of each clip that is `wanted`, and a sentence about those that nobody wants, or "".

    Names are the same when they are equal, or else when they are equal without folder and ending (face01.mp4 is
    "stimuli/face01.png") and only one clip on each side is called so.

    Raises
    ------
    ValueError
        Naming clips that are missing, and some that are there in their place; or a name that appears twice.
    """
    twice = [clip for clip, count in Counter(clips).items() if count > 1]
    if twice:
        raise ValueError(f"names the clip {twice[0]!r} twice")
    exact = {clip: place for place, clip in enumerate(clips)}
    stems, wanted_stems = Counter(map(_stem, clips)), Counter(map(_stem, wanted))
    by_stem = {_stem(clip): place for place, clip in enumerate(clips) if stems[_stem(clip)] == 1}
    places = [
        exact.get(clip, by_stem.get(_stem(clip), -1) if wanted_stems[_stem(clip)] == 1 else -1) for clip in wanted
    ]
    missing = [clip for clip, place in zip(wanted, places, strict=True) if place < 0]
    extra = [clip for place, clip in enumerate(clips) if place not in set(places)]
    if missing:
        instead = f"; it has {_few(extra)}, which the study has not" if extra else ""
        raise ValueError(
            f"lacks {len(missing)} of the study's {len(wanted)} clips: {_few(missing)}{instead}. Clips are matched by "
            "name, with or without the ending"
        )
    if len(set(places)) < len(places):
        raise ValueError("two clips of the study have the same name but for the ending, and the file has one of it")
    if not extra:
        return places, ""
    verb = "is" if len(extra) == 1 else "are"
    return places, f"{len(extra)} of its clips {verb} not in the study and left out: {_few(extra)}."


def _stem(clip: str) -> str:
    return PurePath(clip.replace("\\", "/")).stem


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
