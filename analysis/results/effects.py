"""Effects of the clips' attributes: between less within, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..models.attributes import Labels, attribute_effects, between_less_within
from ..rdm import upper_triangle
from .joint_rdms import JointRDMs
from .model_list import Attribute

Progress = Callable[[str, float], None]


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


def effects_of(
    table: Floats,
    attributes: Sequence[Attribute],
    joint: JointRDMs | None,
    *,
    n_permutations: int,
    level: float,
    seed: int,
    remarks: list[str],
    report: Progress,
) -> tuple[Effect, ...]:
    """The effect of each attribute that has one; adds why others have none to the remarks.

    `table` (R, P) are the raters' RDMs; with `joint` it is that RDM alone, whose interval comes from those without each
    group of raters.
    """
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
            n_permutations=n_permutations,
            level=level,
            rng=np.random.default_rng(seed),
            progress=lambda done, of: report("Permuting the attributes", done / of),
        )
    except ValueError as error:
        remarks.append(f"The attributes' effects are not tested: {error}.")
        return ()
    effects = tested.effects
    if joint is not None:
        values = between_less_within(joint.rows, labels)
        effects = tuple(joint.coefficient(column, level) for column in values.T)
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
        for name, effect, p, p_max in zip(tested.names, effects, tested.p, tested.p_max, strict=True)
    )


def _groups(attribute: Attribute) -> tuple[list[str | None], str]:
    """The label of each clip, and what the labels are: an attribute's values, or the halves of its numbers."""
    numbers = attribute.numbers
    if numbers is None:
        given = [value.strip() or None for value in attribute.values]
        kinds = list(dict.fromkeys(value for value in given if value is not None))
        return given, ", ".join(kinds[:6]) + (f" and {len(kinds) - 6} more" if len(kinds) > 6 else "")
    known = np.isfinite(numbers)
    middle = float(np.median(numbers[known]))
    if (numbers[known] > middle).any():
        told, above, halves = f"up to the median {middle:g}, above it", numbers > middle, ("up to", "above")
    else:
        # Most clips have the highest value of all.
        told, above, halves = f"below the median {middle:g}, from it on", numbers >= middle, ("below", "from")
    labels = [halves[int(up)] if here else None for up, here in zip(above, known, strict=True)]
    return labels, told


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
