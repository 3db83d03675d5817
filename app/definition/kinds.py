"""What a study shows its participants: clips, pictures or sounds, or a mixture."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain import ClipState, ItemKind
from app.i18n.wordings import Kind
from app.models import Clip


def kinds_of_study(db: Session, study_id: int) -> set[ItemKind]:
    """The kinds of the items that can be shown."""
    query = select(Clip.kind).where(Clip.study_id == study_id, Clip.state == ClipState.READY).distinct()
    return set(db.scalars(query))


def one_kind(kinds: Collection[ItemKind]) -> Kind:
    """The one word for them; "clip" where there are none yet, "item" where kinds are mixed."""
    if len(kinds) > 1:
        return "item"
    return next((kind.value for kind in kinds), "clip")


def kind_of_study(db: Session, study_id: int) -> Kind:
    """The one word for all that a study shows."""
    return one_kind(kinds_of_study(db, study_id))
