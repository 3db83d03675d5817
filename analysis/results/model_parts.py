"""What is computed of models only when asked for: permutation tests, partial correlations, shares, weighted sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..arrangement import Floats
from ..inference.mantel import mantel
from ..models.partial import correlation_without_noise, partial_tests
from ..models.partition import variance_partition
from ..models.space import space_of
from ..similarity import Method
from .axes import Axes, axes
from .individuals import Individuals, individuals
from .model_list import Attribute, Model, blocks_of
from .predictions import Predictions, predictions
from .targets import targets_of
from .weighted_sums import WeightedSum, weighted_sums

# Fifteen shares are what a reader can take in.
MAX_EXPLAINED = 4
Progress = Callable[[str, float], None]
Blocks = Mapping[str, list[Model]]


@dataclass(frozen=True)
class AskedParts:
    """What is asked for beside scores and effects.

    `explain` names 2 to 4 blocks (`blocks_of`) between which the variance is divided, `hold_constant` one that all
    other models are freed of.
    """

    permutations: bool = False
    explain: tuple[str, ...] = ()
    hold_constant: str = ""
    weighted: bool = False
    individuals: bool = False
    axes: bool = False
    predictions: bool = False


@dataclass(frozen=True)
class ModelTest:
    """One model by permutation of the clips, and its Pearson correlation without raters' noise with its interval."""

    model: str
    similarity: float
    p: float
    p_max: float
    corrected: float
    low: float
    high: float


@dataclass(frozen=True)
class Partial:
    """One model with another block held constant: mean over raters with its interval, p of the pool."""

    model: str
    correlation: float
    low: float
    high: float
    p: float
    p_max: float


@dataclass(frozen=True)
class Share:
    """A subset of the blocks: `explained` by it together, and the `share` that all of it explain and no other does."""

    blocks: tuple[str, ...]
    explained: float
    share: float


@dataclass(frozen=True)
class ModelParts:
    """What was asked for, each empty where it was not; `remarks` are sentences that must be read with it."""

    n_permutations: int = 0
    tests: tuple[ModelTest, ...] = ()
    held_constant: str = ""
    partial_method: str = ""
    partials: tuple[Partial, ...] = ()
    shares: tuple[Share, ...] = ()
    n_pairs: int = 0
    weighted: tuple[WeightedSum, ...] = ()
    individuals: Individuals = field(default_factory=Individuals)
    axes: Axes = field(default_factory=Axes)
    predictions: Predictions = field(default_factory=Predictions)
    remarks: tuple[str, ...] = ()


def model_parts(
    table: Floats,
    raters: Sequence[str],
    models: Sequence[Model],
    attributes: Sequence[Attribute],
    asked: AskedParts,
    *,
    set_of_clip: Sequence[str] | None,
    halves: Floats | None,
    comparator: Method,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    report: Progress,
) -> ModelParts:
    """What is asked for of these models; what cannot be computed is said in the remarks.

    `set_of_clip` is as in `compare_candidates`.
    """
    remarks: list[str] = []
    if asked == AskedParts() or not len(table):
        return ModelParts()
    people = Individuals()
    if asked.individuals:
        people = individuals(
            table,
            raters,
            halves,
            {model.name: model.rdm for model in models if model.kind in ("attribute", "rating")},
            n_permutations=n_permutations,
            level=level,
            seed=seed,
            report=report,
        )
        remarks += people.remarks
    along, predicted = Axes(), Predictions()
    if asked.axes or asked.predictions:
        own = [model for model in models if model.kind in ("rdms", "layers")]
        spaces = [space_of(model.rdm) for model in own]
        targets = targets_of(attributes, set_of_clip, remarks)
        if asked.axes:
            along = axes(
                table,
                own,
                spaces,
                targets,
                set_of_clip,
                n_permutations=n_permutations,
                level=level,
                seed=seed,
                jobs=jobs,
                report=report,
            )
        if asked.predictions:
            predicted = predictions(
                table, own, spaces, targets, set_of_clip, n_permutations=n_permutations, seed=seed, report=report
            )
        remarks += [*along.remarks, *predicted.remarks]
    apart = ModelParts(individuals=people, axes=along, predictions=predicted, remarks=tuple(remarks))
    if not models:
        return apart
    rdms, blocks = np.array([model.rdm for model in models]), blocks_of(models)
    tests: tuple[ModelTest, ...] = ()
    partials: tuple[Partial, ...] = ()
    shares: tuple[Share, ...] = ()
    weighted: tuple[WeightedSum, ...] = ()
    method: Method = "pearson" if comparator in ("pearson", "cosine") else "spearman"
    if asked.permutations:
        try:
            tested = mantel(
                table,
                rdms,
                method=comparator,
                n_permutations=n_permutations,
                rng=np.random.default_rng(seed),
                n_jobs=jobs,
                progress=lambda done, of: report("Permuting the clips", done / of),
            )
            corrected = correlation_without_noise(table, rdms, level=level)
            tests = tuple(
                ModelTest(model.name, float(value), float(p), float(p_max), one.value, *one.interval)
                for model, value, p, p_max, one in zip(
                    models, tested.similarity, tested.p, tested.p_max, corrected, strict=True
                )
            )
            remarks += dict.fromkeys(f"Correlation without noise: {one.reason}." for one in corrected if one.reason)
        except ValueError as error:
            remarks.append(f"Models are not tested by permutation: {error}.")
    if asked.hold_constant and (held := _block(asked.hold_constant, blocks, remarks)):
        others = [model for model in models if model.name not in {one.name for one in held}]
        if not others:
            remarks.append("Nothing is left to compare when all models are held constant.")
        else:
            partials = _partials(table, others, held, method, n_permutations, level, seed, jobs, report, remarks)
    if asked.explain:
        shares = _shares(table, asked.explain, blocks, remarks)
    if asked.weighted:
        report("Fitting weights", 0.0)
        weighted = tuple(weighted_sums(table, models, blocks, comparator, seed, remarks))
    return replace(
        apart,
        n_permutations=n_permutations,
        tests=tests,
        held_constant=asked.hold_constant if partials else "",
        partial_method=method if partials else "",
        partials=partials,
        shares=shares,
        n_pairs=int(np.isfinite(table).any(axis=0).sum()),
        weighted=weighted,
        remarks=tuple(remarks),
    )


