"""What of the clips has an axis and can be predicted: attributes as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrangement import Floats
from ..clip_sets import centred
from ..words import counted
from .model_list import Attribute

# An attribute of more values than this, such as who is in a clip, has no few axes.
MAX_VALUES = 6
# Every two of them have a congruence, in each space.
MAX_TARGETS = 20


@dataclass(frozen=True, eq=False)
class Target:
    """A number for each clip: an attribute's own, or whether it has one of its values.

    Their mean is 0 and the largest size 1, so that attributes in very different units can be held together.
    """

    name: str
    values: Floats


def targets_of(attributes: Sequence[Attribute], set_of_clip: Sequence[str] | None, remarks: list[str]) -> list[Target]:
    """The attributes as numbers; adds to the remarks why one has none.

    Of two values the second counts as 1; of three to `MAX_VALUES` values each is held against all others.
    """
    targets: list[Target] = []
    for attribute in attributes:
        name = attribute.name
        if unknown := attribute.n_unknown:
            remarks.append(
                f"{name} has no axis and is not predicted: {counted(unknown, 'clip has', 'clips have')} no value of it."
            )
            continue
        if (numbers := attribute.numbers) is not None:
            mine = [Target(name, _without_unit(numbers))]
        else:
            given = np.array([value.strip() for value in attribute.values])
            kinds = sorted(set(given.tolist()))
            if len(kinds) > MAX_VALUES:
                remarks.append(
                    f"{name} has no axis and is not predicted: it has {len(kinds)} values, more than {MAX_VALUES}."
                )
                continue
            shown = kinds[1:] if len(kinds) < 3 else kinds
            mine = [Target(f"{name} = {kind}", _without_unit((given == kind).astype(np.float64))) for kind in shown]
        varying = [one for one in mine if _varies(one.values, set_of_clip)]
        if not varying:
            where = "all clips" if set_of_clip is None else "all clips of a set"
            remarks.append(f"{name} has no axis and is not predicted: {where} have the same value.")
        targets += varying
    if len(targets) > MAX_TARGETS:
        remarks.append(
            f"Only the first {MAX_TARGETS} of {len(targets)} attributes and values have axes and are predicted."
        )
    return targets[:MAX_TARGETS]


def _without_unit(values: Floats) -> Floats:
    """The values less their mean, the farthest at 1 or -1; all 0 where they are equal."""
    # Divided first: neither very small nor very large numbers go wrong when they are squared.
    shares = values / max(float(np.abs(values).max()), 1e-300)
    less_mean = shares - shares.mean()
    farthest = float(np.abs(less_mean).max())
    return np.zeros_like(values) if farthest <= 1e-12 else less_mean / farthest


def _varies(values: Floats, set_of_clip: Sequence[str] | None) -> bool:
    """Whether clips of one set differ; of a study without sets, clips at all."""
    labels = np.zeros(values.size, dtype=np.int64)
    if set_of_clip is not None:
        labels = np.unique(list(set_of_clip), return_inverse=True)[1]
    return bool(np.abs(centred(values[:, None], labels)).max() > 1e-12)
