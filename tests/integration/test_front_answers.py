"""The front answers as the app does: errors, parts of files, bodies of every kind. It ends without losing a save."""

from __future__ import annotations

import hashlib
import io
import json
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.config import Settings
from app.db import Database
from app.front.answers import STRICT
from app.logs import configure_logs
from app.models import Clip, Rendition, Submission
from app.web import signing
from tests.experimenter import take_part
from tests.factories import encode, make_study, trial_body
from tests.integration.front import ask, dial, front_of, get, parse, read_all, read_answer
from tests.integration.live_server import LiveServer, ScriptedParticipant

PASSING = {"date", "connection", "transfer-encoding"}


def _comparable(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in dict(headers).items() if name.lower() not in PASSING}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/api/v1/nothing", 404), ("GET", "/api/v1/session/start", 405),
        ("GET", "/logout", 405), ("GET", "/api/v1/session", 401), ("PUT", "/healthz", 400), ("GET", "/join/%00", 404),
        ("GET", "/join/%ff%fe", 404), ("GET", "/?q=%00", 400), ("GET", "/a//nothing", 404),
        ("GET", "/media/x/y.mp4", 404), ("HEAD", "/login", 200), ("GET", "/login?next=%2Fa", 200),
        ("OPTIONS", "/login", 200), ("POST", "/login", 400),
    ],
)  # fmt: skip
def test_errors_and_pages_are_those_of_the_app(app: Flask, method: str, path: str, status: int) -> None:
    app.testing = False
    expected = app.test_client().open(path, method=method, headers={"Host": "x"})
    with front_of(app) as port:
        answer = ask(port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer[0] == expected.status_code == status
    ours, theirs = _comparable(answer[1]), _comparable(expected.headers)
    for changing in ("set-cookie", "content-length") if "set-cookie" in theirs else ():
        ours.pop(changing, None), theirs.pop(changing, None)
    assert ours == theirs
    assert STRICT.items() <= {name.title(): value for name, value in ours.items()}.items()
    if "set-cookie" not in _comparable(expected.headers):
        assert answer[2] == expected.data


def _address_of_a_clip(app: Flask) -> str:
    """Of a clip of 300 KB, in more pieces than one."""
    runtime = app.extensions["asterism"]
    study_id = make_study(runtime.database, runtime.settings)
    session = take_part(runtime.database, "faces", trials=0)
    with runtime.database.reading() as db:
        query = select(Rendition).join(Clip).where(Clip.study_id == study_id, Rendition.kind == "mp4")
        rendition = db.scalars(query).first()
        assert rendition is not None
        clip = rendition.clip.public_id
        file: Path = runtime.settings.media_folder / f"{rendition.sha256}.mp4"
    file.write_bytes(bytes(k * k % 251 for k in range(300_000)))
    with app.app_context():
        return signing.media_url(study_id, session, clip, rendition)


def test_f28_parts_of_a_clip_are_those_that_the_app_gives_itself(app: Flask) -> None:
    address = _address_of_a_clip(app)
    client = app.test_client()
    with client.get(address) as whole:
        tag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]
    asked: list[dict[str, str]] = [
        {}, {"Range": "bytes=0-0"}, {"Range": "bytes=100-"}, {"Range": "bytes=-5"}, {"Range": "bytes=131072-262143"},
        {"Range": "bytes=299999-400000"}, {"Range": "bytes=300000-"}, {"Range": "bytes=5-2"}, {"Range": "frames=1-2"},
        {"Range": "bytes=1-2,5-6"}, {"Range": "bytes=1-2", "If-Range": tag}, {"Range": "bytes=1-2", "If-Range": '"x"'},
        {"Range": "bytes=1-2", "If-Range": changed}, {"If-None-Match": tag}, {"If-None-Match": '"x"'},
        {"If-Modified-Since": changed}, {"If-Match": '"x"'},
    ]  # fmt: skip
    expected = []
    for method in ("GET", "HEAD"):
        for headers in asked:
            with client.open(address, method=method, headers={"Host": "x", **headers}) as answer:
                expected.append((answer.status_code, _comparable(answer.headers), answer.data))
    app.config["USE_X_SENDFILE"] = True
    answers = []
    with front_of(app) as port:
        for method in ("GET", "HEAD"):
            for headers in asked:
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                raw = f"{method} {address} HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n".encode()
                status, given, body = ask(port, raw)
                answers.append((status, _comparable(given), body))
    assert [one[0] for one in answers[:3]] == [200, 206, 206]
    assert {one[0] for one in answers} >= {200, 206, 304, 416}
    for k, (one, other) in enumerate(zip(answers, expected, strict=True)):
        assert one == other, (k, asked[k % len(asked)])
    assert not any("x-sendfile" in headers for _, headers, _ in answers)


