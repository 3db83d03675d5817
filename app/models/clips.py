"""Tables of clips, of the files that texts show, and of what browsers load for them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import JSON, BigInteger, Enum, Float, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.domain import ClipState, ItemKind
from app.models.base import Base, UtcDateTime, now, states

if TYPE_CHECKING:
    from app.models.studies import Study


class Clip(Base):
    """One item of a study (a clip, a picture or a sound), from the experimenter's file to its renditions."""

    __tablename__ = "clip"
    __table_args__ = (
        UniqueConstraint("study_id", "source_sha256"),
        UniqueConstraint("study_id", "file_name"),
        UniqueConstraint("study_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    position: Mapped[int] = mapped_column(Integer)
    file_name: Mapped[str] = mapped_column(String(255))
    label: Mapped[str] = mapped_column(String(255))
    source_sha256: Mapped[str] = mapped_column(String(64))
    attributes: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    # Known once the file is converted, from what it holds; until then it counts as a clip.
    kind: Mapped[ItemKind] = mapped_column(
        Enum(ItemKind, native_enum=False, length=16, values_callable=lambda kinds: [kind.value for kind in kinds]),
        default=ItemKind.CLIP,
        server_default=ItemKind.CLIP.value,
    )
    state: Mapped[ClipState] = mapped_column(states(ClipState), default=ClipState.WAITING)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    reason: Mapped[str | None] = mapped_column(Text)
    # The heartbeat of whoever converts the clip: a worker that was killed sends none, and the clip is taken up again.
    worked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    duration_s: Mapped[float | None] = mapped_column(Float)
    # Of the experimenter's file, as shown: turned upright, with square pixels.
    source_width: Mapped[int | None] = mapped_column(Integer)
    source_height: Mapped[int | None] = mapped_column(Integer)
    frames: Mapped[int | None] = mapped_column(Integer)
    fps: Mapped[float | None] = mapped_column(Float)
    codec: Mapped[str | None] = mapped_column(String(32))
    has_audio: Mapped[bool | None] = mapped_column()
    # What the experimenter should know of the conversion: sentences.
    remarks: Mapped[list[str] | None] = mapped_column(JSON, default=list)
    converted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    study: Mapped[Study] = relationship(back_populates="clips")
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="clip", lazy="selectin", cascade="all, delete-orphan"
    )


class Rendition(Base):
    """A file that a browser loads for an item: mp4, webm, picture or poster; stored under its SHA-256."""

    __tablename__ = "rendition"

    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)

    clip: Mapped[Clip] = relationship(back_populates="renditions")


class TextFile(Base):
    """A picture, clip or sound that a study's texts show by its name: the experimenter's file and its renditions."""

    __tablename__ = "text_file"
    __table_args__ = (UniqueConstraint("study_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id", ondelete="CASCADE"))
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    # What the experimenter should know of the conversion: sentences.
    remarks: Mapped[list[str]] = mapped_column(JSON, default=list)
    # The SHA-256 of the experimenter's file, and of each rendition that there is.
    source_sha256: Mapped[str] = mapped_column(String(64), index=True)
    picture: Mapped[str | None] = mapped_column(String(64), index=True)
    mp4: Mapped[str | None] = mapped_column(String(64), index=True)
    webm: Mapped[str | None] = mapped_column(String(64), index=True)
    poster: Mapped[str | None] = mapped_column(String(64), index=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    @property
    def renditions(self) -> dict[str, str]:
        """The SHA-256 of each rendition by its kind."""
        by_kind = {"picture": self.picture, "mp4": self.mp4, "webm": self.webm, "poster": self.poster}
        return {kind: sha256 for kind, sha256 in by_kind.items() if sha256 is not None}


class FormerRendition(Base):
    """A clip's file from before it was converted again; kept, and still served to open pages."""

    __tablename__ = "former_rendition"

    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
    frames: Mapped[int | None] = mapped_column(Integer)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    duration_s: Mapped[float | None] = mapped_column(Float)
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
