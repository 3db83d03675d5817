"""Each rater's RDM, computed when somebody asks for it and remembered until the rater submits another trial."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis import RDMEstimate
from analysis.rdm import n_pairs
from analysis.results import estimate_rater
from app.domain import SessionState
from app.models import Clip, ParticipantSession, Submission, Trial
from app.participation.arrangements import JUDGMENTS, clip_order, session_arrangements

# Room for hundreds of raters of 100 clips (125 kB each), or for 40 raters of 700 (6 MB each).
MEMORY_BYTES = 256 * 1024 * 1024
# Of a pair in an estimate: dissimilarity, evidence, component, and whether it was predicted.
BYTES_PER_PAIR = 8 + 8 + 8 + 1


@dataclass(frozen=True)
class Choice:
    """What an experimenter looks at: an estimator, and which raters are in.

    Sessions that are not finished are out unless asked for: a single round of one can turn every figure over.
    """

    method: str
    with_simulated: bool = True
    with_unfinished: bool = False


@dataclass(frozen=True)
class Rater:
    """A session that has submitted at least one trial, with its estimate, or with the reason why there is none."""

    session: ParticipantSession
    trials: int
    estimate: RDMEstimate | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """P001, P002, …"""
        return self.session.rater


@dataclass(frozen=True)
class Estimates:
    """The raters of a choice. `done` of them are computed; the others wait for the next call.

    `unfinished` counts the sessions with judgments that are not finished, whether the choice takes them in or not.
    """

    choice: Choice
    clips: list[Clip]
    raters: list[Rater]
    done: int
    unfinished: int

    @property
    def complete(self) -> bool:
        """Whether every rater is computed."""
        return self.done == len(self.raters)

    @property
    def usable(self) -> list[tuple[Rater, RDMEstimate]]:
        """The raters that have an RDM."""
        return [(rater, rater.estimate) for rater in self.raters if rater.estimate is not None]


Key = tuple[str, int, str, tuple[int, ...]]


class _Memory:
    """The estimates used last, up to a number of bytes. Keys name their data exactly, so nothing here goes stale."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.entries: OrderedDict[Key, tuple[RDMEstimate | str, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Key) -> RDMEstimate | str | None:
        """What is kept under a key, which then counts as used last: an estimate, or why there is none; else None."""
        with self.lock:
            if key not in self.entries:
                return None
            self.entries.move_to_end(key)
            return self.entries[key][0]

    def put(self, key: Key, value: RDMEstimate | str) -> None:
        """Keep an estimate, or why there is none; beyond the limit the least lately used go, never this one."""
        size = len(value) if isinstance(value, str) else n_pairs(len(key[3])) * BYTES_PER_PAIR
        with self.lock:
            if key in self.entries:
                self.used -= self.entries.pop(key)[1]
            self.entries[key] = (value, size)
            self.used += size
            while self.used > self.limit and len(self.entries) > 1:
                self.used -= self.entries.popitem(last=False)[1][1]


_memory = _Memory(MEMORY_BYTES)
# One estimate at a time leaves the other core to participants, and two open pages do not compute the same twice.
_computing = threading.Lock()


def estimate_raters(db: Session, study_id: int, choice: Choice, *, seconds: float | None = None) -> Estimates:
    """The RDM of every rater of the choice; after `seconds`, if given, the raters that are left wait for the next call.

    A call that has anything left to compute finishes at least one rater, so that repeated calls come to an end.

    Raises
    ------
    ValueError
        When the choice names an unknown method.
    """
    clips = clip_order(db, study_id)
    order = tuple(clip.id for clip in clips)
    everybody = _sessions(db, study_id, choice)
    unfinished = sum(session.state != SessionState.FINISHED for session, _ in everybody)
    sessions = [
        (session, trials)
        for session, trials in everybody
        if choice.with_unfinished or session.state == SessionState.FINISHED
    ]
    end = None if seconds is None else time.monotonic() + seconds
    if len(sessions) * n_pairs(len(clips)) * BYTES_PER_PAIR > MEMORY_BYTES:
        # What one call computes would be forgotten before the next, so a single long call has to do.
        end = None
    raters, done, computed = [], 0, 0
    for session, trials in sessions:
        key = (session.public_id, trials, choice.method, order)
        found = _memory.get(key)
        if found is None and (computed == 0 or end is None or time.monotonic() < end):
            found = _compute(db, session, key)
            computed += 1
        done += found is not None
        raters.append(_rater(session, trials, found))
    return Estimates(choice, clips, raters, done, unfinished)


def count_unfinished(db: Session, study_id: int, *, with_simulated: bool = True) -> int:
    """Number of sessions with judgments that are neither finished nor withdrawn."""
    sessions = _sessions(db, study_id, Choice("", with_simulated))
    return sum(session.state != SessionState.FINISHED for session, _ in sessions)


def _sessions(db: Session, study_id: int, choice: Choice) -> list[tuple[ParticipantSession, int]]:
    """Sessions with the number of trials that each has submitted, unfinished ones too; never a withdrawn one."""
    query = (
        select(ParticipantSession, func.count())
        .join(Trial, Trial.session_id == ParticipantSession.id)
        .join(Submission, Submission.trial_id == Trial.id)
        .where(
            ParticipantSession.study_id == study_id,
            ParticipantSession.state != SessionState.WITHDRAWN,
            Trial.purpose.in_(JUDGMENTS),
        )
        .group_by(ParticipantSession.id)
        .order_by(ParticipantSession.number)
    )
    if not choice.with_simulated:
        query = query.where(ParticipantSession.is_simulated.is_(False))
    return [(session, trials) for session, trials in db.execute(query)]


def _compute(db: Session, session: ParticipantSession, key: Key) -> RDMEstimate | str:
    with _computing:
        found = _memory.get(key)
        if found is None:
            found = estimate_rater(session_arrangements(db, session), len(key[3]), key[2])
            _memory.put(key, found)
    return found


def _rater(session: ParticipantSession, trials: int, found: RDMEstimate | str | None) -> Rater:
    if isinstance(found, str):
        return Rater(session, trials, problem=found)
    return Rater(session, trials, estimate=found)
