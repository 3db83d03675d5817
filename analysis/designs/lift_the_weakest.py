"""Lift the weakest (Kriegeskorte & Mur 2012): the trial that gains most utility of evidence per unit of time.

The utility of a pair with evidence E is u(E) = 1 - exp(-10 E). A trial of the item set S is expected to give a pair the
evidence w = max((D / M)**2, 0.2**2), where D is the present RDM and M its maximum within S, because participants use
the whole arena. The set grows greedily from a weak pair, as long as gain of utility / m**exponent rises.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from analysis.arrangement import Floats, Ints
from analysis.evidence import DISTANCE_FLOOR
from analysis.rdm import to_square

Form = Literal["2008", "2015"]

UTILITY_RATE = 10.0
# Seconds of a trial grow as a power of its number of items: the published figure, and the one of the later code.
COST_EXPONENT: dict[Form, float] = {"2008": 1.5, "2015": 1.2}
# Sums of the same gains in another order differ in the last digits; candidates this close are a tie.
TIE = 1e-10


def lift_the_weakest(
    rdm: Floats,
    evidence: Floats,
    *,
    form: Form = "2015",
    min_items: int = 3,
    max_items: int | None = None,
    distance_floor: float = DISTANCE_FLOOR,
    rng: np.random.Generator,
) -> Ints:
    """Items of the next trial, (m,), in the order in which they were chosen; ties are broken at random.

    Parameters
    ----------
    rdm : (P,) float
        Present estimate, any scale; a NaN (pair never seen) counts as the mean of the others.
    evidence : (P,) float
        Evidence of the pairs so far.
    form : "2015" or "2008"
        2008 starts from the weakest pair and takes a trial's cost to be m**1.5. 2015 takes m**1.2 and, while some pairs
        have no evidence, starts from a pair that has: the one whose items reach most pairs without any, so that the
        trial shares a pair with earlier ones and its scale is known.
    min_items, max_items : int
        Bounds on m, both cut to the number of items.
    distance_floor : float
        Placement noise dominates below this distance (arena diameters); 0 leaves the floor out of the prediction.
    """
    order = rng.permutation(len(to_square(evidence)))  # Random labels: "the lowest index wins a tie" is then random.
    distances = to_square(_filled(rdm))[np.ix_(order, order)]
    weights = to_square(evidence)[np.ix_(order, order)]
    n = len(order)
    if n <= min_items:
        return np.asarray(order, dtype=np.int64)
    first, second = _starting_pair(weights, form)
    chosen = _grow(
        distances,
        weights,
        [first, second],
        exponent=COST_EXPONENT[form],
        min_items=min(min_items, n),
        max_items=n if max_items is None else min(max_items, n),
        distance_floor=distance_floor,
    )
    return np.asarray(order[chosen], dtype=np.int64)


def _filled(rdm: Floats) -> Floats:
    missing = np.isnan(rdm)
    known = rdm[~missing]
    return np.where(missing, known.mean() if known.size else 1.0, rdm)


def _starting_pair(weights: Floats, form: Form) -> tuple[int, int]:
    row, col = np.triu_indices(len(weights), 1)
    pair_weights = weights[row, col]
    seen = pair_weights > 0
    if form == "2015" and seen.any() and not seen.all():
        unseen_of_item = (weights == 0).sum(axis=1) - 1
        reach = np.where(seen, unseen_of_item[row] + unseen_of_item[col], -1)
        best = int(np.argmax(reach))
    else:
        best = int(np.argmin(pair_weights))
    return int(row[best]), int(col[best])


def _grow(
    distances: Floats,
    weights: Floats,
    chosen: list[int],
    *,
    exponent: float,
    min_items: int,
    max_items: int,
    distance_floor: float,
) -> list[int]:
    """Greedy growth of the set, exact, without summing the whole gain anew for each candidate.

    A pair's gain is R (1 - exp(-10 w)) with R = exp(-10 E) the utility still to be had. `column` holds each candidate's
    gain against the set at the present maximum M; an accepted item adds one term to it. Only a candidate that lies
    farther than M from the set changes M, and with it the gain of every pair of the set: those are computed in full.
    """
    floor = distance_floor**2
    squared = distances**2
    remaining = np.exp(-UTILITY_RATE * weights)

    def gain(pair_squared: Floats, pair_remaining: Floats, maximum: Floats | float) -> Floats:
        # All on one spot (maximum 0) predicts distance 0, hence evidence at the floor.
        share = np.divide(pair_squared, maximum, out=np.zeros_like(pair_squared), where=np.asarray(maximum) > 0)
        return pair_remaining * -np.expm1(-UTILITY_RATE * np.maximum(share, floor))

    free = np.ones(len(distances), dtype=bool)
    free[chosen] = False
    maximum = float(squared[chosen[0], chosen[1]])
    inside_squared, inside_remaining = squared[[chosen[0]], chosen[1]], remaining[[chosen[0]], chosen[1]]
    farthest = squared[:, chosen].max(axis=1)
    column = gain(squared[:, chosen], remaining[:, chosen], maximum).sum(axis=1)
    efficiency = -np.inf
    while len(chosen) < max_items:
        total = gain(inside_squared, inside_remaining, maximum).sum() + column
        beyond = np.flatnonzero(free & (farthest > maximum))
        if beyond.size:
            new_maximum = farthest[beyond, None]
            pairs = (beyond.size, inside_squared.size)
            within = gain(np.broadcast_to(inside_squared, pairs), inside_remaining, new_maximum).sum(axis=1)
            against = gain(squared[beyond][:, chosen], remaining[beyond][:, chosen], new_maximum).sum(axis=1)
            total[beyond] = within + against
        total[~free] = -np.inf
        best = int(np.argmax(total >= total.max() * (1 - TIE)))
        new_efficiency = float(total[best]) / (len(chosen) + 1) ** exponent
        if len(chosen) >= min_items and new_efficiency <= efficiency * (1 + TIE):
            break
        efficiency = new_efficiency
        inside_squared = np.append(inside_squared, squared[best, chosen])
        inside_remaining = np.append(inside_remaining, remaining[best, chosen])
        chosen = [*chosen, best]
        free[best] = False
        if farthest[best] > maximum:
            maximum = float(farthest[best])
            column = gain(squared[:, chosen], remaining[:, chosen], maximum).sum(axis=1)
        else:
            column = column + gain(squared[:, best], remaining[:, best], maximum)
        farthest = np.maximum(farthest, squared[:, best])
    return chosen
