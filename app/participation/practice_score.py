"""How well a practice arrangement agrees with its known layout: the one rule by which it is scored, and what to tell
the participant. Arena units throughout (centre 0, 0; diameter 1).

The agreement is the Pearson correlation between the placed distances and the known ones: turning, mirroring, moving and
shrinking the whole make no difference to it. `benchmarks/practice.py` says how often arrangements of all kinds pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

Point = tuple[float, float]
Floats = NDArray[np.float64]

# The mark by which the words are chosen where the study sets none.
PASS_MARK = 0.7
# Below the mark by no more than this: a good start.
NEARLY = 0.25
# From here on no pair is worth a word.
NO_ADVICE = 0.9
# Of the known layout's own extent: less leaves most of the circle unused.
SMALL = 0.6
# Diameters between the two shapes farthest apart: less is one heap.
ONE_SPOT = 0.05


@dataclass(frozen=True)
class Advice:
    """What to do better: `one_spot`, `use_circle`, or `closer` or `apart` with the two shapes that it is about."""

    kind: Literal["one_spot", "use_circle", "closer", "apart"]
    shapes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """`agreement` in [-1, 1], 0 where all shapes lie on one spot; `expected` is the known layout, turned and mirrored
    to lie as the participant's does, and never scaled.
    """

    agreement: float
    verdict: Literal["good", "nearly", "different"]
    advice: tuple[Advice, ...]
    expected: dict[str, Point]


def judge(placed: Mapping[str, Point], layout: Mapping[str, Point], *, mark: float = PASS_MARK) -> Judgement:
    """Score an arrangement of the layout's shapes.

    Parameters
    ----------
    placed
        Where each shape of `layout` was put.
    mark
        The agreement from which on the verdict is "good".
    """
    names = list(layout)
    own, known = np.array([placed[name] for name in names]), np.array([layout[name] for name in names])
    agreement = agreement_of(own, known)
    if agreement >= mark:
        verdict: Literal["good", "nearly", "different"] = "good"
    else:
        verdict = "nearly" if agreement >= mark - NEARLY else "different"
    turned = known @ _turn(known, own)
    expected = {name: (float(x), float(y)) for name, (x, y) in zip(names, turned, strict=True)}
    return Judgement(agreement, verdict, _advice(own, known, names, agreement), expected)


def agreement_of(own: Floats, known: Floats) -> float:
    """Pearson correlation of the distances of two (m, 2) arrangements; 0 where the first has no pattern."""
    distances = pdist(own)
    if np.ptp(distances) < 1e-9:
        return 0.0
    return float(np.corrcoef(distances, pdist(known))[0, 1])


def _turn(known: Floats, own: Floats) -> Floats:
    """The (2, 2) rotation or reflection that brings `known` nearest to `own` (orthogonal Procrustes)."""
    left, _, right = np.linalg.svd((known - known.mean(axis=0)).T @ (own - own.mean(axis=0)))
    return np.asarray(left @ right)


def _advice(own: Floats, known: Floats, names: list[str], agreement: float) -> tuple[Advice, ...]:
    distances, wanted = pdist(own), pdist(known)
    if distances.max() < ONE_SPOT:
        return (Advice("one_spot"),)
    advice = []
    if distances.max() < SMALL * wanted.max():
        advice.append(Advice("use_circle"))
    if agreement < NO_ADVICE:
        # The size of the whole has its own advice: pairs are compared at the participant's own scale.
        off = squareform(distances - wanted * (distances @ wanted) / (wanted @ wanted))
        a, b = np.unravel_index(np.argmax(np.abs(off)), off.shape)
        advice.append(Advice("closer" if off[a, b] > 0 else "apart", (names[a], names[b])))
    return tuple(advice)
