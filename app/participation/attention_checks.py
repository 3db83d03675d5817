"""Attention checks: when one is due, what it shows and asks, when it is passed, and how a study's sessions did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from analysis.designs import DesignName
from app.models import ParticipantSession, SessionEvent
from app.participation.payloads import PlacementBody

# The kind of the line that a check leaves in the session's log.
KIND = "check"
# Only somebody who reads the line above the arena can follow it.
QUESTION = "Attention check: this time, put all clips into the upper half of the circle."
# The first check comes as the third trial, and another after every five.
FIRST_CHECK, TRIALS_BETWEEN_CHECKS = 2, 5
N_CLIPS = 4
# What is stored as the design of a check.
DESIGN: DesignName = "random"


class Checks(NamedTuple):
    """A session's attention checks: how many it has done, and how many of them it passed."""

    done: int
    passed: int


NO_CHECKS = Checks(0, 0)


def is_due(n_trials: int, done: int, wanted: int) -> bool:
    """Whether the next trial is a check: after `n_trials` trials, of which `done` were checks, of `wanted` in all."""
    return done < wanted and n_trials >= FIRST_CHECK + done * TRIALS_BETWEEN_CHECKS


def choose_clips(clips: Sequence[int], rng: np.random.Generator) -> list[int]:
    """The clips that a check shows, drawn from those of the study."""
    chosen = rng.choice(len(clips), size=min(N_CLIPS, len(clips)), replace=False)
    return [clips[int(item)] for item in chosen]


def passed(placements: Sequence[PlacementBody]) -> bool:
    """Whether the participant did what `QUESTION` asks: y points upwards from the centre of the arena."""
    return all(placement.y > 0 for placement in placements)


_PASSED = func.sum(case((SessionEvent.detail["passed"].as_boolean(), 1), else_=0))


def checks_of_sessions(db: Session, which: ColumnElement[bool]) -> dict[int, Checks]:
    """The checks of each of these sessions that has done any, by the session's database id."""
    query = (
        select(SessionEvent.session_id, func.count(), _PASSED)
        .join(ParticipantSession, ParticipantSession.id == SessionEvent.session_id)
        .where(which, SessionEvent.kind == KIND)
        .group_by(SessionEvent.session_id)
    )
    return {session_id: Checks(int(done), int(good)) for session_id, done, good in db.execute(query)}


def checks_of_all(db: Session, which: ColumnElement[bool]) -> Checks:
    """The checks of these sessions together."""
    query = (
        select(func.count(), _PASSED)
        .join(ParticipantSession, ParticipantSession.id == SessionEvent.session_id)
        .where(which, SessionEvent.kind == KIND)
    )
    done, good = db.execute(query).one()
    return Checks(int(done), int(good or 0))
