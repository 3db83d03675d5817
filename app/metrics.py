"""What a server counts of its requests, and its state: the text of `/metrics`, in the format of Prometheus.

The counters are a row of numbers, the same for all processes of a server. With several processes each writes its own
row to a file of the folder that they share, and whoever is asked adds the rows up: one that dies leaves its row behind,
so that no counter goes down. Written by hand: the usual library would bring more than these few lines need.
"""

from __future__ import annotations

import mmap
import os
import secrets
import shutil
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.bucket.notes import is_well, standing_of_bucket
from app.config import Settings
from app.db import Database
from app.domain import ClipState, SessionState, WorkState
from app.heartbeat import last_heartbeat, worker_state
from app.models import COUNTED, Clip, ModelComparison, ParticipantSession, StoredResults, StudyPlan, now
from app.version import VERSION

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What a request is for.
KINDS = ("join", "save", "draft", "answers", "participant", "media", "static", "experimenter", "other")
CLASSES = ("2xx", "3xx", "4xx", "5xx")
TIMED = ("save", "draft")
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# What the worker computes when it was asked for.
Computed = type[StoredResults | StudyPlan | ModelComparison]
WORK: dict[str, Computed] = {"results": StoredResults, "plans": StudyPlan, "comparisons": ModelComparison}
# Of each timed kind: its buckets, one for what is slower than all bounds, and the sum of seconds.
_ROW = len(KINDS) * len(CLASSES)
_TIMES = len(BOUNDS) + 2
_LENGTH = _ROW + len(TIMED) * _TIMES


