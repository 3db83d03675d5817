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
from app.planning.asked import CHOICES, PlanSettings, models_of_texts, settings_of
from app.planning.basis import basis_of
from app.planning.stored import observed_agreement, standing_of
from app.planning.words import needed_sentence, sentences_of
from app.planning.work import request_plan
from app.web.context import database, settings
from app.web.login import account, account_id
from app.web.study_json import study_view

# Parts of the experimenter's pages and of their API: guarded as all of these.
blueprint = Blueprint("plan", __name__)
api = Blueprint("plan", __name__)

# The settings of the form, in groups, in the order of the page.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("What you want to know", ("raters", "reliability")),
    ("Raters", ("individual", "noise", "random_trials", "truth")),
    ("Time", ("seconds_per_placement", "seconds_per_trial", "watch", "pace_spread")),
    ("Two models", ("model_a", "model_b", "comparator", "resample")),
)


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
        standing = standing_of(db, study, basis_of(db, study))
        places = definition_of(study).recruitment.places
        usual = {"raters": min(max(places, 2), 500)} if places else {}
        values = PlanSettings.model_validate(standing.asked or usual).model_dump()
        return render_template(
            "researcher/plan.html",
            study=study_view(study),
            fields=PlanSettings.model_fields,
            groups=GROUPS,
            choices=CHOICES,
            values=values,
        )


@api.get("/<name>/plan")
def read(name: str) -> Response:
    """The plan that was computed last, what it rests on, and how the work on a newer one stands."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        standing = standing_of(db, study, basis_of(db, study))
        observed = observed_agreement(db, study)
    content = standing.content
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
        observed=None if observed is None else {"value": observed.value, "interval": _interval(observed.interval)},
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


def _interval(interval: tuple[float, float]) -> list[float] | None:
    return list(interval) if interval[0] == interval[0] else None
