"""What a participant's page, or somebody who imitates one, sends too much or too strangely of (F42, F44, F50)."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import health as room
from app.clips import importing
from app.clips.clip_files import ClipFile
from app.config import Settings
from app.db import Database
from app.definition.find import find_study
from app.domain import ClipState, StudyState
from app.errors import Invalid
from app.models import ParticipantSession, SessionEvent, Study, Submission
from app.participation import session_log
from app.participation.payloads import MAX_BODY
from app.server import MAX_REQUEST_BYTES
from app.studies.lifecycle import import_clips
from tests import experimenter
from tests.factories import encode, make_study, trial_body
from tests.integration.front import front_of
from tests.integration.live_server import LiveServer, ScriptedParticipant


class Page:
    """A participant's page, without a browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = client.post("/join/faces").headers["Location"].rsplit("/", 1)[-1]
        self.view = self.call("POST", "/start").get_json()

    def call(self, method: str, path: str = "", body: bytes | None = None):
        headers = {"Authorization": f"Bearer {self.token}", "X-Tab": "a"}
        return self.client.open(f"/api/v1/session{path}", method=method, data=body, headers=headers)


@pytest.fixture
def page(both_app: Flask) -> Page:
    runtime = both_app.extensions["asterism"]
    make_study(runtime.database, runtime.settings)
    return Page(both_app.test_client())


@pytest.fixture
def stored(both_app: Flask) -> Database:
    return both_app.extensions["asterism"].database


def kinds(database: Database) -> dict[str, int]:
    with database.reading() as db:
        query = select(SessionEvent.kind, func.count()).group_by(SessionEvent.kind)
        return dict(db.execute(query).tuples().all())


@pytest.mark.parametrize(
    "detail",
    [
        '{"x": NaN}', '{"x": Infinity}', '{"x": [1, {"y": -Infinity}]}', '{"x": 1e999}', '{"x": 9007199254740993}',
        '{"x": ' + "9" * 5000 + "}", '{"x": "\\ud800"}', '{"\\udc00": 1}', '{"x": "\\u0000"}',
    ],
)  # fmt: skip
def test_f44_an_event_that_no_database_could_store_is_refused_and_not_stored(
    page: Page, stored: Database, detail: str
) -> None:
    answer = page.call("POST", "/events", f'{{"kind": "odd", "detail": {detail}}}'.encode())
    assert answer.status_code == 400, answer.text
    assert answer.get_json()["error"]["message"]
    assert "page_odd" not in kinds(stored)


def test_an_event_may_hold_whatever_both_databases_store(page: Page, stored: Database) -> None:
    detail = {"kind": "page", "at": -1.5, "deep": [1, {"a": None, "b": True}], "words": "ünï \U0001f600", "n": 2**53}
    assert page.call("POST", "/events", json.dumps({"kind": "well", "detail": detail}).encode()).get_json() == {
        "kept": True
    }
    with stored.reading() as db:
        assert db.scalars(select(SessionEvent).where(SessionEvent.kind == "page_well")).one().detail == detail


def test_f50_refused_submits_fill_the_log_with_a_few_bodies_only(page: Page, stored: Database) -> None:
    trial = page.view["trial"]
    first = encode(trial_body(trial))
    assert page.call("PUT", f"/trials/{trial['key']}", first).status_code == 200
    others = [encode(trial_body(trial, seed=seed)) for seed in range(1, 12)]
    for other in [*others, *others]:
        assert page.call("PUT", f"/trials/{trial['key']}", other).status_code == 409
    with stored.reading() as db:
        refused = list(db.scalars(select(SessionEvent).where(SessionEvent.kind == "refused_submit")))
        assert [event.detail["body"].encode() for event in refused] == others[: session_log.MAX_REFUSED_BODIES]
        dropped = list(db.scalars(select(SessionEvent).where(SessionEvent.kind == "refused_submit_dropped")))
        assert {event.detail["sha256"] for event in dropped} == {
            hashlib.sha256(other).hexdigest() for other in others[session_log.MAX_REFUSED_BODIES :]
        }
        assert db.scalars(select(Submission)).one().body == first


