"""Rows become `analysis.Arrangement` here and nowhere else."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, lazyload

from analysis import Arrangement
from analysis.purposes import JUDGMENTS
from app.domain import ClipState
from app.models import Clip, ParticipantSession, Submission, Trial


def clip_order(db: Session, study_id: int) -> list[Clip]:
    """The study's clips that can be shown, in the study's order: a clip's place in this list is its item index."""
    query = select(Clip).where(Clip.study_id == study_id, Clip.state == ClipState.READY).order_by(Clip.position)
    return list(db.scalars(query))


def item_order(db: Session, study_id: int) -> list[int]:
    """The database ids of `clip_order`'s clips, without the clips."""
    query = select(Clip.id).where(Clip.study_id == study_id, Clip.state == ClipState.READY).order_by(Clip.position)
    return list(db.scalars(query))


def session_judgments(
    db: Session, session: ParticipantSession, clip_ids: Sequence[int], *, last: int, without: Collection[int] = ()
) -> tuple[list[Arrangement], list[float]]:
    """The arrangements of these clips up to trial number `last`, and when each was stored, in minutes since the first
    was shown; a clip's place in `clip_ids` (database ids) is its item.

    Trials are numbered from 0. Those that hold other clips, or whose numbers are in `without`, are left out.
    """
    arrangements, times = session_trials(db, session, clip_ids, last=last, without=without)
    start = min((shown for shown, _ in times), default=None)
    return arrangements, [(stored - start).total_seconds() / 60 for _, stored in times if start]


def session_trials(
    db: Session, session: ParticipantSession, clip_ids: Sequence[int], *, last: int, without: Collection[int] = ()
) -> tuple[list[Arrangement], list[tuple[datetime, datetime]]]:
    """The arrangements as `session_judgments` has them, and when each was given out and stored."""
    index = {clip_id: item for item, clip_id in enumerate(clip_ids)}
    trials = [
        trial
        for trial in _submitted(db, session.id)
        if trial.number <= last and trial.number not in without and _holds_only(trial, index)
    ]
    times = [(trial.assigned_at, trial.submission.received_at) for trial in trials if trial.submission]
    return [_arrangement(trial, index) for trial in trials], times


def _submitted(db: Session, session_id: int) -> list[Trial]:
    query = (
        select(Trial)
        .join(Submission)
        .where(Trial.session_id == session_id, Trial.purpose.in_(JUDGMENTS))
        .options(joinedload(Trial.submission).selectinload(Submission.placements), lazyload(Trial.seats))
        .order_by(Trial.number)
    )
    return list(db.scalars(query))


def arrangement_of(places: Mapping[int, tuple[float, float]], index: Mapping[int, int]) -> Arrangement:
    """A trial's places by clip (database ids), as an arrangement of items in their order; `index` has clips' items."""
    clips = sorted(places, key=lambda clip_id: index[clip_id])
    return Arrangement(
        np.array([index[clip_id] for clip_id in clips], dtype=np.int64),
        np.array([places[clip_id] for clip_id in clips], dtype=np.float64).reshape(-1, 2),
    )


def _holds_only(trial: Trial, clips: Container[int]) -> bool:
    return trial.submission is not None and all(place.clip_id in clips for place in trial.submission.placements)


def _arrangement(trial: Trial, index: Mapping[int, int]) -> Arrangement:
    assert trial.submission is not None
    return arrangement_of({place.clip_id: (place.x, place.y) for place in trial.submission.placements}, index)
