"""Results as they are stored, and the state of the work on newer ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar

import numpy as np
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from analysis.estimators import RDMEstimate
from analysis.formats.source_bundle import GIVEN
from analysis.quality import GroupQuality
from analysis.results import (
    OWN_METHOD,
    Agreement,
    Choice,
    GroupRDM,
    RaterResult,
    StudyResults,
    given_result,
    rater_quality,
    rater_result,
    without_uncertainty,
)
from app.domain import WorkState
from app.errors import NotFound
from app.models import GivenRdm, ParticipantSession, StoredRater, StoredResults, Study
from app.participation.arrangements import session_judgments
from app.results.cohort_rdm import compute_together
from app.results.inputs import Inputs, Sitting, inputs_of
from app.results.overview import Overview
from app.results.packing import unpack_overview, unpack_rater
from app.results.session_work import session_work
from app.studies.origin import times_known

T = TypeVar("T")


@dataclass(frozen=True)
class Standing:
    """The state of a choice's results: what was computed when, whether that is still so, and the work on it.

    `computed` and `computed_at` are None while there is nothing yet. `done` of `raters` are computed in the work under
    way; `reason` says why the work on the present inputs failed.
    """

    computed: str | None
    computed_at: datetime | None
    is_current: bool
    state: WorkState
    done: int
    raters: int
    reason: str | None

    @property
    def is_wanted(self) -> bool:
        """Whether newer results have to be asked for."""
        return not self.is_current and self.state == WorkState.IDLE


def row_of(inputs: Inputs) -> Select[tuple[StoredResults]]:
    """The query for the row of a study and a choice."""
    choice = inputs.choice
    return select(StoredResults).where(
        StoredResults.study_id == inputs.study_id,
        StoredResults.method == choice.method,
        StoredResults.with_simulated.is_(choice.with_simulated),
        StoredResults.with_unfinished.is_(choice.with_unfinished),
        StoredResults.with_excluded.is_(choice.with_excluded),
        StoredResults.uncertainty.is_(choice.uncertainty),
        StoredResults.clip_set == (choice.clip_set or ""),
    )


def standing_of(db: Session, inputs: Inputs) -> Standing:
    """How the stored results of the choice compare with these inputs."""
    row, now_wanted = db.scalars(row_of(inputs)).first(), inputs.of_study()
    if row is None:
        return Standing(None, None, False, WorkState.IDLE, 0, len(inputs.chosen), None)
    # What failed is not retried automatically, unless its inputs have changed since.
    is_old_failure = row.state == WorkState.FAILED and row.wanted != now_wanted
    return Standing(
        row.inputs,
        row.computed_at,
        row.inputs == now_wanted,
        WorkState.IDLE if is_old_failure else row.state,
        row.done,
        row.raters,
        row.reason if row.state == WorkState.FAILED and not is_old_failure else None,
    )


def stored_overview(db: Session, inputs: Inputs, *, with_quality: bool = False) -> Overview | None:
    """What was computed last for the choice, whether it is current or not; None while there is nothing yet.

    How each rater worked is left out unless `with_quality`.
    """
    content = db.scalar(row_of(inputs).with_only_columns(StoredResults.content))
    return None if content is None else unpack_overview(content, with_quality=with_quality)


def stored_rater(db: Session, inputs: Inputs, name: str) -> RaterResult | None:
    """What was computed last of a rater by name; None for one whom the choice leaves out, or who is not computed."""
    sitting = next((one for one in inputs.chosen if one.rater.name == name), None)
    return None if sitting is None else _stored(db, sitting, inputs.choice)


def results_now(db: Session, study_id: int, choice: Choice) -> StudyResults:
    """The results of what the database holds now: as stored where that is current, computed here where it is not.

    Of stored results each rater's is read whenever it is asked for, so `db` must stay open until then.

    Raises
    ------
    ValueError
        When the choice names an unknown method.
    """
    inputs = inputs_of(db, study_id, choice)
    content = db.scalar(
        row_of(inputs).with_only_columns(StoredResults.content).where(StoredResults.inputs == inputs.of_study())
    )
    if content is not None:
        known, raters = unpack_overview(content), _KeptRaters(db, inputs)
        everybody = inputs.everybody
        return _KeptResults(inputs.choice, inputs.names, everybody, raters, together=known.together, known=known)
    by_rater = {sitting.rater.name: rater_now(db, inputs, sitting) for sitting in inputs.chosen}
    return StudyResults(inputs.choice, inputs.names, inputs.everybody, by_rater, together=compute_together(db, inputs))


def rater_now(db: Session, inputs: Inputs, sitting: Sitting) -> RaterResult:
    """A rater's result as stored where that is current, else computed here."""
    stored = _stored(db, sitting, inputs.choice, inputs.of_rater(sitting))
    return compute_rater(db, inputs, sitting) if stored is None else stored


