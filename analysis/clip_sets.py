"""Sets of clips: those that are arranged together, where a study has several sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClipSet:
    """A set: its name, and the places of its clips among the study's, in rising order.

    `anchors` are the places of those that are in every set.
    """

    name: str
    items: tuple[int, ...]
    anchors: tuple[int, ...] = ()
