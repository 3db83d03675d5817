"""The answers to a study's questions: how many gave which, and all of them as a table with a column a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean, median, stdev

from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.formats.bundle_tables import PARTICIPANT, SESSION, Column
from app.definition.consent import as_question
from app.definition.questions import (
    COMMENT,
    SEPARATOR,
    THE_COMMENT,
    ConsentQuestion,
    NumberQuestion,
    Question,
    Scale,
    WithChoices,
    in_language,
)
from app.definition.questions import Answer as AnswerValue
from app.definition.study_toml import StudyDefinition, definition_of
from app.i18n.catalogues import SOURCE_LANGUAGE
from app.markdown import to_text
from app.models import Answer, ParticipantSession, Study
from app.results.chosen import BATCH, Cells, ExportOptions, chosen_sessions
from app.results.ratings import earlier_definitions
from app.studies.origin import not_known

# The columns beside the answers; questions cannot have these names (`RESERVED`).
_HEAD = (
    PARTICIPANT,
    SESSION,
    Column("person", "int", "", "Number of the person in the study; several sessions of one have the same"),
    Column("visit", "int", "", "Which visit of the person the session is, from 1"),
    Column("state", "text", "", "State of the session, as in participants.csv", True),
)


@dataclass(frozen=True)
class Given:
    """How often an answer was given: its value, and the label that participants read."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class Numbers:
    """Of answers that are numbers; `sd` is None for a single one."""

    mean: float
    sd: float | None
    median: float
    least: float
    most: float


@dataclass(frozen=True)
class AnsweredQuestion:
    """What came of a question: how many sessions were `asked` and how many `answered`.

    `given` has each choice, each step of a scale, or ticked and not ticked, also those that nobody gave; it is empty
    for texts and numbers. `numbers` is None where no number was given.
    """

    question: Question
    ask: str
    asked: int
    answered: int
    given: tuple[Given, ...]
    numbers: Numbers | None


def questions_of_study(db: Session, study: Study) -> list[Question]:
    """All questions that the study ever asked its participants, those of its present version first, and the comment."""
    questions: dict[str, Question] = {}
    for definition in (definition_of(study), *earlier_definitions(db, study)):
        for question in _asked(definition):
            questions.setdefault(question.name, question)
    return [*questions.values(), THE_COMMENT]


def _asked(definition: StudyDefinition) -> list[Question]:
    """The clauses of the consent, and the questions."""
    return [*map(as_question, definition.consent.clauses), *definition.questions]


def answer_counts(db: Session, study: Study, options: ExportOptions) -> list[AnsweredQuestion]:
    """What the chosen sessions answered; those that were left out count only `with_excluded`."""
    values: dict[str, list[AnswerValue]] = {}
    for session, answers in _sessions(db, study, options):
        if session.exclusion_reason is None or options.with_excluded:
            for name, value in answers.items():
                values.setdefault(name, []).append(value)
    counts = [_counted(question, values.get(question.name, [])) for question in questions_of_study(db, study)]
    # A comment that nobody gave is no question that somebody left out.
    return [one for one in counts if one.question is not THE_COMMENT or one.answered]


def wide_columns(db: Session, study: Study) -> tuple[Column, ...]:
    """The columns of the table with a row for each session: its names, and each question."""
    asked = {question.name: question for question in questions_of_study(db, study)}
    kinds = _kinds(db, study).items()
    return (*_HEAD, *(Column(name, kind, "", _meaning(asked.get(name))) for name, kind in kinds))


def wide_rows(db: Session, study: Study, options: ExportOptions) -> Iterator[Cells]:
    """A row for each chosen session; several choices share a cell, with | between them."""
    kinds = _kinds(db, study)
    unknown = not_known(study, "participants") & {column.name for column in _HEAD}
    for session, answers in _sessions(db, study, options):
        row: Cells = {
            "participant": session.rater,
            "session": session.public_id,
            "person": session.person,
            "visit": session.visit,
            "state": session.state.value,
        }
        row |= dict.fromkeys(unknown)
        yield row | {name: _cell(answers.get(name), kind) for name, kind in kinds.items()}


