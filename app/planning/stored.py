"""A study's plan as it is stored, and how the work on a newer one stands."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from analysis.planning import Plan
from analysis.reliability import Coefficient
from analysis.results import Choice
from app.domain import WorkState
from app.models import Study, StudyPlan
from app.planning.basis import Basis, changes_since
from app.results.inputs import inputs_of
from app.results.stored import stored_overview
from app.version import VERSION


@dataclass(frozen=True)
class Standing:
    """How a study's plan stands.

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
    plan: Plan, asked: dict[str, Any], models: tuple[str, str] | None, timing: dict[str, Any], facts: dict[str, Any]
) -> dict[str, Any]:
    """A plan with what it was computed from, as JSON values; what is not a finite number is None."""
    return {
        "plan": _finite(asdict(plan)),
        "asked": asked,
        "models": None if models is None else list(models),
        "timing": timing,
        "facts": facts | {"version": VERSION},
    }


def observed_agreement(db: Session, study: Study) -> Coefficient | None:
    """The mean correlation of two raters of the study, as its results have it; None while there are none."""
    overview = stored_overview(db, inputs_of(db, study.id, Choice(with_simulated=False)))
    if overview is None:
        overview = stored_overview(db, inputs_of(db, study.id, Choice()))
    if overview is None or overview.agreement is None:
        return None
    found = overview.agreement.reliability.pairwise_pearson
    return found if math.isfinite(found.value) else None


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
