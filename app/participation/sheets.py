"""Sheets of questions: which one a session has to fill in now, and which it has handed in."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.definition.questions import COMMENT, THE_COMMENT, Question
from app.definition.study_toml import StudyDefinition, definition_of_session
from app.domain import SessionState
from app.models import Answer, ParticipantSession, Study

BEFORE, AFTER = "before", "after"


def questions_of(definition: StudyDefinition, sheet: str) -> list[Question]:
    """The questions of a sheet in their order; none for a sheet that the study does not have."""
    if sheet == COMMENT:
        return [THE_COMMENT] if definition.comment else []
    return [question for question in definition.questions if question.sheet == sheet]


def due_sheets(definition: StudyDefinition, state: SessionState, n_trials: int) -> list[str]:
    """The sheets that a session in that state, with so many trials submitted, is to have handed in, in their order.

    Those between trials are asked while the task goes on: one that its end overtakes is not asked.
    """
    if state == SessionState.INSTRUCTED:
        asked = {BEFORE: 0}
    elif state == SessionState.ARRANGING:
        asked = {
            question.sheet: question.after_trial
            for question in definition.questions
            if question.after_trial is not None and question.after_trial <= n_trials
        }
    else:
        asked = {AFTER: 0} if state == SessionState.FINISHED else {}
    return [sheet for sheet in sorted(asked, key=lambda one: asked[one]) if questions_of(definition, sheet)]


def handed_in(db: Session, session_id: int) -> frozenset[str]:
    """The sheets that the session has handed in."""
    return frozenset(db.scalars(select(Answer.sheet).where(Answer.session_id == session_id).distinct()))


def owes_answers(db: Session, session: ParticipantSession, definition: StudyDefinition) -> bool:
    """Whether the session's trials are all in, but not yet its answers to the questions after them."""
    due = due_sheets(definition, session.state, n_trials=0)
    return session.state == SessionState.FINISHED and bool(due) and not handed_in(db, session.id).issuperset(due)


def skip_sheets(db: Session, session: ParticipantSession, *, screen: str) -> None:
    """Hand in without answers the sheets that come before a pilot's screen, or take back its own. Does not commit."""
    definition = definition_of_session(db, session, db.get_one(Study, session.study_id))
    due = due_sheets(definition, session.state, n_trials=0)
    if screen.startswith("questions_"):
        db.execute(delete(Answer).where(Answer.session_id == session.id, Answer.sheet.in_(due)))
        return
    done = handed_in(db, session.id)
    for sheet in due:
        if sheet not in done:
            db.add_all(
                Answer(session_id=session.id, question=question.name, sheet=sheet, value=None)
                for question in questions_of(definition, sheet)
            )


def first_open(definition: StudyDefinition, state: SessionState, n_trials: int, done: Collection[str]) -> str | None:
    """The sheet that the session has to fill in before anything else happens, or None."""
    return next((sheet for sheet in due_sheets(definition, state, n_trials) if sheet not in done), None)
