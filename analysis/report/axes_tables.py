"""The tables of axes and predictions on the report's page."""

from __future__ import annotations

from itertools import combinations

from ..results.model_list import RATERS
from ..results.model_parts import ModelParts
from .facts import interval, number, p_value
from .table import Cell, table

# The files have them all.
MAX_ROWS = 60


def axes_tables(parts: ModelParts) -> list[str]:
    """Axes against the raters', axes against one another in the raters' space, and predictions."""
    along, predicted = parts.axes, parts.predictions
    known = {one.attribute: one for one in along.raters}
    with_raters = [
        [
            Cell(one.model),
            Cell(one.attribute, is_text=True),
            Cell(number(one.congruence)),
            Cell(interval(one.low, one.high, 2)),
            Cell(p_value(one.p)),
            Cell(p_value(one.p_max)),
            Cell(number(one.carried)),
            Cell(number(known[one.attribute].carried)),
            Cell(number(known[one.attribute].reliability)),
        ]
        for one in along.with_raters[:MAX_ROWS]
    ]
    names = [one.attribute for one in along.raters]
    pairs = [
        [
            Cell(names[a]),
            Cell(names[b], is_text=True),
            Cell(number(one.congruence[a][b])),
            Cell(number(along.correlations[a][b])),
            Cell(p_value(one.p[a][b])),
        ]
        for one in along.spaces
        if one.space == RATERS
        for a, b in combinations(range(len(names)), 2)
    ][:MAX_ROWS]
    scores = [
        [
            Cell(one.model),
            Cell(one.target, is_text=True),
            Cell(number(one.r)),
            Cell(number(one.r2)),
            Cell(number(one.fold_spread)),
            Cell(p_value(one.p)),
            Cell(p_value(one.p_max)),
        ]
        for one in predicted.scores[:MAX_ROWS]
    ]
    left_out = "sets of clips" if predicted.by_sets else "clips"
    said = [
        (
            f"Congruence of attributes' axes in models with the raters' ({along.n_permutations} permutations of the "
            "clips). Carried: correlation of the places along the axis with the attribute, in the model and in the "
            f"raters' space; reliability is that of the raters' axis.{_more(len(along.with_raters), 'attribute_axes')}",
            (
                "model",
                "attribute",
                "congruence",
                "interval",
                "p",
                "p of the largest",
                "carried",
                "by the raters",
                "reliability",
            ),
            with_raters,
        ),
        (
            "Congruence of two attributes' axes in the raters' space, beside the correlation of the attributes; p that "
            "they differ. tables/attribute_axis_pairs.csv has all pairs, and those of models.",
            ("attribute", "another", "congruence", "correlation", "p"),
            pairs,
        ),
        (
            f"Predictions for {left_out} that were left out, {predicted.n_folds} folds, {predicted.n_permutations} "
            f"permutations. tables/specificity.csv has their specificity.{_more(len(predicted.scores), 'predictions')}",
            ("from", "predicted", "r", "R²", "spread over folds", "p", "p of the largest"),
            scores,
        ),
    ]
    return [table(caption, header, rows) for caption, header, rows in said if rows]


def _more(count: int, name: str) -> str:
    return f" The first {MAX_ROWS}; tables/{name}.csv has all." if count > MAX_ROWS else ""
