"""Lift the weakest (Kriegeskorte & Mur 2012): the trial that gains most utility of evidence per unit of time.

The utility of a pair with evidence E is u(E) = 1 - exp(-10 E). A trial of the item set S is expected to give a pair the
evidence w = max((D / M)**2, 0.2**2), where D is the present RDM and M its maximum within S, because participants use
the whole arena. The set grows greedily from a weak pair, as long as gain of utility / m**exponent rises.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..arrangement import Floats, Ints
from ..evidence import DISTANCE_FLOOR
from ..rdm import n_items_of
from .greedy import TIE, best_item, items_of_pairs, pairs_of, random_pair

Form = Literal["2008", "2015"]

UTILITY_RATE = 10.0
# Seconds of a trial grow as a power of its number of items: the published figure, and the one of the later code.
COST_EXPONENT: dict[Form, float] = {"2008": 1.5, "2015": 1.2}


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

    The set is the one that summing the whole gain again for each candidate would give, but a pair's gain is
    R (1 - exp(-10 w)) with R = exp(-10 E), and `column` keeps each candidate's gain against the set at the present
    maximum M: an accepted item adds one term to it. Only a candidate that lies farther than M from the set changes M,
    and with it the gain of every pair; for those the gain is summed in full.

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
    n = n_items_of(evidence.size)
    largest_set = n if max_items is None else min(max_items, n)
    if n <= min_items:
        return np.arange(n)
    squared_rdm = _filled(rdm) ** 2
    floor, exponent = distance_floor**2, COST_EXPONENT[form]

    def gain(squared: Floats, remaining: Floats, scale: Floats | float) -> Floats:
        """Gains of pairs in a trial whose maximum squared distance is 1 / scale."""
        return np.asarray(remaining * (1 - np.exp(-UTILITY_RATE * np.maximum(squared * scale, floor))))

    priority = rng.permutation(n)
    chosen = random_pair(_starting_pairs(evidence, form), rng=rng)
    # Row k holds the pairs of the k-th chosen item with all items; what is at items of the set is never used.
    squared, remaining = np.empty((largest_set, n)), np.empty((largest_set, n))
    for k, item in enumerate(chosen):
        pairs = pairs_of(item, n)
        squared[k], remaining[k] = squared_rdm[pairs], np.exp(-UTILITY_RATE * evidence[pairs])
    inside_squared, inside_remaining = squared[0, chosen[1:]], remaining[0, chosen[1:]]
    maximum = float(inside_squared[0])
    # All on one spot (maximum 0) predicts distance 0, hence evidence at the floor.
    scale = 1 / maximum if maximum > 0 else 0.0
    farthest = np.maximum(squared[0], squared[1])
    farthest[chosen] = 0.0
    column = gain(squared[:2], remaining[:2], scale).sum(axis=0)
    within, efficiency = float(gain(inside_squared, inside_remaining, scale)[0]), 0.0
    while len(chosen) < largest_set:
        m = len(chosen)
        total = within + column
        beyond = np.flatnonzero(farthest > maximum)
        if beyond.size:
            new_scale = 1 / farthest[beyond, None]
            total[beyond] = gain(inside_squared, inside_remaining, new_scale).sum(axis=1)
            total[beyond] += gain(squared[:m, beyond].T, remaining[:m, beyond].T, new_scale).sum(axis=1)
        total[chosen] = -1.0
        best = best_item(total, priority)
        new_efficiency = float(total[best]) / (m + 1) ** exponent
        if m >= min_items and new_efficiency <= efficiency * (1 + TIE):
            break
        within, efficiency = float(total[best]), new_efficiency
        inside_squared = np.concatenate([inside_squared, squared[:m, best]])
        inside_remaining = np.concatenate([inside_remaining, remaining[:m, best]])
        pairs = pairs_of(best, n)
        squared[m], remaining[m] = squared_rdm[pairs], np.exp(-UTILITY_RATE * evidence[pairs])
        if farthest[best] > maximum:
            maximum = float(farthest[best])
            scale = 1 / maximum
            column = gain(squared[: m + 1], remaining[: m + 1], scale).sum(axis=0)
        else:
            column += gain(squared[m], remaining[m], scale)
        np.maximum(farthest, squared[m], out=farthest)
        chosen.append(best)
        farthest[chosen] = 0.0
    return np.array(chosen, dtype=np.int64)


def _filled(rdm: Floats) -> Floats:
    missing = np.isnan(rdm)
    if not missing.any():
        return rdm
    known = rdm[~missing]
    return np.where(missing, known.mean() if known.size else 1.0, rdm)


def _starting_pairs(evidence: Floats, form: Form) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """The pairs that are equally good to start from, (P,) bool."""
    seen = evidence > 0
    if form == "2008" or seen.all() or not seen.any():
        return np.asarray(evidence == evidence.min())
    n = n_items_of(evidence.size)
    unseen = np.concatenate(items_of_pairs(np.flatnonzero(~seen), n))
    unseen_of_item = np.bincount(unseen, minlength=n)
    low, high = items_of_pairs(np.arange(evidence.size), n)
    reach = np.where(seen, unseen_of_item[low] + unseen_of_item[high], -1)
    return np.asarray(reach == reach.max())
