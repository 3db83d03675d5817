"""Models and attributes in each set of a study of several sets of clips, and their means over sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..arrangement import Floats
from ..clip_sets import ClipSet
from ..rdm import n_items_of, pairs_within
from .compared import LEVEL, Against, ModelOptions, Progress, compared, what_is_drawn
from .effects import effects_of
from .joint_rdms import JointRDMs
from .model_list import Attribute, Model
from .sets import CORRELATION, mean_of_sets


@dataclass(frozen=True)
class InSet:
    """A model's score, or an attribute's effect, in one set: with its interval, and p as of all sets together."""

    name: str
    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class SetFindings:
    """One set: its raters and clips, noise ceiling, the models' scores and the attributes' effects."""

    name: str
    n_raters: int
    n_clips: int
    ceiling_low: float
    ceiling_high: float
    scores: tuple[InSet, ...]
    effects: tuple[InSet, ...]


@dataclass(frozen=True)
class OverSets:
    """The mean over sets of a model's score or an attribute's effect; the interval is over sets (Student's t)."""

    name: str
    mean: float
    low: float
    high: float
    n_sets: int


@dataclass(frozen=True)
class ModelsInSets:
    """All of it; empty in a study without sets."""

    sets: tuple[SetFindings, ...] = ()
    ceiling_low: float = math.nan
    ceiling_high: float = math.nan
    scores: tuple[OverSets, ...] = ()
    effects: tuple[OverSets, ...] = ()
    remarks: tuple[str, ...] = ()


def models_in_sets(
    table: Floats,
    models: Sequence[Model],
    attributes: Sequence[Attribute],
    sets: Sequence[ClipSet],
    options: ModelOptions,
    report: Progress,
    joint: JointRDMs | None = None,
) -> ModelsInSets:
    """Compare the models, and test the attributes' effects, in each set by itself.

    Parameters
    ----------
    table : (R, P) float
        The raters' RDMs over the clips of all sets, NaN = missing.
    joint
        Where the raters saw the pairs between them: with the RDMs of each set, which take the raters' place.
    """
    found, remarks = [], []
    for number, one in enumerate(sets):

        def within(what: str, share: float, number: int = number, name: str = one.name) -> None:
            """Report this set's share of all of the work."""
            report(f"{what}, set {name}", (number + share) / len(sets))

        of_joint = None if joint is None else joint.sets[number]
        of_set, problems = _in_set(table, models, attributes, one, options, within, of_joint)
        found.append(of_set)
        remarks += [f"Set {one.name}: {problem}" for problem in problems]
    return ModelsInSets(
        sets=tuple(found),
        ceiling_low=mean_of_sets([one.ceiling_low for one in found]).value,
        ceiling_high=mean_of_sets([one.ceiling_high for one in found]).value,
        scores=tuple(_means([model.name for model in models], [one.scores for one in found], CORRELATION)),
        effects=tuple(_means([one.name for one in attributes], [one.effects for one in found])),
        remarks=tuple(remarks),
    )


def _in_set(
    table: Floats,
    models: Sequence[Model],
    attributes: Sequence[Attribute],
    one: ClipSet,
    options: ModelOptions,
    report: Progress,
    joint: JointRDMs | None,
) -> tuple[SetFindings, list[str]]:
    remarks: list[str] = []
    items = np.array(one.items)
    pairs = pairs_within(items, n_items_of(table.shape[1]))
    mine = table[:, pairs] if joint is None else joint.rdm[None]
    mine = mine[[bool(np.isfinite(row).any() and np.nanmax(row) > np.nanmin(row)) for row in mine]]
    here = [replace(model, rdm=model.rdm[pairs]) for model in models]
    varied = [model for model in here if np.ptp(model.rdm) > 1e-12 * np.abs(model.rdm).max()]
    if flat := [model.name for model in here if model not in varied]:
        remarks.append(f"without {', '.join(flat)}, whose dissimilarities are all equal in it.")
    n_raters = len(mine) if joint is None else joint.n_raters
    n_drawn = len(mine) if joint is None else len(mine) * (1 + len(joint.without))
    against = Against(mine, joint, what_is_drawn(n_drawn, items.size))
    comparison = compared(varied, against, options, remarks, report, "Comparing models with the raters")
    effects = effects_of(
        mine,
        [replace(attribute, values=tuple(attribute.values[item] for item in one.items)) for attribute in attributes],
        joint,
        n_permutations=options.n_permutations,
        level=LEVEL,
        seed=options.seed,
        # That an attribute has no effect in a set, as the one that names the sets, is seen in the table.
        remarks=[],
        report=report,
    )
    scores: tuple[InSet, ...] = ()
    low = high = math.nan
    if comparison is not None:
        low, high = comparison.ceiling.lower, comparison.ceiling.upper
        scores = tuple(
            InSet(name, float(value), float(ends[0]), float(ends[1]), float(p))
            for name, value, ends, p in zip(
                comparison.names,
                comparison.similarity,
                comparison.interval,
                comparison.p_above_zero,
                strict=True,
            )
        )
    tested = tuple(InSet(effect.attribute, effect.effect, effect.low, effect.high, effect.p_max) for effect in effects)
    return SetFindings(one.name, n_raters, items.size, low, high, scores, tested), remarks


def _means(
    names: Sequence[str], sets: Sequence[Sequence[InSet]], limits: tuple[float, float] = (-math.inf, math.inf)
) -> list[OverSets]:
    """The mean of each that is known in a set, in the order of the names."""
    means = []
    for name in names:
        values = [one.value for of_set in sets for one in of_set if one.name == name]
        mean = mean_of_sets(values, limits)
        if mean.n_sets:
            means.append(OverSets(name, mean.value, *mean.interval, n_sets=mean.n_sets))
    return means
