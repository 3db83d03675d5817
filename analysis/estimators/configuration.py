"""Items as points in a few dimensions, each with a part unique to it: the model of dissimilarities that we fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from ..arrangement import Floats
from ..rdm import to_condensed, to_square

# Divisions by a distance stop here; two items modelled on one spot would otherwise divide by 0.
MIN_DISTANCE = 1e-12


@dataclass(frozen=True, eq=False)
class Configuration:
    """Points (n, k) and what is unique to each item (n,): distance**2 = |z_i - z_j|**2 + u_i**2 + u_j**2."""

    points: Floats
    unique: Floats

    def matrix(self) -> Floats:
        """The model's dissimilarities, (n, n), with a zero diagonal."""
        own = np.einsum("ik,ik->i", self.points, self.points) + self.unique**2
        squared = self.points @ self.points.T
        squared *= -2
        squared += own[:, None]
        squared += own
        np.maximum(squared, 0.0, out=squared)
        squared.flat[:: len(own) + 1] = 0.0
        return np.sqrt(squared, out=squared)

    def distances(self) -> Floats:
        """The model's dissimilarities, (P,)."""
        return to_condensed(self.matrix())

    def scaled(self, factor: float) -> Configuration:
        """The configuration with all distances multiplied by `factor`."""
        return Configuration(self.points * factor, self.unique * factor)

    def flat(self) -> Floats:
        """Points and uniquenesses in one vector, (n(k+1),), as the optimiser wants them."""
        return np.concatenate([self.points.ravel(), self.unique])

    def with_flat(self, flat: Floats) -> Configuration:
        """The configuration of this shape that `flat` holds."""
        return Configuration(flat[: self.points.size].reshape(self.points.shape), flat[self.points.size :])

    def gradient(self, pull: Floats) -> Floats:
        """Gradient of a loss by the flat vector; `pull` (n, n), symmetric, is d loss / d distance over the distance."""
        strength = pull.sum(1)
        points = strength[:, None] * self.points
        points -= pull @ self.points
        return np.concatenate([points.ravel(), strength * self.unique])

    def ridge(self, weight: float) -> tuple[float, Floats]:
        """The penalty weight/2 (|Z - mean|**2 + |u - mean|**2) and its gradient by the flat vector."""
        n = self.unique.size
        # Sums over n: NumPy's own mean takes three times as long for so few numbers.
        points, unique = self.points - self.points.sum(0) / n, self.unique - self.unique.sum() / n
        off = np.concatenate([points.ravel(), unique])
        return 0.5 * weight * float(off @ off), weight * off


def classical_start(rdm: Floats, dimensions: int) -> Configuration:
    """Classical MDS of `rdm` (P,), unseen pairs at the mean; the median eigenvalue is taken for the items' own part.

    The largest eigenvalue that is left out is taken off the others. So the start follows the data without a jump where
    two eigenvalues are the same: which of their directions to leave out would be for rounding to decide.
    """
    squared = to_square(np.where(np.isnan(rdm), np.nanmean(rdm), rdm)) ** 2
    squared -= squared.mean(0)
    squared -= squared.mean(1, keepdims=True)
    values, vectors = eigh(-0.5 * squared)
    median, floor = np.median(values), 1e-3 * values[-1]
    left_out = values[-dimensions - 1]
    largest = slice(-1, -dimensions - 1, -1)
    above = values[largest] - max(median, left_out)
    # What is above by rounding alone has no direction.
    above[above < 1e-9 * values[-1]] = 0.0
    return Configuration(vectors[:, largest] * np.sqrt(above), np.full(len(values), np.sqrt(max(median, floor))))
