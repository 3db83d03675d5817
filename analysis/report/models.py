"""The report's part on models and attributes: its figures, and what stands below them."""

from __future__ import annotations

from collections.abc import Iterator

from ..paper.model_draw import LAYERS, MODEL_FIGURES, draw_model_figure
from ..paper.model_tools import MAX_DRAWN, label_of
from ..results.models import ModelFindings, ModelScore
from ..results.predictions import best_predictor
from ..words import counted, percent
from .drawings import Drawing
from .facts import number

# Of more models than this the page shows the best; the table has them all.
MAX_ROWS = 40


def draw_models(findings: ModelFindings) -> Iterator[Drawing]:
    """Scores, a profile for each network, the attributes' effects and what was asked for, as far as it is defined."""
    captions = _captions(findings)
    for name, figure in MODEL_FIGURES.items():
        if figure.is_there(findings):
            yield Drawing(FILES[name], captions[name], draw_model_figure(name, findings))
        if name == "models":
            yield from _profiles(findings)


# What the report's files are called.
FILES = {
    "models": "models",
    "sets": "models_in_sets",
    "attributes": "attribute_effects",
    "constant": "model_partial",
    "variance": "variance_shares",
    "raters": "rater_weights",
    "weights": "rater_attribute_weights",
    "axes": "attribute_axes",
    "predictions": "predictions",
    "specificity": "specificity",
}


def whose(findings: ModelFindings) -> str:
    """What models are compared with, in words."""
    many = f"{findings.n_raters} rater{'' if findings.n_raters == 1 else 's'}"
    return f"the RDM of all trials of {many}" if findings.is_joint else many


def _captions(findings: ModelFindings) -> dict[str, str]:
    """What stands below each figure, by name."""
    label, level, parts = label_of(findings), f"{percent(findings.level)}", findings.parts
    shown = min(len(findings.scores), MAX_DRAWN)
    which = "all" if shown == len(findings.scores) else f"the best {shown} of {len(findings.scores)}"
    within = (
        "in that RDM, z-scored,"
        if findings.is_joint
        else f"z-scored within each of {counted(findings.n_raters, 'rater')},"
    )
    best = best_predictor(parts.predictions) if parts.predictions.scores else ""
    return {
        "models": f"Similarity ({label}) of the models ({which}) to {whose(findings)} over {findings.n_clips} clips, "
        f"with {level} bootstrap intervals. {ceiling_sentence(findings)} Filled points: above 0 (p < .05, FDR).",
        "sets": f"Similarity ({label}) of the models to {'all trials' if findings.is_joint else 'raters'} in each of "
        f"{len(findings.in_sets.sets)} sets of clips (small points), and the means over sets with 95 % intervals over "
        f"sets.{'' if findings.is_joint else ' Grey band: their mean noise ceiling.'}",
        "attributes": "Effects of the clips' attributes: mean dissimilarity of clips that differ less that of clips "
        f"that share the value, {within} with {level} intervals over raters. Filled points: p < .05 over "
        f"{findings.n_permutations} permutations, against the largest of all attributes.",
        "constant": f"Correlations of the models with {whose(findings)} with {parts.held_constant} held constant, with "
        f"{level} intervals over raters. Filled points: p < .05 over {parts.n_permutations} permutations, against the "
        "largest of all models.",
        "variance": "Shares of the variance of "
        + ("the RDM of all trials" if findings.is_joint else "the raters' pooled RDM")
        + " (adjusted R²) that models explain alone and together.",
        "raters": "How each rater weighs the two dimensions of the raters' common space (INDSCAL); a colour for each "
        "group.",
        "weights": "Weights of the attributes in a regression of each rater's RDM on all of them (small points), and "
        f"means with {level} intervals over raters.",
        "axes": "Congruence of the attributes' axes in each model with those in the raters' space. Frames: p < .05 "
        f"over {parts.axes.n_permutations} permutations of the clips, against the largest of all.",
        "predictions": "Correlation (r) of predictions and values of clips that were left out. Frames: p < .05 over "
        f"{parts.predictions.n_permutations} permutations, against the largest of all.",
        "specificity": f"Specificity of the predictions from {best}: correlation of the prediction of one attribute "
        "(rows) with the values of another (columns), of clips that were left out.",
    }


def _profiles(findings: ModelFindings) -> Iterator[Drawing]:
    """A figure for each network."""
    lines = " Thin lines: each set." if findings.in_sets.sets else ""
    for place, profile in enumerate(findings.profiles, start=1):
        yield Drawing(
            f"layers_{place}",
            f"Layers of {profile.source} against {whose(findings)} ({label_of(findings)}), with "
            f"{percent(findings.level)} "
            f"intervals. {ceiling_sentence(findings)} "
            f"{profile_sentence(profile.best, profile.first, profile.last, findings.level)}{lines}",
            draw_model_figure(f"{LAYERS}{place}", findings),
        )


def best_first(findings: ModelFindings) -> list[ModelScore]:
    """The models by their scores, the highest first."""
    return sorted(findings.scores, key=lambda one: -one.score)


def ceiling_sentence(findings: ModelFindings) -> str:
    """What the band of a figure is; empty where it is undefined."""
    low, high = number(findings.ceiling_low), number(findings.ceiling_high)
    return "" if "–" in (low, high) else f"Grey band: noise ceiling, {low} to {high}."


def profile_sentence(best: str, first: str, last: str, level: float) -> str:
    """Which layer is best, and how sure that is."""
    where = f"is {first}" if first == last else f"lies between {first} and {last}"
    return f"Orange: the best layer, {best}; in {percent(level)} of the bootstrap samples the best {where}."
