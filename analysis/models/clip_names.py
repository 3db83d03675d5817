"""The clips of a file matched to those of a study by their names."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import ArrayLike

# As many names are listed in an error or a remark.
LISTED = 5
Spelling = Callable[[str], str]


def match_clips(clips: Sequence[str], wanted: Sequence[str]) -> tuple[list[int], str]:
    """The place among `clips` of each clip that is `wanted`, and a sentence about those that nobody wants, or "".

    Names are the same when they are equal, or else when they are equal without folder and ending (face01.mp4 is
    "stimuli/face01.png", and face.01.mp4 is "face.01") and only one clip on each side is called so. Where nothing is
    spelled so, case does not count.

    Raises
    ------
    ValueError
        Naming clips that are missing, and some that are there in their place; or a name that appears twice.
    """
    twice = [clip for clip, count in Counter(clips).items() if count > 1]
    if twice:
        raise ValueError(f"names the clip {twice[0]!r} twice")
    place_of: dict[str, int] = {}
    for theirs, ours in SPELLINGS:
        _match([theirs(clip) for clip in clips], {clip: ours(clip) for clip in wanted}, place_of)
    missing = [clip for clip in wanted if clip not in place_of]
    extra = [clip for place, clip in enumerate(clips) if place not in set(place_of.values())]
    if missing:
        instead = f"; it has {_few(extra)}, which the study has not" if extra else ""
        raise ValueError(
            f"lacks {len(missing)} of the study's {len(wanted)} clips: {_few(missing)}{instead}. Clips are matched by "
            "name, with or without the ending"
        )
    if not extra:
        return [place_of[clip] for clip in wanted], ""
    verb = "is" if len(extra) == 1 else "are"
    remark = f"{len(extra)} of its clips {verb} not in the study and left out: {_few(extra)}."
    return [place_of[clip] for clip in wanted], remark


def names_in(array: ArrayLike) -> list[str]:
    """The names in an array of texts, as NPZ and HDF5 files have them.

    Raises
    ------
    ValueError
        When one is of bytes that are no text.
    """
    return [_text(value) for value in np.ravel(array).tolist()]


def _text(value: object) -> str:
    try:
        return value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError as error:
        raise ValueError(f"clips holds {value!r}, which is not UTF-8 text") from error


def _match(theirs: Sequence[str], ours: Mapping[str, str], place_of: dict[str, int]) -> None:
    """Add the places of clips that are spelled the same on both sides, once on each, and have none yet."""
    times, wanted_times, taken = Counter(theirs), Counter(ours.values()), set(place_of.values())
    place = {name: k for k, name in enumerate(theirs) if times[name] == 1 and k not in taken}
    for clip, name in ours.items():
        if clip not in place_of and name in place and wanted_times[name] == 1:
            place_of[clip] = place[name]


def _whole(clip: str) -> str:
    """A Mac spells the ä of a file's name in two characters, a table in one: they are the same name."""
    return unicodedata.normalize("NFC", clip)


def _file(clip: str) -> str:
    return PurePath(_whole(clip).replace("\\", "/")).name


def _stem(clip: str) -> str:
    return PurePath(_file(clip)).stem


def _in_any_case(spelling: Spelling) -> Spelling:
    return lambda clip: spelling(clip).casefold()


# How names are compared, in this order: those of the file, and those of the study.
SPELLINGS: list[tuple[Spelling, Spelling]] = [
    (_whole, _whole),
    (_file, _file),
    (_file, _stem),
    (_stem, _file),
    (_stem, _stem),
]
SPELLINGS += [(_in_any_case(theirs), _in_any_case(ours)) for theirs, ours in SPELLINGS]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more
