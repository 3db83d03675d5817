"""What a study's own rules delete after so many days: planned, shown beforehand, and applied by the worker once a day.

Nothing is deleted without a rule in study.toml. Days count from when a session was last seen. A rule that is new or
changed takes effect three days after it was saved, so that a mistyped number can still be corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.accounts.audit import RETENTION, note
from app.db import Database
from app.definition.study_toml import definition_of
from app.domain import SessionState, StudyState
from app.models import COUNTED, ParticipantSession, SessionEvent, Study, StudyRevision, now
from app.participation.erasure import ERASED, erase_sessions

NOTICE = timedelta(days=3)
BY_RULE = "retention"
TURNED_AWAY_STATES = [SessionState.SCREENED_OUT, SessionState.QUOTA_FULL]
IDS, UNFINISHED, WITHDRAWN, TURNED_AWAY = "recruiter_ids_days", "unfinished_days", "withdrawn_days", "screened_out_days"
RULES = {
    IDS: "the recruiter's ids of {sessions}",
    UNFINISHED: "all data of {sessions} that {were} left unfinished",
    WITHDRAWN: "all data of {sessions} that {were} withdrawn",
    TURNED_AWAY: "all data of {sessions} that ended with the questions before the task",
}


@dataclass(frozen=True)
class Planned:
    """What one rule of a study deletes: `at` the next time `sessions` of them, `later` at times after that.

    `at` is None where nothing is there to delete yet.
    """

    rule: str
    days: int
    at: datetime | None
    sessions: int
    later: int

    @property
    def sentence(self) -> str:
        """The plan in words."""
        after = f"{counted(self.days, 'day')} after the session was last seen"
        if self.at is None:
            return f"{_what(self.rule, 0)} will be deleted {after}; there are none yet.".capitalize()
        more = f", and those of {_counted(self.later)} later" if self.later else ""
        return f"From {self.at:%Y-%m-%d} on: {_what(self.rule, self.sessions)} ({after}){more}."


def planned(db: Session, study: Study, *, at: datetime | None = None) -> list[Planned]:
    """What the rules of the study will delete, rule by rule; empty where it has none."""
    moment = at or now()
    plans = []
    for rule, days in rules_of(study).items():
        earliest = _in_force_since(db, study, rule) + NOTICE
        seen = db.scalars(select(ParticipantSession.last_seen_at).where(_concerned(study, rule)))
        due = sorted(max(last + timedelta(days=days), earliest) for last in seen)
        first = max(due[0], moment) if due else None
        soon = 0 if first is None else sum(one.date() <= first.date() for one in due)
        plans.append(Planned(rule, days, first, soon, len(due) - soon))
    return plans


def rules_of(study: Study) -> dict[str, int]:
    """The study's rules that are set: their keys in [retention], and the days."""
    retention = definition_of(study).retention
    return {rule: days for rule in RULES if (days := getattr(retention, rule)) is not None}


def overdue(db: Session, study: Study, *, by: timedelta, at: datetime | None = None) -> int:
    """How many sessions should have been seen to so long ago: nobody applies the rules."""
    moment = (at or now()) - by
    return sum(len(_due(db, study, rule, days, moment)) for rule, days in rules_of(study).items())


def apply_retention(database: Database, *, at: datetime | None = None) -> int:
    """Delete what is due by the rules of all studies; how many sessions that were. Commits, study by study."""
    moment = at or now()
    with database.reading() as db:
        ids = [study.id for study in db.scalars(select(Study).order_by(Study.id)) if rules_of(study)]
    return sum(_apply_to(database, study_id, moment) for study_id in ids)


def _apply_to(database: Database, study_id: int, moment: datetime) -> int:
    with database.writing() as db:
        study = db.scalar(select(Study).where(Study.id == study_id).with_for_update())
        if study is None:
            return 0
        seen_to, noted = 0, {}
        for rule, days in rules_of(study).items():
            sessions = _due(db, study, rule, days, moment, lock=True)
            if rule == IDS:
                _forget_ids(sessions, closed=study.state == StudyState.CLOSED)
            elif sessions:
                erase_sessions(db, sessions, ended_by=BY_RULE)
            if sessions:
                noted[f"{rule.removesuffix('_days')}_after_{days}_days"] = [one.rater for one in sessions]
            seen_to += len(sessions)
        if noted:
            note(db, RETENTION, "deleted by rule", study, **noted)
        db.commit()
        return seen_to


def _forget_ids(sessions: Sequence[ParticipantSession], *, closed: bool) -> None:
    """Of the ids nothing is left but the key by which an open study knows somebody who comes again."""
    for session in sessions:
        session.recruiter = {}
        if closed:
            session.recruiter_key = None


def _due(
    db: Session, study: Study, rule: str, days: int, moment: datetime, *, lock: bool = False
) -> list[ParticipantSession]:
    if _in_force_since(db, study, rule) + NOTICE > moment:
        return []
    last = ParticipantSession.last_seen_at <= moment - timedelta(days=days)
    query = select(ParticipantSession).where(_concerned(study, rule), last).order_by(ParticipantSession.number)
    return list(db.scalars(query.with_for_update() if lock else query))


def _concerned(study: Study, rule: str) -> ColumnElement[bool]:
    """The sessions of participants that hold what a rule is about."""
    if rule == IDS:
        holds = cast(ParticipantSession.recruiter, Text) != "{}"
        if study.state == StudyState.CLOSED:
            holds |= ParticipantSession.recruiter_key.is_not(None)
    elif rule == UNFINISHED:
        holds = ParticipantSession.state.in_([SessionState.INSTRUCTED, SessionState.ARRANGING])
    else:
        states = [SessionState.WITHDRAWN] if rule == WITHDRAWN else TURNED_AWAY_STATES
        erased = select(SessionEvent.session_id).where(SessionEvent.kind == ERASED)
        holds = ParticipantSession.state.in_(states) & ParticipantSession.id.not_in(erased)
    return (ParticipantSession.study_id == study.id) & COUNTED & ParticipantSession.is_simulated.is_(False) & holds


def _in_force_since(db: Session, study: Study, rule: str) -> datetime:
    """Since when the rule has been as it is: the first of the last revisions that have it so."""
    days = rules_of(study)[rule]
    since = study.created_at
    rows = select(StudyRevision.at, StudyRevision.definition).where(StudyRevision.study_id == study.id)
    for at, definition in db.execute(rows.order_by(StudyRevision.number.desc())).tuples():
        if definition.get("retention", {}).get(rule) != days:
            return since
        since = at
    return since


def _what(rule: str, sessions: int) -> str:
    return RULES[rule].format(sessions=_counted(sessions), were="was" if sessions == 1 else "were")


def _counted(sessions: int) -> str:
    return "sessions" if sessions == 0 else counted(sessions, "session")


def overdue_studies(db: Session, *, by: timedelta) -> list[tuple[str, int]]:
    """The studies whose rules should have deleted something so long ago, with how many sessions that are."""
    by_study = [(study.name, overdue(db, study, by=by)) for study in db.scalars(select(Study).order_by(Study.id))]
    return [(name, sessions) for name, sessions in by_study if sessions]
