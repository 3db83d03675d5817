"""The live page of a study: its figures, and one page of its sessions, sorted and filtered by the database.

However many sessions there are, the same few statements are run, and only the rows of one page are read whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from analysis.purposes import JUDGMENTS
from app.domain import SessionState
from app.errors import Invalid
from app.models import ParticipantSession, Study, Submission, Trial, now
from app.participation.attention_checks import Checks, checks_of_all
from app.participation.places import PLACE_LEASE, READING_LEASE
from app.studies.monitoring import IDLE_AFTER, SessionStatus, session_statuses

# Rows of a page.
ROWS = 50
# What the table can be restricted to, besides a state as it is shown.
LEFT_OUT, SIMULATED, PILOT = "left_out", "simulated", "pilot"
SHOWN = (*(state.value for state in SessionState), "idle", "left")
FILTERS = (*SHOWN, LEFT_OUT, SIMULATED, PILOT)
SORTS = ("number", "state", "progress", "trials", "minutes", "seen")


@dataclass(frozen=True)
class View:
    """Which sessions are looked at: the page from 1, the order, and what the table is restricted to.

    `search` is a rater's name (P012), a session's public id, or a part of what the recruiter's link brought.
    """

    page: int = 1
    sort: str = "number"
    descending: bool = False
    only: str = ""
    search: str = ""


@dataclass(frozen=True)
class Page:
    """One page of the sessions; `found` is how many there are on all `pages` together, without pilots."""

    rows: list[SessionStatus]
    page: int
    pages: int
    found: int


@dataclass(frozen=True)
class Figures:
    """Of all sessions but pilots. `states` counts those in the results by state as it is shown, `people` their people;
    `minutes` is the median of the finished ones, None without any; `left_out` are out of the results by hand.
    """

    states: dict[str, int]
    people: int
    visits: int
    minutes: float | None
    checks: Checks
    simulated: int
    left_out: int
    pilots: int


def figures_of(db: Session, study: Study, *, at: datetime | None = None) -> Figures:
    """The numbers above the table."""
    moment = at or now()
    counted = _of(study) & ParticipantSession.is_pilot.is_(False)
    included = counted & ParticipantSession.exclusion_reason.is_(None)
    shown = select(_shown_state(moment).label("state")).where(included).subquery()
    states = dict(db.execute(select(shown.c.state, func.count()).group_by(shown.c.state)).tuples().all())
    people, visits, simulated = db.execute(
        select(
            func.count(ParticipantSession.person.distinct()),
            func.count(),
            func.sum(case((ParticipantSession.is_simulated, 1), else_=0)),
        ).where(included)
    ).one()
    pilots, left_out = db.execute(
        select(
            func.sum(case((ParticipantSession.is_pilot, 1), else_=0)),
            func.sum(
                case(
                    (
                        and_(ParticipantSession.is_pilot.is_(False), ParticipantSession.exclusion_reason.is_not(None)),
                        1,
                    ),
                    else_=0,
                )
            ),
        ).where(_of(study))
    ).one()
    finished = included & (ParticipantSession.state == SessionState.FINISHED)
    minutes = list(
        db.scalars(
            select(func.sum(Submission.active_ms))
            .join(Trial, Trial.id == Submission.trial_id)
            .join(ParticipantSession, ParticipantSession.id == Trial.session_id)
            .where(finished, Trial.purpose.in_(JUDGMENTS))
            .group_by(Trial.session_id)
        )
    )
    return Figures(
        states=states,
        people=people,
        visits=visits,
        minutes=median(minutes) / 60_000 if minutes else None,
        checks=checks_of_all(db, included & (ParticipantSession.state != SessionState.WITHDRAWN)),
        simulated=int(simulated or 0),
        left_out=int(left_out or 0),
        pilots=int(pilots or 0),
    )


def page_of(db: Session, study: Study, view: View, *, with_ids: bool = True, at: datetime | None = None) -> Page:
    """One page of the study's sessions; a page beyond the last is the last.

    Parameters
    ----------
    with_ids
        Whether the recruiters' ids are searched, too: only for those who may see them.

    Raises
    ------
    Invalid
        When there is no such order or restriction; `field` says which.
    """
    if view.sort not in SORTS:
        raise Invalid(f"sort is one of {', '.join(SORTS)}, not {view.sort[:40]!r}.", field="sort")
    if view.only and view.only not in FILTERS:
        raise Invalid(f"only is one of {', '.join(FILTERS)}, not {view.only[:40]!r}.", field="only")
    moment = at or now()
    wanted = and_(_of(study), *_restrictions(view, moment, with_ids=with_ids))
    n_sessions = db.scalar(_how_many(wanted)) or 0
    pages = max(-(-n_sessions // ROWS), 1)
    page = min(max(view.page, 1), pages)
    work = (
        select(
            Trial.session_id, func.count().label("trials"), func.coalesce(func.sum(Submission.active_ms), 0).label("ms")
        )
        .join(Submission)
        .join(ParticipantSession, ParticipantSession.id == Trial.session_id)
        .where(Trial.purpose.in_(JUDGMENTS), _of(study))
        .group_by(Trial.session_id)
        .subquery()
    )
    by: dict[str, ColumnElement[Any]] = {
        "number": func.abs(ParticipantSession.number),
        "state": _shown_state(moment),
        "progress": ParticipantSession.progress.expression,
        "trials": func.coalesce(work.c.trials, 0),
        "minutes": func.coalesce(work.c.ms, 0),
        "seen": ParticipantSession.last_seen_at.expression,
    }
    query = select(ParticipantSession.id, ParticipantSession.public_id).where(wanted)
    if view.sort in ("trials", "minutes"):
        query = query.outerjoin(work, work.c.session_id == ParticipantSession.id)
    key = by[view.sort].desc() if view.descending else by[view.sort].asc()
    # Pilots come last, and whatever is alike keeps its place from one look to the next.
    order = (ParticipantSession.is_pilot, key, func.abs(ParticipantSession.number))
    there = dict(db.execute(query.order_by(*order).limit(ROWS).offset((page - 1) * ROWS)).tuples().all())
    rows = {row.session_id: row for row in session_statuses(db, study, pilots=None, only=list(there), at=moment)}
    # Pilots are in no count, but where they alone are looked at.
    counted = (
        n_sessions if view.only == PILOT else db.scalar(_how_many(wanted & ParticipantSession.is_pilot.is_(False))) or 0
    )
    return Page([rows[public_id] for public_id in there.values()], page, pages, counted)


def _how_many(wanted: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(func.count()).select_from(ParticipantSession).where(wanted)


def _of(study: Study) -> ColumnElement[bool]:
    return ParticipantSession.study_id == study.id


def _shown_state(at: datetime) -> ColumnElement[str]:
    """`monitoring.shown_state`, as the database works it out."""
    state, seen = ParticipantSession.state, ParticipantSession.last_seen_at
    running = state.in_([SessionState.INSTRUCTED, SessionState.ARRANGING])
    gone = or_(
        and_(state == SessionState.INSTRUCTED, seen < at - READING_LEASE),
        and_(state == SessionState.ARRANGING, seen < at - PLACE_LEASE),
    )
    return case(
        (gone, literal("left")), (and_(running, seen < at - IDLE_AFTER), literal("idle")), else_=cast(state, String)
    )


def _restrictions(view: View, at: datetime, *, with_ids: bool) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if view.only == PILOT:
        wanted.append(ParticipantSession.is_pilot.is_(True))
    elif view.only == SIMULATED:
        wanted.append(ParticipantSession.is_simulated.is_(True))
    elif view.only == LEFT_OUT:
        wanted.append(ParticipantSession.exclusion_reason.is_not(None))
    elif view.only:
        # As the figures count: of those in the results.
        wanted += [
            _shown_state(at) == view.only,
            ParticipantSession.is_pilot.is_(False),
            ParticipantSession.exclusion_reason.is_(None),
        ]
    if search := view.search.strip():
        ways = [ParticipantSession.public_id == search]
        if number := re.fullmatch(r"[Pp]?0*(\d{1,9})", search):
            ways.append(and_(ParticipantSession.number == int(number[1]), ParticipantSession.is_pilot.is_(False)))
        if with_ids:
            ways.append(
                func.lower(cast(ParticipantSession.recruiter, String)).contains(search.lower(), autoescape=True)
            )
        wanted.append(or_(*ways))
    return wanted
