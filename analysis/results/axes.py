"""Axes of attributes in the raters' space and in models, as plain data that page, report and tables show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.axes import axis_test
from ..models.space import Space
from .joint_rdms import JointRDMs
from .model_list import RATERS, Model
from .remarks import listed
from .targets import Target

MIN_CLIPS = 8
ALPHA = 0.05
# Distances that are moved in all, which takes minutes: so many permutations as that allows, but not fewer than 199.
MAX_WORK, MIN_PERMUTATIONS = 4e9, 199
Progress = Callable[[str, float], None]
Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class ModelAxis:
    """Congruence of an attribute's axis in a model with that of the raters; one-sided p by permuting the clips.

    `carried` is as in `RatersAxis`, of the model.
    """

    model: str
    attribute: str
    congruence: float
    low: float
    high: float
    p: float
    p_max: float
    carried: float


@dataclass(frozen=True)
class RatersAxis:
    """An attribute in the raters' space: how reliable its axis is, and how far the clips' places carry the attribute.

    `reliability` is what the axis of as many other raters would agree with it, `carried` the correlation of the places
    along it with the attribute itself, with one-sided `p`.
    """

    attribute: str
    reliability: float
    carried: float
    p: float


@dataclass(frozen=True)
class SpaceAxes:
    """Congruence of every two attributes' axes in one space, in the order of `Axes.raters`, with p as in `AxisTest`."""

    space: str
    congruence: Matrix
    p: Matrix
    p_max: Matrix


@dataclass(frozen=True)
class Axes:
    """Axes of attributes; empty where they were not asked for. `correlations` are those of the attributes themselves.

    `spaces` are those of the raters and of the models; where an axis has no length, there is NaN.
    """

    n_permutations: int = 0
    with_raters: tuple[ModelAxis, ...] = ()
    raters: tuple[RatersAxis, ...] = ()
    correlations: Matrix = ()
    spaces: tuple[SpaceAxes, ...] = ()
    remarks: tuple[str, ...] = ()


def axes(
    table: Floats,
    models: Sequence[Model],
    spaces: Sequence[Space],
    targets: Sequence[Target],
    set_of_clip: Sequence[str] | None,
    joint: JointRDMs | None = None,
    *,
    n_permutations: int,
    level: float,
    seed: int,
    jobs: int,
    report: Progress,
) -> Axes:
    """The axes of `targets` in the raters' space, `table` (R, P) or the RDM of `joint`, and in those of models."""
    if not targets:
        return Axes(remarks=("There are no axes: no attribute or rating of the clips has one.",))
    n = targets[0].values.size
    if n < MIN_CLIPS:
        return Axes(remarks=(f"Axes need at least {MIN_CLIPS} clips; there are {n}.",))
    times = bounded(n_permutations, n * n * (len(models) + 1))
    try:
        tested = axis_test(
            table,
            [one.squared for one in spaces],
            np.column_stack([one.values for one in targets]),
            sets=set_of_clip,
            without=None if joint is None or not len(joint.without) else joint.without,
            n_permutations=times,
            level=level,
            rng=np.random.default_rng(seed),
            n_jobs=jobs,
            progress=lambda done, of: report("Permuting the clips along axes", done / of),
        )
    except ValueError as error:
        return Axes(remarks=(f"Axes are not compared: {error}.",))
    remarks = []
    if np.isnan(tested.between[0]).all() and len(targets) > 1:
        remarks.append("Axes are not held against each other in the raters' own space: some pairs were seen by nobody.")
    if times < n_permutations:
        remarks.append(f"Axes: {times} permutations, which is what so many clips and models leave time for.")
    names = [one.name for one in targets]
    if absent := [name for name, p in zip(names, tested.p_carried[0], strict=True) if not p < ALPHA]:
        remarks.append(
            f"Axes: nothing shows that raters go by {listed(absent)}. An axis of what is not in a space is that of "
            "what happens to go along with it, such as another attribute, and can be congruent all the same."
        )
    return Axes(
        n_permutations=times,
        with_raters=tuple(
            ModelAxis(model.name, name, one.value, *one.interval, p=float(p), p_max=float(p_max), carried=float(r))
            for model, row, ps, largest, carried in zip(
                models, tested.with_raters, tested.p, tested.p_max, tested.carried[1:], strict=True
            )
            for name, one, p, p_max, r in zip(names, row, ps, largest, carried, strict=True)
        ),
        raters=tuple(
            RatersAxis(name, float(one), float(r), float(p))
            for name, one, r, p in zip(names, tested.reliability, tested.carried[0], tested.p_carried[0], strict=True)
        ),
        correlations=rows_of(tested.of_attributes),
        spaces=tuple(
            SpaceAxes(space, rows_of(phi), rows_of(p), rows_of(p_max))
            for space, phi, p, p_max in zip(
                [RATERS, *(model.name for model in models)],
                tested.between,
                tested.p_between,
                tested.p_max_between,
                strict=True,
            )
            if np.isfinite(phi).any()
        ),
        remarks=tuple(remarks),
    )


def rows_of(matrix: Floats) -> Matrix:
    """A matrix as it is stored."""
    return tuple(tuple(row) for row in matrix.tolist())


def bounded(n_permutations: int, work: float) -> int:
    """As many permutations, each of so much work, as take minutes; the number that is wanted where these are fewer."""
    return max(min(n_permutations, int(MAX_WORK / work)), min(n_permutations, MIN_PERMUTATIONS))
