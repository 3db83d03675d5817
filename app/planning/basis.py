"""What a plan follows from besides its assumptions: the study's own settings and clips, and how fast people were."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.designs import StopRule
from analysis.planning import Task, Timing, measured_timing, session_seconds
from app.definition.study_toml import definition_of
from app.domain import LEFT_OUT
from app.models import COUNTED, ParticipantSession, Seat, Study, Submission, Trial
from app.participation import attention_checks as checks
from app.participation.arrangements import clip_order

# A session says something about people's pace once it has so many trials; the last so many sessions are read.
MIN_TRIALS, MOST_SESSIONS = 3, 200


@dataclass(frozen=True, eq=False)
class Basis:
    """A study as a plan sees it.

    `seconds` (S, 2) holds, of sessions of people, what they worked and what they were shown, to be measured by a timing
    model. `facts` are plain values by the setting's key; a plan keeps them, and is out of date once they differ.
    """

    task: Task
    clips: tuple[str, ...]
    sessions: tuple[tuple[float, tuple[tuple[int, ...], ...]], ...]
    facts: dict[str, Any]

    def timing(self, assumed: Timing) -> Timing:
        """The timing model at the pace of the study's own people, where enough have taken part."""
        ratios = []
        for seconds, trials in self.sessions:
            shown = [np.array(items, dtype=np.int64) for items in trials]
            expected = session_seconds(shown, self.task.clip_seconds, assumed)
            if expected > 0:
                ratios.append(seconds / expected)
        return measured_timing(assumed, ratios)


def basis_of(db: Session, study: Study) -> Basis:
    """The study as it is now."""
    definition, clips = definition_of(study), clip_order(db, study.id)
    design, stop = definition.design, definition.stop
    sessions = _sessions(db, study, {clip.id: item for item, clip in enumerate(clips)})
    seconds = [clip.duration_s or 0.0 for clip in clips]
    facts = {
        "clips": len(clips),
        "seconds of all clips": round(sum(seconds), 1),
        "design.method": design.method,
        "design.max_items": design.max_items,
        "design.repeats": design.repeats,
        "design.checks": design.checks,
        "stop.min_evidence": stop.min_evidence,
        "stop.max_minutes": stop.max_minutes,
        "stop.max_trials": stop.max_trials,
        "sessions with measured times": len(sessions),
    }
    task = Task(
        np.array(seconds),
        design=design.method,
        max_items=design.max_items,
        stop=StopRule(stop.min_evidence, stop.max_minutes, stop.max_trials),
        repeats=design.repeats,
        checks=tuple(checks.FIRST_CHECK + k * checks.TRIALS_BETWEEN_CHECKS for k in range(design.checks)),
        check_items=checks.N_CLIPS,
    )
    return Basis(task, tuple(clip.file_name for clip in clips), tuple(sessions), facts)


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


def _sessions(db: Session, study: Study, items: dict[int, int]) -> list[tuple[float, tuple[tuple[int, ...], ...]]]:
    """The seconds of work of sessions of people, and the items of their trials in order."""
    chosen = (
        select(ParticipantSession.id)
        .where(
            ParticipantSession.study_id == study.id,
            COUNTED,
            ParticipantSession.is_simulated.is_(False),
            ParticipantSession.exclusion_reason.is_(None),
            ParticipantSession.state.not_in(LEFT_OUT),
        )
        .order_by(ParticipantSession.number.desc())
        .limit(MOST_SESSIONS)
    )
    ids = list(db.scalars(chosen))
    shown: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    rows = (
        select(Trial.session_id, Trial.number, Seat.clip_id)
        .join_from(Trial, Submission)
        .join(Seat, Seat.trial_id == Trial.id)
        .where(Trial.session_id.in_(ids))
        .order_by(Trial.session_id, Trial.number)
    )
    for session_id, number, clip_id in db.execute(rows):
        if clip_id in items:
            shown[session_id][number].append(items[clip_id])
    worked: dict[int, float] = defaultdict(float)
    times = select(Trial.session_id, Submission.active_ms).join_from(Trial, Submission)
    for session_id, active_ms in db.execute(times.where(Trial.session_id.in_(ids))):
        worked[session_id] += active_ms / 1000
    return [
        (worked[session_id], tuple(tuple(sorted(of_trial)) for of_trial in trials.values()))
        for session_id, trials in shown.items()
        if len(trials) >= MIN_TRIALS and worked[session_id] > 0
    ]
