"""What the experimenter's pages load while they are open. A study that is somebody else's or unknown is a 404 (F43)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required
from sqlalchemy.orm import Session

from analysis.results import GROUP
from app.accounts.members import includes, require_study, role_in, studies_of
from app.clips.differences import differences
from app.definition.study_toml import definition_of
from app.domain import Role
from app.errors import NotFound
from app.health import problems
from app.heartbeat import worker_state
from app.models import now
from app.participation.places import places_taken
from app.participation.set_choice import set_counts
from app.results.chosen import options_of
from app.results.inputs import Inputs, inputs_of
from app.results.overview import Overview
from app.results.ratings import rated_attributes, ratings_mark
from app.results.sets import request_sets, results_of_sets
from app.results.so_far import reliability_so_far
from app.results.stored import Standing, standing_of, stored_overview, stored_rater
from app.results.work import request_results
from app.studies.monitoring import clips_of
from app.studies.watching import Figures, figures_of, page_of
from app.web import (
    answers_and_ratings,
    definition_api,
    group_estimates,
    judging_api,
    models_page,
    plan,
    sessions_api,
    study_api,
    uncertainty,
)
from app.web.agreement_json import agreement_view, reliability_view
from app.web.context import database, settings
from app.web.login import account_id, only_study
from app.web.query import choice_of_request, dimensions_of_request, switch
from app.web.results_json import (
    Vectors,
    group_vectors,
    map_view,
    rater_vectors,
    rdm_view,
    results_version,
    results_view,
    standing_view,
    tree_view,
)
from app.web.sessions_api import view_of_request
from app.web.sets_json import sets_view
from app.web.study_json import clip_view, session_row, study_view

blueprint = Blueprint("researcher_api", __name__, url_prefix="/api/v1/studies")
blueprint.register_blueprint(definition_api.blueprint)
blueprint.register_blueprint(judging_api.blueprint)
blueprint.register_blueprint(plan.api)
blueprint.register_blueprint(models_page.api)
blueprint.register_blueprint(answers_and_ratings.api)
blueprint.register_blueprint(sessions_api.blueprint)
blueprint.register_blueprint(study_api.blueprint)
blueprint.register_blueprint(uncertainty.blueprint)
blueprint.register_blueprint(group_estimates.blueprint)


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


@blueprint.get("")
def studies() -> Response:
    """The studies of the account; with a token for one study, that one."""
    with database().reading() as db:
        visible = [study for study in studies_of(db, account_id()) if only_study() in (None, study.name)]
        return jsonify(studies=[study_view(study) for study in visible])


@blueprint.get("/<name>")
def study(name: str) -> Response:
    """The study right now: its figures, a page of its sessions, and what is wrong with the server."""
    with database().reading() as db:
        row = require_study(db, account_id(), name, Role.VIEWER)
        with_ids = includes(role_in(db, account_id(), name), Role.EDITOR)
        page = page_of(db, row, view_of_request(), with_ids=with_ids)
        figures = figures_of(db, row)
        taken, sets = places_taken(db, row, now()), set_counts(db, row, definition_of(row), now())
    return jsonify(
        study=study_view(row),
        figures=_figures(figures),
        n_pilots=figures.pilots,
        sessions=[session_row(session, with_ids=with_ids) for session in page.rows if not session.is_pilot],
        pilots=[session_row(session, with_ids=with_ids) for session in page.rows if session.is_pilot],
        page=page.page,
        pages=page.pages,
        found=page.found,
        places_taken=taken,
        sets=sets,
        problems=problems(settings()),
    )


@blueprint.get("/<name>/live")
def live_figures(name: str) -> Response:
    """The study in numbers alone, and what is wrong with the server."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        figures = figures_of(db, study)
        taken, sets = places_taken(db, study, now()), set_counts(db, study, definition_of(study), now())
    return jsonify(
        study=study_view(study),
        figures=_figures(figures),
        n_pilots=figures.pilots,
        places_taken=taken,
        sets=sets,
        problems=problems(settings()),
    )


def _figures(figures: Figures) -> dict[str, Any]:
    shown = asdict(figures) | {"checks": figures.checks._asdict()}
    # In no number of participants.
    shown.pop("pilots")
    return shown


