"""What is computed of models only when asked for: permutation tests, partial correlations, shares, weighted sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..arrangement import Floats
from ..clip_sets import ClipSet, set_of_each
from ..inference.mantel import mantel
from ..models.partial import correlation_without_noise
from ..models.space import space_of
from ..rdm import n_items_of
from ..reliability import Coefficient
from ..similarity import Method, similarity
from .axes import Axes, axes
from .individuals import Individuals, individuals
from .joint_rdms import JointRDMs
from .model_list import Attribute, Model, block_named, blocks_of
from .partials import Partial, partials_of
from .predictions import Predictions, predictions
from .targets import targets_of
from .variance_shares import Share, variance_shares
from .weighted_sums import WeightedSum, weighted_sums

Progress = Callable[[str, float], None]


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
    sets: Sequence[ClipSet],
    halves: Floats | None,
    joint: JointRDMs | None,
    comparator: Method,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    report: Progress,
) -> ModelParts:
    """What is asked for of these models; what cannot be computed is said in the remarks.

    `table` (R, P) are the raters' own RDMs; with `joint` all but how raters differ is about that RDM. `sets` are
    as in `compare_candidates`.
    """
    remarks: list[str] = []
    set_of_clip = set_of_each(sets, n_items_of(table.shape[1]))
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
            pairs_are_shared=joint is not None,
        )
        remarks += people.remarks
    table = table if joint is None else joint.rdm[None]
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
                joint,
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
    n_pairs = 0
    weighted: tuple[WeightedSum, ...] = ()
    # In ranks too many models that share nothing but what is held constant come out significant.
    method: Method = "spearman" if comparator == "spearman" else "pearson"
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
            corrected = _without_noise(table, rdms, joint, level)
            tests = tuple(
                ModelTest(model.name, float(value), float(p), float(p_max), one.value, *one.interval)
                for model, value, p, p_max, one in zip(
                    models, tested.similarity, tested.p, tested.p_max, corrected, strict=True
                )
            )
            remarks += dict.fromkeys(f"Correlation without noise: {one.reason}." for one in corrected if one.reason)
        except ValueError as error:
            remarks.append(f"Models are not tested by permutation: {error}.")
    if asked.hold_constant and (held := block_named(asked.hold_constant, blocks, remarks)):
        others = [model for model in models if model.name not in {one.name for one in held}]
        if not others:
            remarks.append("Nothing is left to compare when all models are held constant.")
        else:
            partials = partials_of(
                table, others, held, method, n_permutations, level, seed, jobs, joint, report, remarks
            )
    if asked.explain:
        shares, n_pairs = variance_shares(table, asked.explain, blocks, sets, remarks)
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
        n_pairs=n_pairs,
        weighted=weighted,
        remarks=tuple(remarks),
    )


def _without_noise(table: Floats, rdms: Floats, joint: JointRDMs | None, level: float) -> tuple[Coefficient, ...]:
    """Correlations of models with what raters share; of the RDM of all trials by its reliability, not by raters'."""
    if joint is None:
        return correlation_without_noise(table, rdms, level=level)
    r = similarity(joint.rows, rdms)
    if not joint.reliability > 0:
        unknown = Coefficient(np.nan, reason="the reliability of the joint RDM is unknown or not above 0")
        return (unknown,) * len(rdms)
    about = "by the reliability of the joint RDM, which is taken as known for the intervals"
    corrected = [joint.coefficient(column / np.sqrt(joint.reliability), level) for column in r.T]
    return tuple(one if one.reason else replace(one, reason=about) for one in corrected)
