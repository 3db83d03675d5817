"""What lies near what: the order of the clips and of the raters, the clips' tree, and their map."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from ..arrangement import Floats
from ..rdm import n_items_of
from ..structure import MDS, Tree, cluster_agreement, cluster_items, mds
from ..structure.clusters import MAX_TURNED


def clip_map(rdm: Floats, n_dims: int = 2) -> MDS | str:
    """A map of the clips whose distances come near the dissimilarities of `rdm` (P,), or in words why there is none."""
    if n_items_of(rdm.size) < n_dims + 1:
        return f"A map needs at least {('three', 'four')[n_dims > 2]} clips."
    try:
        return mds(rdm, n_dims)
    except ValueError:
        return "The pairs seen do not tie all clips together, so their places on a map are open."


def clip_tree(rdm: Floats) -> Tree | str:
    """The clips of `rdm` (P,) joined by average linkage, or in words why there is no tree."""
    if n_items_of(rdm.size) < 3:
        return "A tree needs at least three clips."
    missing = int(np.isnan(rdm).sum())
    if missing:
        were = "1 was" if missing == 1 else f"{missing} were"
        return f"A tree needs every pair of clips, and {were} never seen together."
    return cluster_items(rdm)


def cluster_order(rdm: Floats) -> list[int]:
    """Items in an order that puts alike ones side by side: average linkage, leaves turned to lie next to their likes.

    Missing pairs count as average for the order only (Bar-Joseph et al. 2001 for the turning of leaves).
    """
    n_items = n_items_of(rdm.size)
    if n_items < 3 or not np.isfinite(rdm).any():
        return list(range(n_items))
    filled = np.where(np.isfinite(rdm), rdm, np.nanmean(rdm))
    tree = linkage(filled, method="average", optimal_ordering=n_items <= MAX_TURNED)
    return [int(item) for item in leaves_list(tree)]


def attribute_ranks(values: Sequence[str]) -> list[int]:
    """The place of each clip's value of an attribute among the values: numbers by size, words as people sort them.

    Clips without a value come last.
    """
    distinct = {value for value in values if value.strip()}
    present = sorted(distinct, key=float if all(map(_is_number, distinct)) else _natural)
    places = {value: place for place, value in enumerate(present)}
    return [places.get(value, len(places)) for value in values]


def order_by(ranks: Sequence[int], clusters: Sequence[int]) -> list[int]:
    """Items in the order of their `ranks`, those of one rank as in `clusters`."""
    return sorted(clusters, key=lambda item: ranks[item])


def rater_order(between: Floats) -> list[int]:
    """Raters with those who agree (R, R) side by side, where every two of them can be compared."""
    try:
        return [int(rater) for rater in cluster_agreement(between).order]
    except ValueError:
        return list(range(len(between)))


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _natural(value: str) -> list[tuple[int, int, str]]:
    parts = re.findall(r"\d+|\D+", value.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
