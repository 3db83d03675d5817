"""What the API answers about candidate models and attributes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.web.api_answers.axes import Axes, Predictions
from app.web.api_answers.form import Answer
from app.web.api_answers.model_sets import ModelsInSets


class KeptModels(Answer):
    """A file of candidate models that is kept with the study."""

    number: int
    name: str
    kind: str
    models: list[str]
    file_name: str
    sha256: str
    added_at: str
    remarks: list[str]
    problem: str | None = Field(description="Why it cannot be compared now.")


class ComparisonWork(Answer):
    """The state of the work on a newer comparison."""

    state: str
    done: int
    step: str | None
    reason: str | None
    worker: str


class ModelScore(Answer):
    """How near a model is to the raters; the last two are about the model of the highest score."""

    model: str
    source: str
    kind: str
    layer: int | None
    score: float | None
    low: float | None
    high: float | None
    p_above_zero: float | None
    p_below_ceiling: float | None
    below_best: float | None
    p_below_best: float | None


class ModelPair(Answer):
    """The difference of two models."""

    first: str
    second: str
    difference: float | None
    standard_error: float | None
    p: float | None


class LayersOfModel(Answer):
    """The layers of one network, and which is best."""

    source: str
    layers: list[str]
    best: str
    first: str
    last: str
    not_worse: list[str]


class AttributeEffect(Answer):
    """Between minus within of an attribute."""

    attribute: str
    groups: str
    n_clips: int
    effect: float | None
    low: float | None
    high: float | None
    p: float | None
    p_max: float | None


class ModelTested(Answer):
    """A model by permutation of the clips, and its correlation without raters' noise."""

    model: str
    similarity: float | None
    p: float | None
    p_max: float | None
    corrected: float | None
    low: float | None
    high: float | None


class PartialCorrelation(Answer):
    """A model with others held constant."""

    model: str
    correlation: float | None
    low: float | None
    high: float | None
    p: float | None
    p_max: float | None


class VarianceShare(Answer):
    """What models explain together, and the share that all of them explain and no other does."""

    blocks: list[str]
    explained: float | None
    share: float | None


class WeightedSum(Answer):
    """Models added up with weights, tested on raters and clips without a part in the fit."""

    block: str
    models: list[str]
    weights: list[float]
    cross_validated: float | None
    equal_weights: float | None


class RaterPlace(Answer):
    """A rater's group, weights of the common space's dimensions and of attributes, and likeness to itself."""

    rater: str
    cluster: int = Field(description="From 1; 0 where raters are not grouped.")
    dimensions: list[float | None]
    fit: float | None
    attributes: list[float | None]
    own: float | None


class AttributeWeight(Answer):
    """Mean weight of an attribute over raters."""

    attribute: str
    mean: float | None
    low: float | None
    high: float | None
    spread: float | None


class Individuals(Answer):
    """How raters differ; empty where it was not asked for."""

    n_tested: int
    within: float | None
    expected: float | None
    low: float | None
    high: float | None
    p: float | None
    n_permutations: int
    without_noise: float | None
    without_noise_low: float | None
    without_noise_high: float | None
    silhouette: float | None
    n_clusters: int
    indscal_rounds: int
    weights: list[AttributeWeight]
    raters: list[RaterPlace]
    remarks: list[str]


class ModelParts(Answer):
    """What was asked for beside scores and effects; empty where it was not."""

    n_permutations: int
    tests: list[ModelTested]
    held_constant: str
    partial_method: str
    partials: list[PartialCorrelation]
    shares: list[VarianceShare]
    n_pairs: int
    weighted: list[WeightedSum]
    individuals: Individuals
    axes: Axes
    predictions: Predictions
    remarks: list[str]


class BlocksOfModels(Answer):
    """What can be named for shares of variance, or to be held constant."""

    groups: list[str]
    models: list[str]
    attributes: list[str]


class AskedOfModels(Answer):
    """The settings that were asked for last."""

    comparator: str
    with_simulated: bool
    with_unfinished: bool
    permutations: bool
    explain: list[str]
    hold_constant: str
    weighted: bool
    individuals: bool
    axes: bool
    predictions: bool


class ModelFindings(Answer):
    """What a comparison came to."""

    n_raters: int
    n_clips: int
    comparator: str
    label: str
    resample: str
    n_boot: int
    n_permutations: int
    level: float
    ceiling_low: float | None
    ceiling_high: float | None
    scores: list[ModelScore]
    pairs: list[ModelPair] = Field(description="Empty for more than 2,000 pairs: they are in the table.")
    profiles: list[LayersOfModel]
    effects: list[AttributeEffect]
    remarks: list[str]
    parts: ModelParts
    is_joint: bool = Field(
        description="Scores are similarities to the one RDM of all trials, because the raters shared the pairs."
    )
    in_sets: ModelsInSets
    methods: list[str]
    tables: list[str] = Field(description="The tables that have rows.")


class Models(Answer):
    """The candidate models of a study, and what they came to last."""

    models: list[KeptModels]
    attributes: int
    blocks: BlocksOfModels
    asked: AskedOfModels
    computed_at: str | None
    changes: list[str]
    work: ComparisonWork | None
    findings: ModelFindings | None


class ChosenClips(Answer):
    """Clips that best tell models apart; raters are null where no number of them would do."""

    clips: list[str]
    separation: float
    of_random: float
    raters: int | None
    raters_of_random: int | None


class ModelsAdded(Answer):
    """The file that is kept now, and its models."""

    number: int
    models: list[str]


class ModelsRemoved(Answer):
    """The file that is no longer kept."""

    removed: int


class ComparisonAsked(Answer):
    """The comparison is waiting for the worker."""

    state: Literal["waiting"]
