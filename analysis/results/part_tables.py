"""The tables and the methods sentences of what is computed of models on request."""

from __future__ import annotations

from collections.abc import Mapping

from ..formats.bundle_tables import Column
from ..words import counted
from .axes_tables import AXES_TABLES, axes_methods, axes_rows
from .columns import INTERVAL, MODEL, N_PERMUTATIONS, P_MAX_OF_MODELS
from .individuals import Individuals
from .model_parts import ModelParts

PART_TABLES: Mapping[str, tuple[Column, ...]] = {
    "model_permutations": (
        MODEL,
        Column("similarity", "float", "", "Similarity to the raters' pool"),
        Column("p", "float", "", "One-sided p by permutation of the clips"),
        P_MAX_OF_MODELS,
        Column("corrected", "float", "", "Pearson correlation with what raters share, without their noise"),
        *INTERVAL,
        N_PERMUTATIONS,
    ),
    "model_partial": (
        MODEL,
        Column("held_constant", "text", "", "Model or group of models that is held constant", True),
        Column("method", "text", "", "spearman or pearson", True),
        Column("correlation", "float", "", "Partial correlation, mean over raters"),
        *INTERVAL,
        Column("p", "float", "", "One-sided p by permutation of what is left of the model"),
        P_MAX_OF_MODELS,
        N_PERMUTATIONS,
    ),
    "variance_shares": (
        Column("blocks", "text", "", "Models or groups of models, with ;", True),
        Column("explained", "float", "", "Adjusted R² of all of these together"),
        Column("share", "float", "", "Share that all of these explain and no other does (can be below 0)"),
        Column("n_pairs", "int", "", "Pairs of clips", True),
    ),
    "weighted_models": (
        Column("block", "text", "", "Group of models that are added up with weights", True),
        Column("model", "text", "", "One of them", True),
        Column("weight", "float", "", "Its weight in the squared dissimilarity, fitted to all raters and clips"),
        Column("cross_validated", "float", "", "Score of the sum for raters and clips without a part in the fit"),
        Column("equal_weights", "float", "", "The same of the models at equal size and equal weight"),
    ),
    "rater_test": (
        Column("n_raters", "int", "", "Raters with two halves of trials that can be compared"),
        Column("within", "float", "", "Mean Pearson correlation of the halves of one rater"),
        Column("expected", "float", "", "What it would be if raters differed by noise alone"),
        Column("low", "float", "", "Lower end of the 95 % interval of the difference, over raters"),
        Column("high", "float", "", "Upper end of it"),
        Column("p", "float", "", "One-sided p of the difference, over permutations of whose second half is whose"),
        Column("n_permutations", "int", "", "Permutations"),
        Column(
            "without_noise",
            "float",
            "",
            "expected / within: agreement of two raters, noise taken out; 1 = they differ by noise alone",
        ),
        Column("without_noise_low", "float", "", "Lower end of its 95 % interval over raters"),
        Column("without_noise_high", "float", "", "Upper end of it"),
        Column("n_clusters", "int", "", "Groups of raters, as many as have the largest mean silhouette"),
        Column("silhouette", "float", "", "That mean silhouette; below .25 the groups mean little"),
    ),
    "rater_places": (
        Column("rater", "text", "", "Number of the rater", True),
        Column("cluster", "int", "", "Group of the rater, from 1; 0 = not grouped"),
        Column("dimension_1", "float", "", "Weight of the first dimension of the raters' common space (INDSCAL)"),
        Column("dimension_2", "float", "", "Weight of the second"),
        Column("fit", "float", "", "Pearson r of the rater's dissimilarities with that model's"),
        Column("own", "float", "", "Correlation of the rater's halves above what noise alone would give"),
    ),
    "rater_attribute_weights": (
        Column("rater", "text", "", "Number of the rater", True),
        Column("attribute", "text", "", "Name of the attribute", True),
        Column("weight", "float", "", "Standardised weight in a regression of the rater's RDM on all attributes"),
    ),
    **AXES_TABLES,
}


def part_rows(parts: ModelParts, table: str) -> list[dict[str, object]]:
    """The rows of one of `PART_TABLES`, by column."""
    wanted = [column.name for column in PART_TABLES[table]]
    return [{name: row[name] for name in wanted if name in row} for row in _known_of(parts, table)]


