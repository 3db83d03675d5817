"""Condensed dissimilarity vectors: SciPy's order (row-major upper triangle), NaN for a missing pair."""

from __future__ import annotations

import numpy as np

from . import arrangement
from .arrangement import Floats, Ints

ROUNDING = 1e-12
# Rows and columns of the pairs of so many items; arrangements, which know nothing of RDMs, need them too.
upper_triangle = arrangement.upper_triangle


def n_pairs(n_items: int) -> int:
    """Number of pairs of `n_items` items."""
    return n_items * (n_items - 1) // 2


def n_items_of(n: int) -> int:
    """Number of items that a condensed vector of `n` pairs belongs to.

    Raises
    ------
    ValueError
        When no number of items has `n` pairs.
    """
    items = round((1 + np.sqrt(1 + 8 * n)) / 2)
    if n_pairs(items) != n:
        raise ValueError(f"{n} is not a number of pairs n(n-1)/2")
    return int(items)


def pair_index(i: Ints, j: Ints, n_items: int) -> Ints:
    """Positions of the pairs (i, j), in either order, in a condensed vector over `n_items` items."""
    low, high = np.minimum(i, j), np.maximum(i, j)
    return np.asarray(n_items * low - low * (low + 1) // 2 + high - low - 1, dtype=np.int64)


def pairs_within(items: Ints, n_items: int) -> Ints:
    """Positions in the study's condensed vector of the pairs of `items`, (m(m-1)/2,), in the order of `items`."""
    row, col = upper_triangle(len(items))
    return pair_index(items[row], items[col], n_items)


def to_square(condensed: Floats) -> Floats:
    """The symmetric (n, n) matrix of a condensed vector; NaN stays NaN, the diagonal is 0."""
    n = n_items_of(condensed.size)
    square = np.zeros((n, n))
    row, col = upper_triangle(n)
    square[row, col] = square[col, row] = condensed
    return square


def to_condensed(square: Floats) -> Floats:
    """The condensed vector of a symmetric (n, n) matrix; unlike SciPy's `squareform` it takes NaN."""
    row, col = upper_triangle(len(square))
    return np.asarray(square[row, col], dtype=np.float64)


def subset(condensed: Floats, items: Ints) -> Floats:
    """The condensed vector over `items` only, in the order of `items`."""
    return condensed[..., pairs_within(items, n_items_of(condensed.shape[-1]))]


def with_ties(condensed: Floats) -> Floats:
    """The dissimilarities, of which those that rounding alone keeps apart (by 1e-12 of the largest) are equal.

    So are |0.2 - 0.1| and |0.3 - 0.2|, which rank measures would take for an order.
    """
    order = np.argsort(condensed)
    values = condensed[order]
    least = ROUNDING * np.abs(values).max(initial=0.0)
    starts = np.diff(values, prepend=-np.inf) > least
    tied = np.empty(condensed.shape)
    tied[order] = values[np.maximum.accumulate(np.where(starts, np.arange(values.size), 0))]
    return tied


def scale_to_rms(condensed: Floats) -> Floats:
    """The vector divided by its root mean square over the pairs that are present; unchanged when that is 0 or NaN."""
    present = condensed[np.isfinite(condensed)]
    rms = np.sqrt(np.mean(present**2)) if present.size else 0.0
    return condensed / rms if rms > 0 else condensed.copy()
