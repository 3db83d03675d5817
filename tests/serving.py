"""How tests serve the app over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
