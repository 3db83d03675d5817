"""The next trial of a design over a cohort: of the pairs that all participants together were shown least.

A trial counts from the moment it is handed out, for as long as its session holds a place: who leaves without
finishing, withdraws or is left out of the results gives the pairs back. Nothing is counted in a row of its own that
could be wrong: the counts are those of the trials that are there, and the trial is chosen in the transaction that
stores it, one at a time in a study.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from analysis import Arrangement, next_items
from analysis.arrangement import Ints
from analysis.purposes import JUDGMENTS
from analysis.rdm import n_pairs, pairs_within
from app.models import COUNTED, ParticipantSession, Seat, Study, Trial
from app.participation.places import holds_place

# Cohorts whose counts are kept in memory, and trials in one query.
KEPT, CHUNK = 16, 500


def lock_cohort(db: Session, study_id: int) -> None:
    """Let one trial of the study be chosen at a time, until the transaction ends. Comes before any session's lock."""
    db.execute(select(Study.id).where(Study.id == study_id).with_for_update(key_share=True))


@dataclass(frozen=True)
class Among:
    """What a trial is chosen from: clips (database ids), and what the participant has made of them so far, in which an
    item is a clip's place.
    """

    clips: tuple[int, ...]
    arrangements: Sequence[Arrangement]
    design: str
    max_items: int


def choose_clips(db: Session, study_id: int, among: Among, seed: int, at: datetime) -> list[int]:
    """The clips of the session's next trial (database ids) in seat order. The cohort must be locked."""
    rng = np.random.default_rng(seed)
    items = next_items(
        among.arrangements,
        len(among.clips),
        design=among.design,
        max_items=min(among.max_items, len(among.clips)),
        shown=shown_pairs(db, study_id, among.clips, at),
        rng=rng,
    )
    return [among.clips[int(item)] for item in rng.permutation(items)]


@dataclass
class _Counts:
    """The trials that are counted, by key the pairs that each shows, and their sum (P,)."""

    total: Ints
    trials: dict[str, Ints] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


# What a trial shows never changes, so that its pairs are read once in a process; which trials count is asked each time.
# Trials go by their keys: the id of a trial that was erased is given to another.
_kept: dict[tuple[int, tuple[int, ...]], _Counts] = {}
_kept_lock = Lock()


def shown_pairs(db: Session, study_id: int, clips: tuple[int, ...], at: datetime) -> Ints:
    """In how many trials of the cohort, finished or handed out, each pair of the clips is shown, (P,)."""
    counts = _counts_of(study_id, clips)
    wanted = set(db.scalars(_counted(study_id, at)))
    with counts.lock:
        for trial in counts.trials.keys() - wanted:
            counts.total[counts.trials.pop(trial)] -= 1
        for trial, pairs in _pairs_of(db, sorted(wanted - counts.trials.keys()), clips).items():
            counts.trials[trial] = pairs
            counts.total[pairs] += 1
        return counts.total.copy()


def _counts_of(study_id: int, clips: tuple[int, ...]) -> _Counts:
    with _kept_lock:
        # What was asked for last comes last.
        counts = _kept.pop((study_id, clips), None) or _Counts(np.zeros(n_pairs(len(clips)), dtype=np.int64))
        _kept[study_id, clips] = counts
        while len(_kept) > KEPT:
            del _kept[next(iter(_kept))]
        return counts


def _counted(study_id: int, at: datetime) -> Select[tuple[str]]:
    return (
        select(Trial.key)
        .join(ParticipantSession, ParticipantSession.id == Trial.session_id)
        .where(ParticipantSession.study_id == study_id, COUNTED, holds_place(at), Trial.purpose.in_(JUDGMENTS))
    )


def _pairs_of(db: Session, trials: list[str], clips: tuple[int, ...]) -> dict[str, Ints]:
    place = {clip: item for item, clip in enumerate(clips)}
    items: dict[str, list[int]] = {trial: [] for trial in trials}
    for start in range(0, len(trials), CHUNK):
        seats = (
            select(Trial.key, Seat.clip_id).join_from(Trial, Seat).where(Trial.key.in_(trials[start : start + CHUNK]))
        )
        for trial, clip in db.execute(seats):
            if clip in place:
                items[trial].append(place[clip])
    return {trial: pairs_within(np.array(shown, dtype=np.int64), len(clips)) for trial, shown in items.items()}
