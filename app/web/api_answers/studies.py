"""What the API answers about studies: their heads, settings, versions, log and deletion."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.web.api_answers.form import Answer


class StudyHead(Answer):
    """A study: names, state, link."""

    name: str
    title: str
    state: Literal["draft", "open", "closed"]
    archived: bool
    origin: list[str] = Field(description="Where its data came from, in sentences; empty for a study run here.")
    link: str = Field(description="The participants' link.")
    min_evidence: float
    places: int | None
    checks: int
    id_parameter: str | None
    without_id: str
    signed: bool


class Studies(Answer):
    """The account's studies, newest first."""

    studies: list[StudyHead]


class OneStudy(Answer):
    """A study after a change."""

    study: StudyHead


class Problem(Answer):
    """A problem of settings."""

    key: str | None
    line: int | None
    sentence: str
    severity: str
    at: list[str | int] = Field(description="Where in the values, part by part.")
    reason: str = Field(description="The sentence without the name of the setting.")


class NewVersion(Answer):
    """The version that saving would make."""

    version: int
    sentence: str


class Definition(Answer):
    """A study's settings: study.toml, the values by key, and what is wrong with them."""

    text: str
    values: dict[str, Any] | None
    problems: list[Problem]
    previews: dict[str, str] | None
    fixed: str | None
    version: int
    new_version: NewVersion | None


class Saved(Definition):
    """Settings that were saved."""

    changes: list[str]


class TextFile(Answer):
    """A picture, or a clip or sound that plays, which the study's texts can show."""

    name: str
    bytes: int
    width: int
    height: int
    plays: bool
    poster: str
    remarks: list[str]


class TextFiles(Answer):
    """The files of the study's texts."""

    files: list[TextFile]


class Revision(Answer):
    """Settings as they were from one moment on."""

    number: int
    version: int
    at: str
    who: str
    changes: list[str]
    text: str


class Versions(Answer):
    """All that the settings were since the study was opened."""

    version: int
    revisions: list[Revision]


class LogEntry(Answer):
    """A line of the study's log."""

    number: int
    at: str
    who: str
    action: str
    detail: dict[str, Any]


class Log(Answer):
    """Lines of the log, newest first; `older` is where the next page goes on, null at the end."""

    entries: list[LogEntry]
    older: int | None


class Held(Answer):
    """What a deleted study held."""

    clips: int
    sessions: int
    at_task: int
    simulated: int
    pilots: int
    trials: int
    ratings: int
    answers: int
    megabytes: float


class Deleted(Answer):
    """What is gone."""

    deleted: Held


class TestDataDeleted(Answer):
    """How many sessions are gone."""

    deleted: int
