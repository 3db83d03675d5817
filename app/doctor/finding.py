"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Whether it is as it should be, what it is, and what was found or is to be done."""

    ok: bool
    subject: str
    text: str
