"""The figures of axes and predictions: tables of coefficients whose cells are coloured by their size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import short_name
from .style import ACCENT, GRID, INK, SECOND, styled

if TYPE_CHECKING:
    from ..results.axes import Axes
    from ..results.predictions import Predictions

# More rows than this cannot be read on a page; the table has them all.
MAX_DRAWN = 60
ALPHA = 0.05
Cells = Mapping[tuple[str, str], tuple[float, float]]


@styled
def axis_congruence(congruences: Axes) -> Any:
    """Congruence of each attribute's axis in each model with the raters'; framed where it is significant."""
    cells = {(one.model, one.attribute): (one.congruence, one.p_max) for one in congruences.with_raters}
    return _matrix(cells, "congruence with the raters’ axis")


@styled
def predicted_attributes(predictions: Predictions) -> Any:
    """r of the prediction of each attribute from each model; framed where it is significant."""
    cells = {(one.model, one.target): (one.r, one.p_max) for one in predictions.scores}
    return _matrix(cells, "r for clips that were left out")


@styled
def specificity_of(predictions: Predictions, model: str) -> Any:
    """r of the prediction of each attribute (rows) from one model with the values of each (columns)."""
    cells = {
        (predicted, other): (r, np.nan)
        for one in predictions.specificity
        if one.model == model
        for predicted, row in zip(one.targets, one.r, strict=True)
        for other, r in zip(one.targets, row, strict=True)
    }
    return _matrix(cells, "r with the values of")


def _matrix(cells: Cells, label: str) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    rows = list(dict.fromkeys(row for row, _ in cells))[:MAX_DRAWN]
    columns = list(dict.fromkeys(column for _, column in cells))
    width = 1.9 + 0.5 * len(columns)
    figure = Figure(figsize=(min(max(width, 3.4), 12.0), min(1.4 + 0.22 * len(rows), 14.0)))
    axes = figure.subplots()
    for (row, column), (value, p) in cells.items():
        if row not in rows or not np.isfinite(value):
            continue
        corner = (columns.index(column) - 0.5, rows.index(row) - 0.5)
        color = ACCENT if value > 0 else SECOND
        axes.add_patch(Rectangle(corner, 1, 1, color=color, alpha=0.6 * min(abs(value), 1.0), linewidth=0))
        if p < ALPHA:
            inside = (corner[0] + 0.04, corner[1] + 0.06)
            axes.add_patch(Rectangle(inside, 0.92, 0.88, fill=False, edgecolor=INK, linewidth=0.8))
        axes.text(corner[0] + 0.5, corner[1] + 0.5, _written(value), ha="center", va="center", fontsize=7)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xticks(
        range(len(columns)), list(map(short_name, columns)), rotation=40, ha="right", rotation_mode="anchor"
    )
    axes.set_yticks(range(len(rows)), list(map(short_name, rows)))
    axes.tick_params(length=0, labelcolor=INK)
    axes.set_xlabel(label)
    for spine in axes.spines.values():
        spine.set_color(GRID)
    return figure


def _written(value: float) -> str:
    return f"{value:.2f}".replace("0.", ".", 1).replace("-", "−")
