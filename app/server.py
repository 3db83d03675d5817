"""Runs the app on this machine: uvicorn for the pages, in one process or several, and a worker process for the jobs."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from flask import Flask

from app.config import Settings
from app.errors import ConfigurationError
from app.files import write_whole
from app.front.bridge import Bridge
from app.front.connections import Crowd
from app.front.running import GRACE_SECONDS, make_server, room_for_connections
from app.heartbeat import Heartbeat, beat
from app.participation.payloads import MAX_BODY
from app.shared_window import shared_window
from app.supervision import kept_running

PORTS_TO_TRY = 20
# Up to here the rest of a refused body is read, so that the refusal arrives; beyond, the connection ends (F50).
MAX_REQUEST_BYTES = 8 * MAX_BODY
# A clip that is interrupted is taken up later (F33).
WORKER_GRACE_SECONDS = 5.0


def free_port(host: str, wanted: int | None) -> int:
    """The wanted port, or (when none is given) the first free one from 8000 up.

    Raises
    ------
    ConfigurationError
        When the wanted port, or each one tried, is taken, or the host is not one of this machine.
    """
    if not host.strip():
        raise ConfigurationError("--host is empty: name an address, as 127.0.0.1", field="host")
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
    """A process that runs the background jobs for as long as the block lasts; `/healthz` tells when it is down."""

    def command(restarts: int) -> list[str]:
        return [*_program(settings), "worker", "--restarts", str(restarts)]

    def tell(pid: int, running: bool, restarts: int) -> None:
        beat(settings, Heartbeat(pid, time.time(), running, restarts))

    with kept_running("worker", command, grace=WORKER_GRACE_SECONDS, tell=tell):
        yield


def serve(
    app: Flask,
    host: str,
    port: int,
    settings: Settings,
    *,
    listening: socket.socket | None = None,
    with_parent: bool = False,
) -> None:
    """Answer requests until the process is told to stop, and then until what was sent is saved and answered.

    Parameters
    ----------
    listening
        A socket that listens already, and may be shared with other processes.
    with_parent
        Whether it also ends when the process that started this one closes our standard input, or dies.
    """
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
    server = make_server(bridge, crowd, host, port)
    if with_parent:
        threading.Thread(target=_stop_with_parent, args=[server], daemon=True).start()
    server.run(None if listening is None else [listening])
    bridge.close()


def serve_in_processes(settings: Settings, host: str, port: int, processes: int) -> None:
    """As `serve`, in several processes that share one socket; each that dies is started again.

    Raises
    ------
    ConfigurationError
        When somebody else listens on the port.
    """
    over = threading.Event()
    with _listening(host, port) as listening, shared_window() as window, told_to_stop(over), ExitStack() as running:
        shared = ["--socket", str(listening.fileno()), "--window", str(window)]

        def command(restarts: int) -> list[str]:
            return [*_program(settings), "pages", *shared]

        for number in range(processes):
            process = kept_running(
                f"pages {number}",
                command,
                grace=GRACE_SECONDS + 5,
                over=over,
                descriptors=[listening.fileno()],
            )
            running.enter_context(process)
        # A wait without an end would not let the signals in on every system.
        while not over.wait(1.0):
            pass


def _program(settings: Settings) -> list[str]:
    return [sys.executable, "-m", "app", "--data", str(settings.data)]


def _stop_with_parent(server: Any) -> None:
    # Unbuffered: a thread that waits in a buffered read would be in the way of an orderly end of this process.
    while os.read(0, 1):
        pass
    server.should_exit = True


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host} port {port}: {error.strerror}", field="port") from error


@contextmanager
def told_to_stop(over: threading.Event) -> Iterator[None]:
    """Within the block, SIGTERM and Ctrl+C set `over` instead of ending the process."""
    before = {n: signal.signal(n, lambda *_: over.set()) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    before = None if running_server(settings) is None else file.read_text(encoding="utf-8")
    note = json.dumps({"link": link, "local": local, "pid": os.getpid()})
    write_whole(file, note)
    try:
        yield
    finally:
        # Of another server on the same folder, started before or since, the note stays.
        with suppress(OSError):
            if file.read_text(encoding="utf-8") == note:
                file.unlink() if before is None else write_whole(file, before)


def running_server(settings: Settings) -> str | None:
    """The address that people open, of the server that runs on this data folder; None when none answers."""
    try:
        note = json.loads((settings.data / "server.json").read_text(encoding="utf-8"))
        with urllib.request.urlopen(f"{note['local']}/healthz", timeout=5):  # noqa: S310
            return str(note["link"])
    except urllib.error.HTTPError:
        return str(note["link"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