def _block(name: str, blocks: Blocks, remarks: list[str]) -> list[Model]:
    members = blocks.get(name, [])
    if not members:
        remarks.append(f"{name} is not one of the models that can be compared.")
    return members


def _partials(
    table: Floats,
    others: Sequence[Model],
    held: Sequence[Model],
    method: Method,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    report: Progress,
    remarks: list[str],
) -> tuple[Partial, ...]:
    controls = np.array([model.rdm for model in held])
    chosen = []
    for model in others:
        if _is_explained(model.rdm, controls):
            remarks.append(f"{model.name} follows from what is held constant.")
        else:
            chosen.append(model)
    if not chosen:
        return ()
    try:
        tested = partial_tests(
            table,
            np.array([model.rdm for model in chosen]),
            controls,
            method=method,
            n_permutations=n_permutations,
            level=level,
            rng=np.random.default_rng(seed),
            n_jobs=jobs,
            progress=lambda done, of: report("Permuting what is left of the models", done / of),
        )
    except ValueError as error:
        remarks.append(f"Partial correlations are not computed: {error}.")
        return ()
    return tuple(
        Partial(model.name, one.value, *one.interval, p=float(p), p_max=float(p_max))
        for model, one, p, p_max in zip(chosen, tested.correlations, tested.p, tested.p_max, strict=True)
    )


def _is_explained(rdm: Floats, controls: Floats) -> bool:
    design = np.vstack([np.ones(rdm.size), controls]).T
    rest = rdm - design @ np.linalg.lstsq(design, rdm, rcond=None)[0]
    return bool(rest @ rest <= 1e-10 * ((rdm - rdm.mean()) ** 2).sum())


def _shares(table: Floats, names: Sequence[str], blocks: Blocks, remarks: list[str]) -> tuple[Share, ...]:
    chosen = {name: _block(name, blocks, remarks) for name in dict.fromkeys(names)}
    if not 2 <= len(chosen) <= MAX_EXPLAINED:
        remarks.append(f"Variance is divided between 2 to {MAX_EXPLAINED} different models or groups of them.")
        return ()
    if not all(chosen.values()):
        return ()
    members = [model.name for models in chosen.values() for model in models]
    if len(set(members)) < len(members):
        remarks.append("Variance is not divided: what was chosen has models in common.")
        return ()
    predictors = {name: np.array([model.rdm for model in models]) for name, models in chosen.items()}
    try:
        partition = variance_partition(table, predictors)
    except ValueError as error:
        remarks.append(f"Variance is not divided: {error}.")
        return ()
    return tuple(Share(key, partition.adjusted_r2[key], partition.parts[key]) for key in partition.parts)
