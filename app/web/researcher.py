"""The experimenter's pages: studies, a study's participants, clips and results, and the downloads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_login import login_required
from werkzeug.wrappers import Response

from analysis.estimators import ESTIMATORS
from analysis.formats.bundle import iter_bundle
from analysis.formats.source_bundle import GIVEN
from analysis.paper import FIGURES
from analysis.results import NOT_INDEPENDENT, is_over_cohort
from app.accounts.audit import note
from app.accounts.members import require_study, studies_of
from app.clips.differences import differences
from app.definition.study_toml import definition_of
from app.domain import ClipState, Role, StudyState
from app.errors import AsterismError, Invalid
from app.health import problems
from app.models import Study, now
from app.participation.pilots import pilot_ticket
from app.participation.retention import planned
from app.participation.set_choice import sets_of_study
from app.results.chosen import ExportOptions
from app.results.export import (
    MEADOWS,
    RDM_FORMATS,
    bundle_choices,
    bundle_contents,
    check_kind,
    meadows_file,
    rdm_file,
    rdms_to_download,
)
from app.results.figures import WIDTHS
from app.studies.admission import door
from app.studies.checking import failed_clips, missing_before_opening
from app.studies.lifecycle import close_study, open_study, study_warnings
from app.studies.monitoring import study_counts
from app.studies.origin import has_placements
from app.web import (
    answers_and_ratings,
    bring_in,
    figures,
    login,
    models_page,
    own_account,
    people,
    plan,
    quality,
    recruit,
    sessions,
    study_editing,
    study_life,
)
from app.web.context import database, settings
from app.web.downloads import download, file_name, wait_page
from app.web.login import account, account_id
from app.web.query import DEFAULT_METHOD, choice_of_request, switch
from app.web.study_json import public_address, study_view

blueprint = Blueprint("researcher", __name__)
# These pages need the login, its CSRF protection and its limits: registering them registers it.
blueprint.record_once(lambda state: login.init_app(cast(Flask, state.app)))
for _part in (
    study_editing,
    study_life,
    sessions,
    recruit,
    people,
    plan,
    own_account,
    quality,
    answers_and_ratings,
    figures,
    bring_in,
    models_page,
):
    blueprint.register_blueprint(_part.blueprint)


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def _require_login() -> None:
    """Every route of this blueprint is for experimenters alone."""


@blueprint.context_processor
def _server() -> dict[str, list[str]]:
    """Every page of an experimenter says what is wrong with the server, such as a disk that is nearly full (F05)."""
    return {"problems": problems(settings())}


@blueprint.errorhandler(AsterismError)
def failed(error: AsterismError) -> tuple[str, int]:
    """The page of an error, for an experimenter."""
    missing = error.status == 404
    name = (request.view_args or {}).get("name")
    back = None if missing or name is None else url_for("researcher.participants", name=name)
    title = "Page not found" if missing else "Not possible"
    return render_template("researcher/message.html", title=title, message=error.message, back=back), error.status


@blueprint.get("/")
def home() -> Response:
    """The studies are the home of an experimenter."""
    return redirect(url_for("researcher.studies"))


@blueprint.get("/studies")
def studies() -> str:
    """All studies of the account."""
    with database().reading() as db:
        visible = studies_of(db, account_id())
        counts = study_counts(db, visible)
        rows = [(study_view(study), counts[study.id], study.created_at) for study in visible]
    archived = [row for row in rows if row[0]["archived"]]
    rows = [row for row in rows if not row[0]["archived"]]
    return render_template("researcher/studies.html", rows=rows, archived=archived)


@blueprint.get("/studies/<name>")
def participants(name: str) -> str:
    """Who takes part, live; the participants' link; opening and closing."""
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        before = {"failed": failed_clips(study), "differences": differences(study.clips)}
        missing = missing_before_opening(db, study) if study.state == StudyState.DRAFT else []
        warnings = study_warnings(db, name)
        ticket = pilot_ticket(settings().secret_key, study)
        takes, door_sentence = door(study, now())
        return render_template(
            "researcher/participants.html",
            study=study_view(study),
            before=before,
            missing=missing,
            warnings=warnings,
            retention=planned(db, study),
            door=None if takes or study.state != StudyState.OPEN else door_sentence,
            try_link=public_address(url_for("pilots.consent", name=name, ticket=ticket)),
            pairs_are_shared=is_over_cohort(definition_of(study).design.method),
            clips_ready=sum(clip.state == ClipState.READY for clip in study.clips),
        )


