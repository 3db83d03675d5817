"""What is computed once for a study in the background, in a row of its own: claimed, computed, ended, waited for.

Plans and comparisons of models are of this kind. The row says what was asked for and how the work on it stands. A claim
without a heartbeat is taken over; who asks for something else takes the claim away, and what is being computed is then
not stored.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.claims import CLAIM_LEASE, heartbeat
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.models import ModelComparison, StudyPlan, now

MAX_ATTEMPTS = 3
# Between two looks at what somebody else computes, and between two notes of how far the work is.
PAUSE_SECONDS, TELL_SECONDS = 0.2, 0.5

Row = StudyPlan | ModelComparison
Table = type[StudyPlan] | type[ModelComparison]
log = structlog.get_logger()


class ClaimLost(Exception):
    """Something else was asked for, or another worker has taken over: what is being computed is not to be stored."""


@dataclass(frozen=True)
class Claim:
    """The right to compute the row of a study."""

    table: Table
    token: str
    study_id: int


def waits(database: Database, table: Table) -> bool:
    """Whether there is a row to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(table.study_id).where(_claimable(table)).limit(1)) is not None


def compute_next(
    database: Database, table: Table, compute: Callable[[Claim], object], *, study_id: int | None = None
) -> bool:
    """Compute the row that was asked for first (of this study, if given); False when there is none.

    `compute` stores what it finds by `store`. What cannot be computed is marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the row waits again.
    """
    with database.writing() as db:
        claim = _claim(db, table, study_id)
    if claim is None:
        return False
    try:
        with heartbeat(database, lambda db: _update(db, claim, {"worked_at": now()})):
            compute(claim)
    except (ClaimLost, NotFound):
        log.info("study_claim_lost", work=table.__tablename__, study=claim.study_id)
    except (SQLAlchemyError, OSError):
        _end(database, claim, WorkState.WAITING, None)
        raise
    except Exception as error:
        known = isinstance(error, ValueError | Invalid)
        if not known:
            log.error("study_work_failed", work=table.__tablename__, study=claim.study_id, exc_info=error)
        _end(database, claim, WorkState.FAILED, str(error) if known else f"{type(error).__name__}: {error}")
    return True


def ensure(database: Database, table: Table, study_id: int, compute_next: Callable[[], bool], failed: str) -> None:
    """Return once what was asked for is stored: computed here, or waited for where somebody else does.

    Raises
    ------
    Invalid
        When it cannot be computed, with the reason after `failed`.
    """
    while True:
        with database.reading() as db:
            row = cast("Row | None", db.get(table, study_id))
            if row is None or row.state == WorkState.IDLE:
                return
            if row.state == WorkState.FAILED:
                raise Invalid(f"{failed}: {row.reason}")
        if not compute_next():
            time.sleep(PAUSE_SECONDS)


def tell(database: Database, claim: Claim, values: Mapping[str, object]) -> None:
    """Note how far the work is.

    Raises
    ------
    ClaimLost
        When it is no longer wanted.
    """
    with database.writing() as db:
        if not _update(db, claim, {**values, "worked_at": now()}):
            raise ClaimLost
        db.commit()


def store(database: Database, claim: Claim, values: Mapping[str, object]) -> None:
    """Store what was computed, and end the claim.

    Raises
    ------
    ClaimLost
        When it is no longer wanted.
    """
    ended = {"state": WorkState.IDLE, "claim": None, "attempts": 0, "reason": None}
    with database.writing() as db:
        if not _update(db, claim, {**values, **ended}):
            raise ClaimLost
        db.commit()


def _claimable(table: Table) -> ColumnElement[bool]:
    left = and_(table.state == WorkState.COMPUTING, table.worked_at < now() - CLAIM_LEASE)
    return or_(table.state == WorkState.WAITING, left)


def _claim(db: Session, table: Table, study_id: int | None) -> Claim | None:
    query = select(table).where(_claimable(table)).order_by(table.requested_at)
    if study_id is not None:
        query = query.where(table.study_id == study_id)
    row = cast("Row | None", db.scalars(query.with_for_update(skip_locked=True).limit(1)).first())
    if row is None:
        return None
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.claim = WorkState.FAILED, None
        row.reason = f"the worker ended {row.attempts} times while it computed it; its log says more"
        db.commit()
        return None
    row.state, row.worked_at, row.attempts = WorkState.COMPUTING, now(), row.attempts + 1
    row.claim = secrets.token_hex(16)
    claim = Claim(table, row.claim, row.study_id)
    db.commit()
    return claim


def _update(db: Session, claim: Claim, values: Mapping[str, object]) -> bool:
    """Change the row that the claim is for; whether it still is."""
    result = db.execute(update(claim.table).where(claim.table.claim == claim.token).values(values))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _end(database: Database, claim: Claim, state: WorkState, reason: str | None) -> None:
    with database.writing() as db:
        # An attempt that the machine cut short does not count.
        fewer = 1 if state == WorkState.WAITING else 0
        attempts = claim.table.attempts - fewer
        _update(db, claim, {"state": state, "claim": None, "reason": reason, "attempts": attempts})
        db.commit()
