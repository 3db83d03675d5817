"""The report's figures: which ones, of what, and what each shows in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import figures
from ..arrangement import Floats
from ..figures.flow import participant_flow
from ..reliability import GrowthCurve
from ..reliability.report import COEFFICIENTS
from ..results import COMPARATOR_LABELS, LABELS
from ..structure import MDS, Dimensionality, Tree, silhouette_by_clusters
from ..words import counted, percent
from .results import Results

# Small matrices of more raters than this no longer help anybody.
MAX_RATERS = 60


@dataclass(frozen=True)
class Drawing:
    """A figure of the report: its file name, its caption, and the Matplotlib figure."""

    name: str
    caption: str
    figure: Any


def draw(results: Results) -> Iterator[Drawing]:
    """The figures, one after the other; those that the data do not define are left out."""
    names, order = results.names, results.order
    if results.flow is not None:
        simulated = (
            f" {counted(results.flow.simulated, 'session is', 'sessions are')} simulated."
            if results.flow.simulated
            else ""
        )
        yield Drawing(
            "flow",
            "Participant flow: how many sessions reached each step, and why others went no further." + simulated,
            participant_flow(results.flow),
        )
    yield Drawing(
        "rdm_group",
        f"Dissimilarity of every two clips, {_whose(results)}. Clips that are alike stand side "
        "by side (average linkage); a cross marks a pair that nobody saw; predictions are not among them.",
        figures.rdm_heat_map(results.group, names, order=order),
    )
    if isinstance(results.map, MDS):
        groups = _groups(results)
        yield Drawing(
            "map",
            "Map of the clips by metric multidimensional scaling of the group's RDM; stress-1 is "
            f"{results.map.stress:.3f} (0 would be perfect).{f' Colours: {groups[0]}.' if groups else ''}",
            figures.item_map(results.map.positions, names, groups=groups[1] if groups else None),
        )
    if isinstance(results.tree, Tree):
        yield Drawing(
            "tree",
            "Clips joined by average linkage of the group's RDM; cophenetic correlation "
            f"{results.tree.cophenetic_correlation:.2f}. {_best_cut(results.group, results.tree)}",
            figures.dendrogram(results.tree.linkage, names),
        )
    if results.dimensions is not None:
        yield Drawing(
            "dimensions",
            "How well a map of some raters predicts the others' RDMs, by its number of dimensions; the fewest "
            f"dimensions within a standard error of the best are {results.dimensions.simplest}.",
            _dimension_curve(results.dimensions),
        )
    if 1 < len(results.raters) <= MAX_RATERS and results.together is None:
        yield Drawing(
            "rdm_raters",
            "Each rater's RDM of the pairs that the rater saw (others are blank), clips in the same order as above.",
            figures.rdm_gallery(
                results.table[results.rater_order], [results.raters[r] for r in results.rater_order], order=order
            ),
        )
    if len(results.raters) > 1:
        yield from _agreement(results)
    known = np.isfinite(results.evidence).all(axis=1)
    if known.any():
        yield from _evidence(results, known)
    if all(np.isfinite(results.chosen[rater].work.minutes).all() for rater in results.raters) and known.any():
        yield Drawing(
            "trials",
            "Trials over time: each point is a stored trial, the larger the more clips it held.",
            figures.timeline(
                {rater: results.chosen[rater].work.minutes for rater in results.raters},
                {rater: np.array(results.chosen[rater].work.sizes) for rater in results.raters},
            ),
        )


def _whose(results: Results) -> str:
    many = counted(len(results.raters), "rater")
    return f"pooled over {many}" if results.together is None else f"from the trials of {many} as if they were one"


def _evidence(results: Results, known: Any) -> Iterator[Drawing]:
    """Evidence of pairs, over the raters `known` (R,) to have any; RDMs that came without trials have none."""
    evidence = results.evidence[known]
    shared = results.together is not None
    yield Drawing(
        "evidence_pairs",
        f"Evidence of each pair, {'sum' if shared else 'mean'} over raters: how much the placements say about it.",
        figures.evidence_map(
            results.pooled.evidence if shared else evidence.mean(axis=0), results.names, order=results.order
        ),
    )
    yield Drawing(
        "evidence_raters",
        "How much evidence the raters gave for a pair: every pair of every rater.",
        figures.histogram(evidence.ravel(), x_label="evidence (arena diameters²)", y_label="pairs of raters"),
    )


def _agreement(results: Results) -> Iterator[Drawing]:
    report = results.reliability
    shared = results.together is not None
    names = [name for name in COEFFICIENTS if not shared or np.isfinite(getattr(report, name).value)]
    rows = [(LABELS[name], getattr(report, name).value, getattr(report, name).interval) for name in names]
    yield Drawing(
        "reliability",
        f"Agreement of two halves of {counted(report.n_raters, 'rater')}."
        if shared
        else f"Agreement between {counted(report.n_raters, 'rater')}, with {percent(report.level)} intervals "
        "over raters.",
        figures.coefficients(rows, level=report.level),
    )
    if results.growth is not None:
        yield Drawing(
            "growth",
            "Agreement by number of raters: what the mean pairwise correlation predicts for the mean of so many raters "
            "(Spearman–Brown), the correlation of two groups of so many raters, and of one rater with so many others.",
            figures.curve(
                results.growth.sizes, _growth(results.growth), x_label="raters", y_label="Pearson r", correlations=True
            ),
        )
    if results.together is not None:
        return
    yield Drawing(
        "raters",
        "Spearman correlation of every two raters' RDMs; raters who agree stand side by side.",
        figures.rater_matrix(
            results.between[np.ix_(results.rater_order, results.rater_order)],
            [results.raters[rater] for rater in results.rater_order],
            "Spearman ρ",
        ),
    )
    ceilings = [(method, c) for method, c in results.agreement.ceilings.items() if np.isfinite(c.lower)]
    bands = {COMPARATOR_LABELS[method]: (c.lower, c.upper) for method, c in ceilings}
    if bands:
        yield Drawing(
            "noise_ceiling",
            "Noise ceilings: a model that reaches the band explains all that raters have in common. Points: each "
            "rater's similarity to the pool of the others. Lines at the sides: 95 % intervals of both bounds over "
            "raters.",
            figures.noise_ceilings(
                bands,
                {COMPARATOR_LABELS[method]: results.agreement.with_others[method] for method, _ in ceilings},
                intervals={COMPARATOR_LABELS[m]: (c.lower_interval, c.upper_interval) for m, c in ceilings},
            ),
        )


def _best_cut(rdm: Floats, tree: Tree) -> str:
    means = {k: value for k, value in silhouette_by_clusters(rdm, tree).items() if np.isfinite(value)}
    if not means:
        return ""
    best = max(means, key=lambda k: means[k])
    return f"Silhouettes are largest for {best} clusters (mean {means[best]:.2f})."


def _dimension_curve(dimensionality: Dimensionality) -> Any:
    """Mean over raters of the cross-validated correlation, with its standard error."""
    mean = dimensionality.correlations.mean(axis=1)
    error = dimensionality.correlations.std(axis=1, ddof=1) / np.sqrt(dimensionality.correlations.shape[1])
    line = (mean, mean - error, mean + error)
    return figures.curve(
        np.arange(1, len(mean) + 1),
        {"r": line},
        x_label="dimensions",
        y_label="r with left-out raters",
        correlations=True,
    )


def _growth(growth: GrowthCurve) -> dict[str, tuple[Floats, Floats, Floats]]:
    """Value, lower and upper limit of each curve by number of raters."""
    curves = {
        "reliability of the mean": growth.reliability_of_mean,
        "between two groups": growth.between_pools,
        "one rater with a group": growth.rater_with_pool,
    }
    lines = {}
    for name, points in curves.items():
        low, high = np.array([point.interval for point in points]).T
        lines[name] = (np.array([point.value for point in points]), low, high)
    return lines


def _groups(results: Results) -> tuple[str, list[str]] | None:
    """The first attribute with two to ten values, and its value for each clip."""
    for attribute, values in results.attributes.items():
        if 2 <= len(set(values.values())) <= 10:
            return attribute, [values.get(name, "") for name in results.names]
    return None
