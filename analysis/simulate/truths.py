"""RDMs with a known shape, to see what a design or an estimator recovers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import pdist

from ..arrangement import Floats
from ..rdm import n_items_of, scale_to_rms, subset, to_condensed, to_square


def gaussian(n_items: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """Distances of points from a normal distribution in so many dimensions, (P,)."""
    return np.asarray(pdist(rng.normal(size=(n_items, dimensions))), dtype=np.float64)


def clusters(n_items: int, n_clusters: int, rng: np.random.Generator) -> Floats:
    """Distances of points around cluster centres in five dimensions, (P,).

    The spread within a cluster is 0.35 of that between. Items are dealt to the clusters evenly, in random order.
    """
    centres = rng.normal(size=(n_clusters, 5))
    label = rng.permutation(np.arange(n_items) % n_clusters)
    return np.asarray(pdist(centres[label] + 0.35 * rng.normal(size=(n_items, 5))), dtype=np.float64)


def hierarchy(n_items: int, rng: np.random.Generator) -> Floats:
    """Distances of points in three groups of three sub-groups in ten dimensions, (P,).

    Standard deviations: 1 between groups, 0.6 between sub-groups, 0.3 within them.
    """
    groups, subgroups = rng.normal(size=(3, 10)), 0.6 * rng.normal(size=(9, 10))
    label = rng.permutation(np.arange(n_items) % 9)
    return np.asarray(pdist(groups[label // 3] + subgroups[label] + 0.3 * rng.normal(size=(n_items, 10))))


def circumplex(n_items: int, rng: np.random.Generator) -> Floats:
    """Lengths of the shorter arcs between random points of a circle, (P,), as emotions or hues are arranged.

    Not Euclidean in any number of dimensions.
    """
    angle = rng.uniform(0, 2 * np.pi, n_items)
    apart = np.abs(angle[:, None] - angle)
    return to_condensed(np.minimum(apart, 2 * np.pi - apart))


def tree_metric(n_items: int, rng: np.random.Generator) -> Floats:
    """Path lengths between the leaves of a random binary tree with exponential branch lengths, (P,)."""
    distance, depth = np.zeros((n_items, n_items)), np.zeros(n_items)
    branches = [np.array([item]) for item in range(n_items)]
    while len(branches) > 1:
        left = branches.pop(int(rng.integers(len(branches))))
        right = branches.pop(int(rng.integers(len(branches))))
        depth[left] += rng.exponential()
        depth[right] += rng.exponential()
        across = depth[left][:, None] + depth[right]
        distance[np.ix_(left, right)] = across
        distance[np.ix_(right, left)] = across.T
        branches.append(np.concatenate([left, right]))
    return to_condensed(distance)


def ultrametric_tree(n_items: int, rng: np.random.Generator) -> Floats:
    """Heights at which the leaves of a random tree meet, (P,): as in a taxonomy, whose leaves are all equally deep.

    Two branches drawn at random meet at each step; the heights of the steps are uniform between 0.1 and 1. Most pairs
    meet near the root, so that most dissimilarities are large and nearly equal, which no plane can show.
    """
    height = np.sort(rng.uniform(0.1, 1.0, n_items - 1))
    distance = np.zeros((n_items, n_items))
    branches = [np.array([item]) for item in range(n_items)]
    for meeting in height:
        left = branches.pop(int(rng.integers(len(branches))))
        right = branches.pop(int(rng.integers(len(branches))))
        distance[np.ix_(left, right)] = meeting
        distance[np.ix_(right, left)] = meeting
        branches.append(np.concatenate([left, right]))
    return to_condensed(distance)


def city_block(n_items: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """Summed differences along so many separate dimensions, (P,), uniform as ratings on scales are."""
    return np.asarray(pdist(rng.uniform(size=(n_items, dimensions)), "cityblock"), dtype=np.float64)


def features(n_items: int, n_features: int, rng: np.random.Generator) -> Floats:
    """Summed weights of the features that one item of a pair has and the other has not, (P,) (Tversky 1977).

    An item has each feature with a chance of one half; weights are exponential. Each item has one feature of its own.
    """
    has = rng.uniform(size=(n_items, n_features)) < 0.5
    weight, own = rng.exponential(size=n_features), 0.3 * rng.exponential(size=n_items)
    different = np.asarray(pdist(has * weight, "cityblock"), dtype=np.float64)
    return different + to_condensed(own[:, None] + own)


TRUTHS: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "gaussian_full": lambda n, rng: gaussian(n, max(n - 1, 1), rng),
    "gaussian_2": lambda n, rng: gaussian(n, 2, rng),
    "gaussian_5": lambda n, rng: gaussian(n, 5, rng),
    "clusters": lambda n, rng: clusters(n, 5, rng),
    "hierarchy": hierarchy,
    "circumplex": circumplex,
    "tree": tree_metric,
    "ultrametric": ultrametric_tree,
    "city_block": lambda n, rng: city_block(n, 3, rng),
    "features": lambda n, rng: features(n, 8, rng),
    "mixture": lambda n, rng: np.stack([scale_to_rms(clusters(n, 5, rng)), scale_to_rms(gaussian(n, 2, rng))]),
}


def make_truth(kind: str, n_items: int, *, rng: np.random.Generator) -> Floats:
    """A random RDM of a kind at RMS 1, (P,); for ``mixture`` two of them, (2, P).

    Kinds: ``gaussian_full`` (n-1 dimensions), ``gaussian_2``, ``gaussian_5``, ``clusters`` (five), ``hierarchy`` (three
    times three groups), ``circumplex``, ``tree``, ``ultrametric``, ``city_block`` (three dimensions), ``features``
    (eight that an item has or not), and ``mixture``: a participant of two strategies, who arranges by category in half
    of the trials and along two continuous dimensions in the others.

    Raises
    ------
    ValueError
        When the kind is unknown, or there are fewer than two items.
    """
    if kind not in TRUTHS:
        raise ValueError(f"unknown kind of truth {kind!r}; known are {', '.join(TRUTHS)}")
    if n_items < 2:
        raise ValueError(f"a truth needs at least two items, got {n_items}")
    truth = TRUTHS[kind](n_items, rng)
    return truth if truth.ndim == 2 else scale_to_rms(truth)


def overall(rdm: Floats) -> Floats:
    """The RDM that an estimate is compared with, (P,): the mean over strategies, (S, P), or the RDM itself."""
    return scale_to_rms(np.mean(np.atleast_2d(rdm), axis=0))


def part_of(rdm: Floats, n_items: int, *, rng: np.random.Generator) -> Floats:
    """The RDM of `n_items` of its items drawn at random, (n_items(n_items-1)/2,), at RMS 1.

    Raises
    ------
    ValueError
        When the RDM has fewer items.
    """
    total = n_items_of(rdm.shape[-1])
    if n_items > total:
        raise ValueError(f"cannot draw {n_items} items from an RDM of {total}")
    return scale_to_rms(subset(rdm, np.sort(rng.permutation(total)[:n_items])))


def individual(rdm: Floats, share: float, *, rng: np.random.Generator) -> Floats:
    """A rater's own RDM: the common one with `share` of its variance replaced by the rater's own, same shape, RMS 1.

    The own part has the same shape as the common one, with the items in another order. Squared dissimilarities are
    mixed, (1 - share) common + share own, as if each came from features of its own.

    Raises
    ------
    ValueError
        When the share is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share must be between 0 and 1, got {share}")
    order = rng.permutation(n_items_of(rdm.shape[-1]))
    mixed = [
        scale_to_rms(np.sqrt((1 - share) * one**2 + share * to_condensed(to_square(one)[np.ix_(order, order)]) ** 2))
        for one in np.atleast_2d(rdm)
    ]
    return mixed[0] if rdm.ndim == 1 else np.stack(mixed)