class Counts:
    """The counters of one process; with `folder`, in a file there beside those of the other processes."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        size = 8 * _LENGTH
        if folder is None:
            self._own = memoryview(bytearray(size)).cast("d")
            return
        descriptor = os.open(folder / f"counts-{secrets.token_hex(8)}", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(descriptor, size)
            self._own = memoryview(mmap.mmap(descriptor, size)).cast("d")
        finally:
            os.close(descriptor)

    def count(self, kind: str, status: int, seconds: float) -> None:
        """One more request of a kind of `KINDS`, answered with that status after so many seconds."""
        place = min(max(status // 100, 2), 5) - 2
        with self._turn:
            self._own[KINDS.index(kind) * len(CLASSES) + place] += 1
            if kind in TIMED and place == 0:
                first = _ROW + TIMED.index(kind) * _TIMES
                self._own[first + sum(seconds > bound for bound in BOUNDS)] += 1
                self._own[first + _TIMES - 1] += seconds

    def totals(self) -> list[float]:
        """The sum of the rows of all processes."""
        if self._folder is None:
            return list(self._own)
        rows = []
        for file in self._folder.glob("counts-*"):
            row = array("d", file.read_bytes())
            # Another process may be making its file just now.
            if len(row) == _LENGTH:
                rows.append(row)
        return [sum(column) for column in zip(*rows, strict=True)]


def metrics_text(counts: Counts, database: Database, settings: Settings, *, at: float | None = None) -> str:
    """All that `/metrics` says. A database that does not answer is said too, and the rest is there all the same."""
    moment = time.time() if at is None else at
    lines = [*_of_requests(counts.totals())]
    try:
        states = _states(database)
        lines += _gauge("asterism_database_up", "Whether the database answers.", [({}, 1)])
        lines += [line for one in states for line in one]
    except SQLAlchemyError:
        lines += _gauge("asterism_database_up", "Whether the database answers.", [({}, 0)])
    free = shutil.disk_usage(settings.data).free
    lines += _gauge("asterism_disk_free_bytes", "Free bytes on the disk of the data folder.", [({}, free)])
    running = worker_state(settings, at=moment) == "running"
    lines += _gauge("asterism_worker_up", "Whether the worker runs.", [({}, int(running))])
    beat = last_heartbeat(settings)
    if beat is not None:
        age = max(moment - beat.at, 0.0)
        lines += _gauge("asterism_worker_heartbeat_age_seconds", "Since the worker's last heartbeat.", [({}, age)])
        lines += _gauge("asterism_worker_restarts", "How often the worker was started again.", [({}, beat.restarts)])
    if settings.bucket_url:
        lines += _of_bucket(settings, moment)
    lines += _gauge("asterism_info", "The version that runs.", [({"version": VERSION}, 1)])
    return "\n".join(lines) + "\n"


def _of_bucket(settings: Settings, moment: float) -> list[str]:
    standing = standing_of_bucket(settings)
    files = {"there": 0, "waiting": 0} if standing is None else {"there": standing.there, "waiting": standing.waiting}
    return [
        *_gauge(
            "asterism_bucket_up", "Whether pages load clips from the bucket.", [({}, is_well(settings, at=moment))]
        ),
        *_gauge(
            "asterism_bucket_files",
            "Files of open studies that are in the bucket, and those that wait for it.",
            [({"state": state}, number) for state, number in files.items()],
        ),
    ]


def _of_requests(totals: Sequence[float]) -> Iterator[str]:
    yield "# HELP asterism_requests_total Requests answered, by what they were for and the class of the answer."
    yield "# TYPE asterism_requests_total counter"
    for number, kind in enumerate(KINDS):
        for place, status in enumerate(CLASSES):
            value = totals[number * len(CLASSES) + place]
            yield f'asterism_requests_total{{kind="{kind}",status="{status}"}} {value:g}'
    yield "# HELP asterism_save_seconds From a whole body to its ack, of what was stored."
    yield "# TYPE asterism_save_seconds histogram"
    for number, kind in enumerate(TIMED):
        row = totals[_ROW + number * _TIMES : _ROW + (number + 1) * _TIMES]
        so_far = 0.0
        for bound, value in zip([*map("{:g}".format, BOUNDS), "+Inf"], row, strict=False):
            so_far += value
            yield f'asterism_save_seconds_bucket{{kind="{kind}",le="{bound}"}} {so_far:.0f}'
        yield f'asterism_save_seconds_sum{{kind="{kind}"}} {row[-1]:.6f}'
        yield f'asterism_save_seconds_count{{kind="{kind}"}} {so_far:.0f}'


def _states(database: Database) -> list[list[str]]:
    with database.reading() as db:
        counted = select(ParticipantSession.state, func.count()).where(COUNTED).group_by(ParticipantSession.state)
        sessions = dict(db.execute(counted).tuples().all())
        clips = dict(db.execute(select(Clip.state, func.count()).group_by(Clip.state)).tuples().all())
        work = {name: _work(db, table) for name, table in WORK.items()}
    return [
        _by_state("asterism_sessions", "Sessions of participants and simulated raters.", SessionState, sessions),
        _by_state("asterism_clips", "Clips; those that wait are the worker's queue.", ClipState, clips),
        *(
            _by_state(
                f"asterism_{name}", f"{name.capitalize()}; those that wait are the worker's queue.", WorkState, states
            )
            for name, (states, _) in work.items()
        ),
        _gauge(
            "asterism_oldest_wait_seconds",
            "Since the first of what waits was asked for; 0 where nothing waits.",
            [({"work": name}, age) for name, (_, age) in work.items()],
        ),
    ]


def _work(db: Session, table: Computed) -> tuple[dict[WorkState, int], float]:
    """How much is in each state, and the seconds since the first that waits was asked for."""
    states = dict(db.execute(select(table.state, func.count()).group_by(table.state)).tuples().all())
    first = db.scalar(select(func.min(table.requested_at)).where(table.state == WorkState.WAITING))
    return states, 0.0 if first is None else max((now() - first).total_seconds(), 0.0)


def _by_state(name: str, says: str, states: Iterable[str], counts: Mapping[Any, int]) -> list[str]:
    return _gauge(name, says, [({"state": str(state)}, counts.get(state, 0)) for state in states])


def _gauge(name: str, says: str, values: list[tuple[dict[str, str], float]]) -> list[str]:
    lines = [f"# HELP {name} {says}", f"# TYPE {name} gauge"]
    for labels, value in values:
        inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {value:.15g}" if inside else f"{name} {value:.15g}")
    return lines
