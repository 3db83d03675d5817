"""Each rater's RDM, computed when somebody asks for it and remembered until the rater submits another trial."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from analysis.rdm import n_pairs
from analysis.results import Choice, Rater, RaterResult, StudyResults, chosen_raters, rater_result
from app.domain import SessionState
from app.models import Clip, ParticipantSession, Submission, Trial
from app.participation.arrangements import JUDGMENTS, clip_order, session_judgments

# Room for hundreds of raters of 100 clips (165 kB each), or for 30 raters of 700 (8 MB each).
MEMORY_BYTES = 256 * 1024 * 1024
# Of a pair in an estimate: dissimilarity, evidence, component, observations, and whether it was predicted.
BYTES_PER_PAIR = 8 + 8 + 8 + 8 + 1


@dataclass(frozen=True)
class Estimates:
    """The results of a choice, whole once all raters are computed: `done` of `of` are, the others wait for a next call.

    `sessions` are those of the raters whom the choice takes in, by their names, with the number of submitted trials.
    """

    clips: list[Clip]
    sessions: dict[str, tuple[ParticipantSession, int]]
    results: StudyResults

    @property
    def done(self) -> int:
        """Number of raters that are computed."""
        return len(self.results.chosen)

    @property
    def of(self) -> int:
        """Number of raters whom the choice takes in."""
        return len(self.sessions)

    @property
    def complete(self) -> bool:
        """Whether every rater is computed."""
        return self.done == self.of


Key = tuple[str, int, str, tuple[int, ...]]


class _Memory:
    """The estimates used last, up to a number of bytes. Keys name their data exactly, so nothing here goes stale."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.entries: OrderedDict[Key, tuple[RaterResult, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Key) -> RaterResult | None:
        """What is kept under a key, which then counts as used last; else None."""
        with self.lock:
            if key not in self.entries:
                return None
            self.entries.move_to_end(key)
            return self.entries[key][0]

    def put(self, key: Key, value: RaterResult) -> None:
        """Keep a result; beyond the limit the least recently used are evicted, never this one."""
        size = n_pairs(len(key[3])) * BYTES_PER_PAIR
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
    sessions = _sessions(db, study_id)
    raters = tuple(rater_of(session) for session, _ in sessions)
    chosen = {rater.name for rater in chosen_raters(raters, choice)}
    wanted = {session.rater: (session, trials) for session, trials in sessions if session.rater in chosen}
    end = None if seconds is None else time.monotonic() + seconds
    if len(wanted) * n_pairs(len(clips)) * BYTES_PER_PAIR > MEMORY_BYTES:
        # What one call computes would be forgotten before the next, so a single long call has to do.
        end = None
    found, computed = {}, 0
    for name, (session, trials) in wanted.items():
        key = (session.public_id, trials, choice.method, order)
        result = _memory.get(key)
        if result is None and (computed == 0 or end is None or time.monotonic() < end):
            result = _compute(db, session, key)
            computed += 1
        if result is not None:
            found[name] = result
    return Estimates(clips, wanted, StudyResults(choice, tuple(clip.file_name for clip in clips), raters, found))


def rater_of(session: ParticipantSession) -> Rater:
    """A session as results see it."""
    return Rater(
        session.rater,
        is_finished=session.state == SessionState.FINISHED,
        is_simulated=session.is_simulated,
        person=session.person,
    )


def _sessions(db: Session, study_id: int) -> list[tuple[ParticipantSession, int]]:
    """Sessions with the number of judgments that each has submitted, unfinished ones too; never a withdrawn one."""
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
    return [(session, trials) for session, trials in db.execute(query)]


def _compute(db: Session, session: ParticipantSession, key: Key) -> RaterResult:
    with _computing:
        found = _memory.get(key)
        if found is None:
            arrangements, minutes = session_judgments(db, session)
            found = rater_result(arrangements, minutes, len(key[3]), key[2])
            _memory.put(key, found)
    return found
