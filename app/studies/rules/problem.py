"""What is wrong with a study's settings, and what is known of its clips when they are judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Facts:
    """What is known of a study's clips. None: not known yet.

    `seconds` is their playing time in all; `with_sound` is how many of them have sound. Among the `n_clips` are
    `n_pictures` pictures and `n_sounds` sounds; `attributes` are those of each. `at` is the time now.
    """

    n_clips: int | None = None
    seconds: float | None = None
    with_sound: int | None = None
    n_pictures: int = 0
    n_sounds: int = 0
    attributes: tuple[Mapping[str, str], ...] | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with which setting."""

    severity: Literal["error", "warning"]
    key: str
    sentence: str


Problems = Iterator[Problem]
NOTHING_KNOWN = Facts()


def error(key: str, sentence: str) -> Problem:
    """For this the study is neither made nor opened."""
    return Problem("error", key, sentence)


def warning(key: str, sentence: str) -> Problem:
    """The study runs all the same."""
    return Problem("warning", key, sentence)