@blueprint.get("/studies/<name>/clips")
def clips(name: str) -> str:
    """The clips and what became of each."""
    limits = {"max_clip_bytes": settings().max_clip_bytes, "max_clip_seconds": settings().max_clip_seconds}
    return render_template("researcher/clips.html", study=study_view(_seen(name)), **limits)


@blueprint.get("/studies/<name>/results")
def results(name: str) -> str:
    """RDMs, map, agreement, evidence, downloads."""
    study = _seen(name)
    definition = definition_of(study)
    shared = is_over_cohort(definition.design.method) and has_placements(study)
    with database().reading() as db:
        sets = [one.name for one in sets_of_study(db, study.id, definition)]
    return render_template(
        "researcher/results.html",
        sets=sets,
        pairs_are_shared=shared,
        study=study_view(study),
        methods=ESTIMATORS if has_placements(study) else (GIVEN,),
        has_placements=has_placements(study),
        default_method=DEFAULT_METHOD if has_placements(study) else GIVEN,
        formats=RDM_FORMATS,
        figures={key: figure for key, figure in FIGURES.items() if not (shared and figure.same_pairs)},
        widths=WIDTHS,
        not_independent=NOT_INDEPENDENT,
    )


@blueprint.post("/studies/<name>/open")
def open_it(name: str) -> Response:
    """Let participants in; without the files that cannot be used, if the page that was sent has named them."""
    with database().writing() as db:
        require_study(db, account_id(), name, Role.EDITOR)
        open_study(db, name, without_failed="without_failed" in request.form, by=account())
    return redirect(url_for("researcher.participants", name=name), 303)


@blueprint.post("/studies/<name>/close")
def close_it(name: str) -> Response:
    """Let no new participants in."""
    with database().writing() as db:
        require_study(db, account_id(), name, Role.EDITOR)
        close_study(db, name, by=account())
    return redirect(url_for("researcher.participants", name=name), 303)


@blueprint.get("/studies/<name>/bundle.zip")
def bundle(name: str) -> Response:
    """The export bundle, streamed while it is made (F29); recruiters' ids only for who may change the study."""
    options = ExportOptions(
        with_simulated=switch("simulated"),
        with_unfinished=switch("unfinished", default=False),
        recruiter_ids=switch("recruiter_ids", default=False),
        with_excluded=switch("excluded", default=False),
        uncertainty=switch("uncertainty", default=False),
    )
    study = _seen(name, Role.EDITOR if options.recruiter_ids else Role.VIEWER)

    def pieces() -> Iterator[bytes]:
        """The bytes of the bundle, read from one snapshot of the database while they are sent."""
        with database().reading() as db:
            yield from iter_bundle(bundle_contents(db, study, options))

    with database().reading() as db:
        wanted = bundle_choices(db, study, options)
    if (waiting := wait_page(study, wanted)) is not None:
        return waiting
    if options.recruiter_ids:
        with database().writing() as db:
            note(db, account(), "recruiters' ids exported", study)
            db.commit()
    return download(pieces(), "application/zip", f"{file_name(study)}.zip")


@blueprint.get("/studies/<name>/<any(raters, group):whose>.<kind>")
def rdms(name: str, whose: str, kind: str) -> Response:
    """The raters' RDMs, or the group's, as one file; with `completed=1` completed by the estimator's model."""
    completed = switch("completed", default=False)
    study = _seen(name)
    choice = choice_of_request()
    check_kind(kind)
    if (waiting := wait_page(study, [choice])) is not None:
        return waiting
    if kind == MEADOWS:
        if whose == "group":
            raise Invalid("Meadows' files are of raters, not of the group.", field="kind")
        with database().reading() as db:
            pieces = meadows_file(db, study, choice)
        return download(pieces, "application/zip", f"{file_name(study)}_{choice.method}.{kind}")
    with database().reading() as db:
        stack = rdms_to_download(db, study, choice, group=whose == "group", kind=kind, completed=completed)
    of_set = f"{re.sub(r'[^A-Za-z0-9.-]+', '-', choice.clip_set)}_" if choice.clip_set else ""
    of = f"{of_set}{whose}_{choice.method}{'_completed' if completed else ''}"
    return download(rdm_file(stack, kind), RDM_FORMATS[kind].mime_type, f"{file_name(study)}_{of}.{kind}")


def _seen(name: str, role: Role = Role.VIEWER) -> Study:
    with database().reading() as db:
        return require_study(db, account_id(), name, role)
