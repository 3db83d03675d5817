"""How tests serve the app over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# How often a server looks whether it is to stop: by its default of half a second each test would wait for that.
POLL_SECONDS = 0.05


def read_whole(app: WSGIApplication) -> WSGIApplication:
    """The app, whose answers are read to their ends first: werkzeug leaves a file open when its reader hangs up."""

    def read(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answer = app(environ, start_response)
        try:
            return [b"".join(answer)]
        finally:
            answer.close()  # type: ignore[attr-defined]

    return read


@contextmanager
def serving(app: WSGIApplication) -> Iterator[str]:
    """The address of a real server of the app in a thread. (pytest-flask's own clashes with an app for each test.)"""
    server = make_server("127.0.0.1", 0, read_whole(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=[POLL_SECONDS], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
