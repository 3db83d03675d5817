"""How figures look, on paper and on a page, and the files they are written to."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec

Parameters = ParamSpec("Parameters")

KINDS = ("pdf", "svg", "png")

INK, MUTED, GRID, ACCENT, SECOND = "#1b1f24", "#68707c", "#d9dde3", "#2f62c4", "#c8551f"
# Lines beyond the first three take colours that can be told apart on light and on dark ground.
LINE_COLORS = (ACCENT, SECOND, MUTED, "#2f9e63", "#9463d1", "#b8860b")
# On a page the five colours above become CSS variables, so that a figure follows the page's light or dark theme.
PAGE_COLORS = {INK: "--ink", MUTED: "--muted", GRID: "--grid", ACCENT: "--accent", SECOND: "--second"}
# Categories by colour (Okabe & Ito 2008, told apart by colour-blind readers) and, for prints in grey, by their marks.
CATEGORIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a8a00", "#000000")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", "--", ":", "-.")
# Widths on paper, in centimetres: a column of a journal, both columns, and what suits a page of text.
SINGLE, DOUBLE, PAGE = 8.8, 17.8, 13.2
# The smallest text on paper, in points.
SMALL = 7.0
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.titlesize": 9.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "asterism",
    "pdf.fonttype": 42,
}


def styled(draw: Callable[Parameters, Any]) -> Callable[Parameters, Any]:
    """The drawing function with Matplotlib's settings at STYLE while it runs."""

    @wraps(draw)
    def styled(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Any:
        """Draw with STYLE; the settings before it are back afterwards, also when drawing fails."""
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return draw(*args, **kwargs)

    return styled


def save(figure: Any, stem: str | Path) -> list[Path]:
    """Write a figure as STEM.pdf, STEM.svg (no ground) and STEM.png (300 dpi, white ground) and return the paths."""
    import matplotlib

    paths = [Path(f"{stem}.{kind}") for kind in KINDS]
    with matplotlib.rc_context(STYLE):
        # It takes as long as drawing, and is the same for all three.
        _lay_out(figure)
        for path in paths:
            figure.savefig(path, **_written(path.suffix[1:]))
    return paths


def file_of(figure: Any, kind: str) -> bytes:
    """A figure as the bytes of a file: "pdf", "svg" or "png", as `save` writes them.

    Raises
    ------
    ValueError
        For another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"a figure is available as {', '.join(KINDS)}, not as {kind}")
    import matplotlib

    with matplotlib.rc_context(STYLE):
        file = BytesIO()
        _lay_out(figure)
        figure.savefig(file, format=kind, **_written(kind))
    return file.getvalue()


def _lay_out(figure: Any) -> None:
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _written(kind: str) -> dict[str, Any]:
    """How a file of that kind is written; without dates the same data give the same files."""
    undated: dict[str, Any] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
    return {"dpi": 300, "facecolor": "none" if kind == "svg" else "white", "metadata": undated}


def page_svg(file: str | Path, label: str) -> str:
    """An SVG file of `save` as an element for an HTML page, in the page's colours; `label` says what it shows."""
    svg = Path(file).read_text(encoding="utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    for color, variable in PAGE_COLORS.items():
        svg = svg.replace(color, f"var({variable})")
    # The file gives its size in points, of which a pixel is three quarters; on a page the figure grows no larger.
    match = re.search(r'width="([\d.]+)pt"', svg)
    width = float(match[1]) * 4 / 3 if match else 500.0
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}" style="max-width: {width:.0f}px"', 1)
