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
from .figure_style import ACCENT, GRID, INK, LINE_COLORS, MUTED, SECOND, page_svg, save, styled
from .rdm import n_items_of, to_square

__all__ = [
    "coefficients",
    "curve",
    "dendrogram",
    "evidence_map",
    "histogram",
    "item_map",
    "noise_ceilings",
    "page_svg",
    "rater_matrix",
    "rdm_gallery",
    "rdm_heat_map",
    "save",
    "timeline",
]

# Names of more items than this cannot be read beside a matrix or on a map.
MAX_NAMES = 60
MAX_TICKS = 8


@styled
def rdm_heat_map(rdm: ArrayLike, names: Sequence[str], *, order: Sequence[int] | None = None, title: str = "") -> Any:
    """An RDM (P,) as a matrix of colours, items in `order`; missing pairs are left blank and crossed.

    Colours are shares of the largest dissimilarity, because the scale of an RDM is arbitrary.
    """
    square, labels = _ordered(rdm, names, order)
    largest = np.nanmax(square) if np.isfinite(square).any() else 1.0
    figure, axes = _figure(5.2, 4.6)
    shares = square / (largest or 1.0)
    _matrix(figure, axes, shares, labels, legend="dissimilarity / largest", colors="viridis", bounds=(0.0, 1.0))
    axes.set_title(title)
    return figure


@styled
def evidence_map(evidence: ArrayLike, names: Sequence[str], *, order: Sequence[int] | None = None) -> Any:
    """Evidence (P,) of each pair as a matrix of colours on a logarithmic scale; pairs never seen are left blank."""
    square, labels = _ordered(evidence, names, order)
    with np.errstate(divide="ignore"):
        levels = np.where(square > 0, np.log10(square), np.nan)
    figure, axes = _figure(5.2, 4.6)
    _matrix(figure, axes, levels, labels, legend="evidence (log10, arena diameters²)", colors="cividis")
    return figure


@styled
def rdm_gallery(rdms: Floats, titles: Sequence[str], *, order: Sequence[int] | None = None) -> Any:
    """Small matrices of several RDMs (R, P) side by side, each on the scale of its own largest dissimilarity."""
    columns = min(6, len(rdms))
    rows = -(-len(rdms) // columns)
    figure, grid = _figure(1.25 * columns, 1.4 * rows, rows=rows, columns=columns)
    for axes in grid.flat[len(rdms) :]:
        axes.set_visible(False)
    for axes, rdm, title in zip(grid.flat, rdms, titles, strict=False):
        square, _ = _ordered(rdm, [""] * n_items_of(rdm.size), order)
        largest = np.nanmax(square) if np.isfinite(square).any() else 1.0
        axes.imshow(square / (largest or 1.0), cmap="viridis", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=7, fontweight="normal")
        _bare(axes)
    return figure


@styled
def rater_matrix(similarities: Floats, raters: Sequence[str], label: str) -> Any:
    """Similarity (R, R) of every two raters as a matrix of colours; the diagonal is left blank."""
    square = similarities.copy()
    np.fill_diagonal(square, np.nan)
    figure, axes = _figure(4.6, 4.0)
    _matrix(figure, axes, square, list(raters), legend=label, colors="RdBu_r", bounds=(-1.0, 1.0), crossed=False)
    return figure


@styled
def item_map(positions: Floats, names: Sequence[str], *, groups: Sequence[str] | None = None) -> Any:
    """Items as points at `positions` (n, 2), named when there are at most 60, in the colours of their groups."""
    figure, axes = _figure(5.2, 5.0)
    kinds = list(dict.fromkeys(groups)) if groups is not None else []
    if groups is None or len(kinds) > 10:
        axes.scatter(*positions.T, s=14, color=ACCENT, linewidths=0)
    else:
        from matplotlib import colormaps

        for color, kind in zip(colormaps["tab10"](range(10)), kinds, strict=False):
            members = np.array([group == kind for group in groups])
            axes.scatter(*positions[members].T, s=16, color=color, linewidths=0, label=kind or "no value")
        figure.legend(fontsize=7, loc="outside lower center", ncols=min(len(kinds), 5))
    if len(names) <= MAX_NAMES:
        for (x, y), name in zip(positions, _short(names), strict=True):
            axes.annotate(name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=6, color=MUTED)
    axes.set_aspect("equal")
    _bare(axes)
    return figure


@styled
def dendrogram(tree: Floats, names: Sequence[str]) -> Any:
    """A linkage matrix (n-1, 4) of SciPy as a tree with the items at its leaves."""
    from scipy.cluster.hierarchy import dendrogram as draw

    figure, axes = _figure(5.2, min(max(2.2, 0.14 * len(names)), 9.0))
    labels: Any = list(_short(names)) if len(names) <= 2 * MAX_NAMES else None
    draw(
        tree, labels=labels, no_labels=labels is None, orientation="left", ax=axes, link_color_func=lambda _: ACCENT,
        leaf_font_size=6.5 if len(names) <= MAX_NAMES else 4,
    )  # fmt: skip
    axes.set_xlabel("dissimilarity at which groups join")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure


@styled
def coefficients(rows: Sequence[tuple[str, float, tuple[float, float]]], *, level: float) -> Any:
    """Coefficients with their intervals as points and bars: (name, value, (low, high)), from top to bottom.

    The axis keeps to the measures' range, -1 to 1: what lies beyond is drawn as an arrow at its end.
    """
    figure, axes = _figure(5.2, 0.6 + 0.24 * len(rows))
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
) -> Any:
    """Lines over a common x with bands: by name (y, low, high), the last two None for a line without a band.

    With `correlations` the axis keeps to -1 to 1.
    """
    figure, axes = _figure(5.2, 3.0)
    for (name, (y, low, high)), color in zip(lines.items(), cycle(LINE_COLORS)):
        axes.plot(x, np.asarray(y), color=color, marker="o", markersize=3, linewidth=1.3, label=name)
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
        axes.legend(fontsize=7)
    return figure


