"""The questions that a study asks its participants: what study.toml can say of each kind, and what an answer is.

An answer is a JSON value: a text, a number, a choice, a list of choices, or true and false for a consent clause. None
is an answer that was not given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from app.definition.section import Section
from app.i18n.catalogues import LANGUAGES, SOURCE_LANGUAGE

Answer = str | float | bool | list[str] | None
When = Literal["before", "between", "after"]

# The box at the end, which is answered like a question.
COMMENT = "comment"
MAX_COMMENT = 5000
MAX_QUESTIONS = 60
# What separates several choices in one cell of a table.
SEPARATOR = "|"
# Names of columns beside the answers in the exported tables.
RESERVED = {COMMENT, "participant", "session", "person", "visit", "state"}


def _one_text_or_one_for_each_language(value: Any) -> Any:
    known = [SOURCE_LANGUAGE, *(language for language in LANGUAGES if language != SOURCE_LANGUAGE)]
    if isinstance(value, dict):
        if not value:
            raise ValueError('must be a text, or one for each language: { en = "…", de = "…" }')
        if unknown := [language for language in value if language not in known]:
            raise ValueError(f"the languages are {', '.join(known)}, not {unknown[0]!r}")
    for text in value.values() if isinstance(value, dict) else [value]:
        if not isinstance(text, str):
            raise ValueError('must be a text in quotes, or one for each language: { en = "…", de = "…" }')
        if not text.strip():
            raise ValueError("must not be empty")
    return value


def _at_most(length: int) -> AfterValidator:
    def check(value: str | dict[str, str]) -> str | dict[str, str]:
        for text in value.values() if isinstance(value, dict) else [value]:
            if len(text) > length:
                raise ValueError(f"must have at most {length} characters, not {len(text)}")
        return value

    return AfterValidator(check)


LocalText = Annotated[str | dict[str, str], BeforeValidator(_one_text_or_one_for_each_language)]


def in_language(text: str | dict[str, str], language: str) -> str:
    """The text in that language; else in English, else in the first language that it is written in."""
    if isinstance(text, str):
        return text
    return text.get(language) or text.get(SOURCE_LANGUAGE) or next(iter(text.values()))


class Choice(Section):
    """One of the answers that can be chosen: the value in the files, and what participants read."""

    value: Annotated[str, Field(min_length=1, max_length=100)]
    label: Annotated[LocalText, _at_most(300)]

    @field_validator("value")
    @classmethod
    def _is_one_cell(cls, value: str) -> str:
        if SEPARATOR in value or "\n" in value:
            raise ValueError(f"must have no {SEPARATOR} and be one line: it separates choices in the exported tables")
        return value


def _choices(value: Any) -> Any:
    """A choice may be given as its text alone."""
    if not isinstance(value, list):
        return value
    return [{"value": one, "label": one} if isinstance(one, str) else one for one in value]


Choices = Annotated[list[Choice], BeforeValidator(_choices), Field(min_length=2, max_length=100)]


class Asked(Section):
    """What every question has, to participants or about a clip."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
    ask: Annotated[LocalText, _at_most(5000)]
    required: bool = False

    @field_validator("name")
    @classmethod
    def _is_free(cls, name: str) -> str:
        if name.lower() in RESERVED:
            raise ValueError(f"{name} is a column of its own in the exported tables: choose another name")
        return name


class _Question(Asked):
    when: When = "after"
    after_trial: int | None = Field(default=None, ge=1, le=1000, validate_default=True)

    @field_validator("after_trial")
    @classmethod
    def _fits_when(cls, after_trial: int | None, info: ValidationInfo) -> int | None:
        when = info.data.get("when")
        if when == "between" and after_trial is None:
            raise ValueError('is missing: a question with when = "between" says after which trial it is asked')
        if when in ("before", "after") and after_trial is not None:
            raise ValueError('goes with when = "between" alone')
        return after_trial

    @property
    def sheet(self) -> str:
        """The sheet that it is on: before, after, or after-trial-5."""
        return self.when if self.after_trial is None else f"after-trial-{self.after_trial}"

    def screens_out(self, answer: Answer) -> bool:
        """Whether the session ends with this answer."""
        return False


class TextQuestion(_Question):
    """Some words. Above 100 characters the box has several lines."""

    kind: Literal["text"]
    max_length: int = Field(default=500, ge=1, le=5000)


def _only_before(screen_out: Any, info: ValidationInfo) -> Any:
    if screen_out not in (None, []) and info.data.get("when") not in ("before", None):
        raise ValueError('goes with when = "before" alone: nobody is sent away after the work')
    return screen_out


def _is_beyond(answer: Answer, below: float | None, above: float | None) -> bool:
    if not isinstance(answer, int | float):
        return False
    return (below is not None and answer < below) or (above is not None and answer > above)


