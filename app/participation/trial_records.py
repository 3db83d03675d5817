"""The trials of a session: what was assigned, and what came back."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from analysis import Arrangement
from analysis.purposes import Purpose
from app.models import Draft, ParticipantSession, Placement, Seat, Submission, Trial
from app.participation.arrangements import arrangement_of

# Some 20 KB each.
MAX_REMEMBERED = 1000


@dataclass(frozen=True)
class TrialRecord:
    """A trial: what was assigned, and what came back. Clips go by their database ids, in seat order.

    `sha256` is None and `places` is empty until the trial is submitted.
    """

    id: int
    key: str
    number: int
    purpose: Purpose
    design: str
    repeat_of: int | None
    assigned_at: datetime
    clip_ids: tuple[int, ...]
    has_draft: bool = False
    sha256: str | None = None
    active_ms: float = 0.0
    places: tuple[tuple[float, float], ...] = ()


# What was submitted never changes, and is most of what there is to read: it is kept for the sessions seen last, by
# their public ids and the keys of their trials, which are random and never used again.
_remembered: OrderedDict[str, dict[str, TrialRecord]] = OrderedDict()


def trials_of(db: Session, session: ParticipantSession) -> tuple[TrialRecord, ...]:
    """The session's trials in their order, as the database has them now."""
    connection, of_session = db.connection(), {"session": session.id}
    rows = connection.execute(_TRIALS, of_session).all()
    before = _remembered.pop(session.public_id, {})
    known = {row.key: before[row.key] for row in rows if row.key in before and before[row.key].sha256 == row.sha256}
    unknown = [row for row in rows if row.key not in known]
    if unknown:
        seats = connection.execute(_SEATS, of_session | {"first": unknown[0].number}).tuples()
        of_trial = {trial: list(seated) for trial, seated in groupby(seats, key=lambda seat: seat[0])}
        known |= {row.key: _record(row, of_trial[row.id]) for row in unknown}
    trials = tuple(known[row.key] for row in rows)
    _remembered[session.public_id] = {trial.key: trial for trial in trials if trial.sha256 is not None}
    if len(_remembered) > MAX_REMEMBERED:
        _remembered.popitem(last=False)
    return trials


def _record(row: Any, seats: Sequence[tuple[int, int, float, float]]) -> TrialRecord:
    return TrialRecord(
        id=row.id,
        key=row.key,
        number=row.number,
        purpose=row.purpose,
        design=row.design,
        repeat_of=row.repeat_of,
        assigned_at=row.assigned_at,
        clip_ids=tuple(clip for _, clip, _, _ in seats),
        has_draft=row.saved_at is not None,
        sha256=row.sha256,
        active_ms=row.active_ms or 0.0,
        places=() if row.sha256 is None else tuple((x, y) for _, _, x, y in seats),
    )


@lru_cache(maxsize=20 * MAX_REMEMBERED)
def trial_arrangement(trial: TrialRecord, clips: tuple[int, ...]) -> Arrangement:
    """What was submitted, as an arrangement of the session's clips (database ids), which are its items."""
    items = {clip_id: item for item, clip_id in enumerate(clips)}
    return arrangement_of(dict(zip(trial.clip_ids, trial.places, strict=True)), items)


# Made once: making a query costs more than running it.
_TRIALS = (
    select(
        Trial.id,
        Trial.key,
        Trial.number,
        Trial.purpose,
        Trial.design,
        Trial.repeat_of,
        Trial.assigned_at,
        Draft.saved_at,
        Submission.sha256,
        Submission.active_ms,
    )
    .select_from(Trial)
    .outerjoin(Draft, Draft.trial_id == Trial.id)
    .outerjoin(Submission, Submission.trial_id == Trial.id)
    .where(Trial.session_id == bindparam("session"))
    .order_by(Trial.number)
)


# A row for each seat of each trial, with where the clip was put. There are many, so they hold nothing else.
_SEATS = (
    select(Trial.id, Seat.clip_id, Placement.x, Placement.y)
    .join_from(Trial, Seat)
    .outerjoin(Placement, and_(Placement.trial_id == Trial.id, Placement.clip_id == Seat.clip_id))
    .where(Trial.session_id == bindparam("session"), Trial.number >= bindparam("first"))
    .order_by(Trial.number, Seat.seat)
)
