"""What every estimator starts from: the usable trials, flattened pair by pair, and how they hang together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..arrangement import Arrangement, Floats, Ints, Pairs, check_arrangements, pairs_of_trials
from ..rdm import n_pairs, pair_index, upper_triangle
from ..words import counted

# Items this close together (relative to the coordinates) are on one spot as far as floating point can tell.
COINCIDENT = 1e-9


class NoUsableTrialsError(ValueError):
    """No trial holds any information about a dissimilarity."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Usable trials of an estimate: T trials with N placed pairs in all (a pair counts once in each trial of it).

    `numbers` (T,) are the trials' places in the list that was given; `dropped` names the others, each with its reason.
    `trial`, `pair`, `distance` (N,) hold for each placed pair its trial (0 to T-1), its condensed index in the study
    and its distance in the unit of the positions; the pairs of a trial are consecutive. `extent` (T,) is each trial's
    largest distance, `sizes` (T,) its number of items.
    """

    n_items: int
    arrangements: tuple[Arrangement, ...]
    numbers: Ints
    dropped: tuple[tuple[int, str], ...]
    sizes: Ints
    extent: Floats
    trial: Ints
    pair: Ints
    distance: Floats

    def relative_distance(self) -> Floats:
        """Distances with each trial scaled to a largest distance of 1, (N,)."""
        return self.distance / self.extent[self.trial]

    def seen(self) -> Ints:
        """For each pair of the study the number of trials that hold it, (P,)."""
        return np.bincount(self.pair, minlength=n_pairs(self.n_items))

    def among_seen(self) -> Ints:
        """For each placed pair its place among the seen pairs, (N,): of many items, most pairs are unseen."""
        return (np.cumsum(self.seen() > 0) - 1)[self.pair]


def usable_trials(arrangements: Iterable[Arrangement], n_items: int) -> Trials:
    """The trials that say something about dissimilarities, flattened; the others dropped with a reason.

    A trial of fewer than three items has one distance at most, which says nothing once its free scale is taken out; a
    trial whose items all lie on one spot has no scale.

    Raises
    ------
    NoUsableTrialsError
        When no trial is usable.
    ValueError
        When a trial holds an item that is not below `n_items`.
    """
    trials = check_arrangements(arrangements, n_items)
    dropped = {
        number: f"has {counted(len(trial), 'item')}; fewer than three hold no information"
        for number, trial in enumerate(trials)
        if len(trial) < 3
    }
    kept = [number for number in range(len(trials)) if number not in dropped]
    pairs, extent = _pairs_and_extent([trials[number] for number in kept])
    farthest = [float(np.abs(trials[number].positions).max()) for number in kept]
    on_one_spot = extent <= COINCIDENT * np.maximum(1.0, farthest)
    if on_one_spot.any():
        for place in np.flatnonzero(on_one_spot):
            dropped[kept[place]] = "all items are on one spot, so the trial has no scale"
        kept = [number for number in kept if number not in dropped]
        pairs, extent = _pairs_and_extent([trials[number] for number in kept])
    if not kept:
        told = [f"trial {number} {dropped[number]}" for number in sorted(dropped)[:5]]
        raise NoUsableTrialsError(f"no usable trial among {len(trials)}: {'; '.join(told) or 'there are no trials'}")
    return Trials(
        n_items=n_items,
        arrangements=tuple(trials[number] for number in kept),
        numbers=np.array(kept, dtype=np.int64),
        dropped=tuple(sorted(dropped.items())),
        sizes=np.array([len(trials[number]) for number in kept], dtype=np.int64),
        extent=extent,
        trial=np.repeat(np.arange(len(kept)), pairs.counts),
        pair=pair_index(pairs.first, pairs.second, n_items),
        distance=pairs.distance,
    )


def _pairs_and_extent(trials: list[Arrangement]) -> tuple[Pairs, Floats]:
    """The pairs of trials of two items or more, and the largest distance of each, (T,)."""
    pairs = pairs_of_trials(trials)
    begins = np.cumsum(pairs.counts) - pairs.counts
    return pairs, np.maximum.reduceat(pairs.distance, begins) if trials else np.empty(0)


def pair_components(trials: Trials) -> Ints:
    """For each pair of the study the component it belongs to, (P,), -1 where it was never seen.

    Trials are connected when they share a pair: only then do their distances have a common scale. Components are
    numbered by falling number of pairs.
    """
    n_trials, total = trials.sizes.size, n_pairs(trials.n_items)
    links = coo_array(
        (np.ones(trials.pair.size), (trials.trial, n_trials + trials.pair)), shape=(n_trials + total, n_trials + total)
    )
    _, labels = connected_components(links, directed=False)
    of_pair = np.full(total, -1, dtype=np.int64)
    of_pair[trials.pair] = labels[trials.trial]
    components, of_seen, sizes = np.unique(of_pair[of_pair >= 0], return_inverse=True, return_counts=True)
    rank = np.empty(components.size, dtype=np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(components.size)
    of_pair[of_pair >= 0] = rank[of_seen]
    return of_pair


def share_items(seen: NDArray[np.bool_], n_items: int) -> bool:
    """Whether pairs that were seen, (P,) bool, lead from each item that was seen to each other."""
    row, col = (index[seen] for index in upper_triangle(n_items))
    links = coo_array((np.ones(row.size), (row, col)), shape=(n_items, n_items))
    _, labels = connected_components(links, directed=False)
    return bool(np.unique(labels[np.concatenate([row, col])]).size <= 1)


@dataclass(frozen=True, eq=False)
class ConnectedSet:
    """Trials with a common scale: their items in the study's order (m,), the trials with items renumbered 0 to m-1,
    and the trials' places in the list that was given."""

    items: Ints
    arrangements: tuple[Arrangement, ...]
    numbers: Ints


def connected_sets(arrangements: Iterable[Arrangement], n_items: int) -> tuple[ConnectedSet, ...]:
    """Usable trials taken apart into sets that share pairs, the set of most pairs first.

    A study of several sets of clips, or a session whose trials do not overlap, has dissimilarities on several scales
    that no estimate can compare: estimate each set by itself. Two sets may have one item in common.

    Raises
    ------
    NoUsableTrialsError
        When no trial is usable.
    """
    trials = usable_trials(arrangements, n_items)
    components = pair_components(trials)
    of_trial = np.empty(trials.sizes.size, dtype=np.int64)
    of_trial[trials.trial] = components[trials.pair]
    sets = []
    for component in range(int(of_trial.max()) + 1):
        members = np.flatnonzero(of_trial == component)
        chosen = [trials.arrangements[t] for t in members]
        items = np.unique(np.concatenate([a.items for a in chosen]))
        renumbered = tuple(Arrangement(np.searchsorted(items, a.items), a.positions) for a in chosen)
        sets.append(ConnectedSet(items, renumbered, trials.numbers[members]))
    return tuple(sets)
