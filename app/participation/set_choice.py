"""Which sets of clips a session gets: those that fewest people have, so that all get about equally many.

They are chosen as the session is stored, while the study's row is locked: two who come at once do not take the same.
Who withdraws, is screened out, or leaves and is not seen again, gives the sets back as they give back their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.clip_sets import ClipSet
from app.definition.sets import clip_sets
from app.definition.study_toml import StudyDefinition
from app.domain import ClipState
from app.models import COUNTED, Clip, ParticipantSession, Study
from app.participation.places import holds_place

# Of the session's seed, for its own random numbers; trials use the small numbers, ratings 2**20.
SALT = 2**20 + 1


def sets_of_study(db: Session, study_id: int, definition: StudyDefinition) -> tuple[ClipSet, ...]:
    """The study's sets; the places in them are those among its ready clips, in their order."""
    if definition.sets.column is None:
        return ()
    ready = select(Clip.attributes).where(Clip.study_id == study_id, Clip.state == ClipState.READY)
    return clip_sets(definition.sets, list(db.scalars(ready.order_by(Clip.position))))


def choose_sets(
    names: Sequence[str], loads: Mapping[str, int], n: int, rng: np.random.Generator, *, seen: Collection[str] = ()
) -> list[str]:
    """The names of `n` sets in the order in which they are arranged: the smallest loads, at random among equal ones.

    Sets that the same person has `seen` come last. Who takes the smallest each time leaves no set more than one ahead
    of another.
    """
    draws = rng.random(len(names))
    order = sorted(range(len(names)), key=lambda k: (names[k] in seen, loads.get(names[k], 0), draws[k]))
    return [names[k] for k in rng.permutation(order[:n])]


def set_loads(db: Session, study_id: int, at: datetime) -> Counter[str]:
    """How many sessions have each set: finished ones, and those under way that were seen lately."""
    held = select(ParticipantSession.clip_sets).where(
        ParticipantSession.study_id == study_id, COUNTED, holds_place(at), ParticipantSession.clip_sets.is_not(None)
    )
    return Counter(name for names in db.scalars(held) for name in names or ())


def sets_for(db: Session, session: ParticipantSession, definition: StudyDefinition, at: datetime) -> list[str] | None:
    """The sets that a new session gets; None where the study has none. The study's row must be locked."""
    if definition.sets.column is None:
        return None
    study_id = session.study_id
    names = [one.name for one in sets_of_study(db, study_id, definition)]
    seen: set[str] = set()
    if session.visit is not None and session.visit > 1:
        earlier = select(ParticipantSession.clip_sets).where(
            ParticipantSession.study_id == study_id, COUNTED, ParticipantSession.person == session.person
        )
        seen = {name for given in db.scalars(earlier) for name in given or ()}
    rng = np.random.default_rng([session.seed, SALT])
    return choose_sets(names, set_loads(db, study_id, at), definition.sets.per_session, rng, seen=seen)


def set_counts(db: Session, study: Study, definition: StudyDefinition, at: datetime) -> dict[str, int]:
    """By set, in the study's order, how many sessions have it."""
    loads = set_loads(db, study.id, at)
    return {one.name: loads[one.name] for one in sets_of_study(db, study.id, definition)}
