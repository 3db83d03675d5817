"""What a participant's page is told of clips. Each submit asks for it, so plain rows are read and no objects mapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.domain import ItemKind
from app.models import Clip, Rendition
from app.web.signing import MediaFile


@dataclass(frozen=True)
class ShownClip:
    """A clip as a page shows it, with the files that a browser loads; pixels and seconds."""

    study_id: int
    public_id: str
    kind: ItemKind
    label: str
    attributes: Mapping[str, str]
    width: int | None
    height: int | None
    seconds: float
    has_audio: bool
    files: Sequence[MediaFile]


def shown_clips(db: Session, ids: Sequence[int]) -> dict[int, ShownClip]:
    """The clips of these database ids."""
    if not ids:
        return {}
    return {
        row.id: ShownClip(
            study_id=row.study_id,
            public_id=row.public_id,
            kind=row.kind,
            label=row.label,
            attributes=row.attributes,
            width=row.width,
            height=row.height,
            seconds=row.duration_s or 0.0,
            has_audio=bool(row.has_audio),
            files=[MediaFile(*file.split()) for file in (row.files or "").splitlines()],
        )
        for row in db.connection().execute(_CLIPS, {"ids": list(ids)}).all()
    }


# Made once: making a query costs more than running it.
_FILES = (
    select(func.aggregate_strings(Rendition.kind + " " + Rendition.sha256, "\n"))
    .where(Rendition.clip_id == Clip.id)
    .scalar_subquery()
)
_CLIPS = select(
    Clip.id,
    Clip.study_id,
    Clip.public_id,
    Clip.kind,
    Clip.label,
    Clip.attributes,
    Clip.width,
    Clip.height,
    Clip.duration_s,
    Clip.has_audio,
    _FILES.label("files"),
).where(Clip.id.in_(bindparam("ids", expanding=True)))
