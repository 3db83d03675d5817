"""Who may still begin: the study takes people now, a place is free, and the quotas of answers are not full."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from app.definition.moments import moment_of
from app.definition.questions import Question
from app.definition.quotas import Quota, counted_as, limits, possible
from app.definition.study_toml import Recruitment, StudyDefinition
from app.domain import SessionState, StudyState
from app.errors import NotYetOpen, StudyClosed
from app.models import COUNTED, Answer, ParticipantSession, Study

# A place is free again when its participant has not been seen for this long (F19); sooner when nothing was begun, or
# whoever only opens links could keep every place (F50).
PLACE_LEASE = timedelta(minutes=60)
READING_LEASE = timedelta(minutes=15)


def why_closed(study: Study, recruitment: Recruitment, at: datetime) -> StudyClosed | None:
    """Why nobody can begin at that time, by the study's state and its dates; None where people can."""
    if study.state != StudyState.OPEN:
        return StudyClosed("This study is not taking new participants at the moment.")
    if recruitment.opens is not None and at < (opens := moment_of(recruitment.opens)):
        return NotYetOpen("This study opens on {when}.", opens)
    if recruitment.closes is not None and at >= moment_of(recruitment.closes):
        return StudyClosed("This study has closed. Thank you for your interest.")
    return None


def reading(at: datetime) -> ColumnElement[bool]:
    """Sessions that have agreed a moment ago, and not begun the task."""
    return and_(
        ParticipantSession.state == SessionState.INSTRUCTED, ParticipantSession.last_seen_at > at - READING_LEASE
    )


def holds_place(at: datetime) -> ColumnElement[bool]:
    """Sessions that count toward places and quotas: finished, or under way and seen lately; none that was left out."""
    arranging = and_(
        ParticipantSession.state == SessionState.ARRANGING, ParticipantSession.last_seen_at > at - PLACE_LEASE
    )
    in_results = ParticipantSession.exclusion_reason.is_(None)
    return and_(in_results, or_(ParticipantSession.state == SessionState.FINISHED, arranging, reading(at)))


def places_taken(db: Session, study: Study, at: datetime) -> int:
    """How many people hold a place."""
    query = select(func.count(ParticipantSession.person.distinct())).where(
        ParticipantSession.study_id == study.id, COUNTED, holds_place(at)
    )
    return db.scalar(query) or 0


def quotas_taken(
    db: Session,
    study: Study,
    questions: Collection[Question],
    quotas: Mapping[str, Quota],
    at: datetime,
    *,
    but: int | None = None,
) -> dict[str, dict[str, int]]:
    """How many people hold a place with each answer, or in each range of answers, to each of these questions; without
    the person `but`.
    """
    asked = {question.name: question for question in questions}
    query = (
        select(Answer.question, Answer.value, ParticipantSession.person)
        .join(ParticipantSession, ParticipantSession.id == Answer.session_id)
        .where(ParticipantSession.study_id == study.id, COUNTED, holds_place(at), Answer.question.in_(asked))
    )
    people: dict[str, dict[str, set[int]]] = {name: {} for name in asked}
    for name, value, person in db.execute(query).tuples():
        for one in counted_as(asked[name], quotas[name], value):
            people[name].setdefault(one, set()).add(person)
    return {name: {one: len(who - {but}) for one, who in by_answer.items()} for name, by_answer in people.items()}


def full_quota(
    db: Session, study: Study, definition: StudyDefinition, answers: dict[str, object], at: datetime, *, person: int
) -> tuple[str, str] | None:
    """The first question and answer of which there are enough people without this one; None where there is a place.

    The study's row must be locked, so that two who answer at once cannot take the same place.
    """
    quotas = definition.recruitment.quotas
    asked = [question for question in definition.questions if question.name in quotas and question.name in answers]
    if not asked:
        return None
    taken = quotas_taken(db, study, asked, quotas, at, but=person)
    for question in asked:
        most = limits(question, quotas[question.name])
        for one in counted_as(question, quotas[question.name], answers[question.name]):  # type: ignore[arg-type]
            if one in most and taken[question.name].get(one, 0) >= most[one]:
                return question.name, one
    return None


def no_answer_has_a_place(db: Session, study: Study, definition: StudyDefinition, at: datetime) -> bool:
    """Whether every answer that can be given to some question is full, so that nobody needs to be asked."""
    quotas = definition.recruitment.quotas
    asked = [one for one in definition.questions if one.name in quotas and one.required and one.when == "before"]
    taken = quotas_taken(db, study, asked, quotas, at) if asked else {}
    return any(_is_full(question, quotas[question.name], taken[question.name]) for question in asked)


def _is_full(question: Question, quota: Quota, taken: dict[str, int]) -> bool:
    most, answers = limits(question, quota), possible(question)
    full = {name for name, number in most.items() if taken.get(name, 0) >= number}
    return bool(answers) and all(full.intersection(counted_as(question, quota, answer)) for answer in answers)