@blueprint.get("/<name>/reliability")
def reliability(name: str) -> Response:
    """How far the participants agree so far, and how many are still needed for a target."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
    so_far = reliability_so_far(database(), study.id, target=request.args.get("target", 0.9, type=float))
    return jsonify(reliability_view(so_far))


@blueprint.get("/<name>/clips")
def clips(name: str) -> Response:
    """The study's clips: what became of each file, and the addresses of poster and renditions."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        clips = clips_of(db, study)
        views = [clip_view(clip) for clip in clips]
        return jsonify(
            study=study_view(study), clips=views, differences=differences(clips), worker=worker_state(settings())
        )


@blueprint.get("/<name>/results")
def results(name: str) -> Response:
    """The results that were computed last, and their age; "working" (202) until there are any: ask again.

    Results that are missing or out of date are asked for, and the worker computes them. Who names the version that is
    known already, in `known`, gets just "unchanged" while it is still the last.
    """
    inputs, standing = _standing(name)
    if standing.is_wanted:
        with database().writing() as db:
            request_results(db, inputs)
        inputs, standing = _standing(name)
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        version = results_version(standing, ratings_mark(db, study))
    about = standing_view(standing, worker_state(settings()))
    if standing.computed is None:
        answer = jsonify(about | {"state": "working"})
        answer.status_code = 202
        return answer
    if request.args.get("known") == version:
        return jsonify(about | {"state": "unchanged"})
    with database().reading() as db:
        rated = rated_attributes(db, study, options_of(inputs.choice))
        return jsonify(about | results_view(inputs, version, _overview(db, inputs), rated))


@blueprint.post("/<name>/results/retry")
def retry(name: str) -> Response:
    """Ask once more for results that could not be computed."""
    inputs, _ = _standing(name)
    with database().writing() as db:
        request_results(db, inputs, retry=True)
    return jsonify(state="working")


@blueprint.get("/<name>/results/rdms/<rater>")
def rdm(name: str, rater: str) -> Response:
    """The RDM of a rater (P001, …) or of the group ("group"), with the pairs' evidence.

    With `completed=1` pairs that were not seen hold what the estimator's model predicts.
    """
    inputs, vectors = _vectors(name, rater)
    return jsonify(rdm_view(vectors, rater, inputs.target, completed=switch("completed", default=False)))


@blueprint.get("/<name>/results/maps/<rater>")
def clip_map(name: str, rater: str) -> Response:
    """The map of the clips of a rater or of the group, in two dimensions or, with `dims=3`, in three."""
    dims = dimensions_of_request()
    _, vectors = _vectors(name, rater)
    return jsonify(map_view(vectors, rater, dims, completed=switch("completed", default=False)))


@blueprint.get("/<name>/results/trees/<rater>")
def clip_tree(name: str, rater: str) -> Response:
    """The clips of a rater's RDM, or of the group's, joined by average linkage."""
    _, vectors = _vectors(name, rater)
    return jsonify(tree_view(vectors, completed=switch("completed", default=False)))


@blueprint.get("/<name>/results/agreement")
def agreement_between_raters(name: str) -> Response:
    """Reliability and noise ceiling."""
    with database().reading() as db:
        return jsonify(agreement_view(_overview(db, _inputs(db, name))))


@blueprint.get("/<name>/results/sets")
def sets_of_clips(name: str) -> Response:
    """Agreement in each of the study's sets of clips, and its means; what is missing or old is asked for."""
    with database().reading() as db:
        study_id, choice = require_study(db, account_id(), name, Role.VIEWER).id, choice_of_request()
        of_sets = results_of_sets(db, study_id, choice)
    request_sets(database(), of_sets)
    return jsonify(sets_view(of_sets, worker_state(settings())))


def _inputs(db: Session, name: str) -> Inputs:
    return inputs_of(db, require_study(db, account_id(), name, Role.VIEWER).id, choice_of_request())


def _standing(name: str) -> tuple[Inputs, Standing]:
    with database().reading() as db:
        inputs = _inputs(db, name)
        return inputs, standing_of(db, inputs)


def _overview(db: Session, inputs: Inputs) -> Overview:
    overview = stored_overview(db, inputs)
    if overview is None:
        raise NotFound("These results are not computed yet.")
    return overview


def _vectors(name: str, rater: str) -> tuple[Inputs, Vectors]:
    with database().reading() as db:
        inputs = _inputs(db, name)
        if rater == GROUP:
            return inputs, group_vectors(_overview(db, inputs))
        return inputs, rater_vectors(stored_rater(db, inputs, rater))
