"""Candidate models and attributes of the clips against the raters, as plain data that page, report and tables show.

Over 300 lines: a third of it says what each figure is, and stands beside what computes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..arrangement import Floats
from ..inference.compare import ModelComparison, compare_models
from ..inference.layers import LayerProfile, profile_of
from ..models.attributes import Labels, attribute_effects
from ..models.candidates import Candidates
from ..noise_ceiling import NoiseCeiling
from ..rdm import upper_triangle
from ..similarity import Method
from .model_list import Attribute, Model, models_of, usable_models
from .model_parts import AskedParts, ModelParts, model_parts
from .remarks import listed

LEVEL = 0.95
N_BOOT = 1000
N_PERMUTATIONS = 5000
# The pairs of more models than this are half a million tests; `score_many` scores very many RDMs without them.
MAX_MODELS = 1000
Progress = Callable[[str, float], None]
NO_CEILING = "there is none, because the raters shared the pairs: others have seen too few of those that a rater saw"


@dataclass(frozen=True)
class ModelOptions:
    """How models are compared; `comparator` is one of `similarity`'s methods, `parts` what is wanted beside scores."""

    comparator: Method = "rho_a"
    n_boot: int = N_BOOT
    n_permutations: int = N_PERMUTATIONS
    seed: int = 0
    jobs: int = 1
    parts: AskedParts = field(default_factory=AskedParts)


