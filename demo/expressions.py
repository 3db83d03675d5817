"""What a drawn face does, and when."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Muscles:
    """What the face does at one moment; 0 everywhere is a face at rest."""

    smile: float = 0.0  # corners of the mouth up (1) or down (-1)
    mouth_open: float = 0.0
    mouth_width: float = 0.0
    brow_raise: float = 0.0
    brow_sorrow: float = 0.0  # inner ends of the brows up
    lids: float = 0.0  # wide open (1), half closed (-1)
    cheeks: float = 0.0  # lower lids pushed up
    blink: float = 0.0


# The muscles at full strength.
APEX = {
    "happy": Muscles(smile=1.0, mouth_open=0.62, mouth_width=0.7, brow_raise=0.25, lids=-0.1, cheeks=1.0),
    "surprised": Muscles(smile=0.0, mouth_open=1.0, mouth_width=-1.0, brow_raise=1.0, lids=1.0),
    "sad": Muscles(smile=-1.0, mouth_width=-0.25, brow_raise=0.1, brow_sorrow=1.0, lids=-0.75),
}


def muscles_at(clip: dict[str, Any], phase: float) -> Muscles:
    """The face at `phase` of the loop, 0 to 1: the expression is there from the start, swells, and goes back."""
    level = clip["strength"] * (0.62 + 0.38 * np.sin(np.pi * phase) ** 2)
    # One blink a loop, a tenth of a second to each side of its middle, at a moment that differs between clips.
    blink_at = 0.55 + 0.35 * ((sum(map(ord, clip["clip"])) % 10) / 10)
    blink = max(0.0, 1 - abs(phase - blink_at) * clip["seconds"] / 0.1)
    apex = APEX[clip["expression"]]
    values = {field.name: level * getattr(apex, field.name) for field in fields(Muscles)}
    return Muscles(**(values | {"blink": blink}))
