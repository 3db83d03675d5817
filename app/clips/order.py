"""The order of a study's clips."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.definition.sets import natural_order
from app.models import Clip


def place_by_name(db: Session, study_id: int, name: str) -> int:
    """Make room for a new clip, and return its position.

    Files come in any order. As long as a study's clips are in the order of their names, each takes its place by its
    name; once somebody has ordered them otherwise, new ones go to the end.
    """
    query = select(Clip.position, Clip.file_name).where(Clip.study_id == study_id).order_by(Clip.position)
    rows: list[tuple[int, str]] = [(position, known) for position, known in db.execute(query)]
    names = [natural_order(known) for _, known in rows]
    later = [position for (position, _), known in zip(rows, names, strict=True) if known > natural_order(name)]
    if not later or names != sorted(names):
        return rows[-1][0] + 1 if rows else 0
    # By way of negative numbers: no two clips may ever have the same position.
    behind = (Clip.study_id == study_id) & (Clip.position >= later[0])
    db.execute(update(Clip).where(behind).values(position=-Clip.position - 2))
    db.execute(update(Clip).where(Clip.study_id == study_id, Clip.position < 0).values(position=-Clip.position - 1))
    return later[0]


def set_order(db: Session, study_id: int, clip_ids: Sequence[int]) -> None:
    """Put all clips of a study into this order; without a commit."""
    # By way of negative numbers, as above.
    db.execute(update(Clip).where(Clip.study_id == study_id).values(position=-Clip.position - 1))
    db.execute(update(Clip), [{"id": clip_id, "position": place} for place, clip_id in enumerate(clip_ids)])
