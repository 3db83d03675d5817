"""The figure of a participant flow: boxes from top to bottom, with those who left beside them."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from .style import GRID, INK, MUTED, styled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..results.flow import Aside, Flow

WIDTH = 5.2
# Inches: the column of boxes, the column of those who left, a line of text, room in and between boxes.
MAIN, SIDE, LINE, PAD, GAP = (0.05, 2.15), (2.75, 5.15), 0.155, 0.09, 0.22
LETTERS = 42


@styled
def participant_flow(flow: Flow) -> Any:
    """A flow as a figure for a paper, as CONSORT draws it: one box a step, and beside it why others went no further."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    sides = [_lines(step.asides) for step in flow.steps]
    heights = [2 * PAD + 2 * LINE for _ in flow.steps]
    gaps = [GAP + (2 * PAD + len(lines) * LINE + GAP if lines else 0) for lines in sides[:-1]]
    height = sum(heights) + sum(gaps) + 0.1
    figure = Figure(figsize=(WIDTH, height))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(0, height))
    axes.axis("off")
    middle, top = sum(MAIN) / 2, height - 0.05

    def box(left: float, right: float, upper: float, lower: float, color: str) -> None:
        size = right - left, upper - lower
        axes.add_patch(Rectangle((left, lower), *size, facecolor="none", edgecolor=color, linewidth=0.9))

    arrow = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 7}
    for place, (step, lines) in enumerate(zip(flow.steps, sides, strict=True)):
        bottom = top - heights[place]
        box(*MAIN, top, bottom, INK)
        axes.text(middle, top - PAD - LINE / 2, step.label, ha="center", va="center", fontsize=8)
        axes.text(middle, bottom + PAD + LINE / 2, f"n = {step.count}", ha="center", va="center", fontsize=8)
        if place == len(flow.steps) - 1:
            break
        below = bottom - gaps[place]
        axes.annotate("", (middle, below), (middle, bottom), arrowprops=arrow)
        if lines:
            upper = bottom - GAP
            lower = upper - 2 * PAD - len(lines) * LINE
            box(*SIDE, upper, lower, GRID)
            axes.annotate("", (SIDE[0], (upper + lower) / 2), (middle, (upper + lower) / 2), arrowprops=arrow)
            for number, line in enumerate(lines):
                axes.text(SIDE[0] + PAD, upper - PAD - (number + 0.5) * LINE, line, va="center", fontsize=7.5)
        top = below
    return figure


def _lines(asides: Iterable[Aside]) -> list[str]:
    """One line for each reason, wrapped where it is long."""
    lines = []
    for aside in asides:
        first, *more = wrap(f"{aside.label} (n = {aside.count})", LETTERS)
        lines += [first, *(f"   {line}" for line in more)]
    return lines
