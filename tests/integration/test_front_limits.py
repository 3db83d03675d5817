"""The front's limits: slow and idle connections cost nobody else anything, and end (F27, F42, F45)."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.config import Settings
from app.front import bodies, connections
from app.front.addresses import forwarded_for, network_of
from app.front.answers import STRICT
from app.front.bridge import THREADS
from tests.integration.front import ask, dial, front_of, get, parse, read_all, read_answer

Wsgi = Callable[[dict[str, Any], Any], Any]
UNFINISHED_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
UNFINISHED_BODY = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 1000


def well(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with the visitor's address and the size of the body."""
    body = environ["wsgi.input"].read()
    text = f"{environ['REMOTE_ADDR']} {len(body)}".encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]


@pytest.mark.parametrize("sent", [b"", UNFINISHED_HEAD, UNFINISHED_BODY], ids=["idle", "slow head", "slow body"])
def test_f45_two_hundred_slow_connections_keep_nobody_waiting(sent: bytes) -> None:
    with front_of(well) as port, ExitStack() as open_ones:
        for _ in range(200):
            open_ones.enter_context(dial(port)).sendall(sent)
        began = time.monotonic()
        for _ in range(20):
            assert ask(port, get())[0] == 200
        # Without a thread to spare each would wait for the slow ones' time to end, half a minute.
        assert time.monotonic() - began < 10


def test_f27_forty_readers_that_take_a_large_file_slowly_cost_no_thread(settings: Settings, tmp_path: Path) -> None:
    app = create_app(settings)
    content = b"".join(bytes([k % 251]) * 40_000 for k in range(500))
    (tmp_path / "large.bin").write_bytes(content)

    @app.get("/large")
    def large() -> Any:
        from flask import send_file

        return send_file(tmp_path / "large.bin", conditional=True)

    app.config["USE_X_SENDFILE"] = True
    slow: list[socket.socket] = []
    with front_of(app) as port, ExitStack() as open_ones:
        for k in range(40):
            one = open_ones.enter_context(dial(port, small_buffer=True))
            one.sendall(get("/large", extra=f"Range: bytes={k * 1000}-\r\n"))
            slow.append(one)
        assert slow[0].recv(12).startswith(b"HTTP/1.1 206")
        began = time.monotonic()
        for _ in range(20):
            assert ask(port, get("/healthz"))[0] == 200
        assert time.monotonic() - began < 10
        # And who reads on gets all of it.
        status, headers, body = ask(port, get("/large", extra="Range: bytes=7000-\r\n"))
        assert (status, headers["content-range"]) == (206, f"bytes 7000-{len(content) - 1}/{len(content)}")
        assert body == content[7000:]


def test_f27_readers_that_take_an_answer_slowly_while_it_is_made_cost_no_thread() -> None:
    ended = threading.Semaphore(0)

    def endless(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        if environ["PATH_INFO"] != "/endless":
            return iter(well(environ, start_response))
        start_response("200 OK", [])

        def pieces() -> Iterator[bytes]:
            try:
                while True:
                    yield b"x" * 65536
            finally:
                ended.release()

        return pieces()

    with front_of(endless) as port:
        with ExitStack() as open_ones:
            for _ in range(2 * THREADS):
                open_ones.enter_context(dial(port, small_buffer=True)).sendall(get("/endless"))
            for _ in range(20):
                assert ask(port, get())[0] == 200
        # Who hangs up ends what was made for him.
        for _ in range(2 * THREADS):
            assert ended.acquire(timeout=30)


def test_f45_a_head_that_does_not_come_in_time_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with front_of(well) as port, dial(port) as slow, dial(port) as silent, dial(port) as used:
        used.sendall(get(close=False))
        slow.sendall(UNFINISHED_HEAD)
        status, headers, body = parse(read_all(slow))
        assert (status, body) == (408, b"The request did not arrive in time.\n")
        assert STRICT.items() <= {name.title(): value for name, value in headers.items()}.items()
        assert read_all(silent) == b""
        # A connection that waits for its next request is no slow one.
        used.sendall(get())
        assert read_all(used).count(b"HTTP/1.1 200 OK") == 2


def test_f45_a_drop_now_and_then_does_not_keep_a_head_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    with front_of(well) as port, dial(port) as slow:
        slow.sendall(UNFINISHED_HEAD)
        stop_at = time.monotonic() + 15
        while not _hung_up(slow) and time.monotonic() < stop_at:
            time.sleep(0.1)
        assert time.monotonic() < stop_at


def _hung_up(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


def test_f45_a_head_without_end_is_refused() -> None:
    with front_of(well) as port, dial(port) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 70_000)
        assert parse(read_all(endless))[0] == 431


def test_f45_a_body_that_does_not_come_in_time_is_refused_in_the_apps_words(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    with front_of(app) as port, dial(port) as slow:
        slow.sendall(b"PUT /api/v1/session/trials/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123")
        status, headers, body = parse(read_all(slow))
        assert status == 408
        assert "Nothing is lost" in json.loads(body)["error"]["message"]
        assert STRICT.items() <= {name.title(): value for name, value in headers.items()}.items()


def test_f45_a_body_that_comes_slowly_but_comes_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 1.0)
    monkeypatch.setattr(bodies, "BYTES_A_SECOND", 1000)
    with front_of(well) as port, dial(port) as slow:
        slow.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6000\r\n\r\n")
        for _ in range(6):
            slow.sendall(b"x" * 1000)
            time.sleep(0.4)
        assert parse(read_all(slow))[2].endswith(b" 6000")


def test_f45_when_bodies_fill_the_memory_the_slowest_goes_and_the_newest_is_taken() -> None:
    from app.front.bridge import Bridge

    made: list[Bridge] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bridge, "__init__", _with_budget(made, 250_000, Bridge.__init__))
        with front_of(well) as port, ExitStack() as open_ones:
            slow = [open_ones.enter_context(dial(port)) for _ in range(3)]
            for one in slow:
                one.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n" + b"x" * 100_000)
                time.sleep(0.3)
            assert made[0].bodies.held <= 250_000
            # The app gets no body, and is told so; this one does not mind.
            assert parse(read_all(slow[0]))[2] == b"127.0.0.1 0"
            slow[2].sendall(b"x")
            assert read_answer(slow[2]).endswith(b" 100001")


