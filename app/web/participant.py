"""The participant's pages: consent at the study's link, then one page for the whole session."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.definition import StudyDefinition, check_definition
from app.domain import StudyState
from app.errors import NotFound, StudyClosed, Unauthorised
from app.markdown import to_html
from app.models import Study
from app.services.enrolment import enter, find_study, recruiter_parameters, session_of
from app.services.room import has_room
from app.services.session_view import DEFAULT_QUESTION
from app.web.context import database, settings
from app.web.strings import page_language, translate

blueprint = Blueprint("participant", __name__)

# MTurk shows a task before it is accepted under this id; nothing is stored for a preview (F21).
PREVIEW_ASSIGNMENT = "ASSIGNMENT_ID_NOT_AVAILABLE"


@blueprint.get("/join/<name>")
def consent(name: str) -> str:
    """What the study is about, and the button by which somebody agrees to take part."""
    with database().reading() as db:
        study = find_study(db, name)
    definition = _in_the_studys_words(study)
    if study.state == StudyState.DRAFT:
        raise StudyClosed(translate("This study is not taking new participants at the moment."))
    params = recruiter_parameters(definition.recruitment.parameters, request.args.to_dict(flat=False))
    return render_template(
        "participant/consent.html",
        study=_study(study, definition),
        consent_html=to_html(definition.texts.consent or default_consent()),
        params=params,
        preview=PREVIEW_ASSIGNMENT in request.args.values(),
    )


@blueprint.post("/join/<name>")
def agree(name: str) -> Response:
    """The person agrees: the session is made, or the earlier one of the same recruiter's link goes on."""
    with database().reading() as db:
        definition = _in_the_studys_words(find_study(db, name))
    params = recruiter_parameters(definition.recruitment.parameters, request.form.to_dict(flat=False))
    with database().writing() as db:
        entry = enter(db, name, params, language=page_language(), has_room=has_room(settings()))
    return redirect(url_for("participant.task", name=name, token=entry.token), 303)


@blueprint.get("/join/<name>/<token>")
def task(name: str, token: str) -> str:
    """The page of a session: instructions, the task, and the thanks; its state comes from the API."""
    with database().reading() as db:
        try:
            session = session_of(db, token)
        except Unauthorised as error:
            raise NotFound(translate("This link is not known. Open the link from your invitation again.")) from error
        study = db.get_one(Study, session.study_id)
        if study.name != name:
            raise NotFound(translate("This link is not known. Open the link from your invitation again."))
    g.study_language = session.language
    definition = _in_the_studys_words(study, keep_language=True)
    texts = definition.texts
    return render_template(
        "participant/task.html",
        study=_study(study, definition),
        instructions_html=to_html(texts.instructions or default_instructions()),
        thanks_html=to_html(texts.thanks or default_thanks()),
    )


def _in_the_studys_words(study: Study, *, keep_language: bool = False) -> StudyDefinition:
    definition = check_definition(study.definition)
    g.study_texts = definition.texts.replace
    if definition.language != "auto" and not keep_language:
        g.study_language = definition.language
    return definition


def _study(study: Study, definition: StudyDefinition) -> dict[str, str]:
    question = definition.texts.question or translate(DEFAULT_QUESTION)
    return {"name": study.name, "title": definition.title, "question": question}


def default_consent() -> str:
    """The consent text of a study that brings none of its own, in Markdown."""
    return translate(
        "In this study you will see short video clips and arrange them on the screen by how similar they are.\n\n"
        "* Taking part is voluntary. You can stop at any time, without giving a reason.\n"
        "* We store where you put the clips, what you played, and when. We do not store your name.\n"
        "* The data are used for research and may be shared in anonymous form.\n\n"
        "Please go on only if you agree."
    )


def default_instructions() -> str:
    """What stands above the page's own pictures of how it works, for a study that says nothing itself; in Markdown."""
    return translate(
        "You will see short video clips around a circle. Please arrange them by how similar they are to you."
    )


def default_thanks() -> str:
    """The thanks of a study that brings none of its own, in Markdown."""
    return translate("Your arrangements are a real help.")
