"""What pages show of a study's results at once, without any rater's RDM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from analysis.arrangement import Floats
from analysis.quality import GroupQuality
from analysis.quality.group import OUTLIER
from analysis.reliability import GrowthCurve
from analysis.results import (
    Agreement,
    GroupRDM,
    StudyResults,
    Together,
    at_unit_size,
    clip_map,
    cluster_order,
    coverage,
    excluded_sentence,
    notes,
    repeated_sentence,
    together_sentences,
    unfinished_sentence,
)
from analysis.structure import MDS
from app.results.inputs import Inputs, Sitting

AGAINST_OTHERS = ("robust_z", "alpha_if_deleted")


@dataclass(frozen=True, eq=False)
class Overview:
    """Results of one choice. `group` and `agreement` are None where no rater has an RDM.

    `raters` are those whom the choice takes in, `quality` how each of them worked, as JSON values. `remarks` are
    sentences to be read with the agreement. `orders` and `maps` (or why there is none) are of the group's RDM as it was
    seen, and as completed by the model. `against_others` is each rater of the agreement against the rest.
    `together` is the RDM of all trials as one, of which the group's is then made.
    `between` (R, R) and `growth` are those of the results, None where agreement
    needs more raters, or where an earlier version of the program computed the rest.
    """

    raters: list[dict[str, Any]]
    unfinished: int
    unfinished_sentence: str | None
    excluded_sentence: str | None
    remarks: list[str]
    group: GroupRDM | None
    agreement: Agreement | None
    together: Together | None = None
    quality: Sequence[dict[str, Any]] = ()
    orders: Sequence[list[int]] = ()
    maps: Sequence[MDS | str] = ()
    between: Floats | None = None
    rater_order: Sequence[int] = ()
    growth: GrowthCurve | None = None
    against_others: GroupQuality | None = None


def overview_of(inputs: Inputs, results: StudyResults) -> Overview:
    """Work out what pages show."""
    raters = [_rater(sitting, results, inputs.target) for sitting in inputs.chosen]
    unfinished = len(results.unfinished), unfinished_sentence(results), excluded_sentence(results)
    if not results.raters:
        return Overview(raters, *unfinished, remarks=[], group=None, agreement=None, quality=_quality(inputs, results))
    influence = results.agreement.influence
    shared = [] if results.together is None else together_sentences(results.together)
    sentences = (*shared, influence.sentence if influence else None, repeated_sentence(results))
    both = at_unit_size(results.pooled.rdm, results.pooled.completed)
    # Where nothing is predicted, both are the same.
    different = both if results.pooled.predicted.any() else both[:1]
    orders, maps = [cluster_order(rdm) for rdm in different], [clip_map(rdm) for rdm in different]
    return Overview(
        raters,
        *unfinished,
        remarks=[sentence for sentence in sentences if sentence],
        group=results.pooled,
        agreement=results.agreement,
        together=results.together,
        quality=_quality(inputs, results),
        orders=[orders[0], orders[-1]],
        maps=[maps[0], maps[-1]],
        between=results.between if len(results.raters) > 1 and results.together is None else None,
        rater_order=results.rater_order,
        growth=results.growth,
        against_others=results.quality,
    )


def _quality(inputs: Inputs, results: StudyResults) -> list[dict[str, Any]]:
    """How each rater worked: values by measure (without those that are not defined), flags, and the trials' values."""
    group, against = results.agreement if results.raters else None, {}
    if group is not None:
        of_group = results.quality
        columns = {"with_others": group.with_others["pearson"], **{k: getattr(of_group, k) for k in AGAINST_OTHERS}}
        for place, name in enumerate(results.raters):
            against[name] = {key: float(column[place]) for key, column in columns.items()}
    rows = []
    for sitting in inputs.chosen:
        name, result = sitting.rater.name, results.chosen[sitting.rater.name]
        if (quality := result.quality) is None:
            continue
        others = against.get(name, {})
        flags = [{"name": flag.name, "sentence": flag.sentence} for flag in quality.flags]
        if others.get("robust_z", 0.0) < OUTLIER:
            flags.append({"name": "robust_z", "sentence": "agrees with the others far less than raters do here"})
        rows.append(
            {
                "rater": name,
                "session": sitting.public_id,
                "simulated": sitting.rater.is_simulated,
                "values": _defined(quality.medians | {"repeats": quality.repeats.mean} | others),
                "flags": flags,
                "repeats_p": quality.repeats.p if np.isfinite(quality.repeats.p) else None,
                "repeats_consistent": quality.repeats.consistent,
                "trials": [
                    {"number": number} | _defined(asdict(trial))
                    for number, trial in zip(result.numbers, quality.trials, strict=True)
                ],
            }
        )
    return rows


def _defined(values: Mapping[str, float | None]) -> dict[str, float]:
    return {key: round(value, 5) for key, value in values.items() if value is not None and np.isfinite(value)}


def _rater(sitting: Sitting, results: StudyResults, target: float) -> dict[str, Any]:
    result = results.chosen[sitting.rater.name]
    view: dict[str, Any] = {
        "rater": sitting.rater.name,
        "session": sitting.public_id,
        "state": sitting.state,
        "simulated": sitting.rater.is_simulated,
        "trials": result.work.trials,
        "problem": result.problem,
    }
    if result.estimate is not None:
        counts = coverage(result.estimate.evidence, target)
        view |= {
            # A rater's own trials are not meant to share pairs where all trials are one estimate.
            "notes": notes(result.estimate) if results.together is None else [],
            "never_seen": counts.never_seen,
            "below_target": counts.below_target,
            "pairs": counts.pairs,
            "correlation_with_truth": result.estimate.correlation_with_truth,
            "no_interval": result.estimate.uncertainty_reason,
        }
    return view
