"""What the API answers about a study's plan."""

from __future__ import annotations

from typing import Any, Literal

from app.web.api_answers.form import Answer


class Observed(Answer):
    """A figure with its interval, and the raters behind it."""

    value: float
    interval: list[float] | None
    raters: int


class Work(Answer):
    """The state of the work on a plan."""

    state: str
    done: int
    of: int
    reason: str | None
    worker: str


class Plan(Answer):
    """The plan that was computed last."""

    computed_at: str | None
    changes: list[str]
    work: Work | None
    plan: dict[str, Any] | None
    sentences: list[str]
    needed: str | None
    observed: Observed | None


class Asked(Answer):
    """The work waits for its turn."""

    state: Literal["waiting", "working"]


class Working(Answer):
    """The results in the file are being computed: ask again at the address in `again`."""

    state: Literal["working"]
    again: str
