"""What lies near what: the order of the clips, and their map."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

from ..arrangement import Floats
from ..rdm import n_items_of
from ..structure import MDS, mds

# Turning the leaves takes time with the cube of their number: half a second here.
MAX_TURNED = 250


def clip_map(rdm: Floats) -> MDS | str:
    """A map of the clips whose distances come near the dissimilarities of `rdm` (P,), or in words why there is none."""
    if n_items_of(rdm.size) < 3:
        return "A map needs at least three clips."
    try:
        return mds(rdm)
    except ValueError:
        return "The pairs seen do not tie all clips together, so their places on a map are open."


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
