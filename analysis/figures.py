"""Publication figures: each function draws one figure and returns it; `save` writes it as PDF, SVG and PNG.

Matplotlib is imported when a figure is drawn, and used without pyplot: no state is shared, no window is opened.

Over 300 lines: one function a figure, all of one style.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrangement import Floats
from .figure_style import (
    ACCENT,
    CATEGORIES,
    DASHES,
    DOUBLE,
    GRID,
    INK,
    LINE_COLORS,
    MARKS,
    MUTED,
    PAGE,
    SECOND,
    SINGLE,
    SMALL,
    file_of,
    page_svg,
    save,
    styled,
)
from .rdm import n_items_of, to_square

__all__ = [
    "DOUBLE",
    "PAGE",
    "SINGLE",
    "coefficients",
    "curve",
    "dendrogram",
    "evidence_map",
    "file_of",
    "histogram",
    "item_map",
    "noise_ceilings",
    "page_svg",
    "pair_matrix",
    "rater_matrix",
    "raters_with_others",
    "rdm_gallery",
    "rdm_heat_map",
    "save",
    "timeline",
]

# Names of more items than this cannot be read beside a matrix or on a map, however wide.
MAX_NAMES = 60
# Inches that the scale and the names beside a matrix take, and a line of text.
BESIDE_MATRIX = 1.5
LINE = 1.12 * SMALL / 72
CM = 1 / 2.54
TALLEST = 23 * CM
MAX_TICKS = 8


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
    figure, axes = _figure(width, 0.88 * width)
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
    figure, axes = _figure(width, 0.88 * width)
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
    figure, axes = _figure(width, 0.88 * width)
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
    figure, grid = _figure(side * columns, (side + 0.4) * rows, rows=rows, columns=columns)
    for axes in grid.flat[len(rdms) :]:
        axes.set_visible(False)
    for axes, rdm, title in zip(grid.flat, rdms, titles, strict=False):
        square, _ = _ordered(rdm, [""] * n_items_of(rdm.size), order)
        largest = np.nanmax(square) if np.isfinite(square).any() else 1.0
        axes.imshow(square / (largest or 1.0), cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=SMALL, fontweight="normal")
        _bare(axes)
    return figure


@styled
def rater_matrix(similarities: Floats, raters: Sequence[str], label: str, *, width: float = PAGE) -> Any:
    """Similarity (R, R) of every two raters as a matrix of colours, from 0, or the lowest below it, to 1.

    The diagonal is left blank.
    """
    square = similarities.copy()
    np.fill_diagonal(square, np.nan)
    lowest = min(0.0, float(np.nanmin(square)) if np.isfinite(square).any() else 0.0)
    figure, axes = _figure(width, 0.88 * width)
    _matrix(figure, axes, square, list(raters), legend=label, colors="cividis", bounds=(lowest, 1.0), crossed=False)
    return figure


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
    figure, axes = _figure(width, height / CM)
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
    _within_range(axes.set_xlim, axes.get_xlim())
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


@styled
def item_map(
    positions: Floats, names: Sequence[str], *, groups: Sequence[str] | None = None, width: float = PAGE
) -> Any:
    """Items as points at `positions` (n, 2) or (n, 3), in the colours and with the marks of their groups.

    At most 60 are named; a name that would lie on another is left out. A map of three dimensions is drawn as its three
    views, each along one of its axes.
    """
    views = [(0, 1)] if positions.shape[1] == 2 else [(0, 1), (2, 1), (0, 2)]
    figure, found = _figure(width, (0.96 if len(views) == 1 else 0.42) * width, columns=len(views))
    several = np.atleast_1d(found).ravel()
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
        _bare(axes)
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
        _name_points(figure, several[0], positions, _short(names))
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
    figure, axes = _figure(width, height / CM)
    labels: Any = list(_short(names)) if named else None
    draw(
        tree, labels=labels, no_labels=labels is None, orientation="left", ax=axes, link_color_func=lambda _: ACCENT,
        leaf_font_size=SMALL,
    )  # fmt: skip
    axes.set_xlabel("dissimilarity at which groups join")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def coefficients(rows: Sequence[tuple[str, float, tuple[float, float]]], *, level: float, width: float = PAGE) -> Any:
    """Coefficients with their intervals as points and bars: (name, value, (low, high)), from top to bottom.

    The axis keeps to the measures' range, -1 to 1: what lies beyond is drawn as an arrow at its end.
    """
    figure, axes = _figure(width, (0.6 + 0.24 * len(rows)) / CM)
    for place, (_, value, (low, high)) in enumerate(rows):
        if np.isfinite(low) and np.isfinite(high):
            axes.plot(np.clip([low, high], -1, 1), [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        beyond = "<" if value < -1 else ">" if value > 1 else "o"
        axes.plot(np.clip(value, -1, 1), place, beyond, color=ACCENT, markersize=4)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"coefficient, {level:.0%} interval over raters")
    _within_range(axes.set_xlim, axes.get_xlim())
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


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
    figure, axes = _figure(width, max(0.58 * width, 6.0))
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
        _within_range(axes.set_ylim, axes.get_ylim())
    axes.grid(axis="y", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    if len(lines) > 1:
        axes.legend(fontsize=SMALL)
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
    figure, axes = _figure(width, max(0.54 * width, 6.0))
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
    _within_range(axes.set_ylim, axes.get_ylim())
    axes.tick_params(axis="x", length=0)
    return figure


@styled
def timeline(minutes: Mapping[str, Floats], sizes: Mapping[str, NDArray[Any]]) -> Any:
    """Trials along the minutes of the session: one row a rater, one point a trial, larger with more clips."""
    named = len(minutes) * LINE <= TALLEST - 0.7
    figure, axes = _figure(PAGE, min(0.7 + 0.2 * len(minutes), TALLEST) / CM)
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
    figure, axes = _figure(PAGE, 6.1)
    edges = np.histogram_bin_edges(values, "fd") if np.ptp(values) > 0 else np.array([values[0] - 0.5, values[0] + 0.5])
    axes.hist(values, bins=min(max(len(edges) - 1, 1), 60), color=ACCENT, alpha=0.8)
    if mark is not None:
        axes.axvline(mark, color=SECOND, linewidth=1.2)
        axes.annotate(mark_label, (mark, 0.97), xycoords=("data", "axes fraction"), xytext=(4, 0),
                      textcoords="offset points", color=SECOND, fontsize=SMALL, va="top")  # fmt: skip
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure


def _within_range(limit: Callable[[float, float], Any], now: tuple[float, float]) -> None:
    """Keep an axis of coefficients to their range, with room for the marks at its ends."""
    limit(max(now[0], -1.05), min(now[1], 1.05))


def _figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """A figure of so many centimetres, and its axes (an array of them for more than one row or column)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * CM, height * CM))
    return figure, figure.subplots(rows, columns, squeeze=rows * columns == 1)


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
        axes.set_xticks(range(len(labels)), _short(labels), rotation=90, fontsize=SMALL)
        axes.set_yticks(range(len(labels)), _short(labels), fontsize=SMALL)
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    else:
        _bare(axes)


def _bare(axes: Any) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _short(names: Sequence[str]) -> list[str]:
    """File names without their extension, cut to what fits beside a figure."""
    stems = [re.sub(r"\.[A-Za-z0-9]{2,4}$", "", name) for name in names]
    return [stem if len(stem) <= 22 else stem[:21] + "…" for stem in stems]