def test_files_of_the_program_are_sent_as_the_app_sends_them(app: Flask) -> None:
    with app.test_request_context():
        from flask import url_for

        path = url_for("static", filename="vendor/pico/pico.classless.min.css")
    with app.test_client().get(path, headers={"Host": "x"}) as expected:
        status, headers, body = expected.status_code, _comparable(expected.headers), expected.data
    app.config["USE_X_SENDFILE"] = True
    with front_of(app) as port:
        answer = ask(port, get(path))
    assert (answer[0], _comparable(answer[1]), answer[2]) == (status, headers, body)
    assert status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
    ids=["length and chunks", "two lengths", "less than nothing", "bad chunk", "space", "bytes", "connect", "tls"],
)
def test_what_could_be_read_in_two_ways_is_refused(app: Flask, request_bytes: bytes) -> None:
    with front_of(app) as port:
        status, headers, body = ask(port, request_bytes)
    assert (status, body) == (400, b"The request is not HTTP as this server speaks it.\n")
    assert STRICT.items() <= {name.title(): value for name, value in headers.items()}.items()


def _echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    body = environ["wsgi.input"].read()
    text = json.dumps(
        {"path": environ["PATH_INFO"], "size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
        | {name: environ.get(name) for name in ("CONTENT_LENGTH", "HTTP_COOKIE", "HTTP_TRANSFER_ENCODING")}
    ).encode()
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]


def test_a_body_in_chunks_reaches_the_app_whole_with_its_length() -> None:
    body = bytes(range(256)) * 1500
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[k : k + 999]), body[k : k + 999]) for k in range(0, len(body), 999))
    head = b"PUT /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with front_of(_echo) as port:
        answer = json.loads(ask(port, head + chunks + b"0\r\n\r\n")[2])
    assert answer["size"] == len(body)
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()
    assert (answer["CONTENT_LENGTH"], answer["HTTP_TRANSFER_ENCODING"]) == (str(len(body)), None)


def test_requests_that_come_together_are_answered_in_their_order() -> None:
    together = b"".join(
        b"PUT /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (k, k, b"x" * k) for k in range(40)
    )
    with front_of(_echo) as port, dial(port) as connection:
        connection.sendall(together + get("/last"))
        answers = read_all(connection).split(b"HTTP/1.1 200 OK")[1:]
    bodies = [json.loads(answer.partition(b"\r\n\r\n")[2]) for answer in answers]
    assert [(one["path"], one["size"]) for one in bodies] == [(f"/{k}", k) for k in range(40)] + [("/last", 0)]


def test_a_sender_that_asks_first_is_told_to_go_on_or_refused_at_once(app: Flask) -> None:
    head = "Host: x\r\nExpect: 100-continue\r\nConnection: close\r\n"
    with front_of(_echo) as port, dial(port) as asking:
        asking.sendall(f"PUT /a HTTP/1.1\r\n{head}Content-Length: 3\r\n\r\n".encode())
        assert asking.recv(8192) == b"HTTP/1.1 100 Continue\r\n\r\n"
        asking.sendall(b"abc")
        assert json.loads(parse(read_all(asking))[2])["size"] == 3
    with front_of(app) as port, dial(port) as asking:
        asking.sendall(f"PUT /api/v1/session/trials/x HTTP/1.1\r\n{head}Content-Length: 99999999\r\n\r\n".encode())
        status, _, body = parse(read_all(asking))
        assert status == 413
        assert "larger than the server accepts" in json.loads(body)["error"]["message"]


