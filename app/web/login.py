"""Logging in and out, the one-time set-up link, and what guards every page of an experimenter: CSRF and rate limits."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from app.accounts.account import Account
from app.accounts.api_tokens import Access
from app.accounts.experimenters import has_experimenter
from app.accounts.logins import account_of_login, end_login, log_in, start_login
from app.accounts.members import includes, role_in
from app.accounts.passwords import MIN_PASSWORD_LENGTH
from app.accounts.setup_links import check_setup_link, use_setup_link
from app.domain import Role
from app.errors import Invalid, Unauthorised
from app.web.bearer import access_of_request, token_of_request
from app.web.browsers import browser_in_words
from app.web.context import database
from app.web.forms import LoginForm, SetupForm
from app.web.limits import count_failed_login, refuse_guessing

blueprint = Blueprint("login", __name__)

# Participants carry a bearer token and no cookie, so there is nothing that another site could ride on (F39).
BEARER_BLUEPRINTS = {"participant", "participant_api", "pilots", "pilots_api"}


class User(UserMixin):  # type: ignore[misc]
    """An account as Flask-Login wants it. The cookie holds the token of a login that the server can end.

    `access` is what an API token allows; None for somebody who is logged in.
    """

    def __init__(self, account: Account, login: str, access: Access | None = None) -> None:
        self.account = account
        self.login = login
        self.access = access

    def get_id(self) -> str:
        """What the cookie holds: the login's token."""
        return self.login


def account() -> Account:
    """The account that is logged in: the one that acts, for the log of who did what."""
    logged_in: Account = current_user.account
    return logged_in


def account_id() -> int:
    """The number of the account that is logged in."""
    return account().id


def only_study() -> str | None:
    """The name of the only study that the request's token is for; None for all of the account's."""
    access: Access | None = current_user.access
    return None if access is None else access.study


def login_token() -> str:
    """The token of the login that the request comes with."""
    return str(current_user.login)


def may(role: str, study: str) -> bool:
    """Whether the account may do what this role may, for templates: they offer nobody what would be refused."""
    with database().reading() as db:
        return includes(role_in(db, account_id(), study), Role(role))


def init_app(app: Flask) -> None:
    """Give the app its login, CSRF protection, and register this blueprint."""
    settings = app.extensions["asterism"].settings
    app.config.update(
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        # Checked below instead, for every blueprint that is not named there.
        WTF_CSRF_CHECK_DEFAULT=False,
        # A form that stood open over lunch still works; the token ends with the login.
        WTF_CSRF_TIME_LIMIT=None,
        # Our pages send no referrer, so there is none to check; the token and SameSite cookies do the work.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.register_blueprint(blueprint)
    app.jinja_env.globals["may"] = may
    csrf = CSRFProtect(app)

    @app.before_request
    def _check_csrf() -> None:
        """Ask for the form's token, except where a bearer token replaces the cookie."""
        if request.blueprint not in BEARER_BLUEPRINTS and token_of_request() is None:
            csrf.protect()

    logins = LoginManager(app)
    logins.user_loader(_load_user)
    logins.request_loader(lambda _request: _user_of_token())
    logins.unauthorized_handler(_ask_to_log_in)


@blueprint.get("/login")
def login() -> str | Response:
    """The login page; who is logged in already goes on."""
    if current_user.is_authenticated:
        return redirect(_next_page())
    with database().reading() as db:
        is_set_up = has_experimenter(db)
    return render_template("researcher/login.html", form=LoginForm(), is_set_up=is_set_up)


@blueprint.post("/login")
def log_in_with_password() -> str | Response | tuple[str, int]:
    """Log in, and go where the visitor wanted to go."""
    email = request.form.get("email", "")
    refuse_guessing(email)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("researcher/login.html", form=form, is_set_up=True), 400
    try:
        # Argon2 takes its time, and the write lock is not held for it.
        with database().reading() as db:
            account = log_in(db, form.email.data, form.password.data)
        with database().writing() as db:
            login_token = start_login(db, account.id, browser_in_words())
    except Unauthorised as error:
        count_failed_login(email)
        return render_template("researcher/login.html", form=form, is_set_up=True, failure=error.message), 401
    start_in_browser(account, login_token)
    return redirect(_next_page(), 303)


@blueprint.post("/logout")
def logout() -> Response:
    """Log out; a copy of the cookie is worth nothing afterwards."""
    if current_user.is_authenticated:
        with database().writing() as db:
            end_login(db, current_user.login)
    logout_user()
    session.clear()
    return redirect(url_for("login.login"), 303)


@blueprint.get("/setup/<token>")
def setup(token: str) -> str:
    """The page of the set-up link."""
    with database().reading() as db:
        check_setup_link(db, token)
    return render_template("researcher/setup.html", form=SetupForm(), shortest=MIN_PASSWORD_LENGTH)


@blueprint.post("/setup/<token>")
def set_up(token: str) -> Response | tuple[str, int]:
    """Make the first account, log in, and show the studies, which belong to it from now on."""
    form = SetupForm()
    with database().writing() as db:
        check_setup_link(db, token)
        if form.validate_on_submit():
            try:
                account = use_setup_link(db, token, form.email.data, form.chosen())
                start_in_browser(account, start_login(db, account.id, browser_in_words()))
                return redirect(url_for("researcher.studies"), 303)
            except Invalid as error:
                form[error.field or "email"].errors = [error.message]
    return render_template("researcher/setup.html", form=form, shortest=MIN_PASSWORD_LENGTH), 400


def start_in_browser(account: Account, login_token: str) -> None:
    """Let the browser's cookie hold a login that has begun."""
    session.clear()
    session.permanent = True
    login_user(User(account, login_token))


def _load_user(login_token: str) -> User | None:
    if (user := _user_of_token()) is not None:
        return user
    with database().reading() as db:
        account = account_of_login(db, login_token)
    return None if account is None else User(account, login_token)


def _user_of_token() -> User | None:
    """Whom the request's API token acts for; it is asked before the cookie, which then counts for nothing."""
    text = token_of_request()
    if text is None:
        return None
    access = access_of_request(text)
    return User(access.account, "", access)


def _ask_to_log_in() -> Response:
    if request.path.startswith("/api/"):
        raise Unauthorised("Log in first.")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("login.login", next=wanted))


def _next_page() -> str:
    """The page that was asked for before the login, if it is one of ours."""
    wanted = request.args.get("next", "")
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return wanted if is_ours else url_for("researcher.studies")
