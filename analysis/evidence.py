"""Evidence of pairs (Kriegeskorte & Mur 2012): how much the placements seen so far say about each pair."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .arrangement import Arrangement, Floats, check_arrangements, pairs_of_trials
from .rdm import n_pairs, pair_index

# Below a fifth of the arena's diameter placement noise dominates, so the weight falls no further.
DISTANCE_FLOOR = 0.2


def evidence_weights(distances: Floats) -> Floats:
    """Evidence that one placement gives each pair: max(d**2, 0.2**2), d in arena diameters; same shape."""
    return np.maximum(distances**2, DISTANCE_FLOOR**2)


def pair_evidence(arrangements: Iterable[Arrangement], n_items: int) -> Floats:
    """Evidence summed over trials, (n_items(n_items-1)/2,); 0 for a pair that was never seen.

    The weight is a squared signal-to-noise ratio (Kriegeskorte & Mur 2012, "evidence weight").

    Raises
    ------
    ValueError
        When a trial holds an item that is not below `n_items`.
    """
    pairs = pairs_of_trials(check_arrangements(arrangements, n_items))
    index = pair_index(pairs.first, pairs.second, n_items)
    return np.asarray(np.bincount(index, evidence_weights(pairs.distance), n_pairs(n_items)), dtype=np.float64)
