"""Numbers and times as JSON has them."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from analysis.arrangement import Floats


def numbers(values: Floats) -> list[float | None]:
    """Each of them as `number` has it."""
    return [number(value) for value in values.tolist()]


def number(value: float) -> float | None:
    """Five digits are more than a screen shows; NaN is not JSON."""
    return round(value, 5) if np.isfinite(value) else None


def iso_time(moment: datetime) -> str:
    """To the second, with its zone."""
    return moment.isoformat(timespec="seconds")
