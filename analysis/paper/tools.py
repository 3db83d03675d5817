"""What the functions of `draw` are written with; their scripts import the same names from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .. import figures
from ..arrangement import Floats
from ..formats.bundle import read_bundle
from ..reliability.report import COEFFICIENTS
from ..results import (
    COMPARATOR_LABELS,
    GROUP,
    LABELS,
    Choice,
    StudyResults,
    at_unit_size,
    attribute_ranks,
    attributes_of,
    clip_map,
    clip_tree,
    cluster_order,
    order_by,
    results_of_bundle,
)
from ..structure import MDS, Tree

__all__ = [
    "COEFFICIENTS",
    "COMPARATOR_LABELS",
    "LABELS",
    "Attributes",
    "Choice",
    "StudyResults",
    "View",
    "attributes_of",
    "dissimilarities",
    "evidence_of",
    "figures",
    "groups_of",
    "item_order",
    "map_of",
    "np",
    "read_bundle",
    "results_of_bundle",
    "tree_of",
]

SIMILARITY, STUDY = "similarity", "study"
# The values of the clips, by attribute and name of the clip.
Attributes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class View:
    """What a figure shows: the RDM of the group or of a rater, as it was seen or completed by the estimator's model.

    Clips are in the `order` of similarity, of the study, or of an attribute; `colour` names an attribute. `dims` are
    those of the map, `width` is in centimetres.
    """

    whose: str = GROUP
    completed: bool = False
    order: str = SIMILARITY
    colour: str = ""
    dims: int = 2
    width: float = figures.SINGLE


def dissimilarities(results: StudyResults, view: View) -> Floats:
    """The RDM (P,) that the view shows, at a root mean square of 1 over the pairs seen.

    Raises
    ------
    ValueError
        When there is no rater of that name with an RDM.
    """
    if view.whose == GROUP:
        return at_unit_size(results.pooled.rdm, results.pooled.completed)[view.completed]
    if view.whose not in results.estimates:
        raise ValueError(f"There is no RDM of {view.whose}.")
    estimate = results.estimates[view.whose]
    return at_unit_size(estimate.seen_rdm, estimate.rdm)[view.completed]


def evidence_of(results: StudyResults, view: View) -> Floats:
    """The evidence (P,) of each pair, of a rater or the mean over raters.

    Raises
    ------
    ValueError
        As `dissimilarities`, and where no evidence is known because the RDMs came without placements.
    """
    dissimilarities(results, view)
    evidence = results.pooled.evidence if view.whose == GROUP else results.estimates[view.whose].evidence
    if not np.isfinite(evidence).any():
        raise ValueError("Evidence is not known: these RDMs came without placements.")
    return evidence


def item_order(results: StudyResults, attributes: Attributes, view: View) -> list[int]:
    """The items from top to bottom.

    Raises
    ------
    ValueError
        When there is no such attribute.
    """
    if view.order == STUDY:
        return list(range(len(results.names)))
    clusters = cluster_order(dissimilarities(results, view))
    if view.order == SIMILARITY:
        return clusters
    return order_by(attribute_ranks(groups_of(results, attributes, view.order)), clusters)


def groups_of(results: StudyResults, attributes: Attributes, name: str) -> list[str]:
    """Each clip's value of an attribute, "" for a clip without one.

    Raises
    ------
    ValueError
        When there is no such attribute.
    """
    if name not in attributes:
        raise ValueError(f"The clips have no attribute {name!r}.")
    return [attributes[name].get(clip, "") for clip in results.names]


def map_of(results: StudyResults, view: View) -> MDS:
    """The map of the clips.

    Raises
    ------
    ValueError
        Where there is none, with the reason.
    """
    mds = clip_map(dissimilarities(results, view), view.dims)
    if isinstance(mds, str):
        raise ValueError(mds)
    return mds


def tree_of(results: StudyResults, view: View) -> Tree:
    """The clips' tree.

    Raises
    ------
    ValueError
        Where there is none, with the reason.
    """
    tree = clip_tree(dissimilarities(results, view))
    if isinstance(tree, str):
        raise ValueError(tree)
    return tree
