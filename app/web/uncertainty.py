"""How well each rater's RDM is known: asked for on the results page, computed in the background, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy.orm import Session

from app.accounts.members import require_study
from app.domain import Role, WorkState
from app.heartbeat import worker_state
from app.results.inputs import Inputs, inputs_of
from app.results.stored import standing_of, stored_overview
from app.results.work import request_results
from app.web.context import database, settings
from app.web.login import account_id
from app.web.query import choice_of_request
from app.web.results_json import standing_view

# A part of the experimenter's API: guarded as all of it.
blueprint = Blueprint("uncertainty", __name__)

# What a rater takes on one core, in seconds, however few clips there are; and for how many pairs a second more. Of
# `combined`: 6 s at 20 clips, 8 s at 40, 16 s at 80, 30 s at 100.
AT_LEAST, PAIRS_A_SECOND = 5.0, 250.0


@blueprint.get("/<name>/results/uncertainty")
def read(name: str) -> Response:
    """How well each rater's RDM is known, as computed last, and the state of the work on it; nothing is asked for."""
    with database().reading() as db:
        return jsonify(_view(db, _inputs(db, name)))


@blueprint.post("/<name>/results/uncertainty")
def ask(name: str) -> Response:
    """Ask for standard errors and each RDM's correlation with the truth."""
    with database().reading() as db:
        inputs = _inputs(db, name)
    with database().writing() as db:
        request_results(db, inputs, retry=True)
    with database().reading() as db:
        return jsonify(_view(db, inputs))


def _inputs(db: Session, name: str) -> Inputs:
    study = require_study(db, account_id(), name, Role.VIEWER)
    return inputs_of(db, study.id, replace(choice_of_request(), uncertainty=True))


def _view(db: Session, inputs: Inputs) -> dict[str, Any]:
    standing = standing_of(db, inputs)
    about = standing_view(standing, worker_state(settings()))
    if standing.is_current:
        state = "ready"
    elif standing.state == WorkState.IDLE:
        state, about["update"] = ("none" if standing.computed is None else "old"), None
    else:
        state = "failed" if standing.state == WorkState.FAILED else "working"
    overview = stored_overview(db, inputs)
    n_items = len(inputs.clips)
    return about | {
        "state": state,
        "raters": len(inputs.chosen),
        "seconds": round(AT_LEAST + n_items * (n_items - 1) / 2 / PAIRS_A_SECOND),
        "known": [
            {"rater": row["rater"], "correlation": row["correlation_with_truth"], "reason": row["no_interval"]}
            for row in (overview.raters if overview is not None else ())
            if row["problem"] is None
        ],
    }
