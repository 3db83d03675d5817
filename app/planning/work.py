"""A plan is computed once, by whoever holds its claim: the worker in the background, or a command."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from analysis.planning import CohortPlan, Plan, plan_cohort, plan_study
from app.accounts.account import Account
from app.accounts.audit import note
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid, NotFound
from app.models import Study, StudyPlan, now
from app.planning.basis import basis_of, timing_of
from app.planning.plan_settings import Models, PlanSettings, pack_models, settings_of, unpack_models
from app.planning.stored import content_of
from app.study_claims import TELL_SECONDS, Claim, compute_next, ensure, store, tell, waits

OnSession = Callable[[int, int], object]


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
        When the study has too few clips, or models are given where participants share the pairs between them.
    """
    basis = basis_of(db, study)
    if (clips := len(basis.clips)) < 4:
        raise Invalid(f"A plan needs at least 4 clips that are ready; there are {clips}.", field="clips")
    if basis.is_over_cohort and models is not None:
        raise Invalid(
            f'With the design "{basis.task.design}" a plan is of the RDM of all trials, and compares no models.',
            field="models",
        )
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
    """Whether there is a plan to compute; a look that takes no lock."""
    return waits(database, StudyPlan)


def compute_next_plan(database: Database, *, study_id: int | None = None, on_session: OnSession | None = None) -> bool:
    """Compute and store the plan that was asked for first (of this study, if given); False when there is none.

    A plan that cannot be computed is marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the plan waits again.
    """
    return compute_next(database, StudyPlan, lambda claim: _compute(database, claim, on_session), study_id=study_id)


def ensure_plan(database: Database, study_id: int, *, on_session: OnSession | None = None) -> None:
    """Return once the plan that was asked for is stored: computed here, or waited for where somebody else does.

    Raises
    ------
    Invalid
        With the reason, when it cannot be computed.
    """

    def one_more() -> bool:
        return compute_next_plan(database, study_id=study_id, on_session=on_session)

    ensure(database, StudyPlan, study_id, one_more, "The plan cannot be computed")


def _compute(database: Database, claim: Claim, on_session: OnSession | None) -> None:
    with database.reading() as db:
        row, study = db.get(StudyPlan, claim.study_id), db.get(Study, claim.study_id)
        if row is None or study is None:
            raise NotFound("This study no longer exists.")
        settings, asked, basis = settings_of(row.asked), row.asked, basis_of(db, study)
        models = None if basis.is_over_cohort else unpack_models(row.models, len(basis.clips))
        timing = timing_of(db, study, basis, settings.timing)
    told = time.monotonic()

    def progress(done: int, of: int) -> None:
        """Say how far the work is, and find out whether it is still wanted."""
        nonlocal told
        if on_session is not None:
            on_session(done, of)
        if done in (1, of) or time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            tell(database, claim, {"done": done, "of": of})

    assumed, wanted, rng = settings.assumptions, settings.wanted, np.random.default_rng(settings.seed)
    plan: Plan | CohortPlan
    if basis.is_over_cohort:
        plan = plan_cohort(basis.task, timing, assumed, wanted, progress=progress, rng=rng)
    else:
        rdms = None if models is None else models.rdms
        plan = plan_study(basis.task, timing, assumed, wanted, models=rdms, progress=progress, rng=rng)
    content = content_of(plan, asked, None if models is None else models.names, asdict(timing), basis.facts)
    store(database, claim, {"content": content, "computed_at": now()})
