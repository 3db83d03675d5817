"""How often one address may try a thing. One process remembers addresses in its memory, several share a file that holds
hashes of them (`app.shared_window`); both only for as long as a limit looks back.
"""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.config import Settings
from app.front.addresses import network_of
from app.shared_window import SharedWindow
from app.tokens import hash_token

MINUTES = 10
# Only failures count, so a laboratory behind one address can work as it likes (F41, F42).
FAILURES_PER_ADDRESS = RateLimitItemPerMinute(30, MINUTES, "login by address")
FAILURES_PER_ACCOUNT = RateLimitItemPerMinute(10, MINUTES, "login by account")

# Each may send a mail.
RESETS_PER_ADDRESS = RateLimitItemPerMinute(20, MINUTES, "reset by address")
RESETS_PER_ACCOUNT = RateLimitItemPerMinute(3, MINUTES, "reset by account")

# Of API tokens. Each piece of a clip's file is a request.
FAILED_TOKENS_PER_ADDRESS = RateLimitItemPerMinute(30, MINUTES, "API token by address")
REQUESTS_PER_TOKEN = RateLimitItemPerMinute(600, 1, "request by API token")


def init_app(app: Flask, settings: Settings, window: Path | None) -> None:
    """Give the app its memory of who did what lately, unless limits are off; others may share it (`window`)."""
    if settings.rate_limits:
        storage = MemoryStorage() if window is None else SharedWindow(window, settings.secret_key)
        app.extensions["asterism_limits"] = MovingWindowRateLimiter(storage)


def _lately() -> MovingWindowRateLimiter | None:
    return current_app.extensions.get("asterism_limits")


def address_key() -> str:
    """The visitor's address; of an IPv6 address the network."""
    return network_of(request.remote_addr or "unknown")


def count_join(settings: Settings) -> None:
    """Count one who joins a study.

    A lecture hall behind one address gets in; somebody who joins again and again to fill the places does not (F50).

    Raises
    ------
    TooManyRequests
        When more joined from this address within ten minutes than the setting allows.
    """
    lately = _lately()
    limit = RateLimitItemPerMinute(settings.joins_per_address, MINUTES, "join by address")
    if lately is not None and not lately.hit(limit, address_key()):
        raise TooManyRequests


def refuse_guessing(email: str) -> None:
    """Return if a login to the account may be tried from this address.

    Raises
    ------
    TooManyRequests
        When too many failed within ten minutes, from this address or at this account.
    """
    lately = _lately()
    if lately is not None and not all(lately.test(limit, key) for limit, key in _login_limits(email)):
        raise TooManyRequests


def count_failed_login(email: str) -> None:
    """Count a login that failed, for the address and for the account, which need not exist."""
    lately = _lately()
    if lately is not None:
        for limit, key in _login_limits(email):
            lately.hit(limit, key)


def count_reset(email: str) -> None:
    """Count somebody who asks for a new password, for the address and for the account, which need not exist.

    Raises
    ------
    TooManyRequests
        When too many asked within ten minutes, from this address or for this account.
    """
    lately = _lately()
    limits = [(RESETS_PER_ADDRESS, address_key()), (RESETS_PER_ACCOUNT, email.strip().casefold())]
    if lately is not None and not all(lately.hit(limit, key) for limit, key in limits):
        raise TooManyRequests


def refuse_guessing_tokens() -> None:
    """Return if an API token may be tried from this address.

    Raises
    ------
    TooManyRequests
        When too many failed within ten minutes.
    """
    lately = _lately()
    if lately is not None and not lately.test(FAILED_TOKENS_PER_ADDRESS, address_key()):
        raise TooManyRequests


def count_failed_token() -> None:
    """Count an API token that nobody was given, for the address."""
    lately = _lately()
    if lately is not None:
        lately.hit(FAILED_TOKENS_PER_ADDRESS, address_key())


def count_token(text: str) -> None:
    """Count a request with an API token.

    Raises
    ------
    TooManyRequests
        When more came with it within a minute than one program needs.
    """
    lately = _lately()
    if lately is not None and not lately.hit(REQUESTS_PER_TOKEN, hash_token(text)):
        raise TooManyRequests


def _login_limits(email: str) -> list[tuple[RateLimitItem, str]]:
    return [(FAILURES_PER_ADDRESS, address_key()), (FAILURES_PER_ACCOUNT, email.strip().casefold())]