def compute_rater(db: Session, inputs: Inputs, sitting: Sitting) -> RaterResult:
    """A rater's result from the judgments that the sitting had when it was read.

    Raises
    ------
    NotFound
        When the session was deleted since.
    """
    session = db.get(ParticipantSession, sitting.session_id)
    if session is None:
        raise NotFound("This session no longer exists.")
    given = db.get(GivenRdm, session.id)
    if given is not None:
        return given_result(np.frombuffer(given.values, "<f8").astype(np.float64), GIVEN)
    if inputs.choice.method == GIVEN:
        raise ValueError("the raters of this study have placements, and no RDMs came with them")
    ids = [clip.id for clip in inputs.clips]
    arrangements, minutes = session_judgments(db, session, ids, last=sitting.last, without=sitting.left_out)
    if not times_known(db.get_one(Study, inputs.study_id)):
        minutes = [math.nan] * len(minutes)
    choice, sets = inputs.choice, inputs.items_in_sets(sitting)
    method = OWN_METHOD if inputs.is_over_cohort else choice.method
    uncertainty = choice.uncertainty and not inputs.is_over_cohort
    result = rater_result(arrangements, minutes, len(ids), method, uncertainty=uncertainty, sets=sets)
    if choice.uncertainty and inputs.is_over_cohort:
        result = without_uncertainty(result)
    items = {clip_id: item for item, clip_id in enumerate(ids)}
    works = session_work(db, session.id, items, last=sitting.last)
    quality = rater_quality([work for _, work in works])
    return replace(result, quality=quality, numbers=tuple(number for number, _ in works))


class _KeptRaters(Mapping[str, RaterResult]):
    """Each chosen rater's result by name, unpacked whenever it is asked for: so many RDMs are not held at once."""

    def __init__(self, db: Session, inputs: Inputs) -> None:
        self._db, self._inputs = db, inputs
        self._sittings = {sitting.rater.name: sitting for sitting in inputs.chosen}
        self._computed: dict[str, RaterResult] = {}

    def __getitem__(self, name: str) -> RaterResult:
        sitting, inputs = self._sittings[name], self._inputs
        result = self._computed.get(name) or _stored(self._db, sitting, inputs.choice, inputs.of_rater(sitting))
        if result is None:
            result = self._computed[name] = compute_rater(self._db, inputs, sitting)
        return result

    def __contains__(self, name: object) -> bool:
        return name in self._sittings

    def __iter__(self) -> Iterator[str]:
        return iter(self._sittings)

    def __len__(self) -> int:
        return len(self._sittings)


class _Estimates(Mapping[str, RDMEstimate]):
    """The RDMs of the raters who have one, in the same way."""

    def __init__(self, results: StudyResults) -> None:
        self._results = results

    def __getitem__(self, name: str) -> RDMEstimate:
        if name not in self._results.raters:
            raise KeyError(name)
        estimate = self._results.chosen[name].estimate
        assert estimate is not None
        return estimate

    def __contains__(self, name: object) -> bool:
        return name in self._results.raters

    def __iter__(self) -> Iterator[str]:
        return iter(self._results.raters)

    def __len__(self) -> int:
        return len(self._results.raters)


@dataclass(frozen=True, eq=False, kw_only=True)
class _KeptResults(StudyResults):
    """Results of which all that the raters come to together was computed before, from the same inputs."""

    known: Overview

    @cached_property
    def raters(self) -> tuple[str, ...]:
        """The names of the raters who have an RDM."""
        return () if self.known.agreement is None else self.known.agreement.raters

    @cached_property
    def estimates(self) -> Mapping[str, RDMEstimate]:
        """The RDM of each rater who has one."""
        return _Estimates(self)

    @cached_property
    def failures(self) -> dict[str, str]:
        """Why others have none."""
        return {one["rater"]: one["problem"] for one in self.known.raters if one["problem"] is not None}

    @property
    def agreement(self) -> Agreement:
        """Agreement between the raters, as it was computed."""
        return _known(self.known.agreement)

    @property
    def pooled(self) -> GroupRDM:
        """The raters' RDMs as one, as it was computed."""
        return _known(self.known.group)

    @property
    def quality(self) -> GroupQuality:
        """Each rater against the others, as it was computed."""
        return _known(self.known.against_others)


def _known(value: T | None) -> T:
    if value is None:
        raise ValueError("no rater has an RDM")
    return value


def _stored(db: Session, sitting: Sitting, choice: Choice, computed: str | None = None) -> RaterResult | None:
    query = select(StoredRater.content).where(
        StoredRater.session_id == sitting.session_id,
        StoredRater.method == choice.method,
        StoredRater.with_excluded.is_(sitting.with_excluded),
        StoredRater.uncertainty.is_(choice.uncertainty),
        StoredRater.clip_set == (choice.clip_set or ""),
    )
    if computed is not None:
        query = query.where(StoredRater.inputs == computed)
    content = db.scalar(query)
    return None if content is None else unpack_rater(content)
