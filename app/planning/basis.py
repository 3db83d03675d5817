"""What a plan follows from besides its assumptions: the study's own settings and clips, and how fast people were."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from analysis.arrangement import Floats, Ints
from analysis.designs import DESIGNS, StopRule
from analysis.planning import Task, Timing, measured_timing, session_seconds
from app.definition.sets import clip_sets
from app.definition.study_toml import definition_of
from app.domain import LEFT_OUT
from app.models import COUNTED, ParticipantSession, Seat, Study, Submission, Trial
from app.participation import attention_checks as checks
from app.participation.arrangements import clip_order, item_order
from app.participation.set_turns import one_of_several

# A session says something about people's pace once it has so many trials; the last so many sessions are read.
MIN_TRIALS, MAX_SESSIONS = 3, 200


@dataclass(frozen=True, eq=False)
class Basis:
    """A study as a plan sees it.

    `facts` are plain values by the setting's key; a plan keeps them, and is out of date once they differ. Of a study of
    several sets of clips, task and `clips` are those of the largest set, with a session's share of minutes and trials;
    `all_seconds` are the playing times of all clips.
    """

    task: Task
    clips: tuple[str, ...]
    facts: dict[str, Any]
    all_seconds: Floats

    @property
    def is_over_cohort(self) -> bool:
        """Whether participants share the pairs between them."""
        return DESIGNS[self.task.design].is_over_cohort


def basis_of(db: Session, study: Study) -> Basis:
    """The study as it is now."""
    definition, clips = definition_of(study), clip_order(db, study.id)
    design, stop = definition.design, definition.stop
    measured = db.scalar(select(func.count()).select_from(_measured(study).subquery()))
    all_seconds = [clip.duration_s or 0.0 for clip in clips]
    sets = clip_sets(definition.sets, [clip.attributes for clip in clips])
    if sets:
        largest = max(sets, key=lambda one: len(one.items))
        clips = [clips[item] for item in largest.items]
        stop = one_of_several(stop, definition.sets.per_session)
    seconds = [clip.duration_s or 0.0 for clip in clips]
    # In a cohort the evidence is gathered by all together, and ends nobody's session.
    min_evidence = None if DESIGNS[design.method].is_over_cohort else stop.min_evidence
    facts = {
        "clips": len(clips),
        "seconds of all clips": round(sum(seconds), 1),
        "design.method": design.method,
        "design.max_items": design.max_items,
        "design.repeats": design.repeats,
        "design.checks": design.checks,
        "stop.min_evidence": min_evidence,
        "stop.max_minutes": stop.max_minutes,
        "stop.max_trials": stop.max_trials,
        "sessions with measured times": measured,
    }
    if sets:
        facts |= {"sets": len(sets), "sets.per_session": definition.sets.per_session}
    task = Task(
        np.array(seconds),
        design=design.method,
        max_items=design.max_items,
        stop=StopRule(min_evidence, stop.max_minutes, stop.max_trials),
        repeats=design.repeats,
        checks=tuple(checks.FIRST_CHECK + k * checks.TRIALS_BETWEEN_CHECKS for k in range(design.checks)),
        check_items=checks.N_CLIPS,
    )
    return Basis(task, tuple(clip.file_name for clip in clips), facts, np.array(all_seconds))


def timing_of(db: Session, study: Study, basis: Basis, assumed: Timing) -> Timing:
    """The timing model at the pace of the study's own people, where enough have taken part."""
    ratios = []
    for seconds, shown in worked_sessions(db, study):
        expected = session_seconds(shown, basis.all_seconds, assumed)
        if expected > 0:
            ratios.append(seconds / expected)
    return measured_timing(assumed, ratios)


def changes_since(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What has changed in the facts, one sentence each."""
    keys = dict.fromkeys([*before, *after])
    return [
        f"{key} was {_said(before.get(key))}, and is {_said(after.get(key))} now"
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _said(value: Any) -> str:
    return "unknown" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def worked_sessions(db: Session, study: Study) -> list[tuple[float, list[Ints]]]:
    """The seconds of work of the last sessions of people, and the items of their trials in order."""
    place = {clip_id: item for item, clip_id in enumerate(item_order(db, study.id))}
    ids = list(db.scalars(_measured(study)))
    shown: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    rows = (
        select(Trial.session_id, Trial.number, Seat.clip_id)
        .join_from(Trial, Submission)
        .join(Seat, Seat.trial_id == Trial.id)
        .where(Trial.session_id.in_(ids))
        .order_by(Trial.session_id, Trial.number)
    )
    for session_id, number, clip_id in db.execute(rows):
        if clip_id in place:
            shown[session_id][number].append(place[clip_id])
    times = select(Trial.session_id, func.sum(Submission.active_ms)).join_from(Trial, Submission)
    worked = dict(db.execute(times.where(Trial.session_id.in_(ids)).group_by(Trial.session_id)).tuples().all())
    return [
        (worked[session_id] / 1000, [np.array(sorted(items), dtype=np.int64) for items in trials.values()])
        for session_id, trials in shown.items()
    ]


def _measured(study: Study) -> Select[tuple[int]]:
    """The ids of the last sessions that say something about people's pace."""
    return (
        select(ParticipantSession.id)
        .join(Trial, Trial.session_id == ParticipantSession.id)
        .join(Submission, Submission.trial_id == Trial.id)
        .where(
            ParticipantSession.study_id == study.id,
            COUNTED,
            ParticipantSession.is_simulated.is_(False),
            ParticipantSession.exclusion_reason.is_(None),
            ParticipantSession.state.not_in(LEFT_OUT),
        )
        .group_by(ParticipantSession.id)
        .having(func.count() >= MIN_TRIALS, func.sum(Submission.active_ms) > 0)
        .order_by(ParticipantSession.number.desc())
        .limit(MAX_SESSIONS)
    )
