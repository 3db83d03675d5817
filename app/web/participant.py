"""The participant's pages: consent at the study's link, then one page for the whole session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.dates import format_date, format_time
from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.definition.consent import as_question
from app.definition.find import find_study
from app.definition.kinds import kind_of_study, kinds_of_study, one_kind
from app.definition.moments import zone_of
from app.definition.question import question_of
from app.definition.study_toml import StudyDefinition, definition_of, definition_of_session
from app.domain import ItemKind, StudyState
from app.errors import LinkRefused, NotFound, NotYetOpen, StudyClosed, Unauthorised
from app.health import has_room
from app.i18n.wordings import Kind
from app.models import Study
from app.participation.consent import ClausesMissing, ReadAnother, consent_mark
from app.participation.enrolment import Door, check_entry, check_link, enter, session_of
from app.participation.ratings import expected_rating_minutes
from app.recruiters import signing
from app.recruiters.arrival import Arrival, IdNote, bare, is_preview, link_query, name_of_typed, read_link
from app.recruiters.endings import Ending, WayBack, code_and_url, way_back
from app.web import error_answers
from app.web.context import database, settings
from app.web.default_texts import (
    default_consent,
    default_instructions,
    default_quota_full,
    default_screened_out,
    default_thanks,
    how_long,
)
from app.web.language import page_language, translate
from app.web.limits import count_join
from app.web.questions_json import page_question, sheets_of_page
from app.web.ratings_json import rating_questions
from app.web.session_json import way_back_view
from app.web.study_texts import html_of

blueprint = Blueprint("participant", __name__)

Answer = str | tuple[str, int] | Response
# A browser shows at most this many tokens of sessions that it has kept.
MAX_HELD = 20


@blueprint.get("/join/<name>", strict_slashes=False)
@blueprint.get("/<any(JOIN, Join):_capitals>/<name>", strict_slashes=False)
def consent(name: str, _capitals: str | None = None) -> Answer:
    """What the study is about, and the button by which somebody agrees to take part.

    Whoever could not take part is told so here, before the consent is read; who comes back gets in.
    """
    if _capitals or name != name_of_typed(name):
        return _canonical("participant.consent", name=name)
    query = link_query(request.query_string)
    try:
        return _consent_of_link(name, query)
    except StudyClosed as error:
        return _turned_away(name, query, error)


def _consent_of_link(
    name: str, query: dict[str, list[str]], *, changed: str | None = None, missing: ClausesMissing | None = None
) -> str:
    """The page for whoever opens the link with that query; `changed` or `missing` say why it is shown once more."""
    with database().reading() as db:
        study = find_study(db, name)
        definition = _in_the_studys_words(db, study)
        if study.state == StudyState.DRAFT:
            raise StudyClosed(translate("This study is not taking new participants at the moment."))
        arrival = read_link(definition.recruitment.parameters, query)
        preview = is_preview(query)
        door = Door()
        if not preview:
            _check_link(name, definition, arrival)
            door = check_entry(db, study, arrival.parameters, has_room=has_room(settings()))
        agreed = None
        if door.session is not None and not door.may_again:
            # A session goes on as the version that it began with: what was agreed to then is shown.
            agreed = definition_of_session(db, door.session, study)
    params = dict(arrival.parameters)
    if definition.recruitment.signed:
        params[signing.PARAMETER] = request.values.get(signing.PARAMETER, "")
    return consent_page(
        study,
        g.study_kind,
        agreed,
        params=params,
        preview=preview,
        may_again=door.may_again,
        comes_back=door.session is not None,
        changed=changed,
        missing=missing,
    )


def consent_page(study: Study, kind: Kind, agreed: StudyDefinition | None = None, **shown: Any) -> str:
    """The consent page of a study that shows items of this kind, or of what somebody has `agreed` to before.

    `shown` says for whom.
    """
    definition = agreed or _in_words_for(kind, study)
    g.study_texts, g.study_kind = definition.texts.replace, kind
    with database().reading() as db:
        html = html_of(db, study)
    return render_template(
        "participant/consent.html",
        study=_study(study, definition),
        consent_html=html(
            definition.texts.consent or default_consent(asks=bool(definition.questions or definition.ratings.questions))
        ),
        how_long=_how_long(study, definition),
        min_window=definition.arena.min_window,
        devices=definition.recruitment.devices,
        clauses=[page_question(as_question(clause), page_language(), html) for clause in definition.consent.clauses],
        mark=consent_mark(study, page_language()),
        may_decline=code_and_url(definition.recruitment, Ending.NO_CONSENT) != (None, None),
        **shown,
    )


@blueprint.post("/join/<name>", strict_slashes=False)
def agree(name: str) -> Answer:
    """The person agrees: the session is made, or the earlier one goes on. Whoever declines leaves nothing behind."""
    args, form = link_query(request.query_string), request.form.to_dict(flat=False)
    if is_preview(args) or is_preview(form):
        return _canonical("participant.consent", name=name)
    with database().reading() as db:
        definition = _in_the_studys_words(db, find_study(db, name))
    # The page's form goes to the address of the link, whose query is what the recruiter gave; the form repeats it.
    arrival = read_link(definition.recruitment.parameters, args)
    query = args
    if arrival.note == IdNote.PLAIN_LINK:
        query, arrival = form, read_link(definition.recruitment.parameters, form)
    _check_link(name.lower(), definition, arrival)
    if "declined" in form:
        back = way_back(definition.recruitment, Ending.NO_CONSENT, arrival.parameters)
        title, message = translate("You do not take part"), translate("Nothing about you has been stored.")
        return _ended(back, title=title, message=message)
    count_join(settings())
    try:
        with database().writing() as db:
            entry = enter(
                db,
                name,
                arrival.parameters,
                id_note=arrival.note,
                held=request.form.getlist("held")[:MAX_HELD],
                again=request.form.get("again") == "1",
                language=page_language(),
                read=request.form.get("read", ""),
                ticked=request.form.getlist("clause"),
                has_room=has_room(settings()),
            )
    except ReadAnother as error:
        return _consent_of_link(name.lower(), query, changed=error.message), error.status
    except ClausesMissing as error:
        return _consent_of_link(name.lower(), query, missing=error), error.status
    except StudyClosed as error:
        return _turned_away(name, query, error)
    return redirect(url_for("participant.task", name=name.lower(), token=entry.token), 303)


@blueprint.get("/join/<name>/<token>", strict_slashes=False)
@blueprint.get("/<any(JOIN, Join):_capitals>/<name>/<token>", strict_slashes=False)
def task(name: str, token: str, _capitals: str | None = None) -> str | Response:
    """The page of a session: instructions, the task, and the thanks; its state comes from the API."""
    if _capitals or name != name_of_typed(name) or token != bare(token):
        return _canonical("participant.task", name=name, token=bare(token))
    with database().reading() as db:
        try:
            session = session_of(db, token)
        except Unauthorised as error:
            raise NotFound(
                translate("We do not recognise this link. Open the link from your invitation again.")
            ) from error
        study = db.get_one(Study, session.study_id)
        if study.name != name:
            raise NotFound(translate("We do not recognise this link. Open the link from your invitation again."))
        definition = definition_of_session(db, session, study)
        kinds = kinds_of_study(db, study.id)
        html = html_of(db, study)
    g.study_language, g.study_texts = session.language, definition.texts.replace
    g.study_kind = one_kind(kinds)
    texts = definition.texts
    # What was rated, and the sound check of it, lie behind whoever reads the instructions then.
    rated_before = bool(definition.ratings.questions) and definition.ratings.when == "before"
    return render_template(
        "participant/task.html",
        study=_study(study, definition),
        instructions_html=html(texts.instructions or default_instructions()),
        thanks_html=html(texts.thanks or default_thanks()),
        screened_out_html=html(texts.screened_out or default_screened_out()),
        quota_full_html=html(texts.quota_full or default_quota_full()),
        sheets=sheets_of_page(definition, session.language, html),
        rating_questions=rating_questions(definition, session.language, html),
        rating_html=html(definition.ratings.instructions or ""),
        rules=definition,
        kind=g.study_kind,
        has_sounds=ItemKind.SOUND in kinds,
        hears_clips=definition.playback.sound and g.study_kind not in {"picture", "sound"},
        watch="free" if g.study_kind == "picture" else definition.playback.watch,
        pilot=session.is_pilot,
        rated_before=rated_before,
        how_long=how_long(definition) if rated_before else _how_long(study, definition),
        from_bucket=bool(settings().bucket_url),
    )


def _turned_away(name: str, query: dict[str, list[str]], error: StudyClosed) -> Answer:
    """The page of somebody who comes when nobody can begin: why, and the way back where the recruiter has one for it.

    Raises
    ------
    StudyClosed
        Where there is none, with words for the participant.
    """
    with database().reading() as db:
        study = find_study(db, name)
    recruitment = definition_of(study).recruitment
    message = translate(error.message)
    if isinstance(error, NotYetOpen):
        raise StudyClosed(message.replace("{when}", _when(error.opens))) from error
    arrival = read_link(recruitment.parameters, query)
    back = way_back(recruitment, Ending.FULL, arrival.parameters)
    if study.state == StudyState.DRAFT or code_and_url(recruitment, Ending.FULL) == (None, None):
        raise StudyClosed(message) from error
    page = _ended(back, title=translate(error_answers.TITLES[error.status]), message=message)
    return page, error.status


def _ended(back: WayBack, *, title: str, message: str) -> str:
    return render_template("participant/ended.html", title=title, message=message, completion=way_back_view(back))


def _when(moment: datetime) -> str:
    """The moment in the language of the page, in the time zone in which the study names it."""
    language = page_language()
    day, time = (
        format_date(moment.date(), "long", locale=language),
        format_time(moment.time(), "short", locale=language),
    )
    return f"{day}, {time} ({zone_of(moment)})"


def _canonical(endpoint: str, *, name: str, **values: Any) -> Response:
    """To the same page under the study's name as it is written, with the query as it came."""
    address = url_for(endpoint, name=name_of_typed(name), **values)
    query = request.query_string.decode("latin-1")
    return redirect(f"{address}?{query}" if query else address)