def _known_of(parts: ModelParts, table: str) -> list[dict[str, object]]:
    """The rows with all that is known of each, which is more than the columns."""
    if table in AXES_TABLES:
        return axes_rows(parts.axes, parts.predictions, table)
    permuted: dict[str, object] = {"n_permutations": parts.n_permutations}
    if table == "model_permutations":
        return [vars(one) | permuted for one in parts.tests]
    if table == "model_partial":
        common = permuted | {"held_constant": parts.held_constant, "method": parts.partial_method}
        return [vars(one) | common for one in parts.partials]
    if table == "variance_shares":
        return [vars(one) | {"blocks": "; ".join(one.blocks), "n_pairs": parts.n_pairs} for one in parts.shares]
    people = parts.individuals
    if table == "rater_test":
        return [vars(people) | {"n_raters": people.n_tested}] if people.raters else []
    if table == "rater_places":
        return [vars(one) | {f"dimension_{k}": w for k, w in enumerate(one.dimensions, 1)} for one in people.raters]
    if table == "rater_attribute_weights":
        return [
            {"rater": one.rater, "attribute": about.attribute, "weight": weight}
            for one in people.raters
            for about, weight in zip(people.weights, one.attributes, strict=True)
        ]
    return [
        vars(one) | {"model": model, "weight": weight}
        for one in parts.weighted
        for model, weight in zip(one.models, one.weights, strict=True)
    ]


def parts_methods(parts: ModelParts, label: str, *, is_joint: bool = False) -> list[str]:
    """What was done, in sentences for the methods section; `label` is the comparator in words.

    With `is_joint` it was done with the one RDM of all raters' trials.
    """
    pooled = "that RDM" if is_joint else "the raters' pooled RDM"
    said = []
    if parts.tests:
        said.append(
            f"Each model was tested against {pooled} ({label}) by {parts.n_permutations} permutations "
            "of the clips (Mantel, 1967), alone and against the largest of all models, which holds the family-wise "
            "error rate (Westfall & Young, 1993). Correlations without noise are "
            + (
                "the Pearson correlation of a model with that RDM, divided by the root of the RDM's reliability"
                if is_joint
                else "the mean Pearson correlation of a model with raters, divided by the root of the mean correlation "
                "between raters"
            )
            + " (Spearman, 1904)."
        )
    if parts.partials:
        said.append(
            f"{'Spearman' if parts.partial_method == 'spearman' else 'Pearson'} correlations were computed with "
            f"{parts.held_constant} held constant, "
            + ("with" if is_joint else "averaged over raters with")
            + f" the jackknife's interval{' over groups of raters' if is_joint else ''}, and tested by "
            f"{parts.n_permutations} permutations of what is left of each model (double semi-partialing, Dekker et "
            "al., 2007), for which squares and products of what is held constant were held constant too."
        )
    if parts.shares:
        said.append(
            f"The variance of {pooled} (z-scores) was divided by linear regressions on every subset of the "
            f"named models over {parts.n_pairs} pairs: adjusted R², by inclusion and exclusion."
        )
    if parts.weighted:
        said.append(
            "Weighted sums of squared model dissimilarities, weights not negative, were fitted and tested in "
            + (
                "3 folds of clips; the score is that of clips without a part in the fit"
                if is_joint
                else "4 folds of raters and 3 of clips at once; the score is that of raters and clips without a part "
                "in the fit"
            )
            + ", beside that of equal weights."
        )
    return said + _individual_methods(parts.individuals) + axes_methods(parts.axes, parts.predictions)


def _individual_methods(people: Individuals) -> list[str]:
    said = []
    if people.n_permutations:
        said.append(
            "Whether raters differ by more than noise was tested by correlating the RDMs of each rater's odd and even "
            "trials (weighted averages) within and between raters (Charest et al., 2014), less what the reliabilities "
            f"of the halves lead to expect, over {people.n_permutations} permutations of whose second half is whose; "
            "agreement without noise is that expectation as a share of the correlation within raters."
        )
    if people.n_clusters:
        said.append(
            f"Raters were joined by average linkage on 1 - r and cut into {people.n_clusters} groups, as many as have "
            "the largest mean silhouette (Rousseeuw, 1987)."
        )
    if people.indscal_rounds:
        said.append(
            "A common space of all raters, in which each weighs the dimensions, was fitted by INDSCAL (Carroll & "
            f"Chang, 1970; alternating least squares, {counted(people.indscal_rounds, 'round')})."
        )
    if people.weights:
        said.append(
            "Weights of attributes are the standardised coefficients of a regression of each rater's RDM on the "
            "attributes' RDMs, with the jackknife's interval over raters."
        )
    return said
