"""What the experimenters' API answers, field by field: the schemas of /api/v1/openapi.json.

Tests hold real answers against them: a field that is missing, new or of another type fails there.

Over 300 lines: one short class for each form of answer, and the table that says which route has which.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel


class Answer(BaseModel):
    """An answer in JSON: all of these fields, and no other."""

    model_config = ConfigDict(extra="forbid", strict=True)


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
    """How a study stands in numbers."""

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
    """How a study stands, with a page of its sessions."""

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


class Observed(Answer):
    """A figure with its interval."""

    value: float
    interval: list[float] | None


class Work(Answer):
    """How the work on a plan stands."""

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


class Reliability(Answer):
    """Reliability so far and participants needed for the target, each with its interval; null with a reason."""

    finished: int
    simulated: bool
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
    """How the work on newer results stands."""

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
    """Places of the clips on a map."""

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
    """Agreement in each set of clips; `waiting` sets are being computed, anew or for the first time."""

    measures: list[SetMeasure]
    sets: list[SetRow]
    mean: MeanOfSets
    waiting: int
    worker: str
    failed: list[str]


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
    level: float | None = None
    measures: list[MeasureRow]
    ceiling: Ceiling | None
    remarks: list[str]
    raters: list[RaterAgreement]
    between: list[float | None] | None = Field(description="Agreement of every two raters, condensed.")
    rater_order: list[int] = Field(default=[], description="Raters who agree side by side.")
    growth: list[GrowthPoint] | None


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
    """How the work on a newer comparison stands."""

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
    methods: list[str]


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


class RatedClip(Answer):
    """A clip that was rated."""

    id: str
    file: str
    label: str
    poster: str | None


class ClipRatings(Answer):
    """What a clip was rated: mean, standard deviation and number, or how many chose what."""

    n: int
    mean: float | None = None
    sd: float | None = None
    counts: list[int] | None = None


class RatingAgreement(Answer):
    """How far raters agreed in an answer, with the 95 % interval."""

    key: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    sentence: str


class RatedQuestion(Answer):
    """A question about clips; `clips` are in the order of those that were rated."""

    name: str
    attribute: str
    ask: str
    kind: str
    raters: int
    agreement: list[RatingAgreement]
    repeats: str | None
    min: int | None = None
    max: int | None = None
    scale: str | None = None
    choices: list[dict[str, str]] | None = None
    clips: list[ClipRatings]


class Ratings(Answer):
    """What clips were rated, and how far the raters agreed."""

    clips: list[RatedClip]
    questions: list[RatedQuestion]


class GivenAnswer(Answer):
    """How many sessions gave an answer."""

    value: str
    label: str
    count: int


class AnswersInNumbers(Answer):
    """What answers come to that are numbers."""

    mean: float
    sd: float | None
    median: float
    least: float
    most: float


class AnsweredQuestion(Answer):
    """A question to participants, how many sessions were asked and answered it, and how often each answer was given."""

    name: str
    ask: str
    kind: str
    scale: str | None
    asked: int
    answered: int
    given: list[GivenAnswer]
    numbers: AnswersInNumbers | None


class AnswerCounts(Answer):
    """What participants answered to the study's questions."""

    questions: list[AnsweredQuestion]


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


Form = type[BaseModel] | str | None
# By endpoint and status: the JSON that is answered, else the media type of a file, or None where there is no body.
ANSWERS: dict[str, dict[int, Form]] = {
    "researcher_api.studies": {200: Studies},
    "researcher_api.study": {200: LivePage},
    "researcher_api.live_figures": {200: LiveFigures},
    "researcher_api.reliability": {200: Reliability},
    "researcher_api.clips": {200: Clips},
    "researcher_api.sets_of_clips": {200: SetResults},
    "researcher_api.results": {200: ResultsOrUnchanged, 202: ResultsStanding},
    "researcher_api.retry": {200: Asked},
    "researcher_api.rdm": {200: Rdm},
    "researcher_api.clip_map": {200: ClipMap},
    "researcher_api.clip_tree": {200: TreeOrReason},
    "researcher_api.agreement_between_raters": {200: Agreement},
    "researcher_api.uncertainty.read": {200: Uncertainty},
    "researcher_api.uncertainty.ask": {200: Uncertainty},
    "researcher_api.definition.definition": {200: Definition},
    "researcher_api.definition.check": {200: Definition},
    "researcher_api.definition.save": {200: Saved},
    "researcher_api.definition.versions": {200: Versions},
    "researcher_api.definition.files_of_texts": {200: TextFiles},
    "researcher_api.definition.remove_file_of_texts": {200: TextFiles},
    "researcher_api.plan.read": {200: Plan},
    "researcher_api.models.read": {200: Models},
    "researcher_api.models.add": {201: ModelsAdded},
    "researcher_api.models.remove": {200: ModelsRemoved},
    "researcher_api.models.controversial": {200: ChosenClips},
    "researcher_api.models.compare": {202: ComparisonAsked},
    "researcher_api.plan.ask": {202: Asked},
    "researcher_api.judging.quality": {200: Quality},
    "researcher_api.judging.decisions": {200: Decisions},
    "researcher_api.judging.decide": {200: Decisions},
    "researcher_api.judging.flow": {200: Flow},
    "researcher_api.judging.trial": {200: StoredTrial},
    "researcher_api.asked.ratings": {200: Ratings},
    "researcher_api.asked.answers": {200: AnswerCounts},
    "researcher_api.life.create": {201: OneStudy},
    "researcher_api.life.duplicate": {201: OneStudy},
    "researcher_api.life.open_it": {200: OneStudy},
    "researcher_api.life.close": {200: OneStudy},
    "researcher_api.life.archive": {200: OneStudy},
    "researcher_api.life.bring_back": {200: OneStudy},
    "researcher_api.life.delete": {200: Deleted},
    "researcher_api.life.remove_test_data": {200: TestDataDeleted},
    "researcher_api.life.log": {200: Log},
    "researcher_api.life.links": {200: "text/csv"},
    "researcher_api.life.bundle": {200: "application/zip", 202: Working},
    "researcher_api.life.rdms": {200: "application/octet-stream", 202: Working},
    "researcher_api.life.figure": {200: "application/octet-stream", 202: Working},
    "researcher_api.life.flow_figure": {200: "application/octet-stream"},
    "researcher_api.sessions.sessions": {200: SessionPage},
    "researcher_api.sessions.session": {200: OneSession},
    "researcher_api.sessions.note": {200: OneSession},
    "researcher_api.sessions.withdraw": {200: OneSession},
    "researcher_api.sessions.erase": {200: Erased},
    "clip_board.move": {200: Done},
    "clip_board.rename": {200: Done},
    "clip_board.attribute": {200: Done},
    "clip_board.table": {200: TableTaken},
    "clip_board.attributes": {200: "text/csv"},
    "clip_board.remove": {200: Done},
    "clip_uploads.unfinished": {200: Uploads},
    "clip_uploads.begin": {201: UploadBegun},
    "clip_uploads.upload": {200: None},
    "clip_uploads.add": {204: None},
    "clip_uploads.remove": {204: None},
}
