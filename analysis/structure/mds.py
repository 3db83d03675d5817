"""Multidimensional scaling: a map of the clips whose distances come near an RDM's dissimilarities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from ..arrangement import Floats
from ..rdm import to_condensed, to_square
from ..similarity import check_rdms


@dataclass(frozen=True)
class MDS:
    """A map of n items.

    `positions` (n, n_dims) is centred, in units of the dissimilarities, and turned to its principal axes; `stress` is
    Kruskal's stress-1, 0 for a perfect map; `converged` says whether the last step changed less than the tolerance.
    """

    positions: Floats
    stress: float
    n_iter: int
    converged: bool


def mds(
    rdm: ArrayLike,
    n_dims: int = 2,
    *,
    n_starts: int = 1,
    max_iter: int = 1000,
    tolerance: float = 1e-7,
    rng: np.random.Generator | None = None,
) -> MDS:
    """Metric MDS by SMACOF, started from classical MDS.

    Minimises the raw stress, the sum over the pairs present of (dissimilarity - distance)**2; it never rises from one
    step to the next. Missing pairs have no say.

    Parameters
    ----------
    rdm : (P,) float
        Dissimilarities, not negative, NaN = missing pair.
    n_dims
        Dimensions of the map. In a single dimension the best of many starts is far better than one.
    n_starts
        The first start is classical MDS, any further ones are random; the map of least stress is kept.
    max_iter
        Steps of each start at most.
    tolerance
        A start ends when a step lowers the stress by less than this share of it.
    rng
        Draws the random starts; a generator seeded with 0 when left out.

    Raises
    ------
    ValueError
        When a dissimilarity is negative or infinite, when an option is out of range, or when the pairs present do not
        tie all items together: the groups would have no defined place relative to each other.

    References
    ----------
    De Leeuw (1977), Applications of convex analysis to multidimensional scaling. Borg & Groenen (2005), Modern
    Multidimensional Scaling, ch. 8.
    """
    target = _checked(rdm)
    n = len(target)
    if n_dims < 1 or n_starts < 1 or max_iter < 1:
        raise ValueError("n_dims, n_starts and max_iter must be at least 1")
    rng = np.random.default_rng(0) if rng is None else rng
    size = float(np.nanmax(target))
    starts = [_configuration(target, n_dims)]
    starts += [rng.normal(scale=size / 2, size=(n, n_dims)) for _ in range(n_starts - 1)]
    best = min((_smacof(target, start, max_iter, tolerance) for start in starts), key=lambda run: run.stress)
    return MDS(_principal_axes(best.positions), best.stress, best.n_iter, best.converged)


def classical_mds(rdm: ArrayLike, n_dims: int = 2) -> Floats:
    """Classical (Torgerson) MDS, (n, n_dims); missing pairs are filled with the mean of their two items.

    Raises
    ------
    ValueError
        As `mds`.
    """
    return _principal_axes(_configuration(_checked(rdm), n_dims))


def _checked(rdm: ArrayLike) -> Floats:
    """The RDM as a square with 0 on the diagonal."""
    table = check_rdms(rdm, "rdm", row="row")
    if len(table) != 1:
        raise ValueError(f"expected one RDM, got {len(table)}")
    if np.nanmin(table) < 0:
        raise ValueError("a map needs dissimilarities that are not negative (z-scores are not: pool by 'cosine')")
    square = to_square(table[0])
    n_groups, group = connected_components(np.isfinite(square), directed=False)
    if n_groups > 1:
        apart = int(np.flatnonzero(group != group[0])[0])
        raise ValueError(
            f"the pairs present leave {n_groups} groups of items unconnected: none connects item {apart} with item 0"
        )
    return square


def _configuration(target: Floats, n_dims: int) -> Floats:
    n = len(target)
    present = np.isfinite(target) & ~np.eye(n, dtype=bool)
    means = np.where(present, target, 0.0).sum(axis=1) / present.sum(axis=1)
    filled = np.where(present, target, (means[:, None] + means[None]) / 2)
    np.fill_diagonal(filled, 0.0)
    squared = filled**2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1, keepdims=True) + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    kept = np.argsort(values)[::-1][:n_dims]
    start = np.zeros((n, n_dims))
    start[:, : kept.size] = vectors[:, kept] * np.sqrt(np.maximum(values[kept], 0.0))
    return start


def _smacof(target: Floats, start: Floats, max_iter: int, tolerance: float) -> MDS:
    n = len(target)
    present = np.isfinite(target) & ~np.eye(n, dtype=bool)
    wanted = np.where(present, target, 0.0)
    weights = present.astype(np.float64)
    # The Guttman transform divides by n when every pair counts the same, else by this pseudo-inverse.
    inverse = None if present.sum() == n * (n - 1) else np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights)
    x = start
    distance = np.asarray(cdist(x, x))
    stress = float((weights * (wanted - distance) ** 2).sum())
    # Below this a map is perfect to rounding error, and relative changes mean nothing.
    perfect = 1e-24 * float((wanted**2).sum())
    converged = stress <= perfect
    step = 0
    while not converged and step < max_iter:
        step += 1
        pull = -np.divide(wanted, distance, out=np.zeros_like(wanted), where=distance > 0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        x = pull @ x / n if inverse is None else inverse @ (pull @ x)
        distance = np.asarray(cdist(x, x))
        before, stress = stress, float((weights * (wanted - distance) ** 2).sum())
        converged = before - stress <= tolerance * before or stress <= perfect
    size = float((weights * distance**2).sum())
    return MDS(x, float(np.sqrt(stress / size)) if size > 0 else 0.0, step, converged)


def _principal_axes(positions: Floats) -> Floats:
    """Centred and turned to principal axes, the largest coordinate of each positive: the same map looks the same."""
    centred = positions - positions.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = np.zeros_like(centred)
    turned[:, : len(axes)] = centred @ axes.T
    largest = turned[np.abs(turned).argmax(axis=0), np.arange(turned.shape[1])]
    return np.asarray(turned * np.where(largest < 0, -1.0, 1.0), dtype=np.float64)


def distances(positions: Floats) -> Floats:
    """Distances of a map's items, condensed (P,)."""
    return to_condensed(np.asarray(cdist(positions, positions)))