class NumberQuestion(_Question):
    """A number, within `min` and `max`; `step` 1 allows whole numbers only."""

    kind: Literal["number"]
    min: float | None = Field(default=None, ge=-1e9, le=1e9)
    max: float | None = Field(default=None, ge=-1e9, le=1e9)
    step: float | None = Field(default=None, gt=0, le=1e9)
    screen_out_below: Annotated[float | None, AfterValidator(_only_before)] = None
    screen_out_above: Annotated[float | None, AfterValidator(_only_before)] = None

    @field_validator("max")
    @classmethod
    def _is_above(cls, top: float | None, info: ValidationInfo) -> float | None:
        bottom = info.data.get("min")
        if top is not None and bottom is not None and top <= bottom:
            raise ValueError(f"must be greater than min, which is {bottom:g}")
        return top

    def screens_out(self, answer: Answer) -> bool:
        """Whether the number is beyond what the study looks for."""
        return _is_beyond(answer, self.screen_out_below, self.screen_out_above)


class Scale(Asked):
    """A row of steps from `min` to `max`, with words at its ends."""

    min: int = Field(default=1, ge=-100, le=100)
    max: int = Field(default=7, ge=-100, le=100, validate_default=True)
    min_label: Annotated[LocalText, _at_most(200)] | None = None
    max_label: Annotated[LocalText, _at_most(200)] | None = None

    @field_validator("max")
    @classmethod
    def _has_steps(cls, top: int, info: ValidationInfo) -> int:
        bottom = info.data.get("min", 1)
        if not bottom < top <= bottom + 20:
            raise ValueError(f"must be greater than min, which is {bottom}, by 1 to 20")
        return top


class ScaleQuestion(Scale, _Question):
    """A scale on which participants answer about themselves."""

    kind: Literal["scale"]
    screen_out_below: Annotated[int | None, AfterValidator(_only_before)] = None
    screen_out_above: Annotated[int | None, AfterValidator(_only_before)] = None

    def screens_out(self, answer: Answer) -> bool:
        """Whether the step is beyond what the study looks for."""
        return _is_beyond(answer, self.screen_out_below, self.screen_out_above)


class WithChoices(Asked):
    """What has answers to choose from."""

    choices: Choices

    @field_validator("choices")
    @classmethod
    def _differ(cls, choices: list[Choice]) -> list[Choice]:
        values = [choice.value for choice in choices]
        if twice := [value for value in values if values.count(value) > 1]:
            raise ValueError(f"{twice[0]!r} appears twice")
        return choices


class _ChoiceQuestion(WithChoices, _Question):
    screen_out: Annotated[list[str], AfterValidator(_only_before)] = Field(default=[], max_length=100)

    @field_validator("screen_out")
    @classmethod
    def _are_offered(cls, screen_out: list[str], info: ValidationInfo) -> list[str]:
        values = [choice.value for choice in info.data.get("choices", [])]
        if values and (unknown := [value for value in screen_out if value not in values]):
            raise ValueError(f"{unknown[0]!r} is not one of the choices")
        if values and set(screen_out) >= set(values):
            raise ValueError("every choice ends the session: nobody could take part")
        return screen_out


class OneOfQuestion(_ChoiceQuestion):
    """One of several choices."""

    kind: Literal["one_of"]

    def screens_out(self, answer: Answer) -> bool:
        """Whether the choice ends the session."""
        return answer in self.screen_out


class SeveralOfQuestion(_ChoiceQuestion):
    """Any of several choices; `required` asks for one at least."""

    kind: Literal["several_of"]

    def screens_out(self, answer: Answer) -> bool:
        """Whether one of the choices ends the session."""
        return isinstance(answer, list) and any(value in self.screen_out for value in answer)


class ConsentQuestion(_Question):
    """A clause to tick; `required` lets nobody go on without."""

    kind: Literal["consent"]


Question = Annotated[
    TextQuestion | NumberQuestion | OneOfQuestion | SeveralOfQuestion | ScaleQuestion | ConsentQuestion,
    Field(discriminator="kind"),
]
KINDS = {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(get_args(Question)[0])}


def is_told(key: str) -> bool:
    """Whether a question's page is told this key: not where it is asked, and not which answers end the session."""
    return key not in ("when", "after_trial") and not key.startswith("screen_out")


# Its words are the page's own. Its name is reserved, so that no question can have it.
THE_COMMENT = TextQuestion.model_construct(
    name=COMMENT, ask=COMMENT, kind="text", required=True, max_length=MAX_COMMENT, after_trial=None
)


def question_problems(
    questions: Sequence[Asked], *above: str, list_name: str = "questions"
) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """What is wrong with the questions side by side: the place of the key (below `above`), and the reason."""
    one = "clause" if list_name == "clauses" else "question"
    seen: dict[str, int] = {}
    for number, question in enumerate(questions):
        name = question.name.lower()
        if name in seen:
            yield (
                (*above, list_name, number, "name"),
                f"{one} {seen[name] + 1} is called {questions[seen[name]].name}, too",
            )
        seen.setdefault(name, number)
