"""From uvicorn to the app: a request that has come whole takes a thread, and gives it back before its answer is sent.

The app answers with a file by naming it (`X-Sendfile`), and the file is then read piece by piece as its reader takes
it: neither a slow sender nor a slow reader costs a thread (F27, F45).
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote_to_bytes

import structlog

from app.front.addresses import forwarded_for, network_of
from app.front.answers import Headers, short_answer
from app.front.bodies import Bodies, Gone, TooSlow

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS, READERS = 16, 4
PIECE = 128 * 1024
# In the environment of a request whose body did not come in time: the app says so, in its own words.
INCOMPLETE = "asterism.incomplete"
# When a request was there whole, by the clock of `time.perf_counter`.
ARRIVED = "asterism.arrived"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = structlog.get_logger()


@dataclass
class Answer:
    """What the app answered: `first` is sent at once, then `rest` as it is made, or `left` more bytes of `file`."""

    status: int
    headers: Headers
    first: bytes = b""
    rest: Iterator[bytes] | None = None
    file: BinaryIO | None = None
    left: int = 0
    close: Callable[[], object] = lambda: None


class Bridge:
    """The WSGI app as an ASGI app.

    Parameters
    ----------
    max_body
        A larger body reaches the app cut off behind its next byte, or not at all, with a length that tells.
    proxy_hops, most_of_address
        Behind so many proxies one visitor may have so many requests at once.
    """

    def __init__(self, app: WSGIApplication, *, max_body: int, proxy_hops: int = 0, most_of_address: int = 0) -> None:
        self.app = app
        self.bodies = Bodies(max_body)
        self.proxy_hops = proxy_hops
        self.most_of_address = most_of_address
        self.at_once: Counter[str] = Counter()
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="app")
        self.readers = ThreadPoolExecutor(READERS, thread_name_prefix="files")

    def close(self) -> None:
        """Wait for what the threads are working on."""
        self.threads.shutdown()
        self.readers.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        address = forwarded_for(scope["headers"], self.proxy_hops) if self.proxy_hops else None
        if address is None:
            await self._answer(scope, receive, send)
            return
        visitor = network_of(address)
        if self.at_once[visitor] >= self.most_of_address:
            await _send_short(503, scope, send)
            return
        self.at_once[visitor] += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.at_once[visitor] -= 1
            if not self.at_once[visitor]:
                del self.at_once[visitor]

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, incomplete = b"", False
        try:
            body = await self.bodies.read(scope["headers"], receive)
        except Gone:
            return
        except TooSlow:
            incomplete = True
        try:
            environ = make_environ(scope, body)
            environ[INCOMPLETE] = incomplete
            environ[ARRIVED] = time.perf_counter()
            # One context for all steps of an answer that is made while it is sent, whichever thread takes the step.
            context = contextvars.copy_context()
            answer = await self._in_thread(context, self._call, environ)
        except Exception as error:
            log.error("unexpected_error", method=scope["method"], exc_info=error)
            await _send_short(500, scope, send)
            return
        finally:
            self.bodies.let_go(len(body))
        if incomplete:
            answer.headers.append((b"connection", b"close"))
        await self._send(answer, context, receive, send)

    def _in_thread(self, context: contextvars.Context, do: Callable[..., Any], *about: Any) -> Awaitable[Any]:
        return asyncio.get_running_loop().run_in_executor(self.threads, context.run, do, *about)

    def _call(self, environ: dict[str, Any]) -> Answer:
        """Run the app, in a thread, until its answer is there or, if it is made while it is sent, has begun."""
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            begun[:] = [(status, headers)]
            return written.append

        pieces = self.app(environ, start_response)
        close = getattr(pieces, "close", lambda: None)
        try:
            iterator = iter(pieces)
            first = next(iterator, b"")
            status, headers = begun[0]
            named = {name.lower(): value for name, value in headers}
            answer = Answer(int(status.split(" ", 1)[0]), _as_bytes(headers), close=close)
            if "x-sendfile" in named:
                _open_file(answer, named, environ["REQUEST_METHOD"])
            elif "content-length" in named or environ["REQUEST_METHOD"] == "HEAD" or answer.status in {204, 304}:
                answer.first = b"".join([*written, first, *iterator])
            else:
                answer.first, answer.rest = b"".join([*written, first]), iterator
        except BaseException:
            close()
            raise
        if answer.rest is None:
            close()
        return answer

    async def _send(self, answer: Answer, context: contextvars.Context, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            if answer.rest is None and not answer.left:
                await send({"type": "http.response.body", "body": answer.first})
                return
            gone = asyncio.ensure_future(_wait_until_gone(receive))
            try:
                await send({"type": "http.response.body", "body": answer.first, "more_body": True})
                pieces = self._pieces_of_file(answer) if answer.rest is None else self._pieces(answer, context)
                async for piece in pieces:
                    if gone.done():
                        return
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            finally:
                gone.cancel()
        finally:
            if answer.rest is not None:
                await self._in_thread(context, answer.close)
            if answer.file is not None:
                answer.file.close()

    async def _pieces(self, answer: Answer, context: contextvars.Context) -> Any:
        while (piece := await self._in_thread(context, next, answer.rest, None)) is not None:
            yield piece

    async def _pieces_of_file(self, answer: Answer) -> Any:
        loop = asyncio.get_running_loop()
        while answer.left:
            assert answer.file is not None
            piece = await loop.run_in_executor(self.readers, answer.file.read, min(PIECE, answer.left))
            if not piece:
                raise OSError("a file that is being sent became shorter")
            answer.left -= len(piece)
            yield piece


def _open_file(answer: Answer, named: dict[str, str], method: str) -> None:
    """Open the file that the app names, at the part that the headers promise, and read the first piece of it."""
    if method == "HEAD":
        return
    file = open(named["x-sendfile"], "rb")  # noqa: SIM115
    part = re.match(r"bytes (\d+)-", named.get("content-range", ""))
    if part is not None:
        file.seek(int(part[1]))
    length = int(named["content-length"])
    answer.first = file.read(min(PIECE, length))
    answer.left = length - len(answer.first)
    if answer.left:
        answer.file = file
    else:
        file.close()


def make_environ(scope: Scope, body: bytes) -> dict[str, Any]:
    """A request as WSGI says it. The bytes of its path are kept as they came."""
    host, port = scope["server"] or ("localhost", 80)
    client = scope["client"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        # X_Forwarded_For would be taken for X-Forwarded-For.
        if b"_" in name:
            continue
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if environ.pop("HTTP_TRANSFER_ENCODING", None) is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _as_bytes(headers: list[tuple[str, str]]) -> Headers:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers
        if name.lower() != "x-sendfile"
    ]


async def _send_short(status: int, scope: Scope, send: Send) -> None:
    headers, body = short_answer(status, scope["path"])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _wait_until_gone(receive: Receive) -> None:
    with suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass
