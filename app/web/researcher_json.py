"""What the experimenter's pages and their JSON show, as plain data.

Over 300 lines: one short function for each part of the pages' JSON, which are read beside the pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from flask import request, url_for
from numpy.typing import NDArray

from analysis.arrangement import Floats
from analysis.estimators import ESTIMATORS
from analysis.formats.source_bundle import GIVEN
from analysis.rdm import to_condensed
from analysis.reliability import Coefficient, GrowthCurve
from analysis.results import (
    MEASURES,
    Choice,
    RaterResult,
    at_unit_size,
    attribute_ranks,
    clip_map,
    clip_tree,
    cluster_order,
    coverage,
)
from analysis.structure import MDS
from app.definition.study_toml import definition_of
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.media import sources_of
from app.models import Clip, Study
from app.results.figures import attributes_of_clips
from app.results.inputs import Inputs
from app.results.overview import Overview
from app.results.so_far import SoFar
from app.results.stored import Standing
from app.studies.monitoring import SessionStatus
from app.studies.origin import origin_sentences
from app.studies.versions import pooled_sentence
from app.web.context import settings
from app.web.login import account_id
from app.web.signing import experimenter_audience, media_url

DEFAULT_METHOD = Choice.method


def choice_of_request() -> Choice:
    """The estimator and the raters that the address asks for.

    Raises
    ------
    Invalid
        When there is no such estimator.
    """
    method = request.args.get("method", DEFAULT_METHOD)
    if method not in (*ESTIMATORS, GIVEN):
        raise Invalid(f"There is no estimator {method!r}; there are {', '.join(ESTIMATORS)}.", field="method")
    return Choice(
        method,
        with_simulated=switch("simulated"),
        with_unfinished=switch("unfinished", default=False),
        with_excluded=switch("excluded", default=False),
        uncertainty=switch("uncertainty", default=False),
        clip_set=request.args.get("set") or None,
    )


def switch(name: str, *, default: bool = True) -> bool:
    """A yes or no in the address: 1 or 0."""
    return request.args.get(name, "1" if default else "0") == "1"


def dimensions_of_request() -> int:
    """How many dimensions the map has that the address asks for.

    Raises
    ------
    Invalid
        When they are neither 2 nor 3.
    """
    dims = request.args.get("dims", "2")
    if dims not in ("2", "3"):
        raise Invalid("A map has 2 or 3 dimensions.", field="dims")
    return int(dims)


def study_view(study: Study) -> dict[str, Any]:
    """A study's head: names, state, links."""
    definition = definition_of(study)
    return {
        "name": study.name,
        "title": definition.title,
        "state": study.state.value,
        "archived": study.archived_at is not None,
        "origin": origin_sentences(study),
        "link": public_address(url_for("participant.consent", name=study.name)),
        "min_evidence": definition.stop.min_evidence,
        "places": definition.recruitment.places,
        "checks": definition.design.checks,
        "id_parameter": next(iter(definition.recruitment.parameters), None),
        "without_id": definition.recruitment.without_id,
        "signed": definition.recruitment.signed,
    }


def public_address(path: str) -> str:
    """The operator's own address where there is one: behind a proxy the request may not know it."""
    base = settings().base_url.rstrip("/")
    return base + path if base else request.host_url.rstrip("/") + path


def session_row(session: SessionStatus, *, with_ids: bool) -> dict[str, Any]:
    """A session's row; the recruiter's ids of the person are only for those who may change the study."""
    return {
        "rater": session.rater,
        "session": session.session_id,
        "state": session.state,
        "simulated": session.is_simulated,
        "pilot": session.is_pilot,
        "progress": session.progress,
        "trials": session.trials,
        "minutes": session.minutes,
        "checks": {"done": session.checks.done, "passed": session.checks.passed},
        "consented_at": _time(session.consented_at),
        "last_seen_at": _time(session.last_seen_at),
        "ended_by": session.ended_by,
        "recruiter": session.recruiter if with_ids else {},
        "person": session.person,
        "visit": session.visit,
        "id_note": session.id_note,
        "unproven_trials": session.unproven_trials,
        "asked_to_leave": session.asked_to_leave,
        "note": session.note,
        "exclusion_reason": session.exclusion_reason,
    }


def clip_view(clip: Clip) -> dict[str, Any]:
    """A clip's row: its state, and the addresses of its poster and its renditions once there are any."""
    audience = experimenter_audience(account_id())
    address = {r.kind: media_url(clip.study_id, audience, clip.public_id, r) for r in clip.renditions}
    return {
        "id": clip.public_id,
        "file": clip.file_name,
        "label": clip.label,
        "kind": clip.kind.value,
        "state": clip.state.value,
        "progress": clip.progress,
        "reason": clip.reason,
        "width": clip.width,
        "height": clip.height,
        "source_width": clip.source_width,
        "source_height": clip.source_height,
        "frames": clip.frames,
        "remarks": clip.remarks or [],
        "duration": clip.duration_s,
        "fps": clip.fps,
        "codec": clip.codec,
        "has_audio": clip.has_audio,
        "attributes": clip.attributes,
        "poster": address.get("poster"),
        "sources": sources_of(address),
    }


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
    """When the results were computed, and how the work on newer ones stands; `update` is None where none is needed."""
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
    return {"computed_at": None if standing.computed_at is None else _time(standing.computed_at), "update": update}


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
        "rdm": _numbers(rdm),
        "completed": completed,
        "evidence": _numbers(vectors.evidence),
        "n_raters": vectors.n_raters,
        "predicted": vectors.predicted,
        "pairs": counts.pairs,
        "never_seen": counts.never_seen,
        "below_target": counts.below_target,
        "standard_error": None if vectors.standard_error is None else _numbers(_at_pairs(vectors.standard_error, rdm)),
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
    found = clip_map(rdm, dims) if vectors.maps is None or dims != 2 else vectors.maps[completed]
    if isinstance(found, str):
        raise Invalid(found)
    size = float(np.abs(found.positions).max()) or 1.0
    return {
        "rater": rater_name,
        "positions": (found.positions / size).round(5).tolist(),
        "stress": found.stress,
        "converged": found.converged,
    }