def _with_budget(made: list[Any], budget: int, init: Any) -> Any:
    def build(self: Any, *about: Any, **named: Any) -> None:
        init(self, *about, **named)
        self.bodies.budget = budget
        made.append(self)

    return build


def test_f45_a_reader_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_SECONDS", 1.0)
    closed = threading.Event()

    class Large:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * 65536

        def close(self) -> None:
            closed.set()

    def large(_environ: dict[str, Any], start_response: Any) -> Large:
        start_response("200 OK", [])
        return Large()

    with front_of(large) as port, dial(port, small_buffer=True) as stalled:
        stalled.sendall(get())
        assert closed.wait(20)


def test_f42_f45_one_address_has_so_many_connections_and_idle_ones_make_room() -> None:
    with front_of(well, most_of_address=5) as port, ExitStack() as open_ones:
        idle = [open_ones.enter_context(dial(port)) for _ in range(5)]
        for one in idle:
            one.sendall(get(close=False))
            assert read_answer(one).startswith(b"HTTP/1.1 200")
        for _ in range(3):
            assert ask(port, get())[0] == 200
        busy = [open_ones.enter_context(dial(port)) for _ in range(5)]
        for one in busy:
            one.sendall(UNFINISHED_BODY)
            time.sleep(0.05)
        status, headers, body = ask(port, get("/api/v1/session"))
        assert (status, headers["retry-after"], headers["connection"]) == (503, "5", "close")
        assert "try again" in json.loads(body)["error"]["message"]
        busy[0].close()
        time.sleep(0.2)
        assert ask(port, get())[0] == 200


def test_f42_behind_a_proxy_the_limit_is_each_visitors_own() -> None:
    with front_of(well, most_of_address=3, proxy_hops=1) as port, ExitStack() as open_ones:
        for _ in range(3):
            slow = open_ones.enter_context(dial(port))
            slow.sendall(UNFINISHED_BODY.replace(b"Host: x", b"Host: x\r\nX-Forwarded-For: 10.0.0.9, 203.0.113.9"))
        time.sleep(0.3)
        for address, status in (
            ("203.0.113.9", 503),
            ("9.9.9.9, 203.0.113.9", 503),
            ("203.0.113.9, 198.51.100.7", 200),
        ):
            assert ask(port, get(extra=f"X-Forwarded-For: {address}\r\n"))[0] == status


@pytest.mark.parametrize(
    ("hops", "lines", "seen"),
    [
        (1, ["203.0.113.9"], "203.0.113.9"),
        (1, ["10.9.9.9, 203.0.113.9"], "203.0.113.9"),
        (2, ["10.9.9.9, 203.0.113.9, 192.0.2.1"], "203.0.113.9"),
        (2, ["10.9.9.9, 203.0.113.9", "192.0.2.1"], "203.0.113.9"),
        (2, ["203.0.113.9"], None),
        (1, [], None),
        (1, [""], None),
    ],
)
def test_f42_the_visitor_is_whom_the_outermost_named_proxy_saw(hops: int, lines: list[str], seen: str | None) -> None:
    assert forwarded_for([(b"x-forwarded-for", line.encode()) for line in lines], hops) == seen


def test_f42_one_person_has_all_addresses_of_an_ipv6_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("a name") == "a name"


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_f42_headers_of_proxies_are_read_for_as_many_hops_as_were_named(settings: Any, hops: int) -> None:
    from app import create_app

    made = create_app(settings.model_copy(update={"proxy_hops": hops}))

    @made.get("/who")
    def who() -> dict[str, Any]:
        from flask import request

        return {"address": request.remote_addr, "scheme": request.scheme, "host": request.host}

    spoofed = "X-Forwarded-For: 10.9.9.9, 203.0.113.1, 203.0.113.2\r\nX_Forwarded_For: 10.6.6.6\r\n"
    spoofed += "X-Forwarded-Proto: ftp, https, http\r\nForwarded: for=10.7.7.7\r\n"
    with front_of(made, proxy_hops=hops) as port:
        answer = json.loads(ask(port, get("/who", extra=spoofed))[2])
    made.extensions["asterism"].database.close()
    assert answer["address"] == {0: "127.0.0.1", 1: "203.0.113.2", 2: "203.0.113.1"}[hops]
    assert answer["scheme"] == {0: "http", 1: "http", 2: "https"}[hops]
