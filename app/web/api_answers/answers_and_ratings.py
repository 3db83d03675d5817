"""What the API answers about ratings of clips and answers to questions."""

from __future__ import annotations

from app.web.api_answers.form import Answer


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
