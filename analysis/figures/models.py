"""The figures of models and attributes: scores with the noise ceiling, profiles of layers, effects, shares, weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import name_rows, short_name
from .style import ACCENT, GRID, INK, LINE_COLORS, MUTED, SECOND, styled

if TYPE_CHECKING:
    from ..results.effects import Effect
    from ..results.individuals import AttributeWeight, RaterPlace
    from ..results.model_parts import ModelParts
    from ..results.models import ModelFindings, ModelScore, Profile
    from ..results.models_in_sets import OverSets
    from ..results.variance_shares import Share

# Names of more layers than this cannot be read below an axis.
MAX_LAYERS = 40
ALPHA = 0.05
WIDTH = 5.2


@styled
def model_scores(findings: ModelFindings, scores: Sequence[ModelScore], label: str) -> Any:
    """Scores with their intervals from top to bottom over the ceiling's band; hollow where not above 0."""
    figure, axes = _figure(0.9 + 0.22 * len(scores))
    _ceiling(axes.axvspan, findings)
    for place, one in enumerate(scores):
        if np.isfinite(one.low):
            ends = np.clip([one.low, one.high], -1, 1)
            axes.plot(ends, [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        face = ACCENT if one.p_above_zero < ALPHA else "white"
        axes.plot(one.score, place, "o", color=ACCENT, markersize=4, markerfacecolor=face)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    name_rows(axes, [short_name(one.model) for one in scores], similarity_axis(findings, label))
    return figure


@styled
def layer_profile(findings: ModelFindings, profile: Profile, scores: Sequence[ModelScore], label: str) -> Any:
    """The layers' scores in the network's order with intervals, the ceiling's band, and where the best layer lies.

    Thin lines are those of each set, in a study of several sets of clips.
    """
    figure, axes = _figure(3.2)
    x = np.arange(len(scores))
    _ceiling(axes.axhspan, findings)
    low, high = (np.array([getattr(one, end) for one in scores]) for end in ("low", "high"))
    low, high = np.clip(low, -1, 1), np.clip(high, -1, 1)
    axes.fill_between(x, low, high, color=ACCENT, alpha=0.15, linewidth=0)
    for of_set in findings.in_sets.sets:
        known = {one.name: one.value for one in of_set.scores}
        axes.plot(x, [known.get(one.model, np.nan) for one in scores], color=MUTED, linewidth=0.6, alpha=0.7)
    axes.plot(x, [one.score for one in scores], color=ACCENT, marker="o", markersize=3, linewidth=1.3)
    names = list(profile.layers)
    first, last, best = (names.index(one) for one in (profile.first, profile.last, profile.best))
    floor = min(0.0, float(np.nanmin(low)) if np.isfinite(low).any() else 0.0)
    axes.plot([first - 0.2, last + 0.2], [floor] * 2, color=SECOND, linewidth=2.4, solid_capstyle="butt")
    axes.plot(best, scores[best].score, "o", color=SECOND, markersize=5)
    axes.axhline(0, color=GRID, linewidth=0.8, zorder=0)
    if len(names) <= MAX_LAYERS:
        stems = [short_name(name.removeprefix(f"{profile.source}: ")) for name in names]
        axes.set_xticks(x, stems, rotation=90 if max(map(len, stems)) * len(stems) > 50 else 0)
    axes.set_xlabel(f"layers of {short_name(profile.source)}")
    axes.set_ylabel(similarity_axis(findings, label))
    return figure


@styled
def attribute_effects(effects: Sequence[Effect]) -> Any:
    """Between less within of each attribute with its interval; hollow where the permutation test finds nothing."""
    figure, axes = _figure(0.9 + 0.24 * len(effects))
    for place, one in enumerate(effects):
        if np.isfinite(one.low):
            axes.plot([one.low, one.high], [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        face = ACCENT if one.p_max < ALPHA else "white"
        axes.plot(one.effect, place, "o", color=ACCENT, markersize=4, markerfacecolor=face)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    name_rows(axes, [short_name(one.attribute) for one in effects], "between less within (sd of dissimilarities)")
    return figure


@styled
def in_sets(findings: ModelFindings, means: Sequence[OverSets], label: str) -> Any:
    """Means over sets with their intervals from top to bottom, and each set as a small dot, over the mean ceiling."""
    figure, axes = _figure(0.9 + 0.22 * len(means))
    found = findings.in_sets
    if np.isfinite(found.ceiling_low) and np.isfinite(found.ceiling_high):
        axes.axvspan(found.ceiling_low, found.ceiling_high, color=MUTED, alpha=0.25, linewidth=0)
    for place, one in enumerate(means):
        values = [score.value for of_set in found.sets for score in of_set.scores if score.name == one.name]
        axes.plot(values, [place] * len(values), "o", color=MUTED, markersize=2.4)
        if np.isfinite(one.low):
            axes.plot(np.clip([one.low, one.high], -1, 1), [place] * 2, color=ACCENT, linewidth=1.6)
        axes.plot(one.mean, place, "o", color=ACCENT, markersize=4)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    whom = "all trials" if findings.is_joint else "raters"
    name_rows(axes, [short_name(one.name) for one in means], f"similarity to {whom} in each set ({label})")
    return figure


@styled
def partial_correlations(parts: ModelParts) -> Any:
    """Correlations with others held constant, with intervals; hollow where the permutation test finds nothing."""
    figure, axes = _figure(0.9 + 0.22 * len(parts.partials))
    for place, one in enumerate(parts.partials):
        if np.isfinite(one.low):
            ends = np.clip([one.low, one.high], -1, 1)
            axes.plot(ends, [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        face = ACCENT if one.p_max < ALPHA else "white"
        axes.plot(one.correlation, place, "o", color=ACCENT, markersize=4, markerfacecolor=face)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    r = "r" if parts.partial_method == "pearson" else "Spearman ρ"
    axis = f"partial {r}, {short_name(parts.held_constant)} held constant"
    name_rows(axes, [short_name(one.model) for one in parts.partials], axis)
    return figure


@styled
def attribute_weights(weights: Sequence[AttributeWeight], raters: Sequence[RaterPlace]) -> Any:
    """Mean weight of each attribute with its interval over raters, and each rater's as a small dot."""
    figure, axes = _figure(0.9 + 0.26 * len(weights))
    for place, one in enumerate(weights):
        values = [rater.attributes[place] for rater in raters]
        axes.plot(values, [place] * len(values), "o", color=MUTED, markersize=2.4, alpha=0.7)
        if np.isfinite(one.low):
            axes.plot([one.low, one.high], [place] * 2, color=ACCENT, linewidth=1.6, solid_capstyle="round")
        axes.plot(one.mean, place, "o", color=ACCENT, markersize=4)
    axes.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    name_rows(axes, [short_name(one.attribute) for one in weights], "weight of the attribute (standardised)")
    return figure


def similarity_axis(findings: ModelFindings, label: str) -> str:
    """What scores are, beside an axis."""
    return f"similarity to {'the RDM of all trials' if findings.is_joint else 'raters'} ({label})"


@styled
def variance_shares(shares: Sequence[Share]) -> Any:
    """Shares of variance that models explain alone and together, from top to bottom."""
    figure, axes = _figure(0.9 + 0.3 * len(shares))
    for place, one in enumerate(shares):
        axes.barh(place, one.share, height=0.6, color=ACCENT if len(one.blocks) == 1 else SECOND)
    axes.axvline(0, color=INK, linewidth=0.8)
    name_rows(axes, [_stacked(one.blocks) for one in shares], "share of variance (adjusted R²)")
    return figure


@styled
def rater_weights(raters: Sequence[RaterPlace]) -> Any:
    """Each rater's weights of the two dimensions of the common space; a colour for each group."""
    figure, axes = _figure(4.4)
    placed = [one for one in raters if np.isfinite(one.dimensions).all()]
    for one in placed:
        axes.plot(*one.dimensions[:2], "o", color=LINE_COLORS[(one.cluster - 1) % len(LINE_COLORS)], markersize=4)
        if len(placed) <= MAX_LAYERS:
            axes.annotate(one.rater, one.dimensions[:2], xytext=(4, 2), textcoords="offset points", fontsize=6)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("weight of dimension 1")
    axes.set_ylabel("weight of dimension 2")
    return figure


def _stacked(blocks: Sequence[str]) -> str:
    return f"{short_name(blocks[0])} alone" if len(blocks) == 1 else " & ".join(short_name(one) for one in blocks)


def _ceiling(span: Any, findings: ModelFindings) -> None:
    if np.isfinite(findings.ceiling_low) and np.isfinite(findings.ceiling_high):
        span(findings.ceiling_low, findings.ceiling_high, color=MUTED, alpha=0.25, linewidth=0)


def _figure(height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, min(height, 12.0)))
    axes = figure.subplots()
    axes.tick_params(labelcolor=INK)
    return figure, axes
