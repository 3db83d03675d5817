"""INDSCAL: one space for all raters, in which each rater weighs the dimensions in its own way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import nnls

from ..arrangement import Floats
from ..pooling import mean_present
from ..rdm import n_items_of, upper_triangle
from ..similarity import check_rdms, similarity
from ..words import counted
from .mds import classical_mds


@dataclass(frozen=True, eq=False)
class INDSCAL:
    """Rater r's model of a dissimilarity is sqrt(sum over k of weights[r, k] (x_ik - x_jk)**2).

    Attributes
    ----------
    positions : (n, n_dims) float
        The group's space: columns of length 1, in order of their total weight. Its axes cannot be turned.
    weights : (R, n_dims) float
        Not negative; of RDMs scaled so that each rater's scalar products have a sum of squares of 1.
    fit : (R,) float
        r of each rater's dissimilarities with the model's distances, over the pairs the rater saw.
    n_iter, converged
        Rounds of alternating least squares, and whether the last one changed the loss by less than the tolerance.
    """

    positions: Floats
    weights: Floats
    fit: Floats
    n_iter: int
    converged: bool


def indscal(rdms: ArrayLike, n_dims: int = 2, *, max_iter: int = 2000, tolerance: float = 1e-8) -> INDSCAL:
    """Individual differences scaling by alternating least squares on scalar products (CANDECOMP).

    Missing pairs take the model's own prediction, renewed in each round (so that they have no say), and the mean over
    raters before the first.

    Parameters
    ----------
    rdms : (R, P) float
        Dissimilarities, not negative, NaN = missing pair.
    n_dims
        Dimensions, at most the number of items less one.

    Raises
    ------
    ValueError
        With fewer than two raters, when a pair was seen by nobody, a dissimilarity is negative, a rater's are all 0, or
        n_dims is out of range.

    References
    ----------
    Carroll & Chang (1970), Analysis of individual differences in multidimensional scaling, Psychometrika 35, 283-319.
    """
    table = check_rdms(rdms)
    typical = mean_present(table / np.sqrt(np.nanmean(table**2, axis=1, keepdims=True)).clip(1e-300))
    if len(table) < 2:
        raise ValueError("INDSCAL needs at least two raters")
    if np.nanmin(table) < 0:
        raise ValueError("INDSCAL needs dissimilarities that are not negative (z-scores are not)")
    if (np.nanmax(table, axis=1) == 0).any():
        raise ValueError(f"rater {int(np.flatnonzero(np.nanmax(table, axis=1) == 0)[0])} has dissimilarities of 0 only")
    if np.isnan(typical).any():
        raise ValueError(f"no rater saw {counted(int(np.isnan(typical).sum()), 'pair')}")
    start = classical_mds(typical, n_dims)
    if not 1 <= n_dims < len(start):
        raise ValueError(f"n_dims must lie between 1 and {len(start) - 1}, got {n_dims}")
    squared, missing = _normalised_squares(table, typical)
    x = y = start / np.linalg.norm(start, axis=0).clip(1e-12)
    weights = np.ones((len(table), n_dims))
    loss, converged, n_iter = np.inf, False, 0
    while not converged and n_iter < max_iter:
        n_iter += 1
        products = _scalar_products(squared)
        weights = _rater_weights(products, x, y)
        x = _solve(np.einsum("rij,jk,rk->ik", products, y, weights, optimize=True), (y.T @ y) * (weights.T @ weights))
        y = _solve(np.einsum("rij,jk,rk->ik", products, x, weights, optimize=True), (x.T @ x) * (weights.T @ weights))
        x, y = (side / np.linalg.norm(side, axis=0).clip(1e-12) for side in (x, y))
        weights = _rater_weights(products, x, y)
        model = np.einsum("ik,rk,jk->rij", x, weights, y, optimize=True)
        before, loss = loss, float(((products - model) ** 2).sum())
        converged = abs(before - loss) <= tolerance * len(table)
        if missing.any():
            squared[missing] = _squared_distances((x + y) / 2, weights)[missing]
    # Products are symmetric, so both sides come to the same space; what is left between them is rounding error.
    space = (x + y * np.sign((x * y).sum(axis=0))) / 2
    space /= np.linalg.norm(space, axis=0).clip(1e-12)
    weights = _rater_weights(_scalar_products(squared), space, space)
    order = np.argsort(-(weights**2).sum(axis=0))
    space, weights = space[:, order], weights[:, order]
    space *= np.where(space[np.abs(space).argmax(axis=0), np.arange(n_dims)] < 0, -1.0, 1.0)
    row, col = upper_triangle(len(space))
    modelled = np.sqrt(np.maximum(_squared_distances(space, weights)[:, row, col], 0.0))
    fit = [float(similarity(d, model)[0, 0]) for d, model in zip(table, modelled, strict=True)]
    return INDSCAL(space, weights, np.array(fit), n_iter, converged)


def _normalised_squares(table: Floats, typical: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Squared dissimilarities (R, n, n), a rater's scalar products having a sum of squares of 1; what is missing."""
    scale = np.sqrt(np.nanmean(table**2, axis=1, keepdims=True))
    filled = np.where(np.isfinite(table), table, typical * scale)
    n = n_items_of(table.shape[1])
    row, col = upper_triangle(n)
    squared, missing = np.zeros((len(table), n, n)), np.zeros((len(table), n, n), dtype=bool)
    squared[:, row, col] = squared[:, col, row] = filled**2
    missing[:, row, col] = missing[:, col, row] = np.isnan(table)
    size = np.sqrt((_scalar_products(squared) ** 2).sum(axis=(1, 2), keepdims=True))
    return squared / size, missing


def _scalar_products(squared: Floats) -> Floats:
    rows = squared.mean(axis=1, keepdims=True)
    return np.asarray(-(squared - rows - rows.transpose(0, 2, 1) + squared.mean(axis=(1, 2), keepdims=True)) / 2)


def _squared_distances(space: Floats, weights: Floats) -> Floats:
    differences = (space[:, None] - space[None]) ** 2
    return np.asarray(np.einsum("ijk,rk->rij", differences, weights, optimize=True))


def _solve(target: Floats, gram: Floats) -> Floats:
    return np.asarray(target @ np.linalg.pinv(gram))


def _rater_weights(products: Floats, x: Floats, y: Floats) -> Floats:
    """Least-squares weights of each rater, not negative."""
    gram = (x.T @ x) * (y.T @ y)
    # A root of the Gram matrix turns each rater's problem into one of n_dims equations.
    values, vectors = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(values, 1e-12))
    wanted = np.einsum("ik,rij,jk->rk", x, products, y, optimize=True)
    design = root[:, None] * vectors.T
    return np.array([nnls(design, (vectors.T @ one) / root)[0] for one in wanted])
