"""The pages of the own account, and of all accounts for whoever administers them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.accounts.api_tokens import MAX_DAYS, MAX_NAME, USUAL_DAYS, make_token, revoke_token, tokens_of
from app.accounts.audit import entries_of_accounts
from app.accounts.experimenters import (
    all_accounts,
    change_password,
    check_own_password,
    remove_account,
    set_administrator,
)
from app.accounts.links import invite, open_invitations, revoke
from app.accounts.logins import browsers_of, end_logins, start_login
from app.accounts.members import studies_by_account, studies_of
from app.accounts.passwords import MIN_PASSWORD_LENGTH
from app.domain import Scope
from app.errors import AsterismError, Forbidden, Invalid, Unauthorised
from app.web.browsers import browser_in_words
from app.web.context import database
from app.web.forms import ChangePasswordForm
from app.web.invitations import Sent, hand_over
from app.web.limits import count_failed_login, refuse_guessing
from app.web.login import account, login_token, start_in_browser

LINES = 50
SCOPE_TEXTS = {
    Scope.READ.value: "See studies: settings, clips, plan, how far they are",
    Scope.PARTICIPANTS.value: "See participants’ data: sessions, quality, results, downloads",
    Scope.WRITE.value: "Change things, as far as your role in a study allows",
}

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


@blueprint.post("/account/tokens")
def new_token() -> str | tuple[str, int]:
    """Make an API token and show it, once; like a new password it takes the present one."""
    who, form = account(), request.form
    refuse_guessing(who.email)
    try:
        with database().writing() as db:
            check_own_password(db, who, form.get("current", ""))
            text = make_token(
                db,
                who,
                form.get("name", ""),
                form.getlist("scopes"),
                study=form.get("study") or None,
                days=form.get("days", 0, type=int),
                by=who,
            )
    except AsterismError as error:
        wrong_password = isinstance(error, Unauthorised)
        if wrong_password:
            count_failed_login(who.email)
        return _own_page(ChangePasswordForm(), wrong=error), 400 if wrong_password else error.status
    return _own_page(ChangePasswordForm(), made=text)


@blueprint.post("/account/tokens/<int:number>/revoke")
def end_token(number: int) -> Response:
    """End an API token of the account at once."""
    with database().writing() as db:
        name = revoke_token(db, number, account_id=account().id, by=account())
    flash(f"The token “{name}” no longer works.")
    return redirect(url_for(".own", _anchor="tokens"), 303)


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


def _own_page(form: ChangePasswordForm, *, made: str = "", wrong: AsterismError | None = None) -> str:
    who = account()
    with database().reading() as db:
        return render_template(
            "researcher/account.html",
            form=form,
            browsers=browsers_of(db, who.id, login_token()),
            shortest=MIN_PASSWORD_LENGTH,
            tokens=tokens_of(db, who.id),
            studies=[study.name for study in studies_of(db, who.id)],
            scopes=SCOPE_TEXTS,
            made=made,
            wrong=wrong,
            typed=request.form if wrong else {},
            chosen=request.form.getlist("scopes") if wrong else [Scope.READ.value],
            usual_days=USUAL_DAYS,
            most_days=MAX_DAYS,
            longest_name=MAX_NAME,
        )


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
