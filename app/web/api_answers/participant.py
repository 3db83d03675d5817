"""What the API answers to the participant's page: where the session stands, and what to show now."""

from __future__ import annotations

from typing import Any, Literal, get_origin

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from app.definition.controls import kind_of
from app.definition.questions import KINDS, is_told
from app.web.api_answers.form import Answer


class Source(Answer):
    """A file that a browser can play or show; the first that it can is the best."""

    src: str
    type: str


class Media(Answer):
    """What is to be fetched of a clip before it is shown."""

    poster: str
    sources: list[Source]


class ShownClip(Media):
    """A clip of a trial, or one to rate."""

    id: str
    number: int = Field(description="From 1, in the order in which this session shows the clips.")
    label: str | None = Field(description="As the study labels its clips; null where a clip goes by its number.")
    width: int | None
    height: int | None
    duration: float | None = Field(description="Seconds.")
    kind: str
    sound: bool = Field(description="Whether it is to be heard.")


class Shape(Media):
    """A shape of the practice round."""

    id: str
    label: str
    width: int
    height: int
    duration: float


class SessionHead(Answer):
    """Which session it is."""

    id: str
    state: str
    simulated: bool


class StudyTexts(Answer):
    """What the page says of the study."""

    name: str
    title: str
    question: str
    language: str


class Playback(Answer):
    """How clips play."""

    play: Literal["hover", "click", "always"]
    sound: bool = Field(description="Whether anything is to be heard.")
    loop: bool
    watch: Literal["free", "before_placing", "before_done"]
    enlarge: bool


class ArenaLooks(Answer):
    """How the arena looks and helps."""

    guide_lines: bool
    hints: bool
    background: Literal["auto", "grey"]
    min_window: int | None


class Progress(Answer):
    """How far along the session is."""

    fraction: float
    trials_done: int
    minutes_left: float
    at_most: bool = Field(description="Whether the minutes are the time rule's bound, and no estimate.")
    minutes_a_trial: float | None


class ShownTrial(Answer):
    """The trial to do now, or the practice round, which is number 0."""

    key: str
    number: int
    purpose: str
    clips: list[ShownClip] | list[Shape]
    draft: dict[str, Any] | None = Field(description="The body of the last draft.")
    question: str | None = Field(description="Where the trial asks something else than the study.")


class Placed(Answer):
    """Where a shape is, in arena units."""

    clip: str
    x: float
    y: float


class Advice(Answer):
    """What to do better, and the shapes that it is about."""

    kind: str
    clips: list[str]


class PracticeFeedback(Answer):
    """How the practice round went that was handed in."""

    key: str
    clips: list[Shape]
    placements: list[Placed]
    expected: list[Placed]
    verdict: str
    advice: list[Advice]


class AskedChoice(Answer):
    """A choice of a question."""

    value: str
    label: str


def _keys_of_questions() -> dict[str, Any]:
    """What participants are told of a question, made from the kinds' own keys: each with its type and its default."""
    kinds_with: dict[str, list[str]] = {}
    fields: dict[str, FieldInfo] = {}
    for kind, model in KINDS.items():
        for key, field in model.model_fields.items():
            if is_told(key):
                kinds_with.setdefault(key, []).append(kind)
                fields.setdefault(key, field)
    keys: dict[str, Any] = {}
    for key, kinds in kinds_with.items():
        told = _told(fields[key])
        of_all = len(kinds) == len(KINDS)
        keys[key] = told if of_all else (told | None, Field(default=None, description=f"Kinds: {', '.join(kinds)}."))
    return keys


def _told(field: FieldInfo) -> Any:
    """The type of a key as it is told: texts in one language, choices with their labels, whole numbers as numbers."""
    if get_origin(field.annotation) is list:
        return list[AskedChoice]
    return {"tick": bool, "whole": float, "number": float}.get(kind_of(field.annotation)[0], str)


AskedQuestion = create_model(
    "AskedQuestion",
    __base__=Answer,
    __doc__="A question in the participant's language; what belongs to other kinds is not there.",
    **_keys_of_questions(),
)


class QuestionSheet(Answer):
    """The questions to answer now."""

    sheet: str
    questions: list[AskedQuestion]  # type: ignore[valid-type]  # mypy knows no model that is made from others' keys


class ClipToRate(Answer):
    """A clip to rate, with how it was rated so far."""

    key: str
    number: int
    clip: ShownClip
    revision: int
    watched: str | None
    answers: dict[str, Any]


class RatingNow(Answer):
    """The clip to rate now, and the one before it."""

    of: int
    watch: bool
    now: ClipToRate
    last: ClipToRate | None


class Completion(Answer):
    """The way back to the recruiter."""

    code: str | None
    url: str | None
    incomplete: bool = Field(default=False, description="Whether the link that was followed lacks what the way needs.")
    seconds: float | None = Field(default=None, description="After which the page goes there by itself.")


class SessionView(Answer):
    """A session as its page sees it."""

    session: SessionHead
    study: StudyTexts
    playback: Playback
    arena: ArenaLooks
    progress: Progress
    trial: ShownTrial | None
    practice: PracticeFeedback | None
    questions: QuestionSheet | None
    rating: RatingNow | None
    upcoming: list[Media] = Field(description="Of clips that come later.")
    completion: Completion | None
    comment: bool = Field(description="Whether a comment may still be handed in.")
    elsewhere: bool = Field(description="Whether another tab goes on with the task.")


class Lease(SessionView):
    """The same, to the tab that goes on."""

    draft_coming: bool = Field(description="Whether the last draft of the tab before it may be on its way.")


class TrialAck(Answer):
    """Says that a trial is stored: its key, and the SHA-256 of the bytes that came."""

    trial_key: str
    sha256: str


class TrialStored(Answer):
    """Sent after the commit."""

    ack: TrialAck
    next: SessionView


class SheetAck(Answer):
    """Says that a sheet is stored, and the SHA-256 of the bytes that came."""

    sheet: str
    sha256: str


class AnswersStored(Answer):
    """Sent after the commit."""

    ack: SheetAck
    next: SessionView


class RatingAck(Answer):
    """Says that a rating is stored, and the SHA-256 of the bytes that came."""

    rating_key: str
    sha256: str


class RatingStored(Answer):
    """Sent after the commit."""

    ack: RatingAck
    next: SessionView


class DraftSaved(Answer):
    """Whether the draft was kept; that of a practice round is not."""

    saved: bool


class EventKept(Answer):
    """Whether the event is in the session's log, which holds a certain number of them."""

    kept: bool