def _check_link(name: str, definition: StudyDefinition, arrival: Arrival) -> None:
    sig = request.values.get(signing.PARAMETER, "")
    try:
        check_link(name, definition.recruitment, arrival, sig, settings().secret_key)
    except LinkRefused as error:
        # For whoever made the link, in no language: the name that it has, and the one that study.toml has.
        meant = f" ({arrival.similar[:64]} ≠ {definition.recruitment.parameters[0]})" if arrival.similar else ""
        raise LinkRefused(translate(error.message) + meant) from error


def _in_the_studys_words(db: Session, study: Study) -> StudyDefinition:
    return _in_words_for(kind_of_study(db, study.id), study)


def _in_words_for(kind: Kind, study: Study) -> StudyDefinition:
    definition = definition_of(study)
    g.study_texts, g.study_kind = definition.texts.replace, kind
    if definition.language != "auto":
        g.study_language = definition.language
    return definition


def _study(study: Study, definition: StudyDefinition) -> dict[str, str]:
    question = translate(question_of(definition))
    return {"name": study.name, "title": definition.title, "question": question}


def _how_long(study: Study, definition: StudyDefinition) -> str:
    """How long taking part takes, with the time that rating clips takes."""
    with database().reading() as db:
        minutes = round(expected_rating_minutes(db, study, definition))
    if not definition.ratings.questions:
        return how_long(definition)
    more = translate("Rating clips takes about {n} minutes more.").replace("{n}", str(minutes))
    if minutes <= 1:
        more = translate("Rating clips takes about a minute more.")
    return f"{how_long(definition)} {more}"
