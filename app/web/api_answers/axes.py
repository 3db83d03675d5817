"""What the API answers about axes of attributes, and predictions from models."""

from __future__ import annotations

from pydantic import Field

from app.web.api_answers.form import Answer


class ModelAxis(Answer):
    """Congruence of an attribute's axis in a model with that of the raters."""

    model: str
    attribute: str
    congruence: float | None
    low: float | None
    high: float | None
    p: float | None
    p_max: float | None
    carried: float | None = Field(description="Correlation of the places along the axis with the attribute.")


class RatersAxis(Answer):
    """How reliable the raters' axis of an attribute is, and how far the places along it carry the attribute."""

    attribute: str
    reliability: float | None
    carried: float | None
    p: float | None = Field(description="That the attribute is carried.")


class SpaceAxes(Answer):
    """Congruence of every two attributes' axes in one space, and its p values; in the order of the raters' axes."""

    space: str
    congruence: list[list[float | None]]
    p: list[list[float | None]]
    p_max: list[list[float | None]]


class Axes(Answer):
    """Axes of attributes in models and in the raters' space; empty where they were not asked for."""

    n_permutations: int
    with_raters: list[ModelAxis]
    raters: list[RatersAxis]
    correlations: list[list[float | None]] = Field(description="Of the attributes themselves.")
    spaces: list[SpaceAxes] = Field(description="The raters and the first models; the table has all.")
    remarks: list[str]


class Predicted(Answer):
    """An attribute, or an axis of the map, predicted from one model for clips that were left out."""

    model: str
    target: str
    r: float | None
    r2: float | None
    fold_spread: float | None
    p: float | None
    p_max: float | None
    penalty: float | None
    dimensions: int
    of_squares: bool = Field(description="Whether the model's dissimilarities were taken as squared distances.")


class Specificity(Answer):
    """r of the prediction of each target (rows) with the values of each (columns), from one model."""

    model: str
    targets: list[str]
    r: list[list[float | None]]


class Predictions(Answer):
    """Predictions from models; empty where they were not asked for."""

    n_permutations: int
    n_folds: int
    by_sets: bool
    scores: list[Predicted]
    specificity: list[Specificity] = Field(description="Of the first models; the table has all.")
    remarks: list[str]
