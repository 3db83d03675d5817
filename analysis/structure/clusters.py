"""Hierarchical clustering of clips or raters, with how well it fits: cophenetic correlation and silhouettes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.cluster.hierarchy import cophenet, fcluster, leaves_list, linkage

from ..arrangement import Floats, Ints
from ..rdm import to_condensed, to_square
from ..similarity import Method, check_rdms, similarity

Linkage = Literal["average", "complete", "single", "ward"]
# Turning the leaves takes time with the cube of their number: half a second here.
MAX_TURNED = 250
LINKAGES: tuple[Linkage, ...] = get_args(Linkage)


@dataclass(frozen=True, eq=False)
class Tree:
    """A hierarchical clustering of n things.

    `linkage` (n - 1, 4) is SciPy's; `order` (n,) the leaves with near ones side by side; `cophenetic_correlation` the
    Pearson correlation of the heights at which things join with their dissimilarities, NaN where one is constant.
    """

    linkage: Floats
    order: Ints
    cophenetic_correlation: float

    def labels(self, n_clusters: int) -> Ints:
        """Cut into `n_clusters` at most; (n,) labels from 0, numbered by their first member."""
        if not 1 <= n_clusters <= self.order.size:
            raise ValueError(f"n_clusters must lie between 1 and {self.order.size}, got {n_clusters}")
        raw = fcluster(self.linkage, n_clusters, criterion="maxclust")
        _, first, inverse = np.unique(raw, return_index=True, return_inverse=True)
        return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.int64)


def cluster_items(rdm: ArrayLike, *, method: Linkage = "average") -> Tree:
    """Hierarchical clustering of the items of one RDM.

    Parameters
    ----------
    rdm : (P,) float
        Without missing pairs: where two items are joined depends on all of them.
    method
        "average", "complete", "single" or "ward" (for distances in a Euclidean space).

    Raises
    ------
    ValueError
        When a pair is missing, infinite or negative, or the method is unknown.
    """
    table = check_rdms(rdm, "rdm", row="row")
    if len(table) != 1:
        raise ValueError(f"expected one RDM, got {len(table)}")
    return _tree(table[0], method, "items")


def cluster_raters(rdms: ArrayLike, *, similarity_method: Method = "pearson", method: Linkage = "average") -> Tree:
    """Hierarchical clustering of raters on 1 - r, r their similarity over the pairs that both saw.

    Raises
    ------
    ValueError
        With a single rater, when two raters have no defined similarity (which two is said), or a method is unknown.
    """
    return cluster_agreement(similarity(check_rdms(rdms), method=similarity_method), method)


def cluster_agreement(agreement: Floats, method: Linkage = "average") -> Tree:
    """Hierarchical clustering of raters by the similarity (R, R) of every two of them, as `cluster_raters` does.

    Raises
    ------
    ValueError
        As `cluster_raters`.
    """
    if len(agreement) < 2:
        raise ValueError("clusters of raters need at least two raters")
    return _tree(np.maximum(1 - to_condensed(agreement), 0.0), method, "raters")


def _tree(dissimilarities: Floats, method: Linkage, things: str) -> Tree:
    if method not in LINKAGES:
        raise ValueError(f"method must be one of {', '.join(LINKAGES)}, got {method!r}")
    square = to_square(dissimilarities)
    if np.isnan(dissimilarities).any():
        i, j = np.argwhere(np.isnan(square))[0]
        raise ValueError(f"clustering needs all pairs: {things} {i} and {j} have no defined dissimilarity")
    if dissimilarities.min() < 0:
        raise ValueError("clustering needs dissimilarities that are not negative (z-scores are not)")
    joined = linkage(dissimilarities, method, optimal_ordering=len(square) <= MAX_TURNED)
    heights = np.asarray(cophenet(joined), dtype=np.float64)
    fit = float(similarity(heights, dissimilarities)[0, 0])
    return Tree(np.asarray(joined), np.asarray(leaves_list(joined), dtype=np.int64), fit)


def silhouettes(rdm: ArrayLike, labels: ArrayLike) -> Floats:
    """Silhouette of each item, (n,): (b - a) / max(a, b), with missing pairs left out of the means.

    a is the item's mean dissimilarity to its own cluster, b to the nearest other one (Rousseeuw 1987). 0 for an item
    that is alone in its cluster; NaN where no other item of its cluster, or no other cluster, shares a pair with it.

    Raises
    ------
    ValueError
        When `labels` does not hold one label for each item, or there are fewer than two clusters.
    """
    square = to_square(check_rdms(rdm, "rdm", row="row")[0])
    names, member = np.unique(np.asarray(labels), return_inverse=True)
    if member.shape != (len(square),):
        raise ValueError(f"labels must hold one label for each of the {len(square)} items, got {member.shape}")
    if names.size < 2:
        raise ValueError("silhouettes need at least two clusters")
    inside = np.eye(names.size)[member]
    present = np.isfinite(square) & ~np.eye(len(square), dtype=bool)
    count = present @ inside
    means = np.where(present, square, 0.0) @ inside / np.where(count > 0, count, np.nan)
    own = means[np.arange(len(square)), member]
    means[np.arange(len(square)), member] = np.inf
    nearest = np.where(np.isnan(means), np.inf, means).min(axis=1)
    nearest[np.isinf(nearest)] = np.nan
    larger = np.maximum(own, nearest)
    value = np.where(larger > 0, (nearest - own) / np.where(larger > 0, larger, 1.0), 0.0)
    value = np.where(np.isnan(larger), np.nan, value)
    return np.where(inside.sum(axis=0)[member] == 1, 0.0, value)


def silhouette_by_clusters(rdm: ArrayLike, tree: Tree, max_clusters: int = 10) -> dict[int, float]:
    """Mean silhouette of the tree's cut into 2, 3, ... clusters: the largest speaks for that many."""
    most = min(max_clusters, tree.order.size - 1)
    means = {}
    for n_clusters in range(2, most + 1):
        labels = tree.labels(n_clusters)
        # Ties in the tree can make a cut into exactly so many clusters impossible.
        if labels.max() + 1 == n_clusters:
            values = silhouettes(rdm, labels)
            means[n_clusters] = float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")
    return means
