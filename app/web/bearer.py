"""API tokens at the door: read from the header, held against the route, and refused everywhere but below /api/v1."""

from __future__ import annotations

from flask import request

from app.accounts.api_tokens import Access, access_of, note_use
from app.errors import Forbidden, NoStudy, Unauthorised
from app.web.context import database
from app.web.limits import count_failed_token, count_token, refuse_guessing_tokens
from app.web.scopes import BEYOND_ONE_STUDY, OF_ONE_STUDY, SCOPES

# The participants' API has tokens of its own.
PARTICIPANTS = {"participant_api", "pilots_api"}
MAX_LENGTH = 128


def token_of_request() -> str | None:
    """The token that the request comes with; None for pages, for the participants' API, and without one.

    Where it comes with one, its cookie counts for nothing, so no other site can ride on it.
    """
    if not request.path.startswith("/api/v1/") or request.blueprint in PARTICIPANTS:
        return None
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def access_of_request(text: str) -> Access:
    """What the token allows, once it is held against the route that was asked for.

    Raises
    ------
    Unauthorised
        When nobody was given this token, or it has expired or was revoked.
    Forbidden
        When the token is not for this.
    NotFound
        When it is for another study: the answer does not tell whether the one that was asked for exists.
    TooManyRequests
        When too many tokens were tried from this address, or this one is used too often.
    """
    refuse_guessing_tokens()
    with database().reading() as db:
        match = access_of(db, text) if 0 < len(text) <= MAX_LENGTH else None
    if match is None:
        count_failed_token()
        raise Unauthorised("This token is unknown, has expired or was revoked.")
    access, is_stale = match
    count_token(text)
    if is_stale:
        with database().writing() as db:
            note_use(db, text)
    _hold_against_route(access)
    return access


def _hold_against_route(access: Access) -> None:
    endpoint = request.endpoint or ""
    needed = SCOPES.get(endpoint)
    if needed is None:
        raise Forbidden("No token may do this.")
    if missing := sorted(needed - access.scopes):
        raise Forbidden(f"This token may not do this: it lacks the scope {' and '.join(missing)}.")
    if access.study is None:
        return
    name = (request.view_args or {}).get("name")
    if endpoint in BEYOND_ONE_STUDY or (name is None and endpoint not in OF_ONE_STUDY):
        raise Forbidden(f"This token may not do this: it is for the study {access.study} alone.")
    if name is not None and name.lower() != access.study:
        raise NoStudy(name)
