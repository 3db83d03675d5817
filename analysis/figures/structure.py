"""Figures of structure: items on a map, and as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrangement import Floats
from .canvas import CM, LINE, MAX_NAMES, TALLEST, bare, new_figure, short_names
from .style import ACCENT, CATEGORIES, INK, MARKS, PAGE, SMALL, styled


@styled
def item_map(
    positions: Floats, names: Sequence[str], *, groups: Sequence[str] | None = None, width: float = PAGE
) -> Any:
    """Items as points at `positions` (n, 2) or (n, 3), in the colours and with the marks of their groups.

    At most 60 are named; a name that would lie on another is left out. A map of three dimensions is drawn as its three
    views, each along one of its axes.
    """
    views = [(0, 1)] if positions.shape[1] == 2 else [(0, 1), (2, 1), (0, 2)]
    figure, grid = new_figure(width, (0.96 if len(views) == 1 else 0.42) * width, columns=len(views))
    several = np.atleast_1d(grid).ravel()
    kinds = list(dict.fromkeys(groups)) if groups is not None else []
    few = 0 < len(kinds) <= len(CATEGORIES)
    for axes, view in zip(several, views, strict=True):
        places = positions[:, view]
        if groups is None or not few:
            axes.scatter(*places.T, s=14, color=ACCENT, linewidths=0)
        else:
            for color, mark, kind in zip(CATEGORIES, MARKS, kinds, strict=False):
                members = np.array([group == kind for group in groups])
                axes.scatter(*places[members].T, s=16, color=color, marker=mark, linewidths=0, label=kind or "no value")
        axes.set_aspect("equal", adjustable="datalim" if len(views) == 1 else "box")
        bare(axes)
        if len(views) > 1:
            axes.set_xlabel(f"dimension {view[0] + 1}")
            axes.set_ylabel(f"dimension {view[1] + 1}")
            reach = 1.08 * float(np.abs(positions).max() or 1.0)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    if few:
        handles, labels = several[0].get_legend_handles_labels()
        columns = max(1, min(len(kinds), int(width / 3)))
        figure.legend(handles, labels, fontsize=SMALL, loc="outside lower center", ncols=columns)
    if len(names) <= MAX_NAMES and len(views) == 1:
        _name_points(figure, several[0], positions, short_names(names))
    return figure


def _name_points(figure: Any, axes: Any, positions: Floats, names: Sequence[str]) -> None:
    written = [
        axes.annotate(name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=SMALL, color=INK)
        for (x, y), name in zip(positions, names, strict=True)
    ]
    figure.draw_without_rendering()
    points = axes.transData.transform(positions)
    boxes: list[Any] = []
    for text in written:
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in boxes) or box.count_contains(points):
            text.set_visible(False)
        else:
            boxes.append(box)


@styled
def dendrogram(tree: Floats, names: Sequence[str], *, width: float = PAGE) -> Any:
    """A linkage matrix (n-1, 4) of SciPy as a tree with the items at its leaves."""
    from scipy.cluster.hierarchy import dendrogram as draw

    named = len(names) * LINE <= TALLEST - 0.6
    height = min(max(2.2, 0.14 * len(names), 0.6 + LINE * len(names)), TALLEST) if named else 0.5 * width * CM
    figure, axes = new_figure(width, height / CM)
    labels: Any = list(short_names(names)) if named else None
    draw(
        tree, labels=labels, no_labels=labels is None, orientation="left", ax=axes, link_color_func=lambda _: ACCENT,
        leaf_font_size=SMALL,
    )  # fmt: skip
    axes.set_xlabel("dissimilarity at which groups join")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
