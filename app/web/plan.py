"""The page "Plan" of a study, and what it loads: what to expect before anybody takes part."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.accounts.members import require_study
from app.definition.study_toml import definition_of
from app.domain import Role, WorkState
from app.errors import Invalid
from app.heartbeat import worker_state
from app.planning.basis import basis_of
from app.planning.cohort_words import is_of_cohort
from app.planning.plan_settings import CHOICES, PlanSettings, models_of_texts, settings_of
from app.planning.stored import Observed, observed_agreement, standing_of
from app.planning.words import needed_sentence, sentences_of
from app.planning.work import request_plan
from app.web.context import database, settings
from app.web.login import account, account_id
from app.web.study_json import study_view

# Parts of the experimenter's pages and of their API: guarded as all of these.
blueprint = Blueprint("plan", __name__)
api = Blueprint("plan", __name__)

# The settings of the form, in groups, in the order of the page.
Groups = tuple[tuple[str, tuple[str, ...]], ...]
_ASSUMED: Groups = (
    ("Raters", ("individual", "noise", "random_trials", "truth")),
    ("Time", ("seconds_per_placement", "seconds_per_trial", "watch", "pace_spread")),
)
GROUPS: Groups = (
    ("What you want to know", ("raters", "reliability")),
    *_ASSUMED,
    ("Two models", ("model_a", "model_b", "comparator", "resample")),
)
COHORT_GROUPS: Groups = (("What you want to know", ("raters", "accuracy")), *_ASSUMED)
# What one plans with where the pairs are shared and the study names no places.
COHORT_RATERS = 100


class ModelText(BaseModel):
    """A model's RDM as a square table with the clips' names."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=200, description="The file's name.")
    text: str = Field(description="CSV or TSV.")


class PlanBody(BaseModel):
    """What a plan is to assume."""

    model_config = ConfigDict(extra="forbid", strict=True)

    settings: dict[str, Any] = Field(default={}, description="Assumptions by name; the others have their usual values.")
    models: list[ModelText] | None = Field(
        default=None, max_length=2, description="Models A and B; empty: none; left out: those that were given last."
    )


@blueprint.get("/studies/<name>/plan")
def plan(name: str) -> str:
    """Minutes, reliability and power to expect, and the assumptions behind them."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        basis = basis_of(db, study)
        standing = standing_of(db, study, basis)
        places = definition_of(study).recruitment.places or (COHORT_RATERS if basis.is_over_cohort else None)
        usual = {"raters": min(max(places, 2), 500)} if places else {}
        values = PlanSettings.model_validate(standing.asked or usual).model_dump()
        return render_template(
            "researcher/plan.html",
            study=study_view(study),
            fields=PlanSettings.model_fields,
            groups=COHORT_GROUPS if basis.is_over_cohort else GROUPS,
            choices=CHOICES,
            values=values,
        )


@api.get("/<name>/plan")
def read(name: str) -> Response:
    """The plan that was computed last, what it rests on, and the state of the work on a newer one."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        basis = basis_of(db, study)
        standing = standing_of(db, study, basis)
        observed = observed_agreement(db, study, is_over_cohort=basis.is_over_cohort)
    content = standing.content
    if content is not None and is_of_cohort(content) != basis.is_over_cohort:
        # The design was changed since: these results say nothing of that plan.
        observed = None
    work = None
    if standing.state != WorkState.IDLE:
        work = {
            "state": standing.state.value,
            "done": standing.done,
            "of": standing.of,
            "reason": standing.reason,
            "worker": worker_state(settings()),
        }
    return jsonify(
        computed_at=None if standing.computed_at is None else standing.computed_at.isoformat(),
        changes=standing.changes,
        work=work,
        plan=content,
        sentences=[] if content is None else sentences_of(content),
        needed=None if content is None else needed_sentence(content),
        observed=None if observed is None else _observed(observed),
    )


@api.post("/<name>/plan")
def ask(name: str) -> Response:
    """Ask for a plan; it is computed in the background."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        body = _body()
        wanted, models = settings_of(body.settings), None
        if body.models:
            texts = [(model.name, model.text) for model in body.models]
            models = models_of_texts(texts, basis_of(db, study).clips)
        request_plan(db, study, wanted, models, keep_models=body.models is None, by=account())
    answer = jsonify(state="waiting")
    answer.status_code = 202
    return answer


def _body() -> PlanBody:
    try:
        return PlanBody.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise Invalid(f"{field or 'The body'}: {first['msg']}", field=field) from error


def _observed(observed: Observed) -> dict[str, Any]:
    value, interval = observed.coefficient.value, observed.coefficient.interval
    known = interval[0] == interval[0]
    return {"value": value, "interval": list(interval) if known else None, "raters": observed.raters}
