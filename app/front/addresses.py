"""Who a visitor is, as far as limits on one address go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


def network_of(address: str) -> str:
    """The address; of an IPv6 address the network, because one person has all addresses of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))


def forwarded_for(headers: Iterable[tuple[bytes, bytes]], hops: int) -> str | None:
    """The address that the outermost of `hops` proxies saw; None when fewer have written into the header.

    What comes before it was written by the visitor, and is worth nothing (F42).
    """
    values = [value for name, value in headers if name == b"x-forwarded-for"]
    seen = b",".join(values).decode("latin-1").split(",")
    return seen[-hops].strip() if len(seen) >= hops and seen[-hops].strip() else None
