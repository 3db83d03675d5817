"""A real server process of the app, as `serve` starts it, that a test may kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from tests.conftest import ROOT
from tests.ports import free_port

START_SECONDS = 60


class LiveServer:
    """`python -m app serve` on a data folder. Its address stays the same over restarts.

    Without `worker`, which takes as long to start as the server, nothing is converted or computed.
    """

    def __init__(self, data: Path, *, worker: bool = True, **environment: str) -> None:
        self.data = data
        self.options = [] if worker else ["--no-worker"]
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self.errors: IO[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [sys.executable, "-m", "app", "serve", "--no-browser"]
        command += ["--data", str(self.data), "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=self.errors,
            start_new_session=True,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode} before it answered")
            try:
                urllib.request.urlopen(self.address + "/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("the server did not answer in time")

    def kill(self) -> None:
        """End the server and its worker at once, with no chance to tidy up."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def stop(self) -> None:
        """End the server the polite way, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class ScriptedParticipant:
    """What a page does, without the page. Network errors are the caller's; answers come as (status, JSON)."""

    def __init__(self, address: str, study: str = "faces") -> None:
        self.address = address
        self.study = study
        self.token = ""

    def join(self) -> int:
        """Agree to take part; returns the status of the answer (303 when admitted)."""
        opener = urllib.request.build_opener(_NoRedirect)
        request = urllib.request.Request(f"{self.address}/join/{self.study}", data=b"", method="POST")
        try:
            opener.open(request, timeout=60)
        except urllib.error.HTTPError as answer:
            with answer:
                self.token = (answer.headers.get("Location") or "").rsplit("/", 1)[-1]
                return answer.code
        raise AssertionError("joining answers with a redirect or an error")

    def call(self, method: str, path: str = "", body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """One request to the participant's API."""
        headers = {"Authorization": f"Bearer {self.token}", "X-Tab": "script"}
        request = urllib.request.Request(
            f"{self.address}/api/v1/session{path}", data=body, method=method, headers=headers
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)
