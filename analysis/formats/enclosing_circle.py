"""The smallest circle around a set of points: finds the arena of a file that does not say where it was."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from ..arrangement import Floats


def enclosing_circle(points: Floats) -> tuple[Floats, float]:
    """Centre (2,) and radius of the smallest circle around `points` (m, 2), m >= 1.

    Welzl's incremental construction (1991) on the vertices of the convex hull: a point outside the circle so far lies
    on the border of the next one.
    """
    hull = np.unique(points, axis=0)
    if len(hull) > 3:
        # Points on one line have no hull; the construction below needs none.
        try:
            hull = hull[ConvexHull(hull).vertices]
        except QhullError:
            hull = hull[[0, -1]]
    center, radius = hull[0], 0.0
    for i, first in enumerate(hull):
        if _inside(first, center, radius):
            continue
        center, radius = first, 0.0
        for j, second in enumerate(hull[:i]):
            if _inside(second, center, radius):
                continue
            center, radius = (first + second) / 2, float(np.linalg.norm(first - second) / 2)
            for third in hull[:j]:
                if not _inside(third, center, radius):
                    center, radius = _circle_through(first, second, third)
    return center, radius


def _inside(point: Floats, center: Floats, radius: float) -> bool:
    return bool(np.linalg.norm(point - center) <= radius * (1 + 1e-12))


def _circle_through(a: Floats, b: Floats, c: Floats) -> tuple[Floats, float]:
    """The circle through three points that are not on one line: |x - a|^2 = |x - b|^2 = |x - c|^2 is linear in x."""
    center = np.linalg.solve(2 * np.array([b - a, c - a]), np.array([b @ b - a @ a, c @ c - a @ a]))
    return center, float(np.linalg.norm(center - a))