def reliability_view(so_far: SoFar) -> dict[str, Any]:
    """Reliability so far and raters needed, each with its interval; null for what cannot be told, with the reason."""
    return {
        "finished": so_far.of_finished,
        "simulated": so_far.simulated,
        "raters": so_far.raters,
        "computed_at": None if so_far.at is None else _time(so_far.at),
        "target": so_far.target,
        "value": _number(so_far.reliability.value),
        "interval": [_number(end) for end in so_far.reliability.interval],
        "reason": so_far.reliability.reason,
        "needed": so_far.needed.n,
        "needed_interval": [None if not np.isfinite(end) else int(end) for end in so_far.needed.interval],
        "endless": bool(np.isposinf(so_far.needed.interval[1])),
        "needed_reason": so_far.needed.reason,
    }


def agreement_view(overview: Overview) -> dict[str, Any]:
    """Agreement between raters: each measure with its interval, the noise ceiling, each rater's r with the others.

    `remarks` are sentences to be read with it.
    """
    found = overview.agreement
    if found is None:
        return {
            "n_raters": 0,
            "measures": [],
            "ceiling": None,
            "remarks": [],
            "raters": [],
            "between": None,
            "rater_order": [],
            "growth": None,
        }
    coefficients = [(getattr(found.reliability, measure.key), measure) for measure in MEASURES]
    ceiling = found.ceilings["pearson"]
    simulated = {rater["rater"] for rater in overview.raters if rater["simulated"]}
    return {
        "n_raters": found.reliability.n_raters,
        "level": found.reliability.level,
        "measures": [
            {
                "key": measure.key,
                "label": measure.label,
                "meaning": measure.meaning,
                "value": _number(coefficient.value),
                "low": _number(coefficient.interval[0]),
                "high": _number(coefficient.interval[1]),
                "reason": coefficient.reason,
                "main": measure.main,
            }
            for coefficient, measure in coefficients
        ],
        "ceiling": {
            "lower": _number(ceiling.lower),
            "upper": _number(ceiling.upper),
            "lower_interval": [_number(end) for end in ceiling.lower_interval],
            "upper_interval": [_number(end) for end in ceiling.upper_interval],
            "reason": ceiling.reason or ceiling.no_interval,
        },
        "remarks": overview.remarks,
        "raters": [
            {"rater": name, "simulated": name in simulated, "r": _number(r)}
            for name, r in zip(found.raters, found.with_others["pearson"].tolist(), strict=True)
        ],
        "between": None if overview.between is None else _numbers(to_condensed(overview.between)),
        "rater_order": list(overview.rater_order),
        "growth": None if overview.growth is None else growth_view(overview.growth),
    }


def growth_view(growth: GrowthCurve) -> list[dict[str, Any]]:
    """Agreement by number of raters: of the mean of so many, and of one rater with so many others."""
    return [
        {"raters": size, "mean": _point(mean), "single": _point(single)}
        for size, mean, single in zip(growth.sizes, growth.reliability_of_mean, growth.rater_with_pool, strict=True)
    ]


def _point(found: Coefficient) -> dict[str, float | None]:
    low, high = found.interval
    return {"value": _number(found.value), "low": _number(low), "high": _number(high)}


def tree_view(vectors: Vectors, *, completed: bool = False) -> dict[str, Any]:
    """The clips joined by average linkage: SciPy's linkage matrix, and the leaves with near ones side by side.

    Where there is no tree, `problem` says why.
    """
    found = clip_tree(vectors.completed if completed else vectors.seen)
    if isinstance(found, str):
        return {"problem": found}
    return {
        "problem": None,
        "linkage": [[int(a), int(b), round(height, 5)] for a, b, height, _ in found.linkage.tolist()],
        "order": found.order.tolist(),
        "cophenetic": _number(found.cophenetic_correlation),
    }


class Vectors(NamedTuple):
    """Of one RDM, at a root mean square of 1 over the pairs seen: these, and completed by the model, each (P,).

    `n_raters` says how many stand behind each pair of the group, `predicted` which pairs are predicted. `orders` and
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


def rater_vectors(found: RaterResult | None) -> Vectors:
    """A rater's RDM.

    Raises
    ------
    NotFound
        When there is no such rater, or none with an RDM.
    """
    estimate = None if found is None else found.estimate
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


def _at_pairs(values: Floats, rdm: Floats) -> Floats:
    """The values of the pairs that the RDM holds; NaN for the others."""
    return np.where(np.isfinite(rdm), values, np.nan)


def _places(marked: NDArray[np.bool_]) -> list[int]:
    return [int(pair) for pair in np.flatnonzero(marked)]


def _numbers(values: Floats) -> list[float | None]:
    return [_number(value) for value in values.tolist()]


def _number(value: float) -> float | None:
    """Five digits are more than a screen shows; NaN is not JSON."""
    return round(value, 5) if np.isfinite(value) else None


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
