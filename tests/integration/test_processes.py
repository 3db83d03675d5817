"""`serve --processes`: several processes answer on one port, and are together what one would be."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from app.config import Settings
from app.db import Database
from tests.factories import make_study
from tests.integration.test_serving import serving


def pages_of(data: Path) -> list[int]:
    """The processes that answer for this data folder."""
    pids = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"pages" in words and str(data).encode() in words:
                pids.append(int(folder.name))
    return pids


def join(address: str) -> int:
    """Join as somebody new, on a connection of its own; the status of the answer."""
    host = urllib.parse.urlsplit(address).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("POST", "/join/faces", headers={"Content-Type": "application/x-www-form-urlencoded"})
    status = connection.getresponse().status
    connection.close()
    return status


def wait_for(settings: Settings, wanted: int, *, without: int | None = None) -> list[int]:
    deadline = time.monotonic() + 60
    while len(pids := [pid for pid in pages_of(settings.data) if pid != without]) != wanted:
        assert time.monotonic() < deadline, pids
        time.sleep(0.1)
    return pids


def test_processes_share_the_port_and_the_limits_and_are_replaced_when_they_die(
    settings: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_study(database, settings, name="faces")
    monkeypatch.setenv("ASTERISM_JOINS_PER_ADDRESS", "12")
    with serving(settings, tmp_path / "out", "--processes", "2") as address:
        first, second = wait_for(settings, 2)
        # While one of them stands still the other one answers: so both get a part of these.
        for stopped in (first, second):
            os.kill(stopped, signal.SIGSTOP)
            try:
                # What the system had given to the one that stands still is not lost; new connections go to the other.
                assert [join(address) for _ in range(5)] == [303] * 5
            finally:
                os.kill(stopped, signal.SIGCONT)
        assert [join(address) for _ in range(4)] == [303, 303, 429, 429]

        os.kill(first, signal.SIGKILL)
        wait_for(settings, 2, without=first)
        # The limit outlives the process that counted, and so do the numbers of `/metrics`, whoever answers.
        assert join(address) == 429
        with urllib.request.urlopen(address + "/metrics", timeout=60) as answer:
            counted = answer.read().decode()
        assert 'asterism_requests_total{kind="join",status="3xx"} 12\n' in counted
        assert 'asterism_requests_total{kind="join",status="4xx"} 3\n' in counted
        port = int(address.rsplit(":", 1)[1])
    assert pages_of(settings.data) == []
    with socket.create_server(("127.0.0.1", port)):
        pass
