"""Candidate models and attributes of the clips against the raters, as plain data that page, report and tables show.

Over 300 lines: a third of it says what each figure is, and stands beside what computes it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..arrangement import Floats
from ..clip_sets import ClipSet
from ..inference.conclusions import ModelComparison
from ..inference.layers import LayerProfile, profile_of
from ..models.candidates import Candidates
from ..rdm import upper_triangle
from .compared import LEVEL, Against, ModelOptions, Progress, compared, what_is_drawn
from .effects import Effect, effects_of
from .joint_rdms import JointRDMs
from .model_list import Attribute, Model, models_of, usable_models
from .model_parts import ModelParts, model_parts
from .models_in_sets import ModelsInSets, models_in_sets
from .remarks import listed

# The pairs of more models than this are half a million tests; `score_many` scores very many RDMs without them.
MAX_MODELS = 1000


@dataclass(frozen=True)
class ModelScore:
    """One model against the raters: mean similarity over raters and what is tested of it; p values adjusted (FDR).

    Where the raters shared the pairs (`ModelFindings.is_joint`), the similarity to the RDM of all their trials.

    `source` is the file or attribute it comes from, `kind` "rdms", "layers", "attribute" or "rating", `layer` its
    number in its network from 1. The last two are about the model of the highest score.
    """

    model: str
    source: str
    kind: str
    layer: int | None
    score: float
    low: float
    high: float
    p_above_zero: float
    p_below_ceiling: float
    below_best: float
    p_below_best: float


@dataclass(frozen=True)
class ModelPair:
    """The difference of two models' scores, first less second; p two-sided, adjusted over all pairs of models."""

    first: str
    second: str
    difference: float
    standard_error: float
    p: float


@dataclass(frozen=True)
class Profile:
    """The layers of one network: the best, the first and last between which the best one lies, those not worse."""

    source: str
    layers: tuple[str, ...]
    best: str
    first: str
    last: str
    not_worse: tuple[str, ...]


@dataclass(frozen=True)
class ModelFindings:
    """All of it; `remarks` are sentences that must be read with it.

    With `is_joint` all is about the RDM of all raters' trials, because they saw the pairs between them; else about the
    single raters' RDMs, and means over these.
    """

    n_raters: int
    n_clips: int
    comparator: str
    resample: str
    n_boot: int
    n_permutations: int
    level: float
    ceiling_low: float
    ceiling_high: float
    scores: tuple[ModelScore, ...]
    pairs: tuple[ModelPair, ...]
    profiles: tuple[Profile, ...]
    effects: tuple[Effect, ...]
    remarks: tuple[str, ...]
    parts: ModelParts = field(default_factory=ModelParts)
    is_joint: bool = False
    in_sets: ModelsInSets = field(default_factory=ModelsInSets)


