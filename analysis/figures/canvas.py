"""What figures share: their size on paper, axes, and names that fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from .style import SMALL

# Names of more items than this cannot be read beside a matrix or on a map, however wide.
MAX_NAMES = 60
# Inches that a line of text takes.
LINE = 1.12 * SMALL / 72
CM = 1 / 2.54
TALLEST = 23 * CM


def new_figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """A figure of so many centimetres, and its axes (an array of them for more than one row or column)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * CM, height * CM))
    return figure, figure.subplots(rows, columns, squeeze=rows * columns == 1)


def within_range(limit: Callable[[float, float], Any], now: tuple[float, float]) -> None:
    """Keep an axis of coefficients to their range, with room for the marks at its ends."""
    limit(max(now[0], -1.05), min(now[1], 1.05))


def bare(axes: Any) -> None:
    """Take away the frame and the ticks."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def name_rows(axes: Any, names: Sequence[str], x_label: str) -> None:
    """Name what is drawn from top to bottom, one row each, and the axis below."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel(x_label)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def short_names(names: Sequence[str]) -> list[str]:
    """File names without their extension, cut to what fits beside a figure."""
    stems = [re.sub(r"\.[A-Za-z0-9]{2,4}$", "", name) for name in names]
    return [stem if len(stem) <= 22 else stem[:21] + "…" for stem in stems]


def short_name(name: str) -> str:
    """A model's name cut to what fits beside an axis; layers of a network differ at their ends."""
    return name if len(name) <= 26 else f"{name[:9]}…{name[-16:]}"