@dataclass(frozen=True)
class ModelScore:
    """One model against the raters: mean similarity over raters and what is tested of it; p values adjusted (FDR).

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
class Effect:
    """Between less within of one attribute, in standard deviations of a rater's dissimilarities.

    `groups` says which clips share a value; `p_max` is against the largest of all attributes in each permutation.
    """

    attribute: str
    groups: str
    n_clips: int
    effect: float
    low: float
    high: float
    p: float
    p_max: float


@dataclass(frozen=True)
class ModelFindings:
    """All of it; `remarks` are sentences that must be read with it."""

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
    set_of_clip: Sequence[str] | None = None,
    pairs_are_shared: bool = False,
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
    set_of_clip
        The set of each clip, in a study of several sets: axes are computed, and ratings predicted, over sets.
    pairs_are_shared
        Whether the raters saw the pairs between them, so that there is no noise ceiling.

    Raises
    ------
    ValueError
        When there are more than `MAX_MODELS` models.
    """
    options = options or ModelOptions()
    report = progress or (lambda _what, _share: None)
    remarks = [f"{one.name}: {remark}" for one in candidates for remark in one.remarks]
    spread = np.array([np.ptp(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in table])
    if constant := [name for name, one in zip(raters, spread, strict=True) if not one > 0]:
        remarks.append(f"Left out, because all their dissimilarities are equal: {listed(constant)}.")
    kept = table[spread > 0]
    models = usable_models(models_of(candidates, attributes, remarks), kept, options.comparator, remarks)
    if len(models) > MAX_MODELS:
        raise ValueError(f"{len(models)} models are too many to be tested against one another; {MAX_MODELS} can be")
    named = [name for name, one in zip(raters, spread, strict=True) if one > 0]
    own_halves = None if halves is None else halves[spread > 0]
    parts = partial(_parts, kept, named, models, attributes, options, own_halves, set_of_clip, report)
    if known is not None:
        return replace(known, parts=parts())
    resample = _resample(len(kept), len(clips))
    comparison = _compared(models, kept, resample, options, remarks, report, "Comparing models with the raters")
    if comparison is not None and pairs_are_shared:
        comparison = _without_ceiling(comparison)
    profiles = _profiles(models, comparison, kept, resample, options, remarks, report)
    effects = _effects(kept, attributes, options, remarks, report)
    if comparison is not None:
        remarks += _sentences(comparison, len(kept))
    ceiling = comparison.ceiling if comparison is not None else None
    return ModelFindings(
        n_raters=len(kept),
        n_clips=len(clips),
        comparator=options.comparator,
        resample=resample or "",
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
    )


def _parts(
    table: Floats,
    raters: Sequence[str],
    models: Sequence[Model],
    attributes: Sequence[Attribute],
    options: ModelOptions,
    halves: Floats | None,
    set_of_clip: Sequence[str] | None,
    report: Progress,
) -> ModelParts:
    return model_parts(
        table,
        raters,
        models,
        attributes,
        options.parts,
        set_of_clip=set_of_clip,
        halves=halves,
        comparator=options.comparator,
        n_permutations=options.n_permutations,
        level=LEVEL,
        seed=options.seed,
        jobs=options.jobs,
        report=report,
    )


def _without_ceiling(comparison: ModelComparison) -> ModelComparison:
    """Where raters shared the pairs, what the others say of a rater's pairs is too little for a ceiling."""
    unknown = np.full_like(comparison.p_below_ceiling, np.nan)
    return replace(comparison, ceiling=NoiseCeiling(np.nan, np.nan, NO_CEILING), p_below_ceiling=unknown)


def _resample(n_raters: int, n_clips: int) -> str | None:
    """What the bootstrap draws: both, or the one of which there are enough; None when neither is enough."""
    if n_raters == 0:
        return None
    if n_clips < 4:
        return "raters" if n_raters > 1 else None
    return "both" if n_raters > 1 else "items"


def _compared(
    models: Sequence[Model],
    table: Floats,
    resample: str | None,
    options: ModelOptions,
    remarks: list[str],
    report: Progress,
    what: str,
) -> ModelComparison | None:
    if not models:
        return None
    if resample is None:
        remarks.append("Models are not compared: there are too few raters and clips.")
        return None
    try:
        return compare_models(
            table,
            [model.rdm for model in models],
            method=options.comparator,
            names=[model.name for model in models],
            resample=resample,  # type: ignore[arg-type]
            n_boot=options.n_boot,
            level=LEVEL,
            rng=np.random.default_rng(options.seed),
            n_jobs=options.jobs,
            progress=lambda done, of: report(what, done / of),
        )
    except ValueError as error:
        remarks.append(f"Models are not compared: {error}.")
        return None


def _profiles(
    models: Sequence[Model],
    comparison: ModelComparison | None,
    table: Floats,
    resample: str | None,
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
        elif own := _compared(layers, table, resample, options, remarks, report, f"Comparing the layers of {source}"):
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
            low=float(comparison.interval[place, 0]),
            high=float(comparison.interval[place, 1]),
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


def _effects(
    table: Floats, attributes: Sequence[Attribute], options: ModelOptions, remarks: list[str], report: Progress
) -> tuple[Effect, ...]:
    labels: dict[str, Labels] = {}
    groups: dict[str, str] = {}
    for attribute in attributes:
        mine, told = _groups(attribute)
        if (reason := _no_effect(mine, table)) is not None:
            remarks.append(f"{attribute.name} has no effect to test: {reason}.")
        else:
            labels[attribute.name], groups[attribute.name] = mine, told
    if not labels:
        return ()
    try:
        tested = attribute_effects(
            table,
            labels,
            n_permutations=options.n_permutations,
            level=LEVEL,
            rng=np.random.default_rng(options.seed),
            progress=lambda done, of: report("Permuting the attributes", done / of),
        )
    except ValueError as error:
        remarks.append(f"The attributes' effects are not tested: {error}.")
        return ()
    return tuple(
        Effect(
            attribute=name,
            groups=groups[name],
            n_clips=sum(label is not None for label in labels[name]),
            effect=effect.value,
            low=effect.interval[0],
            high=effect.interval[1],
            p=float(p),
            p_max=float(p_max),
        )
        for name, effect, p, p_max in zip(tested.names, tested.effects, tested.p, tested.p_max, strict=True)
    )


def _groups(attribute: Attribute) -> tuple[list[str | None], str]:
    """The label of each clip, and what the labels are: an attribute's values, or the halves of its numbers."""
    numbers = attribute.numbers
    if numbers is None:
        known = [value.strip() or None for value in attribute.values]
        kinds = list(dict.fromkeys(value for value in known if value is not None))
        return known, ", ".join(kinds[:6]) + (f" and {len(kinds) - 6} more" if len(kinds) > 6 else "")
    middle = float(np.median(numbers[np.isfinite(numbers)]))
    halves = [
        None if not math.isfinite(value) else "above" if value > middle else "up to" for value in numbers.tolist()
    ]
    return halves, f"up to the median {middle:g}, above it"


def _no_effect(labels: Sequence[str | None], table: Floats) -> str | None:
    """Why no rater's RDM has pairs within and pairs between these labels; None when one has."""
    one = np.array([label or "" for label in labels])
    row, col = upper_triangle(one.size)
    known = (one[row] != "") & (one[col] != "")
    same = one[row] == one[col]
    seen = np.isfinite(table)
    if not (known & same).any():
        return "no two clips have the same value"
    if not (known & ~same).any():
        return "all clips have the same value"
    if not (seen[:, known & same].any(axis=1) & seen[:, known & ~same].any(axis=1)).any():
        return "no rater saw pairs within and pairs between its values"
    return None


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