def test_the_bytes_of_a_path_and_cookies_of_several_lines_are_kept() -> None:
    with front_of(_echo) as port:
        answer = json.loads(ask(port, get("/%ff%c3%a4", extra="Cookie: a=1\r\nCookie: b=2\r\n"))[2])
    assert (answer["path"], answer["HTTP_COOKIE"]) == ("/\xff\xc3\xa4", "a=1; b=2")


def test_an_app_that_fails_is_answered_in_words_with_the_headers_of_every_answer() -> None:
    def fails(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise RuntimeError("something broke")

    with front_of(fails) as port:
        status, headers, body = ask(port, get("/api/v1/session"))
    assert status == 500
    assert "broke" not in body.decode()
    assert json.loads(body)["error"]["message"].startswith("Something went wrong")
    assert STRICT.items() <= {name.title(): value for name, value in headers.items()}.items()


def test_an_answer_that_breaks_off_does_not_look_whole() -> None:
    def breaks(_environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"first"
        raise RuntimeError("something broke")

    with front_of(breaks) as port, dial(port) as connection:
        connection.sendall(get())
        received = read_all(connection)
    assert b"first" in received
    assert not received.endswith(b"0\r\n\r\n")


def test_what_goes_wrong_in_the_front_is_a_line_of_our_log_and_bad_requests_are_none() -> None:
    private = "my-private-words"

    def breaks(_environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        yield b"first"
        raise RuntimeError("something broke")

    def fails(_environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        raise ValueError(private)

    out = io.StringIO()
    configure_logs(out)
    try:
        for app in (breaks, fails):
            with front_of(app) as port:
                assert ask(port, b"not HTTP\r\n\r\n")[0] == 400
                ask(port, get(f"/join/{private}"))
    finally:
        configure_logs()
    first, second = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (first["event"], first["level"]) == ("server_error", "error")
    assert "something broke" in first["exception"]
    assert (second["event"], second["method"]) == ("unexpected_error", "GET")
    assert private not in out.getvalue()
    assert "127.0.0.1" not in out.getvalue()


@pytest.mark.parametrize("stop_with", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_saves_and_acks_what_it_is_working_on(
    settings: Settings, database: Database, stop_with: signal.Signals
) -> None:
    make_study(database, settings)
    server = LiveServer(settings.data)
    server.start()
    assert server.process is not None
    answers: list[tuple[int, dict[str, Any]]] = []
    try:
        person = ScriptedParticipant(server.address)
        assert person.join() == 303
        _, view = person.call("POST", "/start")
        raw = encode(trial_body(view["trial"]))
        path = f"/trials/{view['trial']['key']}"
        # Somebody else holds the write lock, so that the save is under way until it is let go.
        other = sqlite3.connect(settings.data / "asterism.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        saving = threading.Thread(target=lambda: answers.append(person.call("PUT", path, raw)))
        with dial(server.port) as idle, dial(server.port) as slow:
            saving.start()
            idle.sendall(get("/healthz", close=False))
            assert read_answer(idle).startswith(b"HTTP/1.1 200")
            slow.sendall(b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n123")
            time.sleep(1.0)
            server.process.send_signal(stop_with)
            time.sleep(1.0)
            # Nothing new is taken, and who sends nothing or too slowly holds nothing up.
            with pytest.raises(OSError):
                dial(server.port).close()
            assert server.process.poll() is None
            other.execute("ROLLBACK")
            other.close()
            saving.join(timeout=60)
            # Long before the slow one's time would be over.
            assert server.process.wait(timeout=18) == 0
    finally:
        server.stop()
    [(status, answer)] = answers
    assert status == 200
    assert answer["ack"]["sha256"] == hashlib.sha256(raw).hexdigest()
    with database.reading() as db:
        assert [one.body for one in db.scalars(select(Submission))] == [raw]
    assert not (settings.data / "server.json").exists()
