"""The tab "People" of a study: its members, invitations, and the log of who did what."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.audit import entries_of_study
from app.accounts.links import invite, open_invitations, revoke
from app.accounts.members import WITH_ARTICLE, members_of, remove_member, require_study, set_role
from app.definition.study_toml import definition_of
from app.domain import Role
from app.errors import Invalid
from app.web.context import database
from app.web.invitations import Sent, hand_over
from app.web.login import account, account_id
from app.web.study_json import study_view

# Lines of the log on a page.
LINES = 50

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("people", __name__)


@blueprint.get("/studies/<name>/people")
def people(name: str) -> str:
    """Who may do what with the study, and who did what."""
    return _page(name)


@blueprint.post("/studies/<name>/people")
def invite_somebody(name: str) -> str | tuple[str, int]:
    """Invite somebody by e-mail address; the link is shown once, and sent where mail can be sent."""
    email = request.form.get("email", "").strip()
    try:
        with database().writing() as db:
            study = require_study(db, account_id(), name, Role.OWNER)
            role = _role_of_form()
            token = invite(db, email, study=study, role=role, by=account())
    except Invalid as error:
        return _page(name, wrong=error.message, typed=email), error.status
    what = f"the study “{definition_of(study).title}”, as {WITH_ARTICLE[role]}"
    return _page(name, sent=hand_over(email, token, what, account().email))


@blueprint.post("/studies/<name>/people/invitations/<int:number>/revoke")
def revoke_invitation(name: str, number: int) -> Response:
    """Let an invitation end."""
    with database().writing() as db:
        revoke(db, require_study(db, account_id(), name, Role.OWNER), number, by=account())
    return redirect(url_for(".people", name=name), 303)


@blueprint.post("/studies/<name>/people/<int:member>/role")
def change_role(name: str, member: int) -> Response:
    """Give a member another role."""
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.OWNER)
        set_role(db, study, member, _role_of_form(), by=account())
    return redirect(url_for(".people", name=name), 303)


@blueprint.post("/studies/<name>/people/<int:member>/remove")
def remove(name: str, member: int) -> Response:
    """Take the study away from a member: an owner from anybody, and everybody from oneself."""
    leaving = member == account_id()
    with database().writing() as db:
        study = require_study(db, account_id(), name, Role.VIEWER if leaving else Role.OWNER)
        remove_member(db, study, member, by=account())
    return redirect(url_for("researcher.studies") if leaving else url_for(".people", name=name), 303)


def _role_of_form() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise Invalid("Choose a role: viewer, editor or owner.", field="role") from error


def _page(name: str, *, sent: Sent | None = None, wrong: str = "", typed: str = "") -> str:
    before = request.args.get("before", type=int)
    with database().reading() as db:
        study = require_study(db, account_id(), name, Role.VIEWER)
        lines = entries_of_study(db, study, limit=LINES + 1, before=before)
        return render_template(
            "researcher/people.html",
            study=study_view(study),
            members=members_of(db, study),
            invitations=open_invitations(db, study),
            roles=[role.value for role in Role],
            sent=sent,
            wrong=wrong,
            typed=typed,
            lines=[entry for _, entry in lines[:LINES]],
            older=lines[LINES - 1][0] if len(lines) > LINES else None,
            before=before,
        )