def compare_candidates(
    table: Floats,
    raters: Sequence[str],
    clips: Sequence[str],
    candidates: Sequence[Candidates],
    attributes: Sequence[Attribute] = (),
    options: ModelOptions | None = None,
    progress: Progress | None = None,
    known: ModelFindings | None = None,
    halves: Floats | None = None,
    sets: Sequence[ClipSet] = (),
    joint: JointRDMs | None = None,
) -> ModelFindings:
    """Compare candidate models, and attributes as models, with the raters; and test the attributes' effects.

    Parameters
    ----------
    table : (R, P) float
        The raters' RDMs, NaN = missing pair.
    raters, clips
        Names of the R raters and n clips.
    candidates
        Of `read_candidates`, for these clips.
    progress
        Called with what is done now and the share of it that is done.
    known
        Findings of the same data and options, of which only the parts are computed anew.
    halves : (R, 2, P) float
        RDMs of halves of each rater's trials (`halves_of`), where it is asked how raters differ.
    sets
        Where a study has several sets of clips: scores and effects are also computed in each, shares of variance are
        means over sets, axes are those within sets, and ratings are predicted across sets.
    joint
        Where the raters saw the pairs between them: the RDM of all their trials, which models are compared with.

    Raises
    ------
    ValueError
        When there are more than `MAX_MODELS` models.
    """
    options = options or ModelOptions()
    report = progress or (lambda _what, _share: None)
    remarks = [f"{one.name}: {remark}" for one in candidates for remark in one.remarks]
    spread = np.array([np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in table])
    constant = [name for name, one in zip(raters, spread, strict=True) if not one > 0]
    if constant and joint is None:
        remarks.append(f"Left out, because all their dissimilarities are equal: {listed(constant)}.")
    own = table[spread > 0]
    kept = own if joint is None else joint.rdm[None]
    models = usable_models(models_of(candidates, attributes, remarks), kept, options.comparator, remarks)
    if len(models) > MAX_MODELS:
        raise ValueError(f"{len(models)} models are too many to be tested against one another; {MAX_MODELS} can be")
    named = [name for name, one in zip(raters, spread, strict=True) if one > 0]
    own_halves = None if halves is None else halves[spread > 0]
    parts = partial(_parts, own, named, models, attributes, options, own_halves, sets, joint, report)
    if known is not None:
        return replace(known, parts=parts())
    against = Against(kept, joint, what_is_drawn(len(kept) if joint is None else 1 + len(joint.without), len(clips)))
    comparison = compared(models, against, options, remarks, report, "Comparing models with the raters")
    profiles = _profiles(models, comparison, against, options, remarks, report)
    effects = effects_of(
        kept,
        attributes,
        joint,
        n_permutations=options.n_permutations,
        level=LEVEL,
        seed=options.seed,
        remarks=remarks,
        report=report,
    )
    in_sets = ModelsInSets()
    if sets and (joint is None or joint.sets):
        in_sets = models_in_sets(kept, models, attributes, sets, options, report, joint)
    n_raters = len(kept) if joint is None else len(raters)
    if comparison is not None:
        remarks += _sentences(comparison, n_raters) if joint is None else joint_sentences(joint, comparison)
    ceiling = comparison.ceiling if comparison is not None else None
    return ModelFindings(
        n_raters=n_raters,
        n_clips=len(clips),
        comparator=options.comparator,
        resample=(against.resample if comparison is None else comparison.resample) or "",
        n_boot=options.n_boot,
        n_permutations=options.n_permutations,
        level=LEVEL,
        ceiling_low=math.nan if ceiling is None else ceiling.lower,
        ceiling_high=math.nan if ceiling is None else ceiling.upper,
        scores=tuple(_scores(models, comparison)),
        pairs=tuple(_pairs(comparison)),
        profiles=profiles,
        effects=effects,
        remarks=tuple(dict.fromkeys(remarks)),
        parts=parts(),
        is_joint=joint is not None,
        in_sets=in_sets,
    )


def _parts(
    table: Floats,
    raters: Sequence[str],
    models: Sequence[Model],
    attributes: Sequence[Attribute],
    options: ModelOptions,
    halves: Floats | None,
    sets: Sequence[ClipSet],
    joint: JointRDMs | None,
    report: Progress,
) -> ModelParts:
    return model_parts(
        table,
        raters,
        models,
        attributes,
        options.parts,
        sets=sets,
        halves=halves,
        joint=joint,
        comparator=options.comparator,
        n_permutations=options.n_permutations,
        level=LEVEL,
        seed=options.seed,
        jobs=options.jobs,
        report=report,
    )


def _profiles(
    models: Sequence[Model],
    comparison: ModelComparison | None,
    against: Against,
    options: ModelOptions,
    remarks: list[str],
    report: Progress,
) -> tuple[Profile, ...]:
    """A profile for each network of two layers or more; tests are adjusted over its own layers."""
    profiles = []
    for source in dict.fromkeys(model.source for model in models if model.kind == "layers"):
        layers = [model for model in models if model.source == source and model.kind == "layers"]
        if len(layers) < 2 or comparison is None:
            continue
        if len(layers) == len(models):
            profiles.append(_profile(source, profile_of(comparison)))
        elif own := compared(layers, against, options, remarks, report, f"Comparing the layers of {source}"):
            profiles.append(_profile(source, profile_of(own)))
    return tuple(profiles)


