"""How far participants agree while a study runs, and how many are still needed for a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from analysis.rdm import n_pairs
from analysis.reliability import Coefficient, RatersNeeded, raters_for
from analysis.results import Choice, mean_of_sets
from analysis.results.labels import RANGES
from app.db import Database
from app.domain import WorkState
from app.errors import Invalid
from app.models import now
from app.results.inputs import Inputs, inputs_of
from app.results.sets import OfSet, request_sets, results_of_sets
from app.results.stored import standing_of, stored_overview
from app.results.work import request_results

# A study in which somebody finishes every minute is not recomputed each time.
FRESH = timedelta(minutes=10)


@dataclass(frozen=True)
class SoFar:
    """The reliability of the mean of `raters` finished participants, as computed at `at` (None: not yet), and the
    participants that a target takes, those of now among them. Of a study of several sets of clips, the reliability is
    the mean over sets.

    `of_finished` is how many have finished by now; `simulated` says that they are simulated raters, because nobody else
    has finished. Where the raters share the pairs (`pairs_are_shared`) it is the reliability of the RDM of all their
    trials, and of the `pairs` of the clips `pairs_seen` were seen by one of them (None where it is not known).
    """

    of_finished: int
    simulated: bool
    pairs_are_shared: bool
    raters: int
    at: datetime | None
    target: float
    reliability: Coefficient
    needed: RatersNeeded
    pairs: int = 0
    pairs_seen: int | None = None


def reliability_so_far(database: Database, study_id: int, *, target: float) -> SoFar:
    """From the results that are stored; newer ones are asked for where these are missing, or old and out of date.

    Raises
    ------
    Invalid
        When the target does not lie between 0 and 1.
    """
    if not 0 < target < 1:
        raise Invalid("target must lie between 0 and 1.", field="target")
    with database.reading() as db:
        inputs = _inputs(db, study_id)
        sets = results_of_sets(db, study_id, inputs.choice) if inputs.sets else []
        standing, overview = standing_of(db, inputs), stored_overview(db, inputs)
    if sets:
        return _of_sets(database, inputs, sets, target)
    is_old = standing.computed_at is None or standing.computed_at < now() - FRESH
    if inputs.chosen and not standing.is_current and standing.state == WorkState.IDLE and is_old:
        with database.writing() as db:
            request_results(db, inputs)
    agreement = None if overview is None else overview.agreement
    if agreement is None:
        reason = _nothing_yet(len(inputs.chosen), failed=standing.reason)
        reliability, raters = Coefficient(float("nan"), reason=reason), 0
    else:
        reliability, raters = agreement.reliability.split_half_corrected, agreement.reliability.n_raters
    return SoFar(
        of_finished=len(inputs.chosen),
        simulated=inputs.choice.with_simulated,
        pairs_are_shared=inputs.shares_pairs,
        raters=raters,
        at=standing.computed_at,
        target=target,
        reliability=reliability,
        needed=raters_for(reliability, raters, target),
        pairs=n_pairs(len(inputs.clips)),
        pairs_seen=agreement.reliability.n_pairs_seen if agreement is not None and inputs.shares_pairs else None,
    )


def _of_sets(database: Database, inputs: Inputs, sets: Sequence[OfSet], target: float) -> SoFar:
    """The mean over sets. Those that are old are asked for; the whole of a study that runs is never computed for it."""
    times = [one.standing.computed_at for one in sets if one.standing.computed_at is not None]
    request_sets(
        database,
        [
            one
            for one in sets
            if one.inputs.chosen and (one.standing.computed_at is None or one.standing.computed_at < now() - FRESH)
        ],
    )
    known = [one.result.agreement for one in sets if one.result.agreement is not None]
    mean = mean_of_sets(
        [agreement.reliability.split_half_corrected.value for agreement in known], RANGES["split_half_corrected"]
    )
    raters = len({name for agreement in known for name in agreement.raters})
    failed = next((one.standing.reason for one in sets if one.standing.reason is not None), None)
    reason = None if mean.n_sets else _nothing_yet(len(inputs.chosen), failed=failed)
    reliability = Coefficient(mean.value, mean.interval, reason)
    return SoFar(
        of_finished=len(inputs.chosen),
        simulated=inputs.choice.with_simulated,
        pairs_are_shared=inputs.shares_pairs,
        raters=raters,
        at=min(times, default=None),
        target=target,
        reliability=reliability,
        # As many again in every set: what a target takes grows with all of them.
        needed=raters_for(reliability, max(raters, 1), target),
    )


def _inputs(db: Session, study_id: int) -> Inputs:
    people = inputs_of(db, study_id, Choice(with_simulated=False))
    return people if people.chosen else inputs_of(db, study_id, Choice())


def _nothing_yet(finished: int, *, failed: str | None) -> str:
    if failed is not None:
        return f"the results could not be computed: {failed}"
    if finished < 2:
        return "agreement needs at least two participants who have finished"
    return "the results are being computed"
