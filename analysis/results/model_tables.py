"""The tables and the methods sentences of models and attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..formats.bundle_tables import Column
from ..words import counted, percent
from .columns import MODEL, N_PERMUTATIONS, N_RATERS
from .labels import COMPARATOR_LABELS
from .models import ModelFindings
from .models_in_sets import ModelsInSets
from .part_tables import PART_TABLES, part_rows, parts_methods


def models_methods(findings: ModelFindings) -> list[str]:
    """What was done, in sentences for the methods section."""
    label = COMPARATOR_LABELS[findings.comparator]  # type: ignore[index]
    said = []
    if findings.scores:
        over = {"both": "raters and clips", "raters": "raters", "items": "clips"}[findings.resample]
        if findings.is_joint and findings.resample == "both":
            over = (
                "clips and, to the first order, of groups of raters, without each of which the RDM was estimated again "
                "(the jackknife; Arvesen, 1969)"
            )
        said.append(
            f"{counted(len(findings.scores), 'model RDM was', 'model RDMs were')} compared by {label} with one "
            "RDM, which was estimated from all "
            f"trials of {counted(findings.n_raters, 'rater')} who saw the pairs between them, over the pairs "
            "that somebody saw."
            if findings.is_joint
            else f"{counted(len(findings.scores), 'model RDM was', 'model RDMs were')} compared with the RDMs "
            f"of {counted(findings.n_raters, 'rater')} by "
            f"{label}, each rater over the pairs that the rater saw, and averaged over raters"
            + (
                "; the noise ceiling is the mean similarity of the raters with the mean of the others (lower end) and "
                "of all (upper end), as by Nili et al. (2014)."
                if math.isfinite(findings.ceiling_low)
                else "."
            )
        )
        said.append(
            f"Intervals ({percent(findings.level)}) and tests come from {findings.n_boot} bootstrap samples of "
            f"{over}, with "
            "the variances corrected as by Schütt et al. (2023); p values of models, and of pairs of models, are "
            "adjusted for the false discovery rate (Benjamini & Hochberg, 1995)."
        )
    if findings.profiles:
        said.append(
            "A network's best layer is that of the highest score; its interval holds the best layer in "
            f"{percent(findings.level)} of the bootstrap samples."
        )
    if findings.effects:
        said.append(
            "An attribute's effect is the mean dissimilarity of clips that differ in it less that of clips that share "
            "it, "
            + (
                "the dissimilarities of that RDM z-scored; intervals are the jackknife's over groups of raters"
                if findings.is_joint
                else "each rater's dissimilarities z-scored, averaged over raters; intervals are the jackknife's over "
                "raters"
            )
            + f", and p values come from {findings.n_permutations} permutations of the clips' values (two-sided; "
            "p_max against the largest effect of all attributes, which holds the family-wise error rate). Numbers are "
            "cut at their median for this, and are compared as models by their absolute differences."
        )
    if len(findings.in_sets.sets) > 1:
        whom = "the RDM of" if findings.is_joint else "the raters in"
        said.append(
            f"Models and attributes were also compared with {whom} each of {len(findings.in_sets.sets)} sets of "
            "clips by itself, with intervals and p values as above; of the means over sets the interval is over sets "
            "(Student's t)."
        )
    return said + parts_methods(findings.parts, label, is_joint=findings.is_joint)


SCORE_COLUMNS = (
    MODEL,
    Column("source", "text", "", "File or attribute it comes from", True),
    Column("kind", "text", "", "rdms, layers (of a network), attribute, or rating (mean of participants')", True),
    Column("layer", "int", "", "Number of the layer in its network, from 1"),
    Column("compared_with", "text", "", "raters (mean over their RDMs), or joint (the one RDM of all trials)", True),
    Column("comparator", "text", "", "Measure of similarity: rho_a, spearman, pearson, tau_a or cosine", True),
    N_RATERS,
    Column("n_clips", "int", "", "Clips", True),
    Column("score", "float", "", "Mean over raters of the similarity to the rater's RDM, or that to the joint RDM"),
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
    N_RATERS,
    Column("effect", "float", "sd", "Mean z-scored dissimilarity between values less that within, mean over raters"),
    Column("low", "float", "sd", "Lower end of its 95 % interval over raters"),
    Column("high", "float", "sd", "Upper end of its 95 % interval over raters"),
    Column("p", "float", "", "Two-sided p by permutation of the clips' values"),
    Column("p_max", "float", "", "The same against the largest of all attributes (family-wise)"),
    N_PERMUTATIONS,
)
SET_COLUMNS = (
    Column("set", "text", "", "Set of clips; missing for the mean over sets"),
    Column("n_sets", "int", "", "Sets that the mean is over"),
    Column("n_raters", "int", "", "Raters of the set"),
    Column("n_clips", "int", "", "Clips of the set"),
    Column("measure", "text", "", "score (of a model) or effect (of an attribute)", True),
    Column("name", "text", "", "Name of the model or attribute", True),
    Column("value", "float", "", "Score, or effect in standard deviations"),
    Column("low", "float", "", "Lower end of its 95 % interval: bootstrap or jackknife; of a mean, over sets"),
    Column("high", "float", "", "Upper end of it"),
    Column("p", "float", "", "Of a score above 0 (FDR); of an effect against the largest of all attributes"),
    Column("ceiling_low", "float", "", "Lower noise ceiling, of scores"),
    Column("ceiling_high", "float", "", "Upper noise ceiling, of scores"),
)
MODEL_TABLES: Mapping[str, tuple[Column, ...]] = {
    "models": SCORE_COLUMNS,
    "model_pairs": PAIR_COLUMNS,
    "model_layers": PROFILE_COLUMNS,
    "attribute_effects": EFFECT_COLUMNS,
    "models_in_sets": SET_COLUMNS,
    **PART_TABLES,
}


def model_rows(findings: ModelFindings, table: str) -> list[dict[str, object]]:
    """The rows of one of `MODEL_TABLES`, by column."""
    if table in PART_TABLES:
        return part_rows(findings.parts, table)
    if table == "models_in_sets":
        return _set_rows(findings.in_sets)
    common: dict[str, object] = {
        "compared_with": "joint" if findings.is_joint else "raters",
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


def _set_rows(found: ModelsInSets) -> list[dict[str, object]]:
    """Each score and effect in each set, then the means over sets."""
    rows: list[dict[str, object]] = []
    for one in found.sets:
        about = {"set": one.name, "n_raters": one.n_raters, "n_clips": one.n_clips}
        ceiling = {"ceiling_low": one.ceiling_low, "ceiling_high": one.ceiling_high}
        rows += [about | ceiling | {"measure": "score"} | vars(score) for score in one.scores]
        rows += [about | {"measure": "effect"} | vars(effect) for effect in one.effects]
    ceiling = {"ceiling_low": found.ceiling_low, "ceiling_high": found.ceiling_high}
    for measure, means, more in (("score", found.scores, ceiling), ("effect", found.effects, {})):
        for mean in means:
            of_mean = {"name": mean.name, "value": mean.mean, "low": mean.low, "high": mean.high}
            rows.append({"measure": measure, "n_sets": mean.n_sets} | of_mean | more)
    wanted = [column.name for column in SET_COLUMNS]
    return [{name: row.get(name) for name in wanted} for row in rows]