def _profile(source: str, profile: LayerProfile) -> Profile:
    names = profile.comparison.names
    first, last = profile.best_interval
    not_worse = tuple(names[place] for place in profile.not_worse)
    return Profile(source, names, names[profile.best], names[first], names[last], not_worse)


def _scores(models: Sequence[Model], comparison: ModelComparison | None) -> Iterator[ModelScore]:
    if comparison is None:
        return
    best = int(np.argmax(comparison.similarity))
    for place, model in enumerate(models):
        yield ModelScore(
            model=model.name,
            source=model.source,
            kind=model.kind,
            layer=model.layer,
            score=float(comparison.similarity[place]),
            # A normal interval of few clips can reach beyond what a correlation can be.
            low=float(np.clip(comparison.interval[place, 0], -1.0, 1.0)),
            high=float(np.clip(comparison.interval[place, 1], -1.0, 1.0)),
            p_above_zero=float(comparison.p_above_zero[place]),
            p_below_ceiling=float(comparison.p_below_ceiling[place]),
            below_best=float(comparison.difference[best, place]),
            p_below_best=float(comparison.p_difference[best, place]),
        )


def _pairs(comparison: ModelComparison | None) -> Iterator[ModelPair]:
    if comparison is None:
        return
    for i, j in zip(*(axis.tolist() for axis in upper_triangle(len(comparison.names))), strict=True):
        yield ModelPair(
            comparison.names[i],
            comparison.names[j],
            float(comparison.difference[i, j]),
            float(comparison.difference_error[i, j]),
            float(comparison.p_difference[i, j]),
        )


def _sentences(comparison: ModelComparison, n_raters: int) -> list[str]:
    said = []
    if comparison.resample == "items":
        said.append("There is one rater: intervals are over clips alone and say nothing about other people.")
    if comparison.resample == "raters":
        said.append("There are fewer than four clips: intervals are over raters alone, for these very clips.")
    elif 1 < n_raters < 5:
        said.append("With fewer than five raters, intervals and the noise ceiling say little.")
    if comparison.ceiling.reason:
        said.append(f"Noise ceiling: {comparison.ceiling.reason}.")
    if comparison.n_defined < comparison.n_boot:
        said.append(
            f"{comparison.n_defined} of {comparison.n_boot} bootstrap samples left every score defined; these count."
        )
    return said


def joint_sentences(joint: JointRDMs, comparison: ModelComparison) -> list[str]:
    """What has to be known of scores that are similarities to the RDM of all trials."""
    n_groups, seen = len(joint.without), int(np.isfinite(joint.rdm).sum())
    whose = "the RDM of all trials"
    if joint.sets:
        whose = "the RDM of all trials of each set, these side by side at a root mean square of 1,"
    said = (
        "The raters saw the pairs between them, so models are compared with "
        f"{whose} and not with single raters, over the {seen} of {joint.rdm.size} pairs that somebody saw. "
    )
    if comparison.resample == "items":
        said += "Intervals are over clips alone and say nothing about other people."
    else:
        said += (
            f"Intervals allow for other clips and, by leaving out each of {n_groups} groups of raters, other people."
        )
    if 0 < joint.reliability <= 1:
        of = "The RDMs of the sets have a mean" if joint.sets else "The RDM has a"
        said += (
            f" There is no noise ceiling. {of} reliability of {joint.reliability:.2f}: the true one would "
            f"correlate with it by about {joint.reliability**0.5:.2f} (Pearson's r)."
        )
    sentences = [said]
    if 1 < n_groups < 5:
        sentences.append("With fewer than five groups of raters, intervals say little.")
    if comparison.n_defined < comparison.n_boot:
        sentences.append(
            f"{comparison.n_defined} of {comparison.n_boot} bootstrap samples left every score defined; these count."
        )
    return sentences
