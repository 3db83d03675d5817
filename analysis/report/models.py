"""The report's part on models and attributes: what is compared, its figures, its tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..clip_sets import set_of_each
from ..figures.axes import axis_congruence, predicted_attributes, specificity_of
from ..figures.models import attribute_effects, layer_profile, model_scores, rater_weights, variance_shares
from ..formats.bundle import Bundle, BundleError
from ..models.activations import Distance, Frames
from ..models.candidates import Candidates, read_candidates
from ..models.clip_names import match_clips
from ..rdm import n_pairs, subset
from ..results import COMPARATOR_LABELS, Progress
from ..results.individuals import halves_of
from ..results.model_list import Attribute
from ..results.models import ModelFindings, ModelOptions, ModelScore, compare_candidates
from ..results.of_bundle import judgments
from ..results.predictions import best_predictor
from .drawings import Drawing
from .facts import number
from .results import Results

# A figure of more models than this cannot be read; a network of more layers has its profile.
MAX_DRAWN = 40
# Of more models than this the page shows the best; the table has them all.
MAX_ROWS = 40


@dataclass(frozen=True)
class AskedModels:
    """What the report compares beside the raters: files of models, how layers become RDMs, and how it compares."""

    files: tuple[Path, ...] = ()
    attributes: bool = False
    distance: Distance = "correlation"
    frames: Frames | None = None
    options: ModelOptions = field(default_factory=ModelOptions)


def read_asked(bundle: Bundle, asked: AskedModels) -> list[Candidates]:
    """The bundle's models and those of the files, for its clips.

    Raises
    ------
    ValueError, OSError
        As `read_candidates`.
    """
    files = [read_candidates(file, bundle.names, distance=asked.distance, frames=asked.frames) for file in asked.files]
    return [*bundle_models(bundle), *files]


def bundle_models(bundle: Bundle) -> list[Candidates]:
    """The models that the bundle holds, for its clips.

    Raises
    ------
    ValueError
        Naming what is wrong with a row, or the clips that a model lacks.
    """
    by_name: dict[str, tuple[str, dict[tuple[int, str], dict[tuple[str, str], float]]]] = {}
    remarks: dict[str, str] = {}
    for row in bundle.rows("candidate_models"):
        if row["remarks"]:
            remarks.setdefault(row["name"], row["remarks"])
        _, models = by_name.setdefault(row["name"], (row["kind"], {}))
        value = np.nan if row["dissimilarity"] is None else row["dissimilarity"]
        models.setdefault((row["number"], row["model"]), {})[row["clip_a"], row["clip_b"]] = value
    return [
        _candidates_of_rows(bundle, name, kind, models, remarks.get(name, ""))
        for name, (kind, models) in by_name.items()
    ]


def _candidates_of_rows(
    bundle: Bundle, name: str, kind: str, models: Mapping[tuple[int, str], Mapping[tuple[str, str], float]], origin: str
) -> Candidates:
    pairs = list(next(iter(models.values())))
    clips = list(dict.fromkeys(clip for pair in pairs for clip in pair))
    if any(list(values) != pairs for values in models.values()) or len(pairs) != n_pairs(len(clips)):
        raise BundleError(f"{bundle.path}: candidate_models.csv: {name} does not have each pair of its clips once")
    try:
        places, remark = match_clips(clips, bundle.names)
    except ValueError as error:
        raise BundleError(f"{bundle.path}: candidate_models.csv: {name} {error}") from error
    ordered = sorted(models)
    rdms = np.array([subset(np.array(list(models[key].values())), np.array(places)) for key in ordered])
    named = tuple(model for _, model in ordered)
    return Candidates(
        name, "layers" if kind == "layers" else "rdms", named, rdms, tuple(filter(None, (origin, remark)))
    )


def bundle_attributes(bundle: Bundle) -> list[Attribute]:
    """The attributes of the bundle's clips, the study's own and those that participants' ratings gave."""
    own: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes"):
        own.setdefault(row["attribute"], {})[row["clip"]] = row["value"] or ""
    rated: dict[str, dict[str, str]] = {}
    for row in bundle.rows("attributes_from_ratings"):
        value = row["choice"] or "" if row["mean"] is None else repr(row["mean"])
        rated.setdefault(row["attribute"], {})[row["clip"]] = value
    return [
        Attribute(name, tuple(values.get(clip, "") for clip in bundle.names), is_rated)
        for table, is_rated in ((own, False), (rated, True))
        for name, values in table.items()
    ]


