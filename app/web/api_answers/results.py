"""What the API answers about results: RDMs, map, tree, agreement, sets of clips."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, RootModel

from app.web.api_answers.clips import ClipRow
from app.web.api_answers.form import Answer


class Reliability(Answer):
    """Reliability so far and participants needed for the target, each with its interval; null with a reason."""

    finished: int
    simulated: bool
    pairs_are_shared: bool
    pairs: int = Field(description="Pairs of the study's clips.")
    pairs_seen: int | None = Field(description="Of them, seen by somebody; where the raters share the pairs.")
    raters: int
    computed_at: str | None
    target: float
    value: float | None
    interval: list[float | None]
    reason: str | None
    needed: int | None
    needed_interval: list[int | None]
    endless: bool
    needed_reason: str | None


class Update(Answer):
    """The state of the work on newer results."""

    state: Literal["failed", "computing", "waiting"]
    done: int
    of: int
    reason: str | None
    worker: str


class ResultsStanding(Answer):
    """While there are no results yet ("working"), or none but those that are known ("unchanged")."""

    computed_at: str | None
    update: Update | None
    state: Literal["working", "unchanged"]


class RaterRow(Answer):
    """A rater in the results."""

    rater: str
    session: str
    state: str
    simulated: bool
    trials: int
    problem: str | None
    notes: list[str]
    never_seen: int | None
    below_target: int | None
    pairs: int | None
    correlation_with_truth: list[float] | None = Field(default=None, description="With its 95 % interval.")
    no_interval: str | None = Field(default=None, description="Why it was asked for and is not given.")


class Results(Answer):
    """The results that were computed last."""

    computed_at: str | None
    update: Update | None
    state: Literal["ready"]
    version: str
    method: str
    target: float
    unfinished: int
    unfinished_sentence: str | None
    excluded_sentence: str | None
    pooled_sentence: str | None
    clips: list[ClipRow]
    raters: list[RaterRow]
    ranks: dict[str, list[int]] = Field(description="By attribute the rank of each clip's value.")


class ResultsOrUnchanged(RootModel[Results | ResultsStanding]):
    """The results, or just that they are still those that are known."""


class KnownRdm(Answer):
    """How well a rater's RDM is known: its correlation with the rater's true one, or why that cannot be told."""

    rater: str
    correlation: list[float] | None = Field(description="The estimate, and the ends of its 95 % interval.")
    reason: str | None


class Uncertainty(Answer):
    """How well each rater's RDM is known, as computed last; "old" when newer judgments have come in since."""

    computed_at: str | None
    update: Update | None
    state: Literal["none", "working", "failed", "ready", "old"]
    raters: int = Field(description="For how many it is to be computed.")
    seconds: int = Field(description="About so long it takes for each of them.")
    known: list[KnownRdm]


class Rdm(Answer):
    """An RDM: the pairs (0, 1), (0, 2), ... of the clips as the results order them; null for a pair that nobody saw."""

    rater: str
    rdm: list[float | None]
    completed: bool
    evidence: list[float | None]
    n_raters: list[int] | None
    predicted: list[int]
    pairs: int
    never_seen: int
    below_target: int
    standard_error: list[float | None] | None = Field(description="In the unit of `rdm`; only with `uncertainty`.")
    clusters: list[int] = Field(description="The clips' places, so that alike ones are beside each other.")


class ClipMap(Answer):
    """Places of the clips on a map, of two coordinates each or of three."""

    rater: str
    positions: list[list[float]]
    stress: float
    converged: bool


class ClipTree(Answer):
    """The clips joined by average linkage."""

    problem: None
    linkage: list[tuple[int, int, float]] = Field(
        description="What is joined, as in SciPy's linkage matrix, and at which height."
    )
    order: list[int] = Field(description="The clips with near ones side by side.")
    cophenetic: float | None


class NoTree(Answer):
    """Why the clips cannot be joined."""

    problem: str


class TreeOrReason(RootModel[ClipTree | NoTree]):
    """A tree, or why there is none."""


class MeasureRow(Answer):
    """A coefficient of agreement with its 95 % interval."""

    key: str
    label: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    main: bool


class Ceiling(Answer):
    """The noise ceiling."""

    lower: float | None
    upper: float | None
    lower_interval: list[float | None] = Field(description="Of the lower bound, 95 % over raters.")
    upper_interval: list[float | None]
    reason: str | None


class SetMeasure(Answer):
    """A coefficient of agreement that is given for each set."""

    key: str
    label: str
    meaning: str


class Between(Answer):
    """A value with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None


class SetRow(Answer):
    """A set of clips: the sessions with judgments that were given it, the raters with an RDM, and their agreement."""

    set: str
    n_clips: int
    n_anchors: int
    n_given: int
    n_raters: int
    is_computed: bool
    values: dict[str, Between]


class MeanOfSets(Answer):
    """The means over sets, with intervals over sets."""

    n_raters: int
    values: dict[str, Between]


class SetResults(Answer):
    """Agreement in each set of clips; `waiting` sets are being computed, again or for the first time."""

    measures: list[SetMeasure]
    sets: list[SetRow]
    mean: MeanOfSets
    waiting: int
    worker: str
    failed: list[str]


class BorrowingRater(Answer):
    """A rater's RDM that borrows from the others'."""

    rater: str
    borrowed: float = Field(description="Mean over pairs of the share that came from the others, 0 to 1.")
    pairs_seen: int = Field(description="Pairs that the rater saw in a trial.")
    rdm: list[float] = Field(description="All pairs, with a root mean square of 1.")


class GroupOfAllTrials(Answer):
    """The RDM of all raters' trials in one model, and the sentence about what may not be computed from it."""

    sentence: str
    pairs_seen: int = Field(description="Pairs that anybody saw in a trial.")
    rdm: list[float] = Field(description="All pairs, with a root mean square of 1.")


class RaterWithout(Answer):
    """A rater without a trial that can be used."""

    rater: str
    reason: str


class GroupEstimates(Answer):
    """RDMs that borrow from one another: no agreement, ceiling or reliability may be computed from them."""

    sentence: str
    clips: list[str] = Field(description="The clips' file names, in the order of the RDMs' pairs.")
    pairs: int
    raters: list[BorrowingRater]
    group: GroupOfAllTrials
    unusable: list[RaterWithout]


class RaterAgreement(Answer):
    """A rater's correlation with the mean of the others."""

    rater: str
    simulated: bool
    r: float | None


class Point(Answer):
    """A coefficient with its interval."""

    value: float | None
    low: float | None
    high: float | None


class GrowthPoint(Answer):
    """Agreement for a number of raters."""

    raters: int
    mean: Point = Field(description="Reliability of the mean of so many raters.")
    single: Point = Field(description="One rater with the mean of so many others.")


class Agreement(Answer):
    """How far the raters agree."""

    n_raters: int
    pairs_are_shared: bool = Field(
        description="Raters saw the pairs between them: what compares single raters is null."
    )
    level: float | None = None
    measures: list[MeasureRow]
    ceiling: Ceiling | None
    remarks: list[str]
    raters: list[RaterAgreement]
    between: list[float | None] | None = Field(description="Agreement of every two raters, condensed.")
    rater_order: list[int] = Field(default=[], description="Raters who agree side by side.")
    growth: list[GrowthPoint] | None
