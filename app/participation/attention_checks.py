"""Attention checks: when one is due, what it shows and asks, when it is passed, and how a study's sessions did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from analysis.designs import DesignName
from app.models import ParticipantSession, SessionEvent, Study
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


def checks_of_sessions(db: Session, study: Study) -> dict[int, Checks]:
    """The checks of each session of the study that has done any, by the session's database id."""
    passed = case((SessionEvent.detail["passed"].as_boolean(), 1), else_=0)
    query = (
        select(SessionEvent.session_id, func.count(), func.sum(passed))
        .join(ParticipantSession, ParticipantSession.id == SessionEvent.session_id)
        .where(ParticipantSession.study_id == study.id, SessionEvent.kind == KIND)
        .group_by(SessionEvent.session_id)
    )
    return {session_id: Checks(int(done), int(good)) for session_id, done, good in db.execute(query)}
