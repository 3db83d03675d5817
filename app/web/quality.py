"""The page on which a study's data are judged: how everybody worked, what is left out, by whom and why, who is left."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from analysis.figures.flow import participant_flow
from analysis.figures.style import file_of
from analysis.results import QUALITY_MEASURES, Choice, Flow
from app.accounts.members import require_study
from app.domain import Role, Verdict
from app.errors import Invalid
from app.heartbeat import worker_state
from app.models import Study
from app.participation.decisions import MAX_REASON, dismiss, exclude, include
from app.results.figures import MIME, drawing
from app.results.inputs import inputs_of
from app.results.judging import judging, study_flow
from app.results.stored import stored_overview
from app.results.work import request_results
from app.web.context import database, settings
from app.web.login import account, account_id
from app.web.study_json import study_view

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("quality", __name__, url_prefix="/studies/<name>/quality")


@blueprint.get("")
def page(name: str) -> str:
    """Proposals, measures, participants, the flow, and all decisions."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        judged = judging(db, study)
        flow = decided_flow(db, study)
    if judged.standing.is_wanted:
        with database().writing() as db:
            request_results(db, judged.inputs)
    workers = judged.workers or []
    return render_template(
        "researcher/quality.html",
        study=study_view(study),
        judged=judged,
        measures=[m for m in QUALITY_MEASURES if any(m.key in worker["values"] for worker in workers)],
        worker=worker_state(settings()),
        flow=flow,
        longest_reason=MAX_REASON,
    )


@blueprint.post("/decide")
def decide(name: str) -> AnyResponse:
    """Leave something out, take it in again, or pass over a proposal; then the page from which it was asked."""
    form = request.form
    rater, reason, rule = form.get("session", ""), form.get("reason", ""), form.get("rule") or None
    trial = trial_of(form.get("trial", ""))
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.EDITOR)
        decide_as_asked(db, study, form.get("verdict", ""), rater, trial, reason, rule)
    if form.get("back") == "session":
        is_out = form.get("verdict") == Verdict.EXCLUDE
        flash(f"Trial {trial} is {'left out of the results' if is_out else 'in the results again'}.")
        return redirect(url_for("researcher.sessions.show", name=name, session=rater, trial=trial), 303)
    return redirect(url_for(".page", name=name), 303)


@blueprint.get("/flow.<any(svg, pdf, png):kind>")
def flow_figure(name: str, kind: str) -> Response:
    """The participant flow as a figure for a paper."""
    with database().reading() as db:
        flow = decided_flow(db, require_study(db, account_id(), name, Role.VIEWER))
    with drawing:
        content = file_of(participant_flow(flow), kind)
    answer = Response(content, mimetype=MIME[kind])
    answer.headers["Content-Disposition"] = f'inline; filename="{name}_flow.{kind}"'
    return answer


def decide_as_asked(
    db: Session, study: Study, verdict: str, rater: str, trial: int | None, reason: str, rule: str | None
) -> None:
    """Do what a form or a body asks for. Commits.

    Raises
    ------
    Invalid
        When there is no such verdict, or a proposal is dismissed without the rule that made it.
    NotFound, NotAllowed
        As `app.participation.decisions`.
    """
    if verdict == Verdict.EXCLUDE:
        exclude(db, study, rater, reason, trial=trial, rule=rule, by=account())
    elif verdict == Verdict.INCLUDE:
        include(db, study, rater, reason, trial=trial, by=account())
    elif verdict == Verdict.DISMISS and rule is not None:
        dismiss(db, study, rater, rule, reason, trial=trial, by=account())
    else:
        raise Invalid("Say exclude, include, or dismiss with the rule that proposed it.", field="verdict")


def trial_of(text: str) -> int | None:
    """The number of a trial out of a form; None where the whole session is meant.

    Raises
    ------
    Invalid
        When it is no number.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise Invalid("A trial is named by its number.", field="trial")
    return int(text)


def decided_flow(db: Session, study: Study) -> Flow:
    """The flow as decided, to those who have an RDM by what was computed last."""
    choice = Choice()
    overview = stored_overview(db, inputs_of(db, study.id, choice))
    failures = [row["rater"] for row in overview.raters if row["problem"]] if overview is not None else []
    return study_flow(db, study, choice, failures)
