"""One trial of the multi-arrangement task: which items were in the arena, and where each was put."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Fourth powers of distances are taken.
MAX_POSITION = 1e60


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The items and positions of one trial.

    Parameters
    ----------
    items : (m,) int
        Indices of the items in the study's order; distinct and not negative.
    positions : (m, 2) float
        Centres of the items in arena units: the arena's centre is (0, 0) and its diameter is 1. Positions outside the
        circle are accepted here, because other platforms' files hold such trials; the web app refuses them.

    Raises
    ------
    ValueError
        When the shapes do not fit, an item is duplicated or negative, or a position is not finite or beyond 1e60.
    """

    items: Ints
    positions: Floats

    def __init__(self, items: ArrayLike, positions: ArrayLike) -> None:
        indices = np.asarray(items)
        if indices.ndim != 1:
            raise ValueError(f"items must be one-dimensional, got shape {indices.shape}")
        if indices.size and not np.issubdtype(indices.dtype, np.integer):
            raise ValueError(f"items must be integers, got {indices.dtype}")
        indices = indices.astype(np.int64)
        places = with_nan(positions)
        if indices.size == 0 and places.size == 0:
            places = places.reshape(0, 2)
        if places.shape != (indices.size, 2):
            raise ValueError(f"positions must have shape ({indices.size}, 2), got {places.shape}")
        if indices.size and indices.min() < 0:
            raise ValueError("items must not be negative")
        if np.unique(indices).size != indices.size:
            raise ValueError("duplicate item in one arrangement")
        if not np.isfinite(places).all():
            raise ValueError("positions must be finite")
        if places.size and (largest := np.abs(places).max()) > MAX_POSITION:
            raise ValueError(f"positions reach {largest:.3g}, too far to compute with; the arena's diameter is 1")
        indices.setflags(write=False)
        places = places.copy()
        places.setflags(write=False)
        object.__setattr__(self, "items", indices)
        object.__setattr__(self, "positions", places)

    def __len__(self) -> int:
        return int(self.items.size)

    def distances(self) -> Floats:
        """Euclidean distances of the trial's pairs, (m(m-1)/2,), in arena diameters, condensed order of its items."""
        if len(self) < 2:
            return np.empty(0)
        return _apart(self.positions, *upper_triangle(len(self)))


@dataclass(frozen=True, eq=False)
class Pairs:
    """All pairs of some trials, one trial after the other and each in condensed order: `first` and `second` item and
    `distance`, each (N,). `counts` (T,) says how many are of each trial.
    """

    first: Ints
    second: Ints
    distance: Floats
    counts: Ints


def pairs_of_trials(arrangements: Sequence[Arrangement]) -> Pairs:
    """The pairs of trials, as their `distances` have them, but found at once: a trial has very few for NumPy."""
    sizes = np.array([len(trial) for trial in arrangements], dtype=np.int64)
    counts = sizes * (sizes - 1) // 2
    if not counts.any():
        return Pairs(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0), counts)
    begins = np.repeat(np.cumsum(sizes) - sizes, counts)
    row, col = (
        np.concatenate(side) + begins for side in zip(*map(upper_triangle, map(len, arrangements)), strict=True)
    )
    items = np.concatenate([trial.items for trial in arrangements])
    positions = np.concatenate([trial.positions for trial in arrangements])
    return Pairs(items[row], items[col], _apart(positions, row, col), counts)


def within(arrangements: Iterable[Arrangement], items: Sequence[int] | Ints) -> list[Arrangement]:
    """The arrangements that hold these items alone, which are in rising order; their items become places in `items`."""
    order = np.asarray(items, dtype=np.int64)
    return [
        Arrangement(np.searchsorted(order, trial.items), trial.positions)
        for trial in arrangements
        if np.isin(trial.items, order).all()
    ]


def with_nan(values: ArrayLike) -> Floats:
    """The values as numbers of 64 bits, NaN where a masked array masks them: NumPy alone would show what is masked.

    Raises
    ------
    ValueError
        When they are complex.
    """
    array = np.asanyarray(values)
    if array.dtype.kind == "c":
        raise ValueError("values must be real numbers, got complex ones")
    if isinstance(array, np.ma.MaskedArray):
        return np.asarray(np.where(np.ma.getmaskarray(array), np.nan, array.data), dtype=np.float64)
    return np.asarray(array, dtype=np.float64)


def _apart(positions: Floats, row: Ints, col: Ints) -> Floats:
    """Distances between rows of the positions. As SciPy's pdist, whose preparations take four times as long."""
    x, y = positions.T
    across, up = x[row] - x[col], y[row] - y[col]
    apart: Floats = np.sqrt(across * across + up * up)
    return apart


@lru_cache(maxsize=256)
def upper_triangle(n_items: int) -> tuple[Ints, Ints]:
    """Rows and columns of the pairs of `n_items` items in condensed order, each (P,), read-only."""
    row, col = np.triu_indices(n_items, 1)
    row.setflags(write=False)
    col.setflags(write=False)
    return row, col


def check_arrangements(arrangements: Iterable[Arrangement], n_items: int) -> list[Arrangement]:
    """The arrangements as a list, once each item index is known to lie below `n_items`.

    Raises
    ------
    ValueError
        When `n_items` is below 1, or a trial holds an item that the study does not have.
    """
    if n_items < 1:
        raise ValueError(f"n_items must be at least 1, got {n_items}")
    trials = list(arrangements)
    for number, trial in enumerate(trials):
        if len(trial) and int(trial.items.max()) >= n_items:
            raise ValueError(f"trial {number} holds item {int(trial.items.max())}, but there are {n_items} items")
    return trials
