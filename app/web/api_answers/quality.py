"""What the API answers about how participants worked, and about decisions."""

from __future__ import annotations

from typing import Any, Literal

from app.web.api_answers.form import Answer


class QualityMeasure(Answer):
    """A measure of how somebody worked; values beyond `limit` on its `side` stand out."""

    key: str
    label: str
    meaning: str
    unit: str
    limit: float | None
    side: str | None


class Proposal(Answer):
    """What a rule proposes to leave out."""

    participant: str
    session: str
    trial: int | None
    rule: str
    reason: str


class Worker(Answer):
    """How a participant worked."""

    rater: str
    session: str
    simulated: bool
    values: dict[str, float | None]
    flags: list[dict[str, Any]]
    repeats_p: float | None
    repeats_consistent: bool | None
    trials: list[dict[str, Any]]
    left_out: str | None
    left_out_trials: dict[str, str]


class Quality(Answer):
    """How everybody who has finished worked, and what rules propose."""

    state: Literal["working", "ready"]
    measures: list[QualityMeasure]
    participants: list[Worker]
    proposals: list[Proposal]


class Decision(Answer):
    """Something that was decided."""

    participant: str
    session: str
    trial: int | None
    verdict: Literal["exclude", "include", "dismiss"]
    reason: str | None
    rule: str | None
    by: str
    at: str


class Decisions(Answer):
    """All decisions, oldest first."""

    decisions: list[Decision]


class Aside(Answer):
    """Who went no further, and why."""

    label: str
    sessions: int


class Step(Answer):
    """A step of the participant flow."""

    label: str
    sessions: int
    went_no_further: list[Aside]


class Flow(Answer):
    """The participant flow."""

    steps: list[Step]
    analysed: int
    simulated: int
