"""The participant's API. A bearer token names the session; nothing ambient (no cookie) does."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, g, jsonify, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from app.errors import Conflict, Invalid, NotProven, Unauthorised
from app.participation.answers import hand_in
from app.participation.drafts import save_draft, take_lease
from app.participation.enrolment import session_of
from app.participation.payloads import MAX_BODY
from app.participation.rating_answers import rate
from app.participation.record import SessionRecord
from app.participation.session_log import record_event
from app.participation.submission import submit
from app.participation.trials import advance, start
from app.participation.withdrawal import withdraw
from app.web.context import database
from app.web.error_answers import failure
from app.web.language import translate
from app.web.session_json import session_view
from app.web.signing import media_url

blueprint = Blueprint("participant_api", __name__, url_prefix="/api/v1/session")

MAX_EVENT = 16 * 1024
TAB = re.compile(r"[A-Za-z0-9_-]{1,64}")


@blueprint.get("")
def show() -> Response:
    """The session view."""
    return jsonify(_present())


@blueprint.post("/lease")
def lease() -> Response:
    """This tab goes on with the task; an older one is told so, and its last draft may be on its way."""
    with database().writing() as db:
        draft_coming = take_lease(db, bearer_token(), tab=_tab())
    return jsonify(_present() | {"draft_coming": draft_coming})


@blueprint.post("/start")
def begin() -> Response:
    """The instructions were read."""
    return jsonify(view_of(start(database(), bearer_token())))


@blueprint.put("/trials/<key>")
def put_trial(key: str) -> Response:
    """A finished trial comes in; the ack is sent after its commit, with what comes next."""
    raw = _body(MAX_BODY)
    try:
        ack, record = submit(database(), bearer_token(), key, raw)
    except Conflict as error:
        response = failure(error.status, error.code, error.message)
        response.set_data(jsonify({**(response.get_json() or {}), "next": _present()}).get_data())
        return response
    return jsonify(ack={"trial_key": ack.trial_key, "sha256": ack.sha256}, next=view_of(record, practised=key))


@blueprint.put("/trials/<key>/draft")
def put_draft(key: str) -> Response:
    """The placements so far."""
    raw = _body(MAX_BODY)
    with database().writing_rows() as db:
        saved = save_draft(db, bearer_token(), key, raw, tab=_tab())
    return jsonify(saved=saved)


@blueprint.put("/answers/<sheet>")
def put_answers(sheet: str) -> Response:
    """The answers to a sheet of questions come in; the ack is sent after their commit, with what comes next."""
    raw = _body(MAX_BODY)
    ack, record = hand_in(database(), bearer_token(), sheet, raw)
    return jsonify(ack={"sheet": ack.sheet, "sha256": ack.sha256}, next=view_of(record))


@blueprint.put("/ratings/<key>")
def put_rating(key: str) -> Response:
    """How a clip was rated comes in; the ack is sent after its commit, with what comes next."""
    raw = _body(MAX_BODY)
    ack, record = rate(database(), bearer_token(), key, raw)
    return jsonify(ack={"rating_key": ack.rating_key, "sha256": ack.sha256}, next=view_of(record))


@blueprint.post("/events")
def events() -> Response:
    """Something for the session's log."""
    raw = _body(MAX_EVENT)
    with database().writing() as db:
        kept = record_event(db, bearer_token(), raw)
    return jsonify(kept=kept)


@blueprint.delete("")
def leave() -> Response:
    """The participant withdraws."""
    try:
        with database().writing() as db:
            withdraw(db, bearer_token())
    except NotProven as error:
        with database().reading() as db:
            g.study_language = session_of(db, bearer_token()).language
        raise NotProven(translate(error.message)) from error
    return jsonify(_present())


def _present() -> dict[str, Any]:
    return view_of(advance(database(), bearer_token()))


def view_of(record: SessionRecord, *, practised: str | None = None) -> dict[str, Any]:
    """The session view of a record, in the language of the participant's page."""
    with database().reading() as db:
        view = session_view(db, record, tab=_tab(), media_url=media_url, asset_url=_asset_url, practised=practised)
    # The program's own wording comes in the language of the participant's page; a study's wording passes unchanged.
    g.study_language = record.session.language
    for part in (view["study"], view["trial"] or {}):
        if part.get("question"):
            part["question"] = translate(part["question"])
    return view


def _asset_url(path: str) -> str:
    return url_for("static", filename=path)


def bearer_token() -> str:
    """The token that the request shows.

    Raises
    ------
    Unauthorised
        When it shows none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorised("The request has no bearer token.")
    return token


def _tab() -> str:
    tab = request.headers.get("X-Tab", "")
    if tab and not TAB.fullmatch(tab):
        raise Invalid("X-Tab must be 1 to 64 letters, digits, - or _.", field="X-Tab")
    return tab


def _body(limit: int) -> bytes:
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge()
    # A body that does not say its length is read to here and would be cut off in silence: one byte more tells.
    request.max_content_length = limit + 1
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise RequestEntityTooLarge()
    return body
