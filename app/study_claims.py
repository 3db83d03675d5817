"""What is computed once for a study in the background, in a row of its own: claimed, computed, ended, waited for.

Results, plans and comparisons of models are of this kind. The row says what was asked for and how the work on it
stands. A claim without a heartbeat is taken over; what was begun three times and never ended is given up with a reason.
Whoever withdraws, or asks for something else, takes the claim away, and what is being computed is then not stored.
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

from analysis.words import counted
from app.claims import CLAIM_LEASE, heartbeat
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.models import ModelComparison, StoredResults, StudyPlan, now

MAX_ATTEMPTS = 3
# Between two looks at what somebody else computes, and between two notes of how far the work is.
PAUSE_SECONDS, TELL_SECONDS = 0.2, 0.5

Row = StudyPlan | ModelComparison | StoredResults
# Those with one row for each study.
Table = type[StudyPlan] | type[ModelComparison]
log = structlog.get_logger()


class ClaimLost(Exception):
    """Somebody withdrew or asked for something else, or another worker has taken over: store nothing."""


class OthersFirst(Exception):
    """The work waits again, because other work that is quicker has come; nothing of it went wrong."""


@dataclass(frozen=True)
class Claim:
    """The right to compute the row of a study."""

    table: Table | type[StoredResults]
    token: str
    study_id: int


def waits(database: Database, table: Table) -> bool:
    """Whether there is a row to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(table.study_id).where(claimable(table)).limit(1)) is not None


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
    carry_out(database, claim, lambda: compute(claim))
    return True


def carry_out(database: Database, claim: Claim, compute: Callable[[], object]) -> None:
    """Do the work of a claim, with a heartbeat meanwhile; what fails is marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the row waits again.
    """
    work = claim.table.__tablename__
    try:
        with heartbeat(database, lambda db: _update(db, claim, {"worked_at": now()})):
            compute()
    except (ClaimLost, NotFound):
        # NotFound: the study was deleted.
        log.info("study_claim_lost", work=work, study=claim.study_id)
    except OthersFirst:
        _end(database, claim, WorkState.WAITING, None)
    except (SQLAlchemyError, OSError):
        _end(database, claim, WorkState.WAITING, None)
        raise
    except Exception as error:
        if not isinstance(error, Invalid):
            log.error("study_work_failed", work=work, study=claim.study_id, exc_info=error)
        in_words = isinstance(error, ValueError | Invalid)
        _end(database, claim, WorkState.FAILED, str(error) if in_words else f"{type(error).__name__}: {error}")


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
        hold(db, claim, {**values, "worked_at": now()})
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
        hold(db, claim, {**values, **ended})
        db.commit()


def hold(db: Session, claim: Claim, values: Mapping[str, object]) -> None:
    """Change the row of the claim, which nobody else takes away before this transaction ends.

    Raises
    ------
    ClaimLost
        When it is no longer ours.
    """
    if not _update(db, claim, values):
        raise ClaimLost


def claimable(table: Table | type[StoredResults]) -> ColumnElement[bool]:
    """What waits, or was left by a worker that gives no heartbeat."""
    left = and_(table.state == WorkState.COMPUTING, table.worked_at < now() - CLAIM_LEASE)
    return or_(table.state == WorkState.WAITING, left)


def _claim(db: Session, table: Table, study_id: int | None) -> Claim | None:
    query = select(table).where(claimable(table)).order_by(table.requested_at)
    if study_id is not None:
        query = query.where(table.study_id == study_id)
    row = cast("Row | None", db.scalars(query.with_for_update(skip_locked=True).limit(1)).first())
    token = None if row is None else take(row)
    claim = None if row is None or token is None else Claim(table, token, row.study_id)
    db.commit()
    return claim


def take(row: Row) -> str | None:
    """Claim a row, and return the claim's token; None where it was begun too often, and is given up."""
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.claim = WorkState.FAILED, None
        row.reason = f"the worker ended {counted(row.attempts, 'time')} during the computation; its log says more"
        return None
    row.state, row.worked_at, row.attempts = WorkState.COMPUTING, now(), row.attempts + 1
    row.claim = secrets.token_hex(16)
    return row.claim


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
