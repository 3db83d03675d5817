"""A study's results, as the scripts of its pages are told: raters, RDMs, maps and trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.arrangement import Floats
from analysis.results import RaterResult, at_unit_size, attribute_ranks, clip_map, clip_tree, cluster_order, coverage
from analysis.structure import MDS
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.results.figures import attributes_of_clips
from app.results.inputs import Inputs
from app.results.overview import Overview
from app.results.stored import Standing
from app.studies.versions import pooled_sentence
from app.web.json_values import iso_time, number, numbers
from app.web.study_json import clip_view


def results_view(
    inputs: Inputs, version: str, overview: Overview, rated: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The raters of a choice and the clips, as computed last; vectors come rater by rater.

    `rated` has by file name what raters said of the clips, which is offered beside the study's own attributes.
    """
    clips = [clip_view(clip) for clip in inputs.clips]
    return {
        "state": "ready",
        "version": version,
        "method": inputs.choice.method,
        "target": inputs.target,
        "unfinished": overview.unfinished,
        "unfinished_sentence": overview.unfinished_sentence,
        "excluded_sentence": overview.excluded_sentence,
        "pooled_sentence": pooled_sentence(inputs.versions),
        "clips": [clip | {"attributes": {**clip["attributes"], **rated.get(clip["file"], {})}} for clip in clips],
        "raters": overview.raters,
        "ranks": attribute_orders(inputs),
    }


def attribute_orders(inputs: Inputs) -> dict[str, list[int]]:
    """By attribute the rank of each clip's value, for matrices in the order of an attribute."""
    attributes = attributes_of_clips(inputs.clips)
    return {
        name: attribute_ranks([values.get(clip, "") for clip in inputs.names]) for name, values in attributes.items()
    }


def results_version(standing: Standing, ratings: str) -> str:
    """A short text that changes whenever the results that are shown do; `ratings` changes with the ratings of clips."""
    return (standing.computed or "")[:16] + ratings


def standing_view(standing: Standing, worker: str) -> dict[str, Any]:
    """When the results were computed, and the state of the work on newer ones; `update` is None if none is needed."""
    update = None
    if not standing.is_current:
        failed = standing.state == WorkState.FAILED
        update = {
            "state": "failed" if failed else "computing" if standing.state == WorkState.COMPUTING else "waiting",
            "done": standing.done,
            "of": standing.raters,
            "reason": standing.reason,
            "worker": worker,
        }
    return {"computed_at": None if standing.computed_at is None else iso_time(standing.computed_at), "update": update}


class Vectors(NamedTuple):
    """Of one RDM, at a root mean square of 1 over the pairs seen: these, and completed by the model, each (P,).

    `n_raters` says how many saw each pair of the group, `predicted` which pairs are predicted. `orders` and
    `maps` of the group are computed with it; a rater's are when somebody looks. `standard_error` is in the same unit.
    """

    seen: Floats
    completed: Floats
    evidence: Floats
    n_raters: list[int] | None
    predicted: list[int]
    orders: Sequence[list[int]] | None = None
    maps: Sequence[MDS | str] | None = None
    standard_error: Floats | None = None


def group_vectors(overview: Overview) -> Vectors:
    """The group's RDM.

    Raises
    ------
    NotFound
        When no rater has one.
    """
    group = overview.group
    if group is None:
        raise NotFound("There is no RDM yet.")
    predicted, n_raters = _places(group.predicted), group.n_raters.tolist()
    return Vectors(
        *at_unit_size(group.rdm, group.completed), group.evidence, n_raters, predicted, overview.orders, overview.maps
    )


def rater_vectors(result: RaterResult | None) -> Vectors:
    """A rater's RDM.

    Raises
    ------
    NotFound
        When there is no such rater, or none with an RDM.
    """
    estimate = None if result is None else result.estimate
    if estimate is None:
        raise NotFound("There is no RDM of such a rater.")
    error, size = estimate.standard_error, np.sqrt(np.nanmean(estimate.seen_rdm**2))
    return Vectors(
        *at_unit_size(estimate.seen_rdm, estimate.rdm),
        estimate.evidence,
        None,
        _places(estimate.predicted),
        standard_error=None if error is None else error / size,
    )


def rdm_view(vectors: Vectors, rater_name: str, target: float, *, completed: bool = False) -> dict[str, Any]:
    """One RDM, a rater's or the group's: (P,) lists in condensed order, null for a pair that was not seen.

    `rdm` is scaled to a root mean square of 1 over the pairs seen, so 1 is the size of a typical dissimilarity. With
    `completed` the pairs of `predicted` hold what the model predicts, in the same unit. So do the standard errors, null
    where they were not asked for or are not known.
    """
    rdm = vectors.completed if completed else vectors.seen
    counts = coverage(vectors.evidence, target)
    return {
        "rater": rater_name,
        "rdm": numbers(rdm),
        "completed": completed,
        "evidence": numbers(vectors.evidence),
        "n_raters": vectors.n_raters,
        "predicted": vectors.predicted,
        "pairs": counts.pairs,
        "never_seen": counts.never_seen,
        "below_target": counts.below_target,
        "standard_error": None if vectors.standard_error is None else numbers(_at_pairs(vectors.standard_error, rdm)),
        "clusters": cluster_order(rdm) if vectors.orders is None else vectors.orders[completed],
    }


def map_view(vectors: Vectors, rater_name: str, dims: int = 2, *, completed: bool = False) -> dict[str, Any]:
    """The places of the clips on a map, within -1 and 1 on the longer side, and how well the map fits.

    It is made of the pairs that were seen, or with `completed` of the predicted ones too. Kept are maps of the group in
    two dimensions; others are quick enough to be made when somebody looks.

    Raises
    ------
    Invalid
        When no map can be drawn.
    """
    rdm = vectors.completed if completed else vectors.seen
    mds = clip_map(rdm, dims) if vectors.maps is None or dims != 2 else vectors.maps[completed]
    if isinstance(mds, str):
        raise Invalid(mds)
    size = float(np.abs(mds.positions).max()) or 1.0
    return {
        "rater": rater_name,
        "positions": (mds.positions / size).round(5).tolist(),
        "stress": mds.stress,
        "converged": mds.converged,
    }


def tree_view(vectors: Vectors, *, completed: bool = False) -> dict[str, Any]:
    """The clips joined by average linkage: SciPy's linkage matrix, and the leaves with near ones side by side.

    Where there is no tree, `problem` says why.
    """
    tree = clip_tree(vectors.completed if completed else vectors.seen)
    if isinstance(tree, str):
        return {"problem": tree}
    return {
        "problem": None,
        "linkage": [[int(a), int(b), round(height, 5)] for a, b, height, _ in tree.linkage.tolist()],
        "order": tree.order.tolist(),
        "cophenetic": number(tree.cophenetic_correlation),
    }


def _at_pairs(values: Floats, rdm: Floats) -> Floats:
    """The values of the pairs that the RDM holds; NaN for the others."""
    return np.where(np.isfinite(rdm), values, np.nan)


def _places(marked: NDArray[np.bool_]) -> list[int]:
    return [int(pair) for pair in np.flatnonzero(marked)]
