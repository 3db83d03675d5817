"""Figures of agreement: coefficients, noise ceilings, each rater with the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..arrangement import Floats
from ..words import percent
from .canvas import CM, LINE, TALLEST, name_rows, new_figure, within_range
from .style import ACCENT, GRID, INK, PAGE, SMALL, styled


@styled
def raters_with_others(
    raters: Sequence[str],
    similarities: Floats,
    *,
    band: tuple[float, float] | None = None,
    label: str = "Pearson r with the mean of the others",
    width: float = PAGE,
) -> Any:
    """Each rater's similarity (R,) to the others, sorted, with the noise ceiling (lower, upper) as a band."""
    order = np.argsort(np.where(np.isfinite(similarities), similarities, -np.inf))[::-1]
    named = len(raters) * LINE <= TALLEST - 1.2
    height = min(1.2 + len(raters) * max(LINE, 0.15), TALLEST) if named else 3.0
    figure, axes = new_figure(width, height / CM)
    if band is not None and np.isfinite(band).all():
        axes.axvspan(*band, color=GRID, linewidth=0, zorder=0)
    axes.plot(similarities[order], range(len(order)), "o", color=ACCENT, markersize=4, markeredgewidth=0)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    if named:
        axes.set_yticks(range(len(order)), [raters[place] for place in order], fontsize=SMALL)
    else:
        axes.set_yticks([])
        axes.set_ylabel("raters")
    axes.set_ylim(len(order) - 0.5, -0.5)
    axes.set_xlabel(label)
    within_range(axes.set_xlim, axes.get_xlim())
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


@styled
def coefficients(rows: Sequence[tuple[str, float, tuple[float, float]]], *, level: float, width: float = PAGE) -> Any:
    """Coefficients with their intervals as points and bars: (name, value, (low, high)), from top to bottom.

    The axis keeps to the measures' range, -1 to 1: what lies beyond is drawn as an arrow at its end.
    """
    figure, axes = new_figure(width, (0.6 + 0.24 * len(rows)) / CM)
    for place, (_, value, (low, high)) in enumerate(rows):
        if np.isfinite(low) and np.isfinite(high):
            axes.plot(np.clip([low, high], -1, 1), [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        beyond = "<" if value < -1 else ">" if value > 1 else "o"
        axes.plot(np.clip(value, -1, 1), place, beyond, color=ACCENT, markersize=4)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    name_rows(axes, [name for name, _, _ in rows], f"coefficient, {percent(level)} interval over raters")
    within_range(axes.set_xlim, axes.get_xlim())
    return figure


@styled
def noise_ceilings(
    bands: Mapping[str, tuple[float, float]],
    points: Mapping[str, Floats] | None = None,
    *,
    intervals: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] | None = None,
    width: float = PAGE,
) -> Any:
    """Noise ceilings as bands (lower, upper) by measure, with each rater's similarity to the others as points (R,).

    `intervals` of both bounds are lines at the sides: of the lower bound on the left, of the upper on the right.
    """
    figure, axes = new_figure(width, max(0.54 * width, 6.0))
    for place, (name, (lower, upper)) in enumerate(bands.items()):
        axes.fill_between([place - 0.35, place + 0.35], lower, upper, color=ACCENT, alpha=0.35, linewidth=0)
        for side, ends in zip((-0.3, 0.3), (intervals or {}).get(name, ()), strict=False):
            if np.isfinite(ends).all():
                axes.plot([place + side] * 2, ends, color=ACCENT, linewidth=1.2, solid_capstyle="butt")
        if points is not None and name in points:
            spread = np.linspace(-0.2, 0.2, len(points[name]))
            axes.plot(place + spread, points[name], "o", color=INK, markersize=2.5, alpha=0.7, markeredgewidth=0)
    axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    # Names of two words side by side do not fit into a column.
    axes.set_xticks(range(len(bands)), [name.replace(" ", "\n") if width < PAGE else name for name in bands])
    axes.set_ylabel("similarity")
    within_range(axes.set_ylim, axes.get_ylim())
    axes.tick_params(axis="x", length=0)
    return figure
