"""What one-time links lead to: an invitation to join, and a new password. Whoever has the link needs no login."""

from __future__ import annotations

import threading

import structlog
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from app.accounts.experimenters import find_account
from app.accounts.links import ask_for_reset, email_of_reset, invitation_of, join, make_account, use_reset
from app.accounts.logins import start_login
from app.accounts.passwords import MIN_PASSWORD_LENGTH
from app.config import Settings
from app.db import Database
from app.errors import AsterismError, Invalid
from app.logs import describe_error
from app.mail import MailFailed, send_mail
from app.web.browsers import browser_in_words
from app.web.context import database, settings
from app.web.forms import EmailForm, NewPasswordForm
from app.web.limits import count_reset
from app.web.login import account, start_in_browser

blueprint = Blueprint("links", __name__)
log = structlog.get_logger()


@blueprint.errorhandler(AsterismError)
def _failed(error: AsterismError) -> tuple[str, int]:
    title = "Link no longer valid" if error.status == 404 else "Not possible"
    return render_template("researcher/message.html", title=title, message=error.message), error.status


@blueprint.get("/invited/<token>")
def invited(token: str) -> str:
    """What the invitation is to, and the way in: with the account that is logged in, or with a new one."""
    return _invitation_page(token, NewPasswordForm())


@blueprint.post("/invited/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    """Join with the account that is logged in; without one, make the account first."""
    form = NewPasswordForm()
    if current_user.is_authenticated:
        with database().writing() as db:
            used = join(db, token, account())
    elif not form.validate_on_submit():
        return _invitation_page(token, form), 400
    else:
        try:
            with database().writing() as db:
                made = make_account(db, token, form.chosen())
                used = join(db, token, made)
                start_in_browser(made, start_login(db, made.id, browser_in_words()))
        except Invalid as error:
            form["again" if error.field == "again" else "password"].errors = [error.message]
            return _invitation_page(token, form), 400
    if used.study is None:
        return redirect(url_for("researcher.studies"), 303)
    return redirect(url_for("researcher.participants", name=used.study), 303)


@blueprint.get("/forgot")
def forgot() -> str:
    """Where somebody asks for a link to set a new password."""
    return render_template("researcher/forgot.html", form=EmailForm(), by_mail=bool(settings().smtp_host))


@blueprint.post("/forgot")
def send_reset() -> str | tuple[str, int]:
    """Say that a mail is on its way, whoever asks: nobody learns here who has an account (F41)."""
    form = EmailForm()
    by_mail = bool(settings().smtp_host)
    if not by_mail or not form.validate_on_submit():
        return render_template("researcher/forgot.html", form=form, by_mail=by_mail), 400
    count_reset(form.email.data)
    # Elsewhere, so that not even the time that this takes tells whether there is such an account.
    threading.Thread(
        target=_send_reset, args=(database(), settings(), form.email.data), name="reset", daemon=True
    ).start()
    return render_template("researcher/forgot.html", form=form, by_mail=by_mail, asked=True)


@blueprint.get("/reset/<token>")
def reset(token: str) -> str:
    """The form of the new password."""
    return _reset_page(token, NewPasswordForm())


@blueprint.post("/reset/<token>")
def set_new_password(token: str) -> Response | tuple[str, int]:
    """Set it; every browser is logged out, and the visitor logs in with it."""
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            with database().writing() as db:
                use_reset(db, token, form.chosen())
        except Invalid as error:
            form["again" if error.field == "again" else "password"].errors = [error.message]
        else:
            flash("The new password is set. Log in with it.")
            return redirect(url_for("login.login"), 303)
    return _reset_page(token, form), 400


def _send_reset(database: Database, settings: Settings, email: str) -> None:
    """Make the link and send it, if there is such an account; what failed is in the log."""
    try:
        with database.writing() as db:
            token = ask_for_reset(db, email)
            owner = find_account(db, email)
    except (AsterismError, SQLAlchemyError) as error:
        log.error("reset_not_made", error=describe_error(error))
        return
    if token is None or owner is None:
        return
    text = (
        f"Somebody, probably you, asked for a new password for {owner.email} at {settings.base_url}.\n\n"
        f"Set it here; the link works once, within an hour:\n{settings.base_url}/reset/{token}\n\n"
        "If it was not you, do nothing: your password stays as it is.\n"
    )
    try:
        send_mail(settings, owner.email, "New password for Asterism", text)
    except MailFailed:
        return


def _invitation_page(token: str, form: NewPasswordForm) -> str:
    with database().reading() as db:
        invitation = invitation_of(db, token)
        has_account = find_account(db, invitation.email) is not None
    return render_template(
        "researcher/invited.html",
        invitation=invitation,
        form=form,
        has_account=has_account,
        shortest=MIN_PASSWORD_LENGTH,
        here=request.path,
    )


def _reset_page(token: str, form: NewPasswordForm) -> str:
    with database().reading() as db:
        email = email_of_reset(db, token)
    return render_template("researcher/reset.html", email=email, form=form, shortest=MIN_PASSWORD_LENGTH)
