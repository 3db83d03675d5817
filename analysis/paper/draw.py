"""The figures of the results page: each function draws one, and is written out in the script that remakes it.

So they use nothing but the names of `tools`, and what their script needs is all there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .tools import (
    COEFFICIENTS,
    COMPARATOR_LABELS,
    LABELS,
    Attributes,
    StudyResults,
    View,
    dissimilarities,
    evidence_of,
    figures,
    groups_of,
    item_order,
    map_of,
    np,
    tree_of,
)


def rdm(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the dissimilarities as a matrix."""
    order = item_order(results, attributes, view)
    return figures.rdm_heat_map(dissimilarities(results, view), results.names, order=order, width=view.width)


def evidence(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw how much the placements say about each pair."""
    order = item_order(results, attributes, view)
    return figures.evidence_map(evidence_of(results, view), results.names, order=order, width=view.width)


def n_raters(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the number of raters behind each pair of the group's RDM."""
    order = item_order(results, attributes, view)
    counts = results.pooled.n_raters.astype(float)
    return figures.pair_matrix(counts, results.names, "raters who saw the pair", order=order, width=view.width)


def clip_map(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the clips as points whose distances come near their dissimilarities; the stress is written below."""
    mds = map_of(results, view)
    groups = groups_of(results, attributes, view.colour) if view.colour else None
    figure = figures.item_map(mds.positions, results.names, groups=groups, width=view.width)
    figure.text(0.01, 0.995, f"stress-1 {mds.stress:.3f}", va="top", fontsize=7)
    return figure


def tree(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the clips joined by average linkage."""
    return figures.dendrogram(tree_of(results, view).linkage, results.names, width=view.width)


def raters(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw each rater's RDM in one order of clips, raters who agree side by side."""
    order = item_order(results, attributes, view)
    names = [results.raters[rater] for rater in results.rater_order]
    return figures.rdm_gallery(results.table[results.rater_order], names, order=order, width=view.width)


def between(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the agreement of every two raters, raters who agree side by side."""
    order = results.rater_order
    names = [results.raters[rater] for rater in order]
    return figures.rater_matrix(results.between[np.ix_(order, order)], names, "Spearman ρ", width=view.width)


def with_others(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw each rater's correlation with the mean of the others, and the noise ceiling as a band."""
    ceiling = results.agreement.ceilings["pearson"]
    return figures.raters_with_others(
        results.raters,
        results.agreement.with_others["pearson"],
        band=(ceiling.lower, ceiling.upper),
        width=view.width,
    )


def reliability(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw every coefficient of agreement with its interval over raters."""
    report = results.reliability
    # Raters who shared the pairs have only those coefficients that compare halves of them.
    names = [name for name in COEFFICIENTS if results.together is None or np.isfinite(getattr(report, name).value)]
    rows = [(LABELS[name], getattr(report, name).value, getattr(report, name).interval) for name in names]
    return figures.coefficients(rows, level=report.level, width=view.width)


def growth(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw how agreement grows with the number of raters."""
    curve = results.growth
    if curve is None:
        raise ValueError("Growth of agreement needs at least three raters.")
    lines = {}
    for name, points in (
        ("reliability of the mean", curve.reliability_of_mean),
        ("between two groups", curve.between_pools),
        ("one rater with a group", curve.rater_with_pool),
    ):
        low, high = np.array([point.interval for point in points]).T
        lines[name] = (np.array([point.value for point in points]), low, high)
    return figures.curve(curve.sizes, lines, x_label="raters", y_label="Pearson r", correlations=True, width=view.width)


def ceilings(results: StudyResults, attributes: Attributes, view: View) -> Any:
    """Draw the noise ceilings as bands, with lines for their intervals, and each rater's similarity to the others."""
    agreement = results.agreement
    known = {method: ceiling for method, ceiling in agreement.ceilings.items() if np.isfinite(ceiling.lower)}
    if not known:
        raise ValueError("A noise ceiling needs at least two raters whose RDMs can be compared.")
    return figures.noise_ceilings(
        {COMPARATOR_LABELS[method]: (ceiling.lower, ceiling.upper) for method, ceiling in known.items()},
        {COMPARATOR_LABELS[method]: agreement.with_others[method] for method in known},
        intervals={COMPARATOR_LABELS[m]: (c.lower_interval, c.upper_interval) for m, c in known.items()},
        width=view.width,
    )


class PaperFigure(NamedTuple):
    """A figure: what it is called, and what draws it; some need several raters, some raters who saw the same pairs."""

    title: str
    draw: Callable[[StudyResults, Attributes, View], Any]
    several_raters: bool = False
    same_pairs: bool = False


# By file name. A new figure is a row here; pages, addresses and the command follow.
FIGURES = {
    "rdm": PaperFigure("Dissimilarity matrix", rdm),
    "evidence": PaperFigure("Evidence of each pair", evidence),
    "n_raters": PaperFigure("Raters behind each pair", n_raters),
    "map": PaperFigure("Map of the clips", clip_map),
    "tree": PaperFigure("Tree of the clips", tree),
    "raters": PaperFigure("Each rater's dissimilarity matrix", raters),
    "between": PaperFigure("Agreement of every two raters", between, several_raters=True, same_pairs=True),
    "with_others": PaperFigure("Each rater against the others", with_others, several_raters=True),
    "reliability": PaperFigure("Agreement between raters", reliability, several_raters=True),
    "growth": PaperFigure("Growth of agreement with raters", growth, several_raters=True, same_pairs=True),
    "ceilings": PaperFigure("Noise ceilings", ceilings, several_raters=True, same_pairs=True),
}


def draw(name: str, results: StudyResults, attributes: Attributes, view: View) -> Any:
    """The figure of that name, one of FIGURES.

    Raises
    ------
    ValueError
        When there is no such figure, or the results do not define it, with the reason.
    """
    if name not in FIGURES:
        raise ValueError(f"There is no figure {name!r}; there are {', '.join(FIGURES)}.")
    if not results.raters:
        raise ValueError("There is no RDM to draw yet.")
    figure = FIGURES[name]
    if figure.several_raters and len(results.raters) < 2:
        raise ValueError("Agreement needs at least two raters.")
    if figure.same_pairs and results.together is not None:
        raise ValueError("The raters shared the pairs: single raters are not compared with one another.")
    return figure.draw(results, attributes, view)
