"""Connections: how many there may be, and how long each may take. None of them costs a thread (F45).

uvicorn itself knows no limit on the time of a request's head, on its size, or on the connections of one address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.front.addresses import network_of
from app.front.answers import as_bytes, short_answer
from app.front.bodies import BODY_SECONDS, BYTES_A_SECOND

HEAD_SECONDS = 20.0
MAX_HEAD_BYTES = 64 * 1024
# Longer than the two minutes for which Caddy keeps a connection: who closes first must be the proxy.
IDLE_SECONDS = 130
# A reader that takes nothing for so long is gone. The system's own buffers hide slow ones from us for a while.
STALLED_SECONDS = 300.0
# Refused connections are told so, up to this many; beyond, they are cut off.
REFUSALS = 200


class Stage(Enum):
    """What a connection waits for."""

    IDLE = "the next request"
    HEAD = "the rest of a request's head"
    BODY = "the rest of a request's body"
    ANSWER = "our answer"


class Crowd:
    """All connections. Where there is no room for one more, one that is idle makes room, if there is one.

    Parameters
    ----------
    most
        How many there may be.
    most_of_address
        How many of one address; None behind a proxy, which is one address for everybody.
    max_request_bytes
        Of a body larger than this nothing more is read, and the connection ends (F50).
    """

    def __init__(self, most: int, most_of_address: int | None, max_request_bytes: int) -> None:
        self.most = most
        self.most_of_address = most_of_address
        self.max_request_bytes = max_request_bytes
        self.here: set[Connection] = set()
        self.of_address: dict[str, set[Connection]] = {}
        self.refused: set[Connection] = set()

    def admit(self, connection: Connection, address: str) -> bool:
        """Whether the connection may be served; `leave` must be called for each."""
        own = self.of_address.setdefault(address, set())
        if self.most_of_address is not None and len(own) >= self.most_of_address and not _close_idlest(own):
            return self._refuse(connection)
        if len(self.here) >= self.most and not _close_idlest(self.here):
            return self._refuse(connection)
        own.add(connection)
        self.here.add(connection)
        return True

    def _refuse(self, connection: Connection) -> bool:
        self.refused.add(connection)
        return False

    def leave(self, connection: Connection, address: str) -> None:
        """The connection has ended."""
        own = self.of_address.get(address, set())
        own.discard(connection)
        if not own:
            self.of_address.pop(address, None)
        self.here.discard(connection)
        self.refused.discard(connection)


def _close_idlest(connections: Iterable[Connection]) -> bool:
    idle = [one for one in connections if one.stage is Stage.IDLE and not one.transport.is_closing()]
    if idle:
        min(idle, key=lambda one: one.since).transport.close()
    return bool(idle)


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits."""

    def __init__(self, crowd: Crowd, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.crowd = crowd
        self.address = ""
        self.stage = Stage.HEAD
        self.since = self.moved = self.loop.time()
        self.head_bytes = self.body_bytes = self.unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = network_of(self.client[0]) if self.client else ""
        if not self.crowd.admit(self, self.address):
            self.app = _busy
            if len(self.crowd.refused) > REFUSALS:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.leave(self, self.address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.stage is Stage.IDLE:
            self._enter(Stage.HEAD)
        self.head_bytes += len(data)
        super().data_received(data)
        if self.stage is Stage.HEAD and self.head_bytes > MAX_HEAD_BYTES:
            self._refuse(431)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._enter(Stage.BODY)

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.body_bytes > self.crowd.max_request_bytes:
            self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._enter(Stage.IDLE if self.cycle.response_complete else Stage.ANSWER)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.stage is Stage.ANSWER and self.cycle.response_complete:
            self._enter(Stage.IDLE)

    def resume_writing(self) -> None:
        self.moved = self.loop.time()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400)

    def shutdown(self) -> None:
        """End now, unless the app is at work on a request that has come whole: its answer is waited for."""
        cycle = self.cycle
        unfinished = cycle is not None and not cycle.response_complete
        if unfinished and (self.stage is not Stage.ANSWER or cycle.response_started):
            self.transport.abort()
        else:
            super().shutdown()

    def look(self, now: float) -> None:
        """Called every second: end the connection if it is over its time."""
        waiting = self.transport.get_write_buffer_size()
        if waiting == 0 or waiting < self.unsent:
            self.moved = now
        self.unsent = waiting
        if now - self.moved > STALLED_SECONDS:
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self.stage is Stage.HEAD and now - self.since > HEAD_SECONDS:
            if self.head_bytes:
                self._refuse(408)
            else:
                self.transport.close()
        elif self.stage is Stage.BODY and self.cycle.response_complete and now > self._drained_by():
            self.transport.abort()

    def _drained_by(self) -> float:
        """The rest of a body that was refused is read, so that the answer arrives, and thrown away, but not forever."""
        return self.since + BODY_SECONDS + self.body_bytes / BYTES_A_SECOND

    def _enter(self, stage: Stage) -> None:
        if stage in {Stage.HEAD, Stage.BODY}:
            self.head_bytes = self.body_bytes = 0
        self.stage = stage
        self.since = self.loop.time()

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(as_bytes(status))
            self.transport.close()


async def _busy(scope: Any, _receive: Any, send: Any) -> None:
    headers, body = short_answer(503, scope["path"])
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
