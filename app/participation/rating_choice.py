"""Which clips a session rates, and in what order.

All of them are chosen at once, when their turn comes: each sample takes the clips that have been rated least so far, so
that all get about equally many raters. The study's row is locked meanwhile, so that two who come at once do not take
the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import exists, func, insert, or_, select
from sqlalchemy.orm import Session

from app.domain import LEFT_OUT
from app.models import COUNTED, ClipToRate, ParticipantSession, Rating, Study
from app.participation.places import PLACE_LEASE
from app.participation.record import SessionRecord
from app.tokens import new_trial_key

# Of the session's seed, for its own random numbers; trials use the small numbers.
SALT = 2**20
# Clips between the first time that one is shown and its repeat, where there are enough.
REPEAT_GAP = 3


def choose_clips(loads: Sequence[int], n: int, rng: np.random.Generator) -> list[int]:
    """The places of `n` clips in the order in which they are shown: the smallest loads, at random among equal ones.

    Who takes the smallest each time leaves no clip more than one ahead of another.
    """
    order = np.lexsort((rng.random(len(loads)), np.asarray(loads)))
    return [int(place) for place in rng.permutation(np.sort(order[:n]))]


def choose_repeats(n_shown: int, n: int, rng: np.random.Generator) -> list[int]:
    """Which of the places 0 to `n_shown` - 1 are shown again after all, in that order; not the last few if possible."""
    n = min(n, n_shown)
    early = n_shown - min(REPEAT_GAP, n_shown - n)
    chosen = [int(place) for place in rng.permutation(early)[:n]]
    # Nobody sees a clip twice running.
    if len(chosen) > 1 and chosen[0] == n_shown - 1:
        chosen.append(chosen.pop(0))
    return chosen


def assign_ratings(db: Session, record: SessionRecord, at: datetime) -> None:
    """Choose the clips that a session rates, unless they are chosen already. Does not commit."""
    session, ratings, clips = record.session, record.definition.ratings, record.clips
    db.execute(select(Study.id).where(Study.id == session.study_id).with_for_update())
    if db.scalar(select(ClipToRate.id).where(ClipToRate.session_id == session.id).limit(1)) is not None:
        return
    rng = np.random.default_rng([session.seed, SALT])
    loads = clip_loads(db, session.study_id, at)
    shown = choose_clips([loads.get(clip.id, 0) for clip in clips], ratings.n_clips(len(clips)), rng)
    again = [shown[place] for place in choose_repeats(len(shown), ratings.repeats, rng)]
    rows = [
        {
            "session_id": session.id,
            "place": place,
            "key": new_trial_key(),
            "clip_id": clips[item].id,
            "is_repeat": place >= len(shown),
            "assigned_at": at,
        }
        for place, item in enumerate([*shown, *again])
    ]
    db.execute(insert(ClipToRate), rows)


def clip_loads(db: Session, study_id: int, at: datetime) -> dict[int, int]:
    """By clip, how many raters have rated it or are about to. Who left without doing so keeps no clip from others."""
    is_rated = exists().where(Rating.to_rate_id == ClipToRate.id)
    query = (
        select(ClipToRate.clip_id, func.count())
        .join(ParticipantSession, ParticipantSession.id == ClipToRate.session_id)
        .where(
            ParticipantSession.study_id == study_id,
            COUNTED,
            ParticipantSession.state.not_in(LEFT_OUT),
            ParticipantSession.exclusion_reason.is_(None),
            ClipToRate.is_repeat.is_(False),
            or_(is_rated, ParticipantSession.last_seen_at > at - PLACE_LEASE),
        )
        .group_by(ClipToRate.clip_id)
    )
    return dict(db.execute(query).tuples().all())
