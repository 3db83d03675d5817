"""What the API answers about clips and their uploads."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.web.api_answers.form import Answer
from app.web.api_answers.studies import StudyHead


class Source(Answer):
    """A file that a browser plays."""

    src: str
    type: str


class ClipRow(Answer):
    """A clip, picture or sound: what became of its file, and where it can be loaded."""

    id: str
    file: str
    label: str
    kind: Literal["clip", "picture", "sound"]
    state: Literal["waiting", "converting", "ready", "failed"]
    progress: float
    reason: str | None
    width: int | None
    height: int | None
    source_width: int | None
    source_height: int | None
    frames: int | None
    remarks: list[str]
    duration: float | None
    fps: float | None
    codec: str | None
    has_audio: bool | None
    attributes: dict[str, str]
    poster: str | None
    sources: list[Source]


class Clips(Answer):
    """A study's clips, in its order."""

    study: StudyHead
    clips: list[ClipRow]
    differences: list[Any] = Field(description="In what the files differ that participants may notice.")
    worker: str


class Done(Answer):
    """It is done."""

    done: Literal[True]


class TableTaken(Answer):
    """For how many clips a table had attributes, and which columns."""

    clips: int
    columns: list[str]


class UploadRow(Answer):
    """A file that is not whole yet; `here` bytes of `size` are."""

    id: str
    name: str
    size: int
    here: int


class Uploads(Answer):
    """What the account has not sent to its end."""

    uploads: list[UploadRow]


class UploadBegun(Answer):
    """Where a file goes is in the header Location; `chunk` is the most bytes of a piece."""

    id: str
    here: int
    chunk: int
