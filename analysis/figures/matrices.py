"""Figures of matrices: RDMs, evidence and other values of pairs, similarity of raters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..rdm import n_items_of, to_square
from .canvas import LINE, MAX_NAMES, bare, new_figure, short_names
from .style import MUTED, PAGE, SMALL, styled

# Inches that the scale and the names beside a matrix take.
BESIDE_MATRIX = 1.5


@styled
def rdm_heat_map(
    rdm: ArrayLike, names: Sequence[str], *, order: Sequence[int] | None = None, title: str = "", width: float = PAGE
) -> Any:
    """An RDM (P,) as a matrix of colours, items in `order`; missing pairs are left blank and crossed.

    Colours are shares of the largest dissimilarity, because the scale of an RDM is arbitrary. `width`, here and below,
    is in centimetres on paper; text is never smaller than 7 pt, so names that do not fit are left out.
    """
    square, labels = _ordered(rdm, names, order)
    largest = np.nanmax(square) if np.isfinite(square).any() else 1.0
    figure, axes = new_figure(width, 0.88 * width)
    shares = square / (largest or 1.0)
    _matrix(figure, axes, shares, labels, legend="dissimilarity / largest", colors="viridis", bounds=(0.0, 1.0))
    axes.set_title(title)
    return figure


@styled
def evidence_map(
    evidence: ArrayLike, names: Sequence[str], *, order: Sequence[int] | None = None, width: float = PAGE
) -> Any:
    """Evidence (P,) of each pair as a matrix of colours on a logarithmic scale; pairs never seen are left blank."""
    square, labels = _ordered(evidence, names, order)
    with np.errstate(divide="ignore"):
        levels = np.where(square > 0, np.log10(square), np.nan)
    figure, axes = new_figure(width, 0.88 * width)
    _matrix(figure, axes, levels, labels, legend="evidence (log10, arena diameters²)", colors="cividis")
    return figure


@styled
def pair_matrix(
    values: ArrayLike, names: Sequence[str], legend: str, *, order: Sequence[int] | None = None, width: float = PAGE
) -> Any:
    """Any value (P,) of each pair, from 0 up, as a matrix of colours; what is not known is left blank and crossed."""
    square, labels = _ordered(values, names, order)
    np.fill_diagonal(square, np.nan)
    largest = float(np.nanmax(square)) if np.isfinite(square).any() else 1.0
    figure, axes = new_figure(width, 0.88 * width)
    _matrix(figure, axes, square, labels, legend=legend, colors="cividis", bounds=(0.0, largest or 1.0))
    return figure


@styled
def rdm_gallery(
    rdms: Floats, titles: Sequence[str], *, order: Sequence[int] | None = None, width: float | None = None
) -> Any:
    """Small matrices of several RDMs (R, P) side by side, each on the scale of its own largest dissimilarity."""
    columns = min(6 if width is None else max(1, int(width / 2.9)), len(rdms))
    rows = -(-len(rdms) // columns)
    side = 3.2 if width is None else width / columns
    figure, grid = new_figure(side * columns, (side + 0.4) * rows, rows=rows, columns=columns)
    for axes in grid.flat[len(rdms) :]:
        axes.set_visible(False)
    for axes, rdm, title in zip(grid.flat, rdms, titles, strict=False):
        square, _ = _ordered(rdm, [""] * n_items_of(rdm.size), order)
        largest = np.nanmax(square) if np.isfinite(square).any() else 1.0
        axes.imshow(square / (largest or 1.0), cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=SMALL, fontweight="normal")
        bare(axes)
    return figure


@styled
def rater_matrix(similarities: Floats, raters: Sequence[str], label: str, *, width: float = PAGE) -> Any:
    """Similarity (R, R) of every two raters as a matrix of colours, from 0, or the lowest below it, to 1.

    The diagonal is left blank.
    """
    square = similarities.copy()
    np.fill_diagonal(square, np.nan)
    lowest = min(0.0, float(np.nanmin(square)) if np.isfinite(square).any() else 0.0)
    figure, axes = new_figure(width, 0.88 * width)
    _matrix(figure, axes, square, list(raters), legend=label, colors="cividis", bounds=(lowest, 1.0), crossed=False)
    return figure


def _ordered(rdm: ArrayLike, names: Sequence[str], order: Sequence[int] | None) -> tuple[Floats, list[str]]:
    square = to_square(np.asarray(rdm, dtype=np.float64))
    places = list(range(len(names))) if order is None else list(order)
    return square[np.ix_(places, places)], [names[place] for place in places]


def _matrix(
    figure: Any,
    axes: Any,
    square: Floats,
    labels: list[str],
    *,
    legend: str,
    colors: str,
    bounds: tuple[float, float] | None = None,
    crossed: bool = True,
) -> None:
    low, high = bounds if bounds is not None else (None, None)
    image = axes.imshow(square, cmap=colors, vmin=low, vmax=high, interpolation="nearest")
    if crossed and len(labels) <= MAX_NAMES:
        missing = np.argwhere(~np.isfinite(square) & ~np.eye(len(square), dtype=bool))
        axes.plot(
            missing[:, 1], missing[:, 0], "x", color=MUTED, markersize=max(1.0, 90 / len(labels) / 2), linewidth=0
        )
    bar = figure.colorbar(image, ax=axes, shrink=0.8)
    bar.set_label(legend)
    bar.outline.set_visible(False)
    if len(labels) * LINE <= figure.get_figwidth() - BESIDE_MATRIX and len(labels) <= MAX_NAMES:
        axes.set_xticks(range(len(labels)), short_names(labels), rotation=90, fontsize=SMALL)
        axes.set_yticks(range(len(labels)), short_names(labels), fontsize=SMALL)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    else:
        bare(axes)
