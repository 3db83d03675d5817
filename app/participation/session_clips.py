"""The clips of a session: all of its study's, or those of the sets that it was given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, null, select
from sqlalchemy.orm import Session

from app.definition.study_toml import StudyDefinition
from app.domain import ClipState, ItemKind
from app.models import Clip, ParticipantSession


@dataclass(frozen=True)
class ReadyClip:
    """A clip that can be shown, and the set that it is of; its place among the session's clips is its item index."""

    id: int
    public_id: str
    has_audio: bool
    kind: ItemKind
    seconds: float = 0.0
    set: str | None = None


def session_clips(db: Session, session: ParticipantSession, definition: StudyDefinition) -> tuple[ReadyClip, ...]:
    """The session's clips that can be shown, in the study's order."""
    sets, given = definition.sets, session.clip_sets
    values: dict[str, Any] = {"study": session.study_id}
    column = None
    if given is not None and sets.column is not None:
        column = sets.column
        values["sets"] = [*given, *([] if sets.anchors is None else [sets.anchors])]
    rows = db.connection().execute(_ready(column), values).all()
    return tuple(
        ReadyClip(row.id, row.public_id, bool(row.has_audio), row.kind, row.duration_s or 0.0, row.set) for row in rows
    )


def session_sets(
    session: ParticipantSession, definition: StudyDefinition, clips: tuple[ReadyClip, ...]
) -> tuple[tuple[int, ...], ...]:
    """The places of each set's clips among the session's clips, in the order in which it arranges the sets.

    Where the study has no sets it is one, with all clips.
    """
    if session.clip_sets is None:
        return (tuple(range(len(clips))),)
    anchors = definition.sets.anchors
    return tuple(
        tuple(item for item, clip in enumerate(clips) if clip.set is not None and clip.set in (name, anchors))
        for name in session.clip_sets
    )


# Made once: making a query costs more than running it.
@lru_cache(maxsize=256)
def _ready(column: str | None) -> Select[Any]:
    of_set = null() if column is None else Clip.attributes[column].as_string()
    query = (
        select(Clip.id, Clip.public_id, Clip.has_audio, Clip.kind, Clip.duration_s, of_set.label("set"))
        .where(Clip.study_id == bindparam("study"), Clip.state == ClipState.READY)
        .order_by(Clip.position)
    )
    return query if column is None else query.where(of_set.in_(bindparam("sets", expanding=True)))
