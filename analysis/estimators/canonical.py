"""One form of a session whatever its labels, order and orientation, so that none of them can play a part in a fit.

Some fits follow rounding: a thousand rounds of inverse MDS turn a difference of 1e-16 into one of a tenth. Simulated
participants draw their noise in the order of items. So items are put in an order that the placements alone decide,
trials are turned to it, and positions are rounded to a grid far finer than any screen. The same session is then the
same to the last bit.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrangement import Arrangement, Floats, Ints
from ..rdm import upper_triangle
from .trials import Trials, usable_trials

# Positions are rounded to 2**-26 of a trial's extent (to a power of two below it), about 1e-8.
GRID_BITS = 26
# Extents that are powers of two are frequent; none shall lie where the grid changes.
OFF_POWERS = 1.37
# An item this near (relative to the extent) gives no direction.
NEAR = 1e-6

Words = NDArray[np.uint64]


def canonical(trials: Trials) -> tuple[Trials, Ints]:
    """The session in canonical form, and its items' places there (n,): item i is item places[i] of that form.

    Items that the placements cannot tell apart are in any order: exchanging them leaves the form as it is. A value
    within rounding (a hundred-millionth of a step) of where the grid changes can fall to either side; the forms then
    differ by a step, and perhaps in order. Estimators must bear that.
    """
    step = 2.0 ** (np.floor(np.log2(OFF_POWERS * trials.extent)) - GRID_BITS)
    places = np.empty(trials.n_items, dtype=np.int64)
    places[np.argsort(_item_keys(trials, step), kind="stable")] = np.arange(trials.n_items)
    turned = []
    for arrangement, extent, grid in zip(trials.arrangements, trials.extent, step, strict=True):
        order = np.argsort(places[arrangement.items])
        positions = _turned(arrangement.positions[order], NEAR * extent)
        # Adding 0 makes a negative zero positive.
        turned.append(Arrangement(places[arrangement.items[order]], np.round(positions / grid) * grid + 0.0))
    turned.sort(key=lambda trial: (trial.items.tolist(), trial.positions.tolist()))
    return usable_trials(turned, trials.n_items), places


def _turned(positions: Floats, near: float) -> Floats:
    """Positions (m, 2) around their centre, the first item that is off it to the right, the first off that axis up."""
    positions = positions - positions.mean(0)
    reach = np.hypot(positions[:, 0], positions[:, 1])
    first = int(np.argmax(reach > near))
    cosine, sine = positions[first] / reach[first]
    positions = positions @ np.array([[cosine, -sine], [sine, cosine]])
    off = np.abs(positions[:, 1]) > near
    if positions[int(np.argmax(off)), 1] < 0 and off.any():
        positions[:, 1] *= -1
    return positions


def _item_keys(trials: Trials, step: Floats) -> Words:
    """A number for each item (n,) that depends on distances alone; seen items have different ones.

    Items start alike. Each round mixes an item's key with the distances to the others of its trials and their keys (the
    refinement of Weisfeiler & Leman 1968); where items are still alike that can be exchanged, one is singled out.
    """
    row, col = (np.concatenate(side) for side in zip(*(_ends(a) for a in trials.arrangements), strict=True))
    first = np.concatenate([row, col])
    second = np.concatenate([col, row])
    trial = np.concatenate([trials.trial, trials.trial])
    length = np.round(trials.distance / step[trials.trial]).astype(np.uint64)
    length = _mixed(np.concatenate([length, length]))
    place = first + trial * trials.n_items
    held, of_pair = np.unique(place, return_inverse=True)
    seen = np.unique(first)
    keys = np.zeros(trials.n_items, dtype=np.uint64)
    singled = 0
    while True:
        alike = 0
        while (different := np.unique(keys[seen]).size) > alike and different < seen.size:
            alike = different
            within = np.zeros(held.size, dtype=np.uint64)
            np.add.at(within, of_pair, _mixed(length + keys[second]))
            total = np.zeros(trials.n_items, dtype=np.uint64)
            np.add.at(total, held % trials.n_items, _mixed(within))
            keys = _mixed(keys + total)
        values, counts = np.unique(keys[seen], return_counts=True)
        if values.size == seen.size:
            return keys
        singled += 1
        tied = seen[keys[seen] == values[np.argmax(counts > 1)]]
        keys[tied[0]] = _mixed(keys[tied[:1]] + np.uint64(singled))[0]


def _ends(arrangement: Arrangement) -> tuple[Ints, Ints]:
    """The two items of each pair of a trial, each (m(m-1)/2,), in the order of its distances."""
    row, col = upper_triangle(len(arrangement))
    return arrangement.items[row], arrangement.items[col]


def _mixed(words: Words) -> Words:
    """Words with their bits mixed, so that sums of them differ whenever their sets do (splitmix64's finaliser)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
