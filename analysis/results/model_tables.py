"""The tables and the methods sentences of models and attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..formats.bundle_tables import Column
from .labels import COMPARATOR_LABELS
from .models import ModelFindings
from .part_tables import PART_TABLES, part_rows, parts_methods


def models_methods(findings: ModelFindings) -> list[str]:
    """What was done, in sentences for the methods section."""
    label = COMPARATOR_LABELS[findings.comparator]  # type: ignore[index]
    said = []
    if findings.scores:
        over = {"both": "raters and clips", "raters": "raters", "items": "clips"}[findings.resample]
        said.append(
            f"{len(findings.scores)} model RDMs were compared with the RDMs of {findings.n_raters} raters by {label}, "
            "each rater over the pairs that the rater saw, and averaged over raters"
            + (
                "; the noise ceiling is the mean similarity of the raters with the mean of the others (lower end) and "
                "of all (upper end), as by Nili et al. (2014)."
                if math.isfinite(findings.ceiling_low)
                else "."
            )
        )
        said.append(
            f"Intervals ({findings.level:.0%}) and tests come from {findings.n_boot} bootstrap samples of {over}, with "
            "the variances corrected as by Schütt et al. (2023); p values of models, and of pairs of models, are "
            "adjusted for the false discovery rate (Benjamini & Hochberg, 1995)."
        )
    if findings.profiles:
        said.append(
            "A network's best layer is that of the highest score; its interval holds the best layer in "
            f"{findings.level:.0%} of the bootstrap samples."
        )
    if findings.effects:
        said.append(
            "An attribute's effect is the mean dissimilarity of clips that differ in it less that of clips that share "
            "it, each rater's dissimilarities z-scored, averaged over raters; intervals are the jackknife's over "
            f"raters, and p values come from {findings.n_permutations} permutations of the clips' values (two-sided; "
            "p_max against the largest effect of all attributes, which holds the family-wise error rate). Numbers are "
            "cut at their median for this, and are compared as models by their absolute differences."
        )
    return said + parts_methods(findings.parts, label)


SCORE_COLUMNS = (
    Column("model", "text", "", "Name of the model", True),
    Column("source", "text", "", "File or attribute it comes from", True),
    Column("kind", "text", "", "rdms, layers (of a network), attribute, or rating (mean of participants')", True),
    Column("layer", "int", "", "Number of the layer in its network, from 1"),
    Column("comparator", "text", "", "Measure of similarity: rho_a, spearman, pearson, tau_a or cosine", True),
    Column("n_raters", "int", "", "Raters", True),
    Column("n_clips", "int", "", "Clips", True),
    Column("score", "float", "", "Mean over raters of the similarity to the rater's RDM"),
    Column("low", "float", "", "Lower end of its 95 % bootstrap interval"),
    Column("high", "float", "", "Upper end of its 95 % bootstrap interval"),
    Column("p_above_zero", "float", "", "One-sided p of a score above 0, adjusted over models (FDR)"),
    Column("ceiling_low", "float", "", "Lower noise ceiling"),
    Column("ceiling_high", "float", "", "Upper noise ceiling"),
    Column(
        "p_below_ceiling", "float", "", "One-sided p of a score below the lower ceiling, adjusted over models (FDR)"
    ),
    Column("below_best", "float", "", "Score of the best model less this one's"),
    Column("p_below_best", "float", "", "Two-sided p of that difference, adjusted over all pairs (FDR)"),
)
PAIR_COLUMNS = (
    Column("first", "text", "", "Name of a model", True),
    Column("second", "text", "", "Name of another", True),
    Column("comparator", "text", "", "Measure of similarity", True),
    Column("difference", "float", "", "Score of the first less that of the second"),
    Column("standard_error", "float", "", "Its bootstrap standard error, paired over the same samples"),
    Column("p", "float", "", "Two-sided p, adjusted over all pairs of models (FDR)"),
)
PROFILE_COLUMNS = (
    Column("network", "text", "", "File of the network's layers", True),
    Column("layers", "int", "", "Number of layers that are compared", True),
    Column("best", "text", "", "Layer of the highest score", True),
    Column("best_first", "text", "", "First layer of the interval of the best layer", True),
    Column("best_last", "text", "", "Last layer of that interval", True),
    Column("not_worse", "text", "", "Layers not significantly below the best (FDR over the network), with ;", True),
)
EFFECT_COLUMNS = (
    Column("attribute", "text", "", "Name of the attribute", True),
    Column("groups", "text", "", "Its values, or how its numbers were cut", True),
    Column("n_clips", "int", "", "Clips with a value", True),
    Column("n_raters", "int", "", "Raters", True),
    Column("effect", "float", "sd", "Mean z-scored dissimilarity between values less that within, mean over raters"),
    Column("low", "float", "sd", "Lower end of its 95 % interval over raters"),
    Column("high", "float", "sd", "Upper end of its 95 % interval over raters"),
    Column("p", "float", "", "Two-sided p by permutation of the clips' values"),
    Column("p_max", "float", "", "The same against the largest of all attributes (family-wise)"),
    Column("n_permutations", "int", "", "Permutations", True),
)
MODEL_TABLES: Mapping[str, tuple[Column, ...]] = {
    "models": SCORE_COLUMNS,
    "model_pairs": PAIR_COLUMNS,
    "model_layers": PROFILE_COLUMNS,
    "attribute_effects": EFFECT_COLUMNS,
    **PART_TABLES,
}


def model_rows(findings: ModelFindings, table: str) -> list[dict[str, object]]:
    """The rows of one of `MODEL_TABLES`, by column."""
    if table in PART_TABLES:
        return part_rows(findings.parts, table)
    common: dict[str, object] = {
        "comparator": findings.comparator,
        "n_raters": findings.n_raters,
        "n_clips": findings.n_clips,
        "ceiling_low": findings.ceiling_low,
        "ceiling_high": findings.ceiling_high,
        "n_permutations": findings.n_permutations,
    }
    records: Sequence[object] = {
        "models": findings.scores,
        "model_pairs": findings.pairs,
        "model_layers": [],
        "attribute_effects": findings.effects,
    }[table]
    wanted = [column.name for column in MODEL_TABLES[table]]
    rows = [{name: (common | vars(one))[name] for name in wanted} for one in records]
    if table == "model_layers":
        rows = [
            {
                "network": one.source,
                "layers": len(one.layers),
                "best": one.best,
                "best_first": one.first,
                "best_last": one.last,
                "not_worse": "; ".join(one.not_worse),
            }
            for one in findings.profiles
        ]
    return rows
