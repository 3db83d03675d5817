"""The web app: `create_app` and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from app.config import Settings


def create_app(settings: Settings | None = None, *, window: Path | None = None) -> Flask:
    """Make the app for the given settings, or for those of the environment.

    `window` is where several processes count together what the rate limits count; one process counts by itself.

    The database must have the code's schema: `app.schema.migrate` brings it there, the launcher calls it.

    Raises
    ------
    ConfigurationError
        When the settings cannot be used.
    """
    # Imported here, so that a process which needs one small part of the app does not load all of it.
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from app.config import load_settings
    from app.db import open_database
    from app.log_files import log_of
    from app.logs import configure_logs
    from app.metrics import Counts
    from app.runtime import Runtime
    from app.version import static_version
    from app.web import (
        account_links,
        bring_in,
        clip_board,
        clip_uploads,
        error_answers,
        headers,
        health_and_metrics,
        language,
        limits,
        media,
        openapi,
        participant,
        participant_api,
        pilots,
        request_counts,
        researcher,
        researcher_api,
    )

    settings = settings or load_settings()
    configure_logs(log_of(settings))
    app = Flask(
        __name__,
        template_folder="../templates",
        static_folder="../static",
        static_url_path=f"/static/{static_version()}",
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        # Routes that take more, or less, say so themselves.
        MAX_CONTENT_LENGTH=1024 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=None,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions["asterism"] = Runtime(settings, open_database(settings.database))
    language.init_app(app)
    # First, so that what others refuse is counted too.
    request_counts.register(app, Counts(None if window is None else window.parent))
    error_answers.register(app)
    headers.register(app)
    limits.init_app(app, settings, window)
    for module in (
        participant,
        participant_api,
        openapi,
        media,
        researcher,
        researcher_api,
        account_links,
        clip_uploads,
        clip_board,
        health_and_metrics,
    ):
        app.register_blueprint(module.blueprint)
    for blueprint in (pilots.blueprint, pilots.api, pilots.pages, bring_in.api):
        app.register_blueprint(blueprint)
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app