def compare(
    bundle: Bundle, results: Results, candidates: Sequence[Candidates], options: ModelOptions, progress: Progress
) -> ModelFindings:
    """The candidates and the bundle's attributes against the raters of the results."""
    shares: dict[str, int] = {}

    def tell(what: str, share: float) -> None:
        """Say it at each quarter."""
        if shares.get(what) != (quarter := int(4 * share)):
            shares[what] = quarter
            progress(f"{what}: {share:.0%}")

    attributes = bundle_attributes(bundle)
    halves = None
    if options.parts.individuals and (trials := judgments(bundle, results.choice)):
        arranged = {rater: [trial.arrangement for trial in theirs] for rater, theirs in trials.items()}
        halves = halves_of(arranged, results.raters, len(results.names))
    sets = bundle.sets() if results.choice.clip_set is None else ()
    return compare_candidates(
        results.table,
        results.raters,
        results.names,
        candidates,
        attributes,
        options,
        tell,
        halves=halves,
        set_of_clip=set_of_each(sets, len(results.names)),
        pairs_are_shared=results.together is not None,
    )


def draw_models(findings: ModelFindings) -> Iterator[Drawing]:
    """Scores, a profile for each network, and the attributes' effects, as far as they are defined."""
    label = COMPARATOR_LABELS[findings.comparator]  # type: ignore[index]
    if findings.scores:
        shown = best_first(findings)[:MAX_DRAWN]
        which = "all" if len(shown) == len(findings.scores) else f"the best {len(shown)} of {len(findings.scores)}"
        yield Drawing(
            "models",
            f"Similarity ({label}) of the models ({which}) to {findings.n_raters} raters over {findings.n_clips} "
            f"clips, with {findings.level:.0%} bootstrap intervals. {ceiling_sentence(findings)} Filled points: above "
            "0 (p < .05, FDR).",
            model_scores(findings, shown, label),
        )
    for place, profile in enumerate(findings.profiles, start=1):
        layers = [one for one in findings.scores if one.model in profile.layers]
        yield Drawing(
            f"layers_{place}",
            f"Layers of {profile.source} against {findings.n_raters} raters ({label}), with {findings.level:.0%} "
            f"intervals. {ceiling_sentence(findings)} "
            f"{profile_sentence(profile.best, profile.first, profile.last, findings.level)}",
            layer_profile(findings, profile, layers, label),
        )
    if findings.effects:
        yield Drawing(
            "attribute_effects",
            f"Effects of the clips' attributes: mean dissimilarity of clips that differ less that of clips that share "
            f"the value, z-scored within each of {findings.n_raters} raters, with {findings.level:.0%} intervals over "
            f"raters. Filled points: p < .05 over {findings.n_permutations} permutations, against the largest of "
            "all attributes.",
            attribute_effects(findings.effects),
        )
    if findings.parts.shares:
        yield Drawing(
            "variance_shares",
            "Shares of the variance of the raters' pooled RDM (adjusted R²) that models explain alone and together.",
            variance_shares(findings.parts.shares),
        )
    if any(np.isfinite(one.dimensions).all() for one in findings.parts.individuals.raters):
        yield Drawing(
            "rater_weights",
            "How each rater weighs the two dimensions of the raters' common space (INDSCAL); a colour for each group.",
            rater_weights(findings.parts.individuals.raters),
        )
    if findings.parts.axes.with_raters:
        yield Drawing(
            "attribute_axes",
            "Congruence of the attributes' axes in each model with those in the raters' space. Frames: p < .05 over "
            f"{findings.parts.axes.n_permutations} permutations of the clips, against the largest of all.",
            axis_congruence(findings.parts.axes),
        )
    if findings.parts.predictions.scores:
        yield Drawing(
            "predictions",
            "Correlation (r) of predictions and values of clips that were left out. Frames: p < .05 over "
            f"{findings.parts.predictions.n_permutations} permutations, against the largest of all.",
            predicted_attributes(findings.parts.predictions),
        )
        best = best_predictor(findings.parts.predictions)
        yield Drawing(
            "specificity",
            f"Specificity of the predictions from {best}: correlation of the prediction of one attribute (rows) with "
            "the values of another (columns), of clips that were left out.",
            specificity_of(findings.parts.predictions, best),
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
    return f"Orange: the best layer, {best}; in {level:.0%} of the bootstrap samples the best {where}."
