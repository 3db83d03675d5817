"""A study's plan as it is stored, and the state of the work on a newer one."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from analysis.planning import CohortPlan, Plan
from analysis.reliability import Coefficient
from analysis.results import Choice
from app.domain import WorkState
from app.json_numbers import finite
from app.models import Study, StudyPlan
from app.planning.basis import Basis, changes_since
from app.results.inputs import inputs_of
from app.results.stored import stored_overview
from app.version import VERSION


@dataclass(frozen=True)
class Standing:
    """The state of a study's plan.

    `content` is what was computed last (see `content_of`), None before the first time; `changes` says in sentences what
    of the study has changed since. `asked` are the settings that were asked for last.
    """

    content: dict[str, Any] | None
    computed_at: datetime | None
    changes: list[str]
    asked: dict[str, Any]
    state: WorkState
    done: int
    of: int
    reason: str | None


def standing_of(db: Session, study: Study, basis: Basis) -> Standing:
    """The plan of the study, held against the study as it is now."""
    row = db.get(StudyPlan, study.id)
    if row is None:
        return Standing(None, None, [], {}, WorkState.IDLE, 0, 0, None)
    changes = [] if row.content is None else changes_since(row.content["facts"], basis.facts | {"version": VERSION})
    return Standing(row.content, row.computed_at, changes, row.asked, row.state, row.done, row.of, row.reason)


def content_of(
    plan: Plan | CohortPlan,
    asked: dict[str, Any],
    models: tuple[str, str] | None,
    timing: dict[str, Any],
    facts: dict[str, Any],
) -> dict[str, Any]:
    """A plan with what it was computed from, as JSON values; what is not a finite number is None.

    `pairs_are_shared` says whether the plan is of a cohort; contents of earlier versions do not have it.
    """
    return {
        "pairs_are_shared": isinstance(plan, CohortPlan),
        "plan": finite(asdict(plan)),
        "asked": asked,
        "models": None if models is None else list(models),
        "timing": timing,
        "facts": facts | {"version": VERSION},
    }


@dataclass(frozen=True)
class Observed:
    """What results say of so many raters: the mean correlation of two of them, or of a cohort the RDM's reliability."""

    coefficient: Coefficient
    raters: int


def observed_agreement(db: Session, study: Study, *, is_over_cohort: bool) -> Observed | None:
    """What there is to hold against the plan, from the study's results; None while there are none."""
    overview = stored_overview(db, inputs_of(db, study.id, Choice(with_simulated=False)))
    if overview is None:
        overview = stored_overview(db, inputs_of(db, study.id, Choice()))
    if overview is None or overview.agreement is None:
        return None
    reliability = overview.agreement.reliability
    coefficient = reliability.split_half_corrected if is_over_cohort else reliability.pairwise_pearson
    return Observed(coefficient, reliability.n_raters) if math.isfinite(coefficient.value) else None
