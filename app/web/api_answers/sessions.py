"""What the API answers about sessions: the live page, one session, its trials."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.web.api_answers.form import Answer
from app.web.api_answers.studies import StudyHead


class Checks(Answer):
    """Attention checks that were given, and passed."""

    done: int
    passed: int


class Figures(Answer):
    """Of all sessions but pilots; what was left out of the results is in `left_out` alone."""

    states: dict[str, int] = Field(description="Sessions by state as it is shown: also idle and left.")
    people: int
    visits: int
    minutes: float | None = Field(description="Median of the finished sessions' active minutes.")
    checks: Checks
    simulated: int
    left_out: int


class LiveFigures(Answer):
    """A study in numbers."""

    study: StudyHead
    figures: Figures
    n_pilots: int
    places_taken: int
    sets: dict[str, int] = Field(description="By set of clips, the sessions that have it; empty without sets.")
    problems: list[str] = Field(description="What is wrong with the server, in sentences.")


class SessionRow(Answer):
    """A session as the study's page lists it."""

    rater: str = Field(description="P001, ...")
    session: str
    state: str
    simulated: bool
    pilot: bool
    progress: float
    trials: int
    to_rate: int = Field(description="Clips that it is still to rate, which also a finished one may have.")
    minutes: float
    checks: Checks
    consented_at: str
    last_seen_at: str
    ended_by: str | None
    recruiter: dict[str, str] = Field(description="The recruiter's ids; empty for a viewer.")
    person: int
    visit: int
    id_note: str | None
    unproven_trials: int
    asked_to_leave: bool
    note: str | None
    exclusion_reason: str | None


class SessionPage(Answer):
    """A page of a study's sessions; `found` is how many there are on all pages."""

    sessions: list[SessionRow]
    page: int
    pages: int
    found: int


class LivePage(LiveFigures, SessionPage):
    """A study in numbers, with a page of its sessions."""

    pilots: list[SessionRow]


class ShownAnswer(Answer):
    """A question and what was answered, in words."""

    question: str
    answer: str


class OneSession(Answer):
    """A session as a whole."""

    session: SessionRow
    stored_trials: list[int] = Field(description="Numbers of its stored trials, from 1.")
    answers: list[ShownAnswer]
    visits: list[str] = Field(description="All sessions of the same person.")


class Erased(Answer):
    """The raters that were erased."""

    erased: list[str]


class Seat(Answer):
    """A clip of a trial."""

    id: str
    label: str
    poster: str | None
    seat: int


class Place(Answer):
    """Where a clip was left: arena units, centre (0, 0), diameter 1, y upwards."""

    clip: str
    x: float
    y: float


class StoredTrial(Answer):
    """A trial as its page recorded it; times in ms."""

    number: int
    purpose: str
    clips: list[Seat]
    aspect: float
    moves: list[dict[str, Any]]
    moves_left_out: int
    plays: list[dict[str, Any]]
    placements: list[Place]
    duration: float
    hidden: float
