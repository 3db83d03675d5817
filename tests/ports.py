"""Ports for servers of the tests that stop and start again."""

from __future__ import annotations

import random
import socket

# Below those that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): while a server is stopped,
# a connection of a browser beside it could be given its port, and the server could not start again.
LOWEST, HIGHEST = 20_000, 32_767


def free_port() -> int:
    """A port of this machine that is free now, and that no outgoing connection is given."""
    for port in random.sample(range(LOWEST, HIGHEST + 1), 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among 200 from {LOWEST} to {HIGHEST}")
