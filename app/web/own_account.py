"""The pages of the own account, and of all accounts for whoever administers them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.audit import entries_of_accounts
from app.accounts.experimenters import all_accounts, change_password, remove_account, set_administrator
from app.accounts.links import invite, open_invitations, revoke
from app.accounts.logins import browsers_of, end_logins, start_login
from app.accounts.members import studies_by_account
from app.accounts.passwords import MIN_PASSWORD_LENGTH
from app.errors import Forbidden, Invalid, Unauthorised
from app.web.browsers import browser_in_words
from app.web.context import database
from app.web.forms import ChangePasswordForm
from app.web.invitations import Sent, hand_over
from app.web.limits import count_failed_login, refuse_guessing
from app.web.login import account, login_token, start_in_browser

LINES = 50

# A part of the experimenter's pages: guarded, answered and told of the server's problems as all of them.
blueprint = Blueprint("account", __name__)


@blueprint.get("/account")
def own() -> str:
    """Password, and the browsers that are logged in."""
    return _own_page(ChangePasswordForm())


@blueprint.post("/account/password")
def new_password() -> Response | tuple[str, int]:
    """Change the password; every other browser is logged out."""
    form, who = ChangePasswordForm(), account()
    refuse_guessing(who.email)
    if form.validate_on_submit():
        try:
            with database().writing() as db:
                change_password(db, who, form.current.data, form.chosen())
                start_in_browser(who, start_login(db, who.id, browser_in_words()))
        except Unauthorised as error:
            count_failed_login(who.email)
            form.current.errors = [error.message]
        except Invalid as error:
            form[error.field or "password"].errors = [error.message]
        else:
            flash("The new password is set, and every other browser is logged out.")
            return redirect(url_for(".own"), 303)
    return _own_page(form), 400


@blueprint.post("/account/logout")
def end_others() -> Response:
    """Log out one other browser, or all others."""
    with database().writing() as db:
        end_logins(db, account().id, keep=login_token(), browser_id=request.form.get("browser"))
    return redirect(url_for(".own"), 303)


@blueprint.get("/accounts")
def accounts() -> str:
    """Everybody who may log in."""
    return _accounts_page()


@blueprint.post("/accounts")
def invite_account() -> str | tuple[str, int]:
    """Invite somebody to an account, without a study."""
    _require_administrator()
    email = request.form.get("email", "").strip()
    try:
        with database().writing() as db:
            token = invite(db, email, study=None, role=None, by=account())
    except Invalid as error:
        return _accounts_page(wrong=error.message, typed=email), error.status
    return _accounts_page(sent=hand_over(email, token, "an account", account().email))


@blueprint.post("/accounts/invitations/<int:number>/revoke")
def revoke_invitation(number: int) -> Response:
    """Let an invitation end."""
    _require_administrator()
    with database().writing() as db:
        revoke(db, None, number, by=account())
    return redirect(url_for(".accounts"), 303)


@blueprint.post("/accounts/administrator")
def change_administrator() -> Response:
    """Let an account administer the others, or no longer."""
    _require_administrator()
    with database().writing() as db:
        set_administrator(db, request.form.get("email", ""), request.form.get("may") == "1", by=account())
    return redirect(url_for(".accounts"), 303)


@blueprint.post("/accounts/remove")
def remove() -> Response:
    """Remove an account."""
    _require_administrator()
    with database().writing() as db:
        remove_account(db, request.form.get("email", ""), by=account())
    return redirect(url_for(".accounts"), 303)


def _require_administrator() -> None:
    if not account().is_administrator:
        raise Forbidden("Only an administrator of the accounts may do this.")


def _own_page(form: ChangePasswordForm) -> str:
    with database().reading() as db:
        browsers = browsers_of(db, account().id, login_token())
    return render_template("researcher/account.html", form=form, browsers=browsers, shortest=MIN_PASSWORD_LENGTH)


def _accounts_page(*, sent: Sent | None = None, wrong: str = "", typed: str = "") -> str:
    _require_administrator()
    with database().reading() as db:
        return render_template(
            "researcher/accounts.html",
            accounts=all_accounts(db),
            studies=studies_by_account(db),
            invitations=open_invitations(db, None),
            lines=entries_of_accounts(db, limit=LINES),
            sent=sent,
            wrong=wrong,
            typed=typed,
        )
