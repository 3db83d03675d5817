"""Runs the app on this machine: uvicorn for the pages, one worker process for the jobs."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask import Flask

from app.config import Settings
from app.errors import ConfigurationError
from app.files import write_whole
from app.front.bridge import Bridge
from app.front.connections import Crowd
from app.front.running import make_server, room_for_connections
from app.heartbeat import Heartbeat, beat
from app.participation.payloads import MAX_BODY

PORTS_TO_TRY = 20
# Up to here the rest of a refused body is read, so that the refusal arrives; beyond, the connection ends (F50).
MAX_REQUEST_BYTES = 8 * MAX_BODY
LOOK_SECONDS, LONG_LIFE_SECONDS, MAX_PAUSE = 0.5, 300.0, 30.0

log = structlog.get_logger()


def free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or (when none is given) the first free one from 8000 up.

    Raises
    ------
    ConfigurationError
        When the wanted port, or each one tried, is taken, or the host is not one of this machine.
    """
    candidates = [wanted] if wanted is not None else list(range(8000, 8000 + PORTS_TO_TRY))
    for port in candidates:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                reason = error.strerror
                continue
            return int(probe.getsockname()[1])
    raise ConfigurationError(f"cannot listen on {host} port {candidates[0]}: {reason}", field="port")


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """A process that runs the background jobs for as long as the block lasts, or this process lives.

    When it dies it is started again, at once and then after growing pauses (F47); `/healthz` tells in the meantime.
    """
    over = threading.Event()
    supervisor = threading.Thread(target=_supervise, args=[settings, over], daemon=True)
    supervisor.start()
    try:
        yield
    finally:
        over.set()
        supervisor.join(timeout=40)


def _supervise(settings: Settings, over: threading.Event) -> None:
    restarts = 0
    while not over.is_set():
        command = [sys.executable, "-m", "app", "--data", str(settings.data), "worker", "--restarts", str(restarts)]
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        beat(settings, Heartbeat(process.pid, time.time(), True, restarts))
        while process.poll() is None and not over.wait(LOOK_SECONDS):
            pass
        if over.is_set():
            _end(process)
            return
        restarts = 0 if time.monotonic() - began > LONG_LIFE_SECONDS else restarts + 1
        beat(settings, Heartbeat(process.pid, time.time(), False, restarts))
        log.error("worker_died", status=process.returncode, restarts=restarts)
        over.wait(min(2.0 ** (restarts - 1) - 1 if restarts else 0.0, MAX_PAUSE))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the worker stop: closing its input tells it to. An interrupted clip is taken up later (F33)."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def serve(app: Flask, host: str, port: int, settings: Settings) -> None:
    """Answer requests until the process is told to stop, and then until what was sent is saved and answered."""
    # The app names files, and the front sends them.
    app.config["USE_X_SENDFILE"] = True
    per_address = settings.connections_per_address
    bridge = Bridge(
        app.wsgi_app,
        max_body=app.config["MAX_CONTENT_LENGTH"],
        proxy_hops=settings.proxy_hops,
        most_of_address=per_address,
    )
    crowd = Crowd(room_for_connections(), None if settings.proxy_hops else per_address, MAX_REQUEST_BYTES)
    make_server(bridge, crowd, host, port).run()
    bridge.close()


def local_address(host: str, port: int) -> str:
    """The address at which this machine itself reaches a server that listens on `host`."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def network_address(host: str, port: int) -> str | None:
    """The address at which other devices of the network reach a server on `host`; None if it is for this machine alone.

    A machine that does not know its own address in the network is named by its host name.
    """
    if host not in {"0.0.0.0", "::"}:  # noqa: S104
        return None if _is_loopback(host) else local_address(host, port)
    # Connecting a datagram socket sends nothing: it only asks the system which of its addresses it would use.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            own = str(probe.getsockname()[0])
        except OSError:
            own = socket.gethostname()
    return f"http://{own}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def announced(settings: Settings, link: str, local: str) -> Iterator[None]:
    """Other commands can ask for the address of the server that runs on this data folder, for as long as it does."""
    file = settings.data / "server.json"
    write_whole(file, json.dumps({"link": link, "local": local, "pid": os.getpid()}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_server(settings: Settings) -> str | None:
    """The address that people open, of the server that runs on this data folder; None when none answers."""
    try:
        found = json.loads((settings.data / "server.json").read_text(encoding="utf-8"))
        with urllib.request.urlopen(f"{found['local']}/healthz", timeout=5):  # noqa: S310
            return str(found["link"])
    except urllib.error.HTTPError:
        return str(found["link"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
