"""How one trial was worked: the use of the arena, stacks, lines, time, moves and clips watched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike
from scipy.spatial import ConvexHull
from scipy.spatial.distance import cdist

from ..arrangement import Arrangement, Floats

ARENA_AREA = np.pi / 4
GRID = 6


@dataclass(frozen=True)
class TrialQuality:
    """Values of one trial; None where the input for it was not given or the trial is too small to say.

    Attributes
    ----------
    n_items : int
    seconds_per_item, seconds_per_move : float
    watched : float
        Share of the trial's clips that were watched to the end before the submit.
    never_moved_again : float
        Share of the items that stayed where they were first dropped.
    hull_area : float
        Area of the positions' convex hull over the area of the arena.
    spread : float
        Entropy of the positions over a grid of 6 x 6 cells, as a share of the most that so many items can reach.
    stacked : float
        Share of the items whose nearest neighbour is closer than an item's size.
    on_a_line : float
        Share of the positions' variance that lies on one axis; 1 for a line.
    by_seat : float
        How much the positions follow the seats: the larger of |Spearman's rho| of seat number with x or with y, and the
        circular rank correlation of seat number with the angle in the arena. 0 to 1.
    """

    n_items: int
    seconds_per_item: float | None = None
    seconds_per_move: float | None = None
    watched: float | None = None
    never_moved_again: float | None = None
    hull_area: float | None = None
    spread: float | None = None
    stacked: float | None = None
    on_a_line: float | None = None
    by_seat: float | None = None


def trial_quality(
    arrangement: Arrangement,
    *,
    seconds: float | None = None,
    moves: Sequence[int] | None = None,
    watched: Collection[int] | None = None,
    seats: ArrayLike | None = None,
    item_size: float | None = None,
) -> TrialQuality:
    """The values of one trial (see `TrialQuality`).

    Parameters
    ----------
    arrangement
    seconds
        From the trial's start to its submit.
    moves
        The item of each drop, in order; an item's first entry is its first drop.
    watched
        Items that were played to the end before the submit.
    seats : (m,) int
        Seat number of each of the arrangement's items.
    item_size
        Diameter of an item in the arena, in arena diameters.

    Raises
    ------
    ValueError
        When `seconds` or `item_size` is negative or not finite, when `seats` does not hold one number for each item, or
        when `moves` or `watched` name an item that the trial does not hold.
    """
    for name, value in (("seconds", seconds), ("item_size", item_size)):
        if value is not None and not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{name} must be finite and not negative, got {value}")
    present = set(arrangement.items.tolist())
    for name, named in (("moves", moves), ("watched", watched)):
        foreign = set(named or ()) - present
        if foreign:
            raise ValueError(f"{name} names item {min(foreign)}, which the trial does not hold")
    m, x = len(arrangement), arrangement.positions
    drops = [] if moves is None else list(moves)
    return TrialQuality(
        n_items=m,
        seconds_per_item=None if seconds is None or m == 0 else seconds / m,
        seconds_per_move=None if seconds is None or not drops else seconds / len(drops),
        watched=None if watched is None or m == 0 else len(set(watched)) / m,
        never_moved_again=sum(drops.count(item) == 1 for item in set(drops)) / len(set(drops)) if drops else None,
        hull_area=_hull_area(x) / ARENA_AREA if m > 2 else None,
        spread=_spread(x) if m > 1 else None,
        stacked=None if item_size is None or m < 2 else _stacked(x, item_size),
        on_a_line=_on_a_line(x) if m > 2 else None,
        by_seat=None if seats is None else _by_seat(x, np.asarray(seats, dtype=np.float64)),
    )


def _hull_area(positions: Floats) -> float:
    centred = positions - positions.mean(axis=0)
    # Points on a line have no hull that Qhull would take.
    if np.linalg.matrix_rank(centred, tol=1e-9) < 2:
        return 0.0
    return float(ConvexHull(centred).volume)


def _spread(positions: Floats) -> float:
    cells = np.clip(((positions + 0.5) * GRID).astype(np.int64), 0, GRID - 1)
    _, counts = np.unique(cells, axis=0, return_counts=True)
    share = counts / len(positions)
    return float(-(share * np.log(share)).sum() / np.log(min(len(positions), GRID * GRID)))


def _stacked(positions: Floats, item_size: float) -> float:
    distance = cdist(positions, positions)
    np.fill_diagonal(distance, np.inf)
    return float((distance.min(axis=1) < item_size).mean())


def _on_a_line(positions: Floats) -> float | None:
    variance = np.linalg.svd(positions - positions.mean(axis=0), compute_uv=False) ** 2
    return float(variance[0] / variance.sum()) if variance.sum() > 1e-18 else None


def _by_seat(positions: Floats, seats: Floats) -> float | None:
    m = len(positions)
    if seats.shape != (m,):
        raise ValueError(f"seats must hold one number for each of the {m} items, got shape {seats.shape}")
    if m < 6:
        # Among four or five items some such order comes up by chance too often.
        return None
    in_rows = [
        abs(float(np.corrcoef(scipy.stats.rankdata(axis), scipy.stats.rankdata(seats))[0, 1]))
        for axis in positions.T
        if np.ptp(axis) > 1e-9 and np.ptp(seats) > 0
    ]
    angle = np.arctan2(positions[:, 1], positions[:, 0])
    turn = 2 * np.pi / m * scipy.stats.rankdata(angle), 2 * np.pi / m * scipy.stats.rankdata(seats)
    # Mardia's circular rank correlation: seats may run with the clock or against it.
    around = [abs(np.exp(1j * (turn[0] + sign * turn[1])).mean()) for sign in (-1, 1)]
    return float(max([*in_rows, *around]))
