"""The tables and the methods sentences of axes and predictions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from ..formats.bundle_tables import Column
from .axes import Axes
from .columns import INTERVAL, MODEL, N_PERMUTATIONS
from .predictions import Predictions

AXES_TABLES: Mapping[str, tuple[Column, ...]] = {
    "attribute_axes": (
        MODEL,
        Column("attribute", "text", "", "Attribute, or one of its values", True),
        Column("congruence", "float", "", "Congruence of its axis in the model with its axis in the raters' space"),
        *INTERVAL,
        Column("p", "float", "", "One-sided p by permutation of the model's clips"),
        Column("p_max", "float", "", "The same against the largest of all models and attributes (family-wise)"),
        Column("carried", "float", "", "Correlation of the places along the axis in the model with the attribute"),
        Column("reliability", "float", "", "Reliability of the raters' axis; a perfect model would reach its root"),
        Column("raters_carried", "float", "", "Correlation of the places along the raters' axis with the attribute"),
        Column("p_raters_carried", "float", "", "One-sided p of it by permutation of the clips"),
        N_PERMUTATIONS,
    ),
    "attribute_axis_pairs": (
        Column("space", "text", "", "Model, or the raters", True),
        Column("first", "text", "", "Attribute, or one of its values", True),
        Column("second", "text", "", "Another", True),
        Column("congruence", "float", "", "Congruence of the two axes in this space"),
        Column("correlation", "float", "", "Correlation of the attributes themselves"),
        Column("p", "float", "", "Two-sided p by permutation of the space's clips"),
        Column("p_max", "float", "", "The same against the farthest of all spaces and pairs (family-wise)"),
        N_PERMUTATIONS,
    ),
    "predictions": (
        Column("model", "text", "", "Model, or the raters, from whose space it is predicted", True),
        Column("target", "text", "", "Attribute, one of its values, or an axis of the raters' map", True),
        Column("r", "float", "", "Correlation of predictions and values within folds, of clips that were left out"),
        Column("r2", "float", "", "R² for these clips, against the mean of the others (can be below 0)"),
        Column("fold_spread", "float", "", "Standard deviation of r over the folds"),
        Column("p", "float", "", "One-sided p of r by permutation of the clips' values, all done anew"),
        Column("p_max", "float", "", "The same against the largest of all models and targets (family-wise)"),
        Column("penalty", "float", "", "Median penalty, as a share of the mean squared singular value"),
        Column("dimensions", "int", "", "Dimensions of the space", True),
        Column("of_squares", "bool", "", "Whether the model's dissimilarities are squared distances", True),
        Column("n_folds", "int", "", "Folds", True),
        Column("by_sets", "bool", "", "Whether whole sets of clips were left out", True),
        N_PERMUTATIONS,
    ),
    "specificity": (
        Column("model", "text", "", "Model, or the raters; the values themselves: correlations of values", True),
        Column("predicted", "text", "", "What is predicted", True),
        Column("values_of", "text", "", "With whose values the prediction is correlated", True),
        Column("r", "float", "", "Their correlation within folds, of clips that were left out"),
    ),
}


def axes_rows(axes: Axes, predictions: Predictions, table: str) -> list[dict[str, object]]:
    """The rows of one of `AXES_TABLES`, by column."""
    permuted: dict[str, object] = {"n_permutations": axes.n_permutations}
    if table == "attribute_axes":
        known = {
            one.attribute: {"reliability": one.reliability, "raters_carried": one.carried, "p_raters_carried": one.p}
            for one in axes.raters
        }
        return [vars(one) | permuted | known[one.attribute] for one in axes.with_raters]
    if table == "attribute_axis_pairs":
        names = [one.attribute for one in axes.raters]
        return [
            {
                "space": one.space,
                "first": names[a],
                "second": names[b],
                "congruence": one.congruence[a][b],
                "correlation": axes.correlations[a][b],
                "p": one.p[a][b],
                "p_max": one.p_max[a][b],
            }
            | permuted
            for one in axes.spaces
            for a, b in combinations(range(len(names)), 2)
        ]
    if table == "predictions":
        common = {
            "n_folds": predictions.n_folds,
            "by_sets": predictions.by_sets,
            "n_permutations": predictions.n_permutations,
        }
        return [vars(one) | common for one in predictions.scores]
    return [
        {"model": one.model, "predicted": predicted, "values_of": other, "r": r}
        for one in predictions.specificity
        for predicted, row in zip(one.targets, one.r, strict=True)
        for other, r in zip(one.targets, row, strict=True)
    ]


def axes_methods(axes: Axes, predictions: Predictions) -> list[str]:
    """What was done, in sentences for the methods section."""
    said = []
    if axes.raters:
        said.append(
            "The axis of an attribute in a space of clips is the direction in which it covaries with their "
            "coordinates; the raters' space has the mean of their squared distances. A clip's place along an axis "
            "follows from its squared distances to the other clips and from their attribute alone; how far an "
            "attribute is in a space at all, is the correlation of the places with it. "
            + (
                "Congruence with the raters' axis (Tucker, 1951; of places about their mean, so equal to "
                "Pearson's r) has the jackknife's interval over raters, and p values come from "
                f"{axes.n_permutations} permutations of the model's clips, alone and against the largest of all."
                if axes.with_raters
                else ""
            )
        )
    if axes.spaces and len(axes.raters) > 1:
        said.append(
            "Two attributes' axes in one space were held against each other by the congruence of their vectors, and "
            f"tested over {axes.n_permutations} permutations of the clips, against which it is what the attributes' "
            "own correlation leads to expect."
        )
    if predictions.scores:
        left_out = "whole sets of clips" if predictions.by_sets else "clips"
        said.append(
            "Attributes and the axes of the raters' map were predicted from the principal coordinates (Gower, 1966) of "
            f"each space by ridge regression with nested cross-validation: {predictions.n_folds} folds of {left_out}, "
            "the penalty chosen in folds of the training clips alone. r is that of predictions and values less their "
            f"means in each fold; p values come from {predictions.n_permutations} permutations of the clips' values "
            "with all of it done anew, alone and against the largest of all. Specificity is r of the prediction of "
            "one attribute with the values of another."
        )
    return [sentence.strip() for sentence in said]
