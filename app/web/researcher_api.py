"""What the experimenter's pages load while they are open. Reading only; a foreign or unknown study is a 404 (F43)."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_login import login_required
from sqlalchemy.orm import Session

from app.accounts.accounts import own_studies, own_study
from app.clips.differences import differences
from app.health import problems
from app.models import Study
from app.results.estimates import Estimates, estimate_raters
from app.studies.definition import check_definition
from app.studies.monitoring import clips_of, session_statuses
from app.web.context import database, settings
from app.web.login import account_id
from app.web.researcher_json import (
    agreement_view,
    choice_of_request,
    clip_view,
    map_view,
    rdm_view,
    results_version,
    results_view,
    session_view,
    study_view,
    switch,
)

blueprint = Blueprint("researcher_api", __name__, url_prefix="/api/v1/studies")

# An answer takes about this long at most while RDMs are being computed; the page asks again and shows how far it is.
SECONDS_PER_ANSWER = 1.0


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


@blueprint.get("")
def studies() -> Response:
    """The studies of the account that is logged in."""
    with database().reading() as db:
        return jsonify(studies=[study_view(study) for study in own_studies(db, account_id())])


@blueprint.get("/<name>")
def study(name: str) -> Response:
    """How the study stands: its state, its sessions, and what is wrong with the server."""
    with database().reading() as db:
        found = own_study(db, account_id(), name)
        sessions = [session_view(session) for session in session_statuses(db, found)]
    return jsonify(study=study_view(found), sessions=sessions, problems=problems(settings()))


@blueprint.get("/<name>/clips")
def clips(name: str) -> Response:
    """The study's clips: what became of each file, and the addresses of poster and renditions."""
    with database().reading() as db:
        found = own_study(db, account_id(), name)
        clips = clips_of(db, found)
        views = [clip_view(clip) for clip in clips]
        return jsonify(study=study_view(found), clips=views, differences=differences(clips))


@blueprint.get("/<name>/results")
def results(name: str) -> Response:
    """The raters and their state; "working" (202) until every RDM is computed: ask again, each answer computes more.

    Who names the version that is known already, in `known`, gets just "unchanged" while it is the present one.
    """
    with database().reading() as db:
        found = own_study(db, account_id(), name)
        estimates = estimate_raters(db, found.id, choice_of_request(), seconds=SECONDS_PER_ANSWER)
    if not estimates.complete:
        return _working(estimates)
    if request.args.get("known") == results_version(estimates):
        return jsonify(state="unchanged")
    return jsonify(results_view(estimates, _target(found)))


def _working(estimates: Estimates) -> Response:
    answer = jsonify(state="working", done=estimates.done, of=estimates.of)
    answer.status_code = 202
    return answer


@blueprint.get("/<name>/results/rdms/<rater>")
def rdm(name: str, rater: str) -> Response:
    """The RDM of a rater (P001, …) or of the group ("group"), with the pairs' evidence.

    With `completed=1` pairs that were not seen hold what the estimator's model predicts.
    """
    with database().reading() as db:
        found, estimates = _estimates(db, name)
    return jsonify(rdm_view(estimates.results, rater, _target(found), completed=switch("completed", default=False)))


@blueprint.get("/<name>/results/maps/<rater>")
def clip_map(name: str, rater: str) -> Response:
    """The map of the clips of a rater or of the group."""
    with database().reading() as db:
        _, estimates = _estimates(db, name)
    return jsonify(map_view(estimates.results, rater, completed=switch("completed", default=False)))


@blueprint.get("/<name>/results/agreement")
def agreement_between_raters(name: str) -> Response:
    """Reliability and noise ceiling."""
    with database().reading() as db:
        _, estimates = _estimates(db, name)
    return jsonify(agreement_view(estimates.results))


def _estimates(db: Session, name: str) -> tuple[Study, Estimates]:
    found = own_study(db, account_id(), name)
    return found, estimate_raters(db, found.id, choice_of_request())


def _target(found: Study) -> float:
    return check_definition(found.definition).stop.min_evidence