@styled
def noise_ceilings(bands: Mapping[str, tuple[float, float]], points: Mapping[str, Floats] | None = None) -> Any:
    """Noise ceilings as bands (lower, upper) by measure, with each rater's similarity to the others as points (R,)."""
    figure, axes = _figure(5.2, 2.8)
    for place, (name, (lower, upper)) in enumerate(bands.items()):
        axes.fill_between([place - 0.35, place + 0.35], lower, upper, color=ACCENT, alpha=0.35, linewidth=0)
        if points is not None and name in points:
            spread = np.linspace(-0.2, 0.2, len(points[name]))
            axes.plot(place + spread, points[name], "o", color=INK, markersize=2.5, alpha=0.7, markeredgewidth=0)
    axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(bands)), list(bands))
    axes.set_ylabel("similarity")
    _within_range(axes.set_ylim, axes.get_ylim())
    axes.tick_params(axis="x", length=0)
    return figure


@styled
def timeline(minutes: Mapping[str, Floats], sizes: Mapping[str, NDArray[Any]]) -> Any:
    """Trials along the minutes of the session: one row a rater, one point a trial, larger with more clips."""
    figure, axes = _figure(5.2, 0.7 + 0.2 * len(minutes))
    most = max((int(size.max()) for size in sizes.values() if size.size), default=1)
    for place, (rater, when) in enumerate(minutes.items()):
        axes.scatter(
            when, np.full(len(when), place), s=4 + 36 * sizes[rater] / most, color=ACCENT, alpha=0.6, linewidths=0
        )
    axes.set_yticks(range(len(minutes)), list(minutes), fontsize=7 if len(minutes) <= 40 else 4)
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
    figure, axes = _figure(5.2, 2.4)
    edges = np.histogram_bin_edges(values, "fd") if np.ptp(values) > 0 else np.array([values[0] - 0.5, values[0] + 0.5])
    axes.hist(values, bins=min(max(len(edges) - 1, 1), 60), color=ACCENT, alpha=0.8)
    if mark is not None:
        axes.axvline(mark, color=SECOND, linewidth=1.2)
        axes.annotate(mark_label, (mark, 0.97), xycoords=("data", "axes fraction"), xytext=(4, 0),
                      textcoords="offset points", color=SECOND, fontsize=7, va="top")  # fmt: skip
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return figure


def _within_range(limit: Callable[[float, float], Any], now: tuple[float, float]) -> None:
    """Keep an axis of coefficients to their range, with room for the marks at its ends."""
    limit(max(now[0], -1.05), min(now[1], 1.05))


def _figure(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    """A figure of so many inches, and its axes (an array of them for more than one row or column)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
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
    if len(labels) <= MAX_NAMES:
        size = min(7.0, 230 / max(len(labels), 1))
        axes.set_xticks(range(len(labels)), _short(labels), rotation=90, fontsize=size)
        axes.set_yticks(range(len(labels)), _short(labels), fontsize=size)
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
