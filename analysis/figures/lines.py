"""Figures of lines, times and counts."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrangement import Floats
from .canvas import CM, LINE, TALLEST, new_figure, within_range
from .style import ACCENT, DASHES, GRID, LINE_COLORS, MARKS, PAGE, SECOND, SMALL, styled

MAX_TICKS = 8


@styled
def curve(
    x: ArrayLike,
    lines: Mapping[str, tuple[ArrayLike, ArrayLike | None, ArrayLike | None]],
    *,
    x_label: str,
    y_label: str,
    correlations: bool = False,
    width: float = PAGE,
) -> Any:
    """Lines over a common x with bands: by name (y, low, high), the last two None for a line without a band.

    With `correlations` the axis keeps to -1 to 1.
    """
    figure, axes = new_figure(width, max(0.58 * width, 6.0))
    for (name, (y, low, high)), color, mark, dash in zip(
        lines.items(), cycle(LINE_COLORS), cycle(MARKS), cycle(DASHES), strict=False
    ):
        axes.plot(x, np.asarray(y), color=color, marker=mark, linestyle=dash, markersize=3, linewidth=1.3, label=name)
        if low is not None and high is not None:
            axes.fill_between(x, np.asarray(low), np.asarray(high), color=color, alpha=0.15, linewidth=0)
    places = np.asarray(x)
    if places.size <= MAX_TICKS:
        axes.set_xticks(places)
    elif np.issubdtype(places.dtype, np.integer):
        axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    if correlations:
        within_range(axes.set_ylim, axes.get_ylim())
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    if len(lines) > 1:
        axes.legend(fontsize=SMALL)
    return figure


@styled
def timeline(minutes: Mapping[str, Floats], sizes: Mapping[str, NDArray[Any]]) -> Any:
    """Trials along the minutes of the session: one row a rater, one point a trial, larger with more clips."""
    named = len(minutes) * LINE <= TALLEST - 0.7
    figure, axes = new_figure(PAGE, min(0.7 + 0.2 * len(minutes), TALLEST) / CM)
    most = max((int(size.max()) for size in sizes.values() if size.size), default=1)
    for place, (rater, when) in enumerate(minutes.items()):
        axes.scatter(
            when, np.full(len(when), place), s=4 + 36 * sizes[rater] / most, color=ACCENT, alpha=0.6, linewidths=0
        )
    axes.set_yticks(range(len(minutes)) if named else [], list(minutes) if named else [], fontsize=SMALL)
    axes.set_ylim(len(minutes) - 0.5, -0.5)
    axes.set_xlabel("minutes since the first trial was shown")
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


@styled
def histogram(values: Floats, *, x_label: str, y_label: str, mark: float | None = None, mark_label: str = "") -> Any:
    """How often values occur, in bins of Freedman and Diaconis (at most 60), with a labelled line at `mark`."""
    figure, axes = new_figure(PAGE, 6.1)
    edges = np.histogram_bin_edges(values, "fd") if np.ptp(values) > 0 else np.array([values[0] - 0.5, values[0] + 0.5])
    axes.hist(values, bins=min(max(len(edges) - 1, 1), 60), color=ACCENT, alpha=0.8)
    if mark is not None:
        axes.axvline(mark, color=SECOND, linewidth=1.2)
        axes.annotate(mark_label, (mark, 0.97), xycoords=("data", "axes fraction"), xytext=(4, 0),
                      textcoords="offset points", color=SECOND, fontsize=SMALL, va="top")  # fmt: skip
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure
