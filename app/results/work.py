"""Results are computed once, by whoever holds a claim: the worker in the background, or a command.

A page that finds results missing or out of date asks for them. The worker claims what was asked for
(`app.study_claims`), and stores each rater's result and then the study's. What is given up waits until somebody asks
again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from analysis.results import Choice, RaterResult, StudyResults
from app import study_claims
from app.claims import CLAIM_LEASE
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid
from app.models import ParticipantSession, StoredRater, StoredResults, Study, now
from app.results.cohort_rdm import compute_together
from app.results.inputs import Inputs, Sitting, inputs_of
from app.results.overview import overview_of
from app.results.packing import pack_overview, pack_rater
from app.results.stored import compute_rater, rater_now, row_of, standing_of
from app.study_claims import PAUSE_SECONDS, OthersFirst, carry_out, claimable, hold, store, take, tell


@dataclass(frozen=True)
class Claim(study_claims.Claim):
    """The right to compute the results of a study and a choice; it is lost when its row is, as by a withdrawal."""

    choice: Choice


def request_results(db: Session, inputs: Inputs, *, retry: bool = False) -> None:
    """Ask for the results of these inputs, unless they are there or somebody has asked; `retry` what has failed.

    Commits once.
    """
    row = db.scalars(row_of(inputs).with_for_update()).first()
    standing = standing_of(db, inputs)
    if row is None:
        choice = inputs.choice
        row = StoredResults(
            study_id=inputs.study_id,
            method=choice.method,
            with_simulated=choice.with_simulated,
            with_unfinished=choice.with_unfinished,
            with_excluded=choice.with_excluded,
            uncertainty=choice.uncertainty,
            clip_set=choice.clip_set or "",
        )
        db.add(row)
    elif not standing.is_wanted and not (retry and standing.state == WorkState.FAILED):
        return
    row.state, row.wanted, row.requested_at = WorkState.WAITING, inputs.of_study(), now()
    row.attempts, row.done, row.raters, row.reason = 0, 0, len(inputs.chosen), None
    try:
        db.commit()
    except IntegrityError:
        # Another page asked in the same moment.
        db.rollback()


def ensure_results(
    database: Database, study_id: int, choice: Choice, *, on_rater: Callable[[int, int], None] | None = None
) -> None:
    """Return once the results of now are stored: computed here, or waited for where somebody else computes them.

    Parameters
    ----------
    on_rater
        Called with the number of raters that are done, and of all, after each one that is computed here.

    Raises
    ------
    Invalid
        With the reason, when they cannot be computed.
    """
    begun, retry = now(), True
    while True:
        with database.reading() as db:
            inputs = inputs_of(db, study_id, choice)
            standing = standing_of(db, inputs)
        if standing.is_current or (standing.computed_at is not None and standing.computed_at >= begun):
            return
        if standing.state == WorkState.FAILED and not retry:
            raise Invalid(f"The results cannot be computed: {standing.reason}")
        with database.writing() as db:
            request_results(db, inputs, retry=retry)
        retry = False
        if not compute_next(database, only=inputs, on_rater=on_rater):
            time.sleep(PAUSE_SECONDS)


def results_wait(database: Database) -> bool:
    """Whether there is anything to claim; a look that takes no lock."""
    with database.reading() as db:
        return db.scalar(select(StoredResults.study_id).where(_claimable()).limit(1)) is not None


def claim_results(db: Session, only: Inputs | None = None) -> Claim | None:
    """Take results that were asked for first, or whose worker gives no heartbeat; None when there are none.

    Those with uncertainty, which take minutes, come after all others.

    Results of one study and estimator are claimed by one at a time, because they share their raters' results. What was
    begun too often is given up instead.
    """
    query = row_of(only) if only is not None else select(StoredResults)
    query = query.where(_claimable()).order_by(StoredResults.uncertainty, StoredResults.requested_at)
    for candidate in db.scalars(query):
        # A claim locks the study first: two workers looking at once would otherwise both find it free.
        db.execute(select(Study.id).where(Study.id == candidate.study_id).with_for_update())
        row = db.scalars(
            select(StoredResults)
            .where(
                StoredResults.study_id == candidate.study_id,
                StoredResults.method == candidate.method,
                StoredResults.with_simulated.is_(candidate.with_simulated),
                StoredResults.with_unfinished.is_(candidate.with_unfinished),
                StoredResults.with_excluded.is_(candidate.with_excluded),
                StoredResults.uncertainty.is_(candidate.uncertainty),
                StoredResults.clip_set == candidate.clip_set,
                _claimable(),
            )
            .execution_options(populate_existing=True)
        ).first()
        if row is None:
            continue
        token = take(row)
        db.commit()
        if token is None:
            continue
        choice = Choice(
            row.method,
            row.with_simulated,
            row.with_unfinished,
            row.with_excluded,
            row.uncertainty,
            clip_set=row.clip_set or None,
        )
        return Claim(StoredResults, token, row.study_id, choice)
    return None


def compute_next(
    database: Database, *, only: Inputs | None = None, on_rater: Callable[[int, int], None] | None = None
) -> bool:
    """Compute and store the results of one claim, of the study and choice of `only` if given; False when there is none.

    Results that cannot be computed are marked with the reason.

    Raises
    ------
    SQLAlchemyError, OSError
        When the machine or the database is at fault; the results wait again.
    """
    with database.writing() as db:
        claim = claim_results(db, only)
    if claim is None:
        return False
    carry_out(database, claim, lambda: _compute(database, claim, on_rater, gives_way=only is None))
    return True


def _claimable() -> ColumnElement[bool]:
    other = aliased(StoredResults)
    somebody_at_work = exists().where(
        other.study_id == StoredResults.study_id,
        other.method == StoredResults.method,
        other.state == WorkState.COMPUTING,
        other.worked_at >= now() - CLAIM_LEASE,
    )
    return and_(claimable(StoredResults), ~somebody_at_work)


def _compute(database: Database, claim: Claim, on_rater: Callable[[int, int], None] | None, *, gives_way: bool) -> None:
    with database.reading() as db:
        begun = now()
        inputs = inputs_of(db, claim.study_id, claim.choice)
        known = _current_raters(db, inputs)
    of, by_rater = len(inputs.chosen), {}
    tell(database, claim, {"done": 0, "raters": of})
    for done, sitting in enumerate(inputs.chosen, start=1):
        with database.reading() as db:
            is_known = sitting.session_id in known
            result = rater_now(db, inputs, sitting) if is_known else compute_rater(db, inputs, sitting)
        if not is_known:
            _store_rater(database, claim, inputs, sitting, result, done=done, of=of)
        by_rater[sitting.rater.name] = result
        if on_rater is not None:
            on_rater(done, of)
        # What is done is stored, so nothing of it is computed twice.
        if gives_way and claim.choice.uncertainty and not is_known and _quick_waits(database):
            raise OthersFirst
    with database.reading() as db:
        together = compute_together(db, inputs)
    results = StudyResults(inputs.choice, inputs.names, inputs.everybody, by_rater, together=together)
    content = pack_overview(overview_of(inputs, results))
    store(database, claim, {"inputs": inputs.of_study(), "content": content, "computed_at": begun, "done": of})


def _quick_waits(database: Database) -> bool:
    query = select(StoredResults.study_id).where(
        StoredResults.state == WorkState.WAITING, StoredResults.uncertainty.is_(False)
    )
    with database.reading() as db:
        return db.scalar(query.limit(1)) is not None


def _current_raters(db: Session, inputs: Inputs) -> set[int]:
    """The sessions whose stored results are current."""
    wanted = {sitting.session_id: inputs.of_rater(sitting) for sitting in inputs.chosen}
    query = (
        select(StoredRater.session_id, StoredRater.inputs)
        .join(ParticipantSession)
        .where(
            ParticipantSession.study_id == inputs.study_id,
            StoredRater.method == inputs.choice.method,
            StoredRater.uncertainty.is_(inputs.choice.uncertainty),
            StoredRater.clip_set == (inputs.choice.clip_set or ""),
        )
    )
    return {session_id for session_id, computed in db.execute(query) if wanted.get(session_id) == computed}


def _store_rater(
    database: Database, claim: Claim, inputs: Inputs, sitting: Sitting, result: RaterResult, *, done: int, of: int
) -> None:
    with database.writing() as db:
        # Who withdraws locks the session too: they wait for this, or have taken the claim away when it is asked for.
        db.execute(select(ParticipantSession.id).where(ParticipantSession.id == sitting.session_id).with_for_update())
        hold(db, claim, {"done": done, "raters": of, "worked_at": now()})
        db.merge(
            StoredRater(
                session_id=sitting.session_id,
                method=inputs.choice.method,
                with_excluded=sitting.with_excluded,
                uncertainty=inputs.choice.uncertainty,
                clip_set=inputs.choice.clip_set or "",
                inputs=inputs.of_rater(sitting),
                content=pack_rater(result),
                computed_at=now(),
            )
        )
        db.commit()
