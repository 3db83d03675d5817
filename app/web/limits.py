"""How often one address may try a thing. Addresses are kept in memory alone, for as long as the limit looks back."""

from __future__ import annotations

import ipaddress

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.config import Settings

JOIN_MINUTES = 10


def init_app(app: Flask, settings: Settings) -> None:
    """Give the app its memory of who joined lately, unless limits are off."""
    if settings.rate_limits:
        app.extensions["asterism_joins"] = MovingWindowRateLimiter(MemoryStorage())


def address_key() -> str:
    """The visitor's address; of an IPv6 address the network, because one person has all addresses of it."""
    address = request.remote_addr or "unknown"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))


def count_join(settings: Settings) -> None:
    """Count one who joins a study.

    A lecture hall behind one address gets in; somebody who joins again and again to fill the places does not (F50).

    Raises
    ------
    TooManyRequests
        When more joined from this address within ten minutes than the setting allows.
    """
    joins: MovingWindowRateLimiter | None = current_app.extensions.get("asterism_joins")
    limit = RateLimitItemPerMinute(settings.joins_per_address, JOIN_MINUTES)
    if joins is not None and not joins.hit(limit, address_key()):
        raise TooManyRequests
