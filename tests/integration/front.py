"""The front on a real port, in a thread of the test, and raw sockets to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.front.bridge import Bridge
from app.front.connections import Crowd
from app.front.running import make_server
from app.server import MAX_REQUEST_BYTES


@contextmanager
def front_of(
    app: Any, *, max_body: int = 1024 * 1024, most: int = 500, most_of_address: int = 400, proxy_hops: int = 0
) -> Iterator[int]:
    """Serve a WSGI app by the front; its port."""
    bridge = Bridge(app, max_body=max_body, proxy_hops=proxy_hops, most_of_address=most_of_address)
    crowd = Crowd(most, None if proxy_hops else most_of_address, MAX_REQUEST_BYTES)
    server = make_server(bridge, crowd, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=60)
        bridge.close()
    assert not thread.is_alive()
    assert not crowd.here
    assert not crowd.of_address
    assert bridge.bodies.held == 0


def dial(port: int, *, small_buffer: bool = False) -> socket.socket:
    """A connection; with `small_buffer` one whose reader soon holds up the sender."""
    made = socket.socket()
    if small_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(30)
    try:
        made.connect(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made


def ask(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own, and what came until the server closed it."""
    with dial(port) as connection:
        connection.sendall(request)
        return parse(read_all(connection))


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def read_answer(connection: socket.socket) -> bytes:
    """One answer of a known length on a connection that stays open, in however many pieces it comes."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    while len(parse(received)[2]) < int(parse(received)[1]["content-length"]):
        received += _more(connection)
    return received


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    assert piece, "the connection was closed before the answer was whole"
    return piece


def parse(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by small names, and body of one answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


def get(path: str = "/", *, close: bool = True, extra: str = "") -> bytes:
    """The bytes of a GET."""
    end = "Connection: close\r\n" if close else ""
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{extra}{end}\r\n".encode()
