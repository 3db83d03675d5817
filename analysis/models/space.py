"""The space of an RDM: the squared distances of its clips, and coordinates that have these distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..arrangement import Floats
from ..rdm import to_square
from ..similarity import check_rdms

# Of the size of all dimensions: what is no more imaginary than this is so by rounding alone.
ROUNDING = 1e-3


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
        raise ValueError("the space of one complete RDM is wanted")
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


def _products(squared: Floats) -> Floats:
    """Inner products of the clips about their middle."""
    square = to_square(squared)
    centred = square - square.mean(axis=0) - square.mean(axis=1, keepdims=True) + square.mean()
    return np.asarray(-centred / 2)