def _sessions(
    db: Session, study: Study, options: ExportOptions
) -> Iterator[tuple[ParticipantSession, dict[str, AnswerValue]]]:
    """Each chosen session with its answers, a batch at a time."""
    chosen = chosen_sessions(select(ParticipantSession), study, options)
    for sessions in db.scalars(chosen.execution_options(yield_per=BATCH)).partitions():
        given: dict[int, dict[str, AnswerValue]] = {session.id: {} for session in sessions}
        for answer in db.scalars(select(Answer).where(Answer.session_id.in_(given))):
            given[answer.session_id][answer.question] = answer.value
        for session in sessions:
            yield session, given[session.id]


def _kinds(db: Session, study: Study) -> dict[str, str]:
    """The kind of each question's cells; a question that was of several kinds in the study's versions has text."""
    by_name: dict[str, set[str]] = {}
    for definition in (definition_of(study), *earlier_definitions(db, study)):
        for question in _asked(definition):
            by_name.setdefault(question.name, set()).add(_kind(question))
    by_name[COMMENT] = {"text"}
    # Data that were brought in may answer what no definition asks.
    stored = select(Answer.question).join(ParticipantSession).where(ParticipantSession.study_id == study.id)
    for name in db.scalars(stored.distinct().order_by(Answer.question)):
        by_name.setdefault(name, {"text"})
    return {name: kinds.pop() if len(kinds) == 1 else "text" for name, kinds in by_name.items()}


def _kind(question: Question) -> str:
    if isinstance(question, ConsentQuestion):
        return "bool"
    if isinstance(question, Scale):
        return "int"
    return "float" if isinstance(question, NumberQuestion) else "text"


def _cell(value: AnswerValue, kind: str) -> AnswerValue:
    if isinstance(value, list):
        return SEPARATOR.join(value) or None
    return value if kind != "text" or value is None else _in_table(value)


def _meaning(question: Question | None) -> str:
    if question is None:
        return "A question that no version of study.toml has"
    if question is THE_COMMENT:
        return "The comment at the end, in the participant's words"
    several = f"; several with {SEPARATOR} between them" if question.kind == "several_of" else ""
    return f"{question.kind}{several}: {_ask(question)}"


def _ask(question: Question) -> str:
    return "Comment" if question is THE_COMMENT else to_text(in_language(question.ask, SOURCE_LANGUAGE))


def _counted(question: Question, values: Iterable[AnswerValue]) -> AnsweredQuestion:
    every = list(values)
    answered = [value for value in every if not (value is None or value is False or value == [])]
    numbers = [float(value) for value in answered if isinstance(value, int | float) and not isinstance(value, bool)]
    return AnsweredQuestion(
        question,
        _ask(question),
        len(every),
        len(answered),
        tuple(_given(question, every)),
        _numbers(numbers) if isinstance(question, NumberQuestion | Scale) else None,
    )


def _given(question: Question, values: Iterable[AnswerValue]) -> Iterator[Given]:
    """Each answer that can be chosen, and then those that an earlier version offered."""
    counts = Counter(_in_table(one) for value in values for one in (value if isinstance(value, list) else [value]))
    counts.pop("", None)
    offered: dict[str, str] = {}
    if isinstance(question, WithChoices):
        offered = {one.value: to_text(in_language(one.label, SOURCE_LANGUAGE)) for one in question.choices}
    elif isinstance(question, Scale):
        offered = {str(step): str(step).replace("-", "\u2212") for step in range(question.min, question.max + 1)}
    elif isinstance(question, ConsentQuestion):
        offered = {"true": "ticked", "false": "not ticked"}
    else:
        return
    for value, label in (offered | {value: offered.get(value, value) for value in counts}).items():
        yield Given(value, label, counts[value])


def _in_table(value: AnswerValue) -> str:
    """One answer as text; "" for none."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else f"{value:g}"


def _numbers(values: list[float]) -> Numbers | None:
    if not values:
        return None
    sd = stdev(values) if len(values) > 1 else None
    return Numbers(fmean(values), sd, median(values), min(values), max(values))