def test_f50_events_and_invalid_submits_fill_the_log_up_to_a_bound_and_that_is_said(
    page: Page, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_log, "MAX_EVENTS", 10)
    key = page.view["trial"]["key"]
    for _ in range(8):
        assert page.call("POST", "/events", b'{"kind": "clip_failed"}').get_json() == {"kept": True}
    for _ in range(6):
        assert page.call("PUT", f"/trials/{key}", b"{}").status_code == 400
    assert page.call("POST", "/events", b'{"kind": "clip_failed"}').get_json() == {"kept": False}
    counts = kinds(stored)
    assert (counts["page_clip_failed"], counts["invalid_submit"], counts["log_full"]) == (8, 2, 1)
    # The trial itself is saved all the same.
    assert page.call("PUT", f"/trials/{key}", encode(trial_body(page.view["trial"]))).status_code == 200


def test_f50_a_body_without_a_length_is_read_no_further_than_a_trial_under_other_servers(page: Page) -> None:
    """The embedded server counts such a body before the app sees it; others hand it on as it comes."""
    sent = io.BytesIO(b" " * (MAX_BODY + 65536))
    answer = page.client.put(
        f"/api/v1/session/trials/{page.view['trial']['key']}",
        headers={"Authorization": f"Bearer {page.token}", "X-Tab": "a", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": sent, "wsgi.input_terminated": True},
    )
    assert answer.status_code == 413, answer.text
    assert sent.tell() <= MAX_BODY + 1, "the rest is not read"


def test_f50_a_body_without_a_length_is_read_to_the_limit_and_no_further(
    settings: Settings, database: Database
) -> None:
    make_study(database, settings)
    server = LiveServer(settings.data, worker=False)
    server.start()
    try:
        person = ScriptedParticipant(server.address)
        assert person.join() == 303
        _, view = person.call("POST", "/start")
        path = f"/api/v1/session/trials/{view['trial']['key']}"
        # A little too large: refused by the app, in words.
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        chunks = (b" " * 65536 for _ in range(MAX_BODY // 65536 + 1))
        connection.request("PUT", path, chunks, {"Authorization": f"Bearer {person.token}"}, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 413
        assert "larger than the server accepts" in json.load(answer)["error"]["message"]
        connection.close()
        # Endless: the server hangs up.
        sent = 0
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as raw:
            raw.sendall(
                f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {person.token}\r\n"
                "Transfer-Encoding: chunked\r\n\r\n".encode()
            )
            try:
                while sent < 40 * MAX_REQUEST_BYTES:
                    raw.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                    sent += 65536
            except OSError:
                pass
        assert sent < 20 * MAX_REQUEST_BYTES
        # Others are served as before.
        assert ScriptedParticipant(server.address).join() == 303
    finally:
        server.stop()


@pytest.mark.parametrize(("hops", "stranger_is_told_apart"), [(0, False), (1, True)])
def test_f42_behind_a_proxy_one_strangers_guesses_lock_nobody_else_out(
    settings: Settings, hops: int, stranger_is_told_apart: bool
) -> None:
    behind = settings.model_copy(update={"proxy_hops": hops, "rate_limits": True})
    with experimenter.open_lab(behind) as lab, front_of(lab.app, proxy_hops=hops) as port:
        experimenter.make_account(lab.database)

        def log_in(address: str, email: str, password: str) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            # What the stranger writes into the header stands before what the proxy adds.
            headers = {"X-Forwarded-For": f"10.9.9.9, {address}"}
            connection.request("GET", "/login", headers=headers)
            answer = connection.getresponse()
            cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
            token = experimenter.csrf_token(answer.read().decode())
            body = f"csrf_token={token}&email={email}&password={password}".replace(" ", "+")
            form = {**headers, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", "/login", body, form)
            status = connection.getresponse().status
            connection.close()
            return status

        for guess in range(30):
            assert log_in("203.0.113.9", f"{guess}@lab.example", "wrong") == 401
        assert log_in("203.0.113.9", "more@lab.example", "wrong") == 429
        own = log_in("198.51.100.7", experimenter.EMAIL, experimenter.PASSWORD)
        assert own == (303 if stranger_is_told_apart else 429)


def test_f08_a_recruiters_id_that_does_not_fit_is_refused_not_cut(page: Page, stored: Database) -> None:
    with stored.reading() as db:
        before = db.scalar(select(func.count()).select_from(ParticipantSession))
    for length, status in ((200, 303), (201, 400), (5000, 400)):
        answer = page.client.post("/join/faces", data={"PROLIFIC_PID": "p" * length})
        assert answer.status_code == status, length
    with stored.reading() as db:
        sessions = list(db.scalars(select(ParticipantSession)))
    assert len(sessions) == (before or 0) + 1
    assert sessions[-1].recruiter == {"PROLIFIC_PID": "p" * 200}


def import_two(database: Database, settings: Settings, folder: Path) -> Study:
    """Import a small and a larger file as clips of a draft."""
    make_study(database, settings, n_clips=0, state=StudyState.DRAFT)
    (folder / "small.mp4").write_bytes(b"s" * 1000)
    (folder / "large.mp4").write_bytes(b"l" * 200_000)
    with database.writing() as db:
        import_clips(db, settings, "faces", [ClipFile(folder / name, name) for name in ("large.mp4", "small.mp4")])
    with database.reading() as db:
        study = find_study(db, "faces")
        assert study.clips
        return study


def test_f50_a_file_over_the_limit_is_named_and_not_copied(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    study = import_two(database, settings.model_copy(update={"max_clip_bytes": 100_000}), tmp_path)
    large, small = study.clips
    assert (large.file_name, large.state, small.state) == ("large.mp4", ClipState.FAILED, ClipState.WAITING)
    assert large.reason == "the file has 0.2 MB; at most 0.1 MB are allowed"
    assert [file.stat().st_size for file in settings.source_folder.iterdir()] == [1000]
    assert list(settings.work_folder.iterdir()) == []


def test_f50_an_import_that_the_disk_has_no_room_for_is_refused_before_anything_is_copied(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = settings.least_free_bytes + 15_000
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    with pytest.raises(Invalid, match="the disk has room for"):
        import_two(database, settings, tmp_path)
    assert list(settings.source_folder.iterdir()) == []
    with database.reading() as db:
        assert find_study(db, "faces").clips == []


def test_f50_a_disk_that_fills_up_while_a_file_is_copied_keeps_no_half_of_it(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importing.os, "fsync", full)
    with pytest.raises(Invalid, match="No space left on device"):
        import_two(database, settings, tmp_path)
    assert list(settings.work_folder.iterdir()) == list(settings.source_folder.iterdir()) == []


def join(app: Flask, address: str) -> int:
    """Status of a join from an address."""
    return app.test_client().post("/join/faces", environ_base={"REMOTE_ADDR": address}).status_code


def test_f50_joining_again_and_again_from_one_address_stops_before_it_fills_a_study(settings: Settings) -> None:
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True, "joins_per_address": 5})) as lab:
        make_study(lab.database, settings)
        assert [join(lab.app, "203.0.113.9") for _ in range(7)] == [303] * 5 + [429] * 2
        assert join(lab.app, "203.0.113.10") == 303
        # One person has all addresses of an IPv6 network.
        assert [join(lab.app, f"2001:db8::{k}") for k in range(1, 7)] == [303] * 5 + [429]
        assert join(lab.app, "2001:db8:0:1::1") == 303
        answer = lab.app.test_client().post("/join/faces", environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert "Please wait a moment and try again" in answer.text
        with lab.database.reading() as db:
            assert db.scalar(select(func.count()).select_from(ParticipantSession)) == 12


def test_f42_a_lecture_hall_behind_one_address_gets_in(settings: Settings) -> None:
    with experimenter.open_lab(settings.model_copy(update={"rate_limits": True})) as lab:
        make_study(lab.database, settings)
        assert {join(lab.app, "203.0.113.9") for _ in range(400)} == {303}
