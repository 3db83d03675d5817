"""The space of an RDM: squared distances of its clips, coordinates that have these, and axes of attributes in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..rdm import to_square
from ..similarity import check_rdms

# Of the size of all dimensions: what is no more imaginary than this is so by rounding alone.
ROUNDING = 1e-3
# A place on an axis comes from a clip's distances to so many others at least.
MIN_OTHERS = 3


@dataclass(frozen=True, eq=False)
class Space:
    """The space of n clips.

    Attributes
    ----------
    squared : (P,) float
        Squared distances.
    of_squares : bool
        Whether the dissimilarities were taken as squared distances.
    imaginary : float
        Share of the space that no distances of points could have, between 0 and 1.
    """

    squared: Floats
    of_squares: bool
    imaginary: float


def space_of(rdm: ArrayLike) -> Space:
    """The space in which clips have the dissimilarities of a model RDM (P,), which is complete.

    They are distances where points can have these distances, and squared distances where points can have only their
    roots: so is one minus a correlation, half the squared distance of standardised patterns. Where points can have
    neither, they are distances; and squared distances where some are negative, as cross-validated ones are.

    Raises
    ------
    ValueError
        When there is more than one RDM, or a pair is missing.
    """
    table = check_rdms(rdm, "rdm", row="row")
    if len(table) != 1 or np.isnan(table).any():
        raise ValueError("expected one complete RDM")
    given = table[0]
    if given.min() < 0:
        return Space(given, True, imaginary_share(given))
    distances = Space(given**2, False, imaginary_share(given**2))
    if distances.imaginary <= ROUNDING or (share := imaginary_share(given)) > ROUNDING:
        return distances
    return Space(given, True, share)


def imaginary_share(squared: Floats) -> float:
    """The negative part of the spectrum of squared distances (P,), as a share of its size."""
    values = np.linalg.eigvalsh(_products(squared))
    total = float(np.abs(values).sum())
    return float(np.abs(values[values < 0]).sum() / total) if total > 0 else 0.0


def coordinates(squared: Floats) -> Floats:
    """Principal coordinates (n, d) whose squared distances are `squared` (P,), the widest dimension first.

    d is at most n - 1; imaginary dimensions are left out. *Gower 1966.*
    """
    values, vectors = np.linalg.eigh(_products(squared))
    kept = values > 1e-10 * max(float(values.max()), 0.0)
    return np.asarray((vectors[:, kept] * np.sqrt(values[kept]))[:, ::-1])


def places_along(squared: Floats, seen: ArrayLike, attributes: Floats) -> Floats:
    """The place of each clip along each attribute's axis, (n, A): how much nearer it is to clips that have more of it.

    Less the slope of its squared distances (n, n) to the other clips it was `seen` with, on their attribute (n, A). In
    a Euclidean space that is, but for a constant, twice its coordinate along the direction in which the coordinates of
    the others covary with the attribute. NaN where a clip has fewer than `MIN_OTHERS` others, or these do not vary.
    Of several spaces (…, n, n) at once the places are (…, n, A).
    """
    weights = np.asarray(seen, dtype=np.float64)
    count = weights.sum(axis=-1)[..., None]
    filled = np.where(weights > 0, squared, 0.0)
    enough = np.where(count >= MIN_OTHERS, count, np.nan)
    means = weights @ attributes / enough
    variance = weights @ attributes**2 / enough - means**2
    covariance = filled @ attributes / enough - filled.sum(axis=-1)[..., None] / enough * means
    varies = variance > 1e-12 * np.abs(attributes).max(axis=0) ** 2
    return np.where(varies, -covariance / np.where(varies, variance, 1.0), np.nan)


def between_axes(squared: Floats, within: Floats, attributes: Floats) -> Floats:
    """Congruence of the axes of every two attributes in each space (…, n, n): (…, A, A); NaN where a pair is missing.

    `attributes` (n, A) are centred, so these are the inner products of the axes: -½ y' D² y.
    """
    products = -attributes.T @ (np.where(within > 0, squared, 0.0) @ attributes)
    lengths = np.sqrt(np.maximum(np.diagonal(products, axis1=-2, axis2=-1), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosines = products / (lengths[..., :, None] * lengths[..., None, :])
    return np.where(np.isfinite(cosines), np.clip(cosines, -1.0, 1.0), np.nan)


def _products(squared: Floats) -> Floats:
    """Inner products of the clips about their middle."""
    square = to_square(squared)
    centred = square - square.mean(axis=0) - square.mean(axis=1, keepdims=True) + square.mean()
    return np.asarray(-centred / 2)
