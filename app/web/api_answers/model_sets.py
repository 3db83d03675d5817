"""What the API answers about models in each of several sets of clips."""

from __future__ import annotations

from app.web.api_answers.form import Answer


class ValueInSet(Answer):
    """A model's score, or an attribute's effect, in one set of clips."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None


class ModelsOfSet(Answer):
    """Models and attributes in one set of clips."""

    name: str
    n_raters: int
    n_clips: int
    ceiling_low: float | None
    ceiling_high: float | None
    scores: list[ValueInSet]
    effects: list[ValueInSet]


class MeanOverSets(Answer):
    """A mean over sets of clips; its interval is over sets."""

    name: str
    mean: float | None
    low: float | None
    high: float | None
    n_sets: int


class ModelsInSets(Answer):
    """Models and attributes in each set of clips, and their means over sets; empty in a study without sets."""

    sets: list[ModelsOfSet]
    ceiling_low: float | None
    ceiling_high: float | None
    scores: list[MeanOverSets]
    effects: list[MeanOverSets]
    remarks: list[str]
