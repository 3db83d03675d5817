"""Metric-stress MDS in the plane, for many trials of equal size at once.

Positions are x and y, each (T, m) for T trials of m items; distances are condensed, (T, m(m-1)/2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from ..arrangement import Floats, Ints
from ..rdm import upper_triangle
from .trials import Trials

# Items placed this close (in a trial of extent 1) are on one spot, far below what a hand or a screen can do: which way
# they would push each other apart is decided by nothing but rounding, so predictions keep them together.
ONE_SPOT = 1e-6
# Nearer than this, the direction from one item to another is undefined.
NO_DIRECTION = 1e-9
# Up to this size a dense matrix product beats a sparse one.
DENSE_UP_TO = 40


@lru_cache(maxsize=128)
def incidence(m: int) -> tuple[Any, Any]:
    """The (m, P) matrix that turns coordinates (T, m) into the pairs' differences, and its transpose."""
    row, col = upper_triangle(m)
    pairs = np.arange(row.size)
    signs = np.ones(row.size)
    matrix = csr_array(
        (np.concatenate([signs, -signs]), (np.concatenate([row, col]), np.concatenate([pairs, pairs]))),
        shape=(m, row.size),
    )
    if m <= DENSE_UP_TO:
        dense = matrix.toarray()
        return dense, np.ascontiguousarray(dense.T)
    return matrix, matrix.T.tocsr()


def differences(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """For each pair the differences in x and in y, and the distance."""
    matrix, _ = incidence(x.shape[1])
    dx, dy = x @ matrix, y @ matrix
    distance = dx * dx
    distance += dy * dy
    return dx, dy, np.sqrt(distance, out=distance)


def smacof(
    dissimilarity: Floats, x: Floats, y: Floats, *, steps: int, together: Floats | None = None
) -> tuple[Floats, Floats]:
    """Move the positions towards less raw stress against `dissimilarity`; they come back centred.

    Each step is a Guttman transform with equal weights, so the stress never rises (SMACOF: De Leeuw 1977), also where
    `together` (T, m, m), if given, takes the mean over items that are to stay on one spot.
    """
    m = x.shape[1]
    _, transposed = incidence(m)
    for _ in range(steps):
        dx, dy, distance = differences(x, y)
        ratio = np.divide(dissimilarity, distance, out=np.zeros_like(distance), where=distance > NO_DIRECTION)
        dx *= ratio
        dy *= ratio
        x, y = dx @ transposed, dy @ transposed
        x /= m
        y /= m
        if together is not None:
            x, y = averaged(together, x), averaged(together, y)
    return x, y


def averaged(together: Floats, values: Floats) -> Floats:
    """Values of items (T, m) with those of items on one spot replaced by their mean."""
    return np.asarray(np.einsum("tij,tj->ti", together, values))


@dataclass(frozen=True, eq=False)
class Batch:
    """The trials of one size m: their pairs (T, m(m-1)/2), placed positions and the predictions' start, x and y (T, m).

    `numbers` (T,) are their places among all usable trials. Placed positions are centred, with a largest distance of 1.
    `together` (T, m, m) takes the mean over the items that share a spot, None where no trial has such.
    """

    numbers: Ints
    pairs: Ints
    placed: tuple[Floats, Floats]
    start: tuple[Floats, Floats]
    together: Floats | None

    def predict(self, rdm: Floats, steps: int) -> tuple[Floats, Floats]:
        """Arrangements of the trials that `rdm` (P,) leads to from the start."""
        return smacof(rdm[self.pairs], *self.start, steps=steps, together=self.together)


def batches_by_size(trials: Trials) -> list[Batch]:
    """The trials, those of equal size together; the predictions start at the placements."""
    batches = []
    for size in np.unique(trials.sizes):
        numbers = np.flatnonzero(trials.sizes == size)
        placed_pairs = np.isin(trials.trial, numbers)
        pairs = trials.pair[placed_pairs].reshape(numbers.size, -1)
        together = _sharing_a_spot(trials.relative_distance()[placed_pairs].reshape(numbers.size, -1), int(size))
        positions = np.stack([trials.arrangements[t].positions / trials.extent[t] for t in numbers])
        positions -= positions.mean(1, keepdims=True)
        if together is not None:
            positions = together @ positions
        # Along their principal axes, and flat where they are flat: however a line of items was turned, it stays a line.
        positions = positions @ np.linalg.svd(positions, full_matrices=False)[2].transpose(0, 2, 1)
        positions[np.abs(positions) < ONE_SPOT] = 0.0
        placed = (np.ascontiguousarray(positions[..., 0]), np.ascontiguousarray(positions[..., 1]))
        batches.append(Batch(numbers, pairs, placed, placed, together))
    return batches


def _sharing_a_spot(distance: Floats, m: int) -> Floats | None:
    """The matrices (T, m, m) that take the mean over the items on one spot, from distances (T, m(m-1)/2).

    None when no two items of a trial are on one spot.
    """
    near = distance < ONE_SPOT
    if not near.any():
        return None
    row, col = upper_triangle(m)
    links = np.tile(np.eye(m), (len(near), 1, 1))
    links[:, row, col] = links[:, col, row] = near
    # What is near to something near is on the same spot too, in at most so many links.
    linked = np.linalg.matrix_power(links, m) > 0
    return np.asarray(linked / linked.sum(2, keepdims=True))
