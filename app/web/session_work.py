"""What a session's page shows of how its participant worked: the measures, and the trials one by one."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.results import QUALITY_MEASURES, TRIAL_MEASURES, QualityMeasure, rater_quality
from app.models import ParticipantSession, Placement, Study, Submission, Trial
from app.participation.arrangements import item_order
from app.participation.decisions import excluded_trials
from app.results.judging import judging
from app.results.session_work import session_work


def work_of_session(db: Session, study: Study, session: ParticipantSession, *, chosen: int | None) -> dict[str, Any]:
    """The rows of the page's tables.

    Parameters
    ----------
    chosen
        Number of the trial that is to be replayed, from 1; one that is not stored is passed over.
    """
    items = {clip_id: item for item, clip_id in enumerate(item_order(db, study.id))}
    works = session_work(db, session.id, items)
    reasons = excluded_trials(db, study.id).get(session.id, {})
    quality = rater_quality([work for _, work in works]) if works else None
    by_number = {number: one for (number, _), one in zip(works, quality.trials if quality else (), strict=True)}
    stored = (
        select(Trial.number, Trial.purpose, func.count(Placement.clip_id))
        .join(Submission, Submission.trial_id == Trial.id)
        .outerjoin(Placement, Placement.trial_id == Trial.id)
        .where(Trial.session_id == session.id)
        .group_by(Trial.number, Trial.purpose)
        .order_by(Trial.number)
    )
    trials = []
    for place, purpose, clips in db.execute(stored).tuples():
        one = by_number.get(place + 1)
        values = asdict(one) if one is not None else {}
        trials.append(
            {
                "number": place + 1,
                "purpose": purpose.value,
                "clips": clips,
                "counts": one is not None,
                "values": values,
                "flagged": {m.key for m in TRIAL_MEASURES if _is_beyond(values.get(m.key), m)},
                "reason": reasons.get(place),
            }
        )
    measures, flags = [], []
    if quality is not None:
        flagged = {flag.name: flag.sentence for flag in quality.flags}
        among = next((w for w in judging(db, study).workers or () if w["session"] == session.public_id), None)
        values = quality.medians | {"repeats": quality.repeats.mean} | _against_others(among)
        flagged |= (
            {one["name"]: one["sentence"] for one in among["flags"] if one["name"] == "robust_z"} if among else {}
        )
        flags = list(flagged.values())
        measures = [
            (measure, value, measure.key in flagged)
            for measure in QUALITY_MEASURES
            if (value := values.get(measure.key)) is not None and isfinite(value)
        ]
    return {
        "trials": trials,
        "measures": measures,
        "flags": flags,
        "chosen": next((row for row in trials if row["number"] == chosen), None),
    }


def _against_others(worker: dict[str, Any] | None) -> dict[str, float]:
    """What was computed last of the session against the others; nothing for one who has not finished."""
    keys = ("with_others", "robust_z", "alpha_if_deleted")
    return {} if worker is None else {key: worker["values"][key] for key in keys if key in worker["values"]}


def _is_beyond(value: float | None, measure: QualityMeasure) -> bool:
    if value is None or measure.limit is None:
        return False
    return value < measure.limit if measure.side == "low" else value > measure.limit
