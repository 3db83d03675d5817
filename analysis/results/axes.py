"""Axes of attributes in the raters' space and in models, as plain data that page, report and tables show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.axes import axis_test
from ..models.space import Space
from .model_list import Model
from .targets import Target

# What the raters are called where the space of models is spoken of.
RATERS = "the raters"
FEWEST_CLIPS = 8
# Distances that are moved in all, which takes minutes: so many permutations as that allows, but not fewer than 199.
MOST_WORK, FEWEST_PERMUTATIONS = 4e9, 199
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ModelAxis:
    """Congruence of an attribute's axis in a model with that of the raters; one-sided p by permuting the clips."""

    model: str
    attribute: str
    congruence: float
    low: float
    high: float
    p: float
    p_max: float


@dataclass(frozen=True)
class RatersAxis:
    """How reliable the raters' axis of an attribute is: what another as many raters' axis would agree with it."""

    attribute: str
    reliability: float


@dataclass(frozen=True)
class AxisPair:
    """Congruence of two attributes' axes in one space; `correlation` is that of the attributes themselves."""

    space: str
    first: str
    second: str
    congruence: float
    correlation: float
    p: float
    p_max: float


@dataclass(frozen=True)
class Axes:
    """Axes of attributes; empty where they were not asked for."""

    n_permutations: int = 0
    with_raters: tuple[ModelAxis, ...] = ()
    raters: tuple[RatersAxis, ...] = ()
    pairs: tuple[AxisPair, ...] = ()
    remarks: tuple[str, ...] = ()


def axes(
    table: Floats,
    models: Sequence[Model],
    spaces: Sequence[Space],
    targets: Sequence[Target],
    set_of_clip: Sequence[str] | None,
    *,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    report: Progress,
) -> Axes:
    """The axes of `targets` in the raters' space (`table`, (R, P)) and in those of the models."""
    if not targets:
        return Axes(remarks=("There are no axes: no attribute or rating of the clips has one.",))
    n = targets[0].values.size
    if n < FEWEST_CLIPS:
        return Axes(remarks=(f"Axes need at least {FEWEST_CLIPS} clips; there are {n}.",))
    times = bounded(n_permutations, n * n * (len(models) + 1))
    try:
        found = axis_test(
            table,
            [one.squared for one in spaces],
            np.column_stack([one.values for one in targets]),
            sets=set_of_clip,
            n_permutations=times,
            level=level,
            rng=np.random.default_rng(seed),
            n_jobs=jobs,
            progress=lambda done, of: report("Permuting the clips along axes", done / of),
        )
    except ValueError as error:
        return Axes(remarks=(f"Axes are not compared: {error}.",))
    remarks = []
    if np.isnan(found.between[0]).all() and len(targets) > 1:
        remarks.append("Axes are not held against each other in the raters' own space: some pairs were seen by nobody.")
    if times < n_permutations:
        remarks.append(f"Axes: {times} permutations, which is what so many clips and models leave time for.")
    names = [one.name for one in targets]
    places = [(first, second) for first in range(len(names)) for second in range(first + 1, len(names))]
    return Axes(
        n_permutations=times,
        with_raters=tuple(
            ModelAxis(model.name, name, one.value, *one.interval, p=float(p), p_max=float(p_max))
            for model, row, ps, largest in zip(models, found.with_raters, found.p, found.p_max, strict=True)
            for name, one, p, p_max in zip(names, row, ps, largest, strict=True)
        ),
        raters=tuple(RatersAxis(name, float(one)) for name, one in zip(names, found.reliability, strict=True)),
        pairs=tuple(
            AxisPair(
                space=space,
                first=names[a],
                second=names[b],
                congruence=float(found.between[number, a, b]),
                correlation=float(found.of_attributes[a, b]),
                p=float(found.p_between[number, a, b]),
                p_max=float(found.p_max_between[number, a, b]),
            )
            for number, space in enumerate([RATERS, *(model.name for model in models)])
            for a, b in places
            if np.isfinite(found.between[number, a, b])
        ),
        remarks=tuple(remarks),
    )


def bounded(n_permutations: int, work: float) -> int:
    """As many permutations, each of so much work, as take minutes; the number that is wanted where these are fewer."""
    return max(min(n_permutations, int(MOST_WORK / work)), min(n_permutations, FEWEST_PERMUTATIONS))
