"""A plan is computed once, by whoever holds its claim: the worker in the background, or a command.

The row says what was asked for, and how the work on it stands. A claim without a heartbeat is taken over; who asks for
something else takes the claim away, and what is being computed is then not stored.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np
import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from analysis.planning import plan_study
from app.accounts.account import Account
from app.accounts.audit import note
from app.claims import CLAIM_LEASE, heartbeat
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.models import Study, StudyPlan, now
from app.planning.asked import Models, PlanSettings, pack_models, settings_of, unpack_models
from app.planning.basis import basis_of
from app.planning.stored import content_of

MAX_ATTEMPTS = 3
# Between two looks at what somebody else computes, and between two notes of how far the work is.
PAUSE_SECONDS, TELL_SECONDS = 0.2, 0.5

log = structlog.get_logger()
OnSession = Callable[[int, int], object]


class ClaimLost(Exception):
    """Something else was asked for, or another worker has taken over: what is being computed is not to be stored."""


@dataclass(frozen=True)
class Claim:
    """The right to compute a study's plan."""

    token: str
    study_id: int


def request_plan(
    db: Session,
    study: Study,
    settings: PlanSettings,
    models: Models | None = None,
    *,
    keep_models: bool = False,
    by: Account | None = None,
) -> None:
    """Ask for a plan, in place of any that was asked for before; commits once.

    Parameters
    ----------
    models
        Two models of the clips; with `keep_models` those that were given last.

    Raises
    ------
    Invalid
        When the study has too few clips.
    """
    if (clips := len(basis_of(db, study).clips)) < 4:
        raise Invalid(f"A plan needs at least 4 clips that are ready; there are {clips}.", field="clips")
    row = db.get(StudyPlan, study.id, with_for_update=True)
    if row is None:
        row = StudyPlan(study_id=study.id)
        db.add(row)
    if not keep_models:
        row.models = None if models is None else pack_models(models)
    row.asked = settings.model_dump(mode="json")
    row.state, row.claim, row.requested_at = WorkState.WAITING, None, now()
    row.attempts, row.done, row.of, row.reason = 0, 0, 0, None
    note(db, by, "planned", study)
    try:
        db.commit()
    except IntegrityError:
        # Another page asked in the same moment.
        db.rollback()


def plan_waits(database: Database) -> bool:
    """Whether there is a plan to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(StudyPlan.study_id).where(_claimable()).limit(1)) is not None


def compute_next_plan(database: Database, *, study_id: int | None = None, on_session: OnSession | None = None) -> bool:
    """Compute and store the plan that was asked for first (of this study, if given); False when there is none.

    A plan that cannot be computed is marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the plan waits again.
    """
    with database.writing() as db:
        claim = _claim(db, study_id)
    if claim is None:
        return False
    try:
        with heartbeat(database, lambda db: _update(db, claim, {"worked_at": now()})):
            _compute(database, claim, on_session)
    except (ClaimLost, NotFound):
        log.info("plan_claim_lost", study=claim.study_id)
    except (SQLAlchemyError, OSError):
        _end(database, claim, WorkState.WAITING, None)
        raise
    except Exception as error:
        if not isinstance(error, ValueError | Invalid):
            log.error("plan_failed", study=claim.study_id, exc_info=error)
        known = isinstance(error, ValueError | Invalid)
        _end(database, claim, WorkState.FAILED, str(error) if known else f"{type(error).__name__}: {error}")
    return True


def ensure_plan(database: Database, study_id: int, *, on_session: OnSession | None = None) -> None:
    """Return once the plan that was asked for is stored: computed here, or waited for where somebody else does.

    Raises
    ------
    Invalid
        With the reason, when it cannot be computed.
    """
    while True:
        with database.reading() as db:
            row = db.get(StudyPlan, study_id)
            if row is None or row.state == WorkState.IDLE:
                return
            if row.state == WorkState.FAILED:
                raise Invalid(f"The plan cannot be computed: {row.reason}")
        if not compute_next_plan(database, study_id=study_id, on_session=on_session):
            time.sleep(PAUSE_SECONDS)


def _claimable() -> ColumnElement[bool]:
    left = and_(StudyPlan.state == WorkState.COMPUTING, StudyPlan.worked_at < now() - CLAIM_LEASE)
    return or_(StudyPlan.state == WorkState.WAITING, left)


def _claim(db: Session, study_id: int | None) -> Claim | None:
    query = select(StudyPlan).where(_claimable()).order_by(StudyPlan.requested_at)
    if study_id is not None:
        query = query.where(StudyPlan.study_id == study_id)
    row = db.scalars(query.with_for_update(skip_locked=True).limit(1)).first()
    if row is None:
        return None
    if row.attempts >= MAX_ATTEMPTS:
        row.state, row.claim = WorkState.FAILED, None
        row.reason = f"the worker ended {row.attempts} times while it computed it; its log says more"
        db.commit()
        return None
    row.state, row.worked_at, row.attempts = WorkState.COMPUTING, now(), row.attempts + 1
    row.claim = secrets.token_hex(16)
    claim = Claim(row.claim, row.study_id)
    db.commit()
    return claim


def _compute(database: Database, claim: Claim, on_session: OnSession | None) -> None:
    with database.reading() as db:
        row, study = db.get(StudyPlan, claim.study_id), db.get(Study, claim.study_id)
        if row is None or study is None:
            raise NotFound("There is no such study any more.")
        settings, asked, basis = settings_of(row.asked), row.asked, basis_of(db, study)
        models = unpack_models(row.models, len(basis.clips))
    timing = basis.timing(settings.timing)
    told = time.monotonic()

    def tell(done: int, of: int) -> None:
        """Say how far the work is, and find out whether it is still wanted."""
        nonlocal told
        if on_session is not None:
            on_session(done, of)
        if done in (1, of) or time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            with database.writing() as db:
                if not _update(db, claim, {"done": done, "of": of, "worked_at": now()}):
                    raise ClaimLost
                db.commit()

    plan = plan_study(
        basis.task,
        timing,
        settings.assumptions,
        settings.wanted,
        models=None if models is None else models.rdms,
        progress=tell,
        rng=np.random.default_rng(settings.seed),
    )
    content = content_of(plan, asked, None if models is None else models.names, asdict(timing), basis.facts)
    with database.writing() as db:
        values = {"content": content, "computed_at": now()}
        if not _update(db, claim, {**values, "state": WorkState.IDLE, "claim": None, "attempts": 0, "reason": None}):
            raise ClaimLost
        db.commit()


def _update(db: Session, claim: Claim, values: Mapping[str, object]) -> bool:
    """Change the row that the claim is for; whether it still is."""
    result = db.execute(update(StudyPlan).where(StudyPlan.claim == claim.token).values(values))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _end(database: Database, claim: Claim, state: WorkState, reason: str | None) -> None:
    with database.writing() as db:
        # An attempt that the machine cut short does not count.
        fewer = 1 if state == WorkState.WAITING else 0
        _update(db, claim, {"state": state, "claim": None, "reason": reason, "attempts": StudyPlan.attempts - fewer})
        db.commit()
