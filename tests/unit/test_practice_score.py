"""The practice round's one rule: what agrees with the known layout, what is told, and who passes by chance."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import pdist

from app.participation.practice import LAYOUT
from app.participation.practice_score import Point, judge
from benchmarks.practice import ARRANGERS, agreements

NAMES = list(LAYOUT)
KNOWN = np.array(list(LAYOUT.values()))


def at(points: NDArray[np.float64]) -> dict[str, Point]:
    return {name: (float(x), float(y)) for name, (x, y) in zip(NAMES, points, strict=True)}


def turned(
    points: NDArray[np.float64], angle: float, *, mirrored: bool = False, scale: float = 1.0
) -> NDArray[np.float64]:
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.asarray(scale * points @ np.diag([-1.0 if mirrored else 1.0, 1.0]) @ rotation)


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_known_layout_is_turned_and_mirrored_to_the_participants_and_never_shrunk(mirrored: bool) -> None:
    placed = turned(KNOWN, 0.7, mirrored=mirrored, scale=0.3) + np.array([0.1, -0.05])
    verdict = judge(at(placed), LAYOUT)
    assert verdict.agreement == pytest.approx(1.0)
    assert verdict.verdict == "good"
    expected = np.array([verdict.expected[name] for name in NAMES])
    assert pdist(expected) == pytest.approx(pdist(KNOWN)), "at its full size"
    assert np.hypot(*expected.T).max() <= 0.5, "inside the circle"
    assert expected == pytest.approx(turned(KNOWN, 0.7, mirrored=mirrored))
    assert [each.kind for each in verdict.advice] == ["use_circle"]


def test_the_turn_is_scipys_orthogonal_procrustes() -> None:
    rng = np.random.default_rng()
    for _ in range(20):
        placed = rng.uniform(-0.35, 0.35, (6, 2))
        expected = judge(at(placed), LAYOUT).expected
        best, _ = orthogonal_procrustes(KNOWN - KNOWN.mean(axis=0), placed - placed.mean(axis=0))
        assert np.array(list(expected.values())) == pytest.approx(KNOWN @ best)


def test_advice_names_what_to_do_better() -> None:
    heap = judge(at(np.zeros((6, 2))), LAYOUT)
    assert (heap.agreement, heap.verdict, [each.kind for each in heap.advice]) == (0.0, "different", ["one_spot"])
    assert all(np.isfinite(point).all() for point in heap.expected.values())
    assert judge(LAYOUT, LAYOUT).advice == ()
    swapped = KNOWN.copy()
    swapped[NAMES.index("circle-small")] = (0.45, 0.0)  # among the squares
    [advice] = judge(at(swapped), LAYOUT).advice
    assert "circle-small" in advice.shapes
    kinds = {name.split("-")[0] for name in advice.shapes}
    assert (advice.kind == "apart") == (len(kinds) == 2)


def test_the_mark_decides_the_words_too() -> None:
    rng = np.random.default_rng()
    placed = at(KNOWN + rng.normal(0, 0.12, KNOWN.shape))
    agreement = judge(placed, LAYOUT).agreement
    assert judge(placed, LAYOUT, mark=agreement - 1e-9).verdict == "good"
    assert judge(placed, LAYOUT, mark=agreement + 1e-9).verdict == "nearly"
    assert judge(placed, LAYOUT, mark=agreement + 0.3).verdict == "different"


def test_honest_arrangements_pass_and_random_ones_do_not() -> None:
    """The documented rates, with room for chance: 4000 arrangements of each kind."""
    rng = np.random.default_rng()
    passed = {kind: float(np.mean(agreements(kind, 4000, rng) >= 0.7)) for kind in ARRANGERS}
    assert passed["anywhere in the circle"] < 0.025
    assert passed["evenly around a ring"] == 0
    assert passed["in a row, in any order"] < 0.02
    assert passed["two heaps of three, any shapes"] == pytest.approx(0.1, abs=0.03)
    assert passed["as known, noise 0.05"] > 0.999
    assert passed["as known, noise 0.10"] > 0.98
    assert passed["as known, noise 0.15"] > 0.8
    assert passed["by shape alone, noise 0.10"] > 0.97
