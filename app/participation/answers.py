"""How the answers to a sheet of questions come in: checked, stored once, and acked only after their commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.db import Database
from app.definition.answers import checked, in_words
from app.definition.consent import as_question
from app.definition.questions import THE_COMMENT, Answer, Question, in_language
from app.definition.ratings import RatingQuestion
from app.definition.study_toml import definition_of, definition_of_session
from app.domain import LEFT_OUT, Proof, SessionState, transition_session
from app.errors import Conflict, Invalid, NotFound
from app.models import Answer as AnswerRow
from app.models import ParticipantSession, Study, now
from app.participation.enrolment import session_of
from app.participation.payloads import parse_answers
from app.participation.places import full_quota
from app.participation.record import SessionRecord, record_of_token
from app.participation.session_log import log
from app.participation.sheets import BEFORE, questions_of
from app.participation.trials import advance

# Of a session that an answer ended; also the kind of its line in the log.
SCREENED_OUT = "screened_out"


@dataclass(frozen=True)
class SheetAck:
    """Says that the answers to a sheet are committed: its name, and the SHA-256 of the very bytes that were sent."""

    sheet: str
    sha256: str


def hand_in(
    database: Database, token: str, sheet: str, raw: bytes, *, at: datetime | None = None
) -> tuple[SheetAck, SessionRecord]:
    """Store the answers to a sheet of questions, once; one of them may end the session.

    The same answers sent again get an ack as the first did.

    Returns
    -------
    tuple of SheetAck and SessionRecord
        The ack, and the session's state after it.

    Raises
    ------
    Unauthorised, NotFound
        When the token is unknown, or the study has no such sheet.
    Invalid
        When the body or an answer cannot be used; `field` names the question, and nothing is stored.
    Conflict
        When the sheet was handed in with other answers, is not asked now, or the session has ended otherwise.
    """
    moment = at or now()
    with database.writing() as db:
        quotas = _lock_quotas(db, token, sheet)
        session = session_of(db, token, lock=True)
        record = record_of_token(db, token)
        questions = questions_of(record.definition, sheet)
        if not questions:
            raise NotFound("This study has no such questions.")
        stored = _stored(db, session.id, sheet)
        _require_asked(record, sheet, is_stored=bool(stored))
        answers = check_answers(questions, parse_answers(raw).answers)
        if stored and stored != answers:
            raise Conflict("These questions are answered already, with other answers.", code="answered")
        if not stored:
            _store(db, session, sheet, answers, moment)
            log(db, session.id, "answered", moment, sheet=sheet, proven=record.proof != Proof.NONE)
            ending = next((one.name for one in questions if one.screens_out(answers[one.name])), None)
            if ending is not None:
                session.state = transition_session(session.state, SessionState.SCREENED_OUT)
                session.ended_at, session.ended_by = moment, SCREENED_OUT
                log(db, session.id, SCREENED_OUT, moment, question=ending)
            elif quotas is not None:
                _keep_quotas(db, quotas, session, answers, moment)
            session.last_seen_at = moment
            db.commit()
    return SheetAck(sheet, hashlib.sha256(raw).hexdigest()), advance(database, token, at=at)


def _lock_quotas(db: Session, token: str, sheet: str) -> Study | None:
    """The study, locked, where the answers to this sheet may take places of its quotas; pilots take none.

    Before the session's row: whoever enters locks the two in this order.
    """
    session = session_of(db, token)
    study = db.get_one(Study, session.study_id)
    if sheet != BEFORE or session.is_pilot or not definition_of(study).recruitment.quotas:
        return None
    return db.scalars(select(Study).where(Study.id == study.id).with_for_update()).one()


def _keep_quotas(
    db: Session, study: Study, session: ParticipantSession, answers: Mapping[str, Answer], moment: datetime
) -> None:
    """End the session if enough people have answered as it did."""
    # The questions that the session answered are its version's; how many may answer what is the study's present word.
    definition = definition_of_session(db, session, study)
    present = definition.model_copy(update={"recruitment": definition_of(study).recruitment})
    over = full_quota(db, study, present, dict(answers), moment, person=session.person)
    if over is not None:
        session.state = transition_session(session.state, SessionState.QUOTA_FULL)
        session.ended_at, session.ended_by = moment, SessionState.QUOTA_FULL.value
        log(db, session.id, SessionState.QUOTA_FULL.value, moment, question=over[0], answer=over[1])


def check_answers(questions: Sequence[Question | RatingQuestion], given: Mapping[str, Any]) -> dict[str, Answer]:
    """The answers to all of the questions, as they are stored; one that was not given is None, false or [].

    Raises
    ------
    Invalid
        When an answer cannot be used or is missing, or belongs to no question of the sheet; the message names each
        such question with the reason, `field` the first.
    """
    problems: dict[str, str] = {}
    answers: dict[str, Answer] = {}
    for question in questions:
        answers[question.name], problem = checked(question, given.get(question.name))
        if problem is not None:
            problems[question.name] = problem
    for name in given.keys() - answers.keys():
        problems[name[:64]] = "is not a question of this sheet"
    if problems:
        told = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        raise Invalid(told, field=f"answers.{next(iter(problems))}")
    return answers


def answers_of(db: Session, session_id: int) -> dict[str, Answer]:
    """What the session has answered, by the names of the questions."""
    query = select(AnswerRow.question, AnswerRow.value).where(AnswerRow.session_id == session_id)
    return dict(db.execute(query).tuples().all())


@dataclass(frozen=True)
class ShownAnswer:
    """A question as it was asked, in the language of the session's page, and what was answered, in words."""

    ask: str
    answer: str


def answers_in_words(db: Session, study: Study, session: ParticipantSession) -> list[ShownAnswer]:
    """What the session has ticked and answered, in the order of its version, to be read by the experimenter."""
    definition = definition_of_session(db, session, study)
    given = answers_of(db, session.id)
    asked = [*map(as_question, definition.consent.clauses), *definition.questions, THE_COMMENT]
    return [
        ShownAnswer(
            "Comment" if one is THE_COMMENT else in_language(one.ask, session.language),
            in_words(one, given[one.name], session.language),
        )
        for one in asked
        if one.name in given
    ]


def _stored(db: Session, session_id: int, sheet: str) -> dict[str, Answer]:
    query = select(AnswerRow.question, AnswerRow.value)
    of_sheet = query.where(AnswerRow.session_id == session_id, AnswerRow.sheet == sheet)
    return dict(db.execute(of_sheet).tuples().all())


def _store(
    db: Session, session: ParticipantSession, sheet: str, answers: Mapping[str, Answer], moment: datetime
) -> None:
    rows = [
        {"session_id": session.id, "question": name, "sheet": sheet, "value": value, "answered_at": moment}
        for name, value in answers.items()
    ]
    db.execute(insert(AnswerRow), rows)


def _require_asked(record: SessionRecord, sheet: str, *, is_stored: bool) -> None:
    """Whether answers to a sheet can come in now; those that are there already can come once more."""
    if is_stored:
        return
    if record.state in LEFT_OUT:
        raise Conflict("This session has ended.", code="ended")
    if sheet not in record.due_sheets:
        raise Conflict("These questions are not asked now.", code="not_asked")
