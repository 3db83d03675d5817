"""Bodies of requests, read whole before a thread is taken: a slow sender costs some memory, within a bound (F45)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

# A body has this long, and a second more for each of so many bytes that came: a slow line gets its trial through.
BODY_SECONDS, BYTES_A_SECOND = 30.0, 1024
# What all bodies together may hold in memory.
BUDGET = 256 * 1024 * 1024

Receive = Callable[[], Awaitable[Any]]


class Gone(Exception):
    """The sender hung up before the body was whole."""


class TooSlow(Exception):
    """The body did not come in time, or had to make room for those that do."""


class Bodies:
    """Reads bodies up to `limit` bytes and one more, which tells that a body is too large.

    When all together would hold more than `budget` bytes, the one that has been on its way for longest has to go: those
    who send fast are not kept out by those who send slowly.
    """

    def __init__(self, limit: int, budget: int = BUDGET) -> None:
        self.limit = limit
        self.budget = budget
        self.held = 0
        self.unfinished: dict[asyncio.Timeout, None] = {}

    async def read(self, headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
        """The body, cut off behind `limit + 1` bytes; empty where its length is said and too large.

        What was read counts as held until `let_go` is called with its size.

        Raises
        ------
        Gone, TooSlow
        """
        said = dict(headers)
        length = said.get(b"content-length")
        if length is None and b"transfer-encoding" not in said:
            return b""
        if length is not None and (int(length) == 0 or int(length) > self.limit):
            return b""
        body = bytearray()
        begun = asyncio.get_running_loop().time()
        patience = asyncio.timeout_at(_due(begun, 0))
        self.unfinished[patience] = None
        try:
            async with patience:
                while await self._read_more(body, receive) and len(body) <= self.limit:
                    if patience not in self.unfinished:
                        raise TimeoutError
                    patience.reschedule(_due(begun, len(body)))
            return bytes(body)
        except TimeoutError as error:
            self.let_go(len(body))
            raise TooSlow from error
        except BaseException:
            self.let_go(len(body))
            raise
        finally:
            self.unfinished.pop(patience, None)

    async def _read_more(self, body: bytearray, receive: Receive) -> bool:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        new = message.get("body", b"")[: self.limit + 1 - len(body)]
        body += new
        self.held += len(new)
        if self.held > self.budget and self.unfinished:
            oldest = next(iter(self.unfinished))
            del self.unfinished[oldest]
            oldest.reschedule(asyncio.get_running_loop().time())
        return bool(message.get("more_body", False))

    def let_go(self, size: int) -> None:
        """A body of this size is no longer in memory."""
        self.held -= size


def _due(begun: float, came: int) -> float:
    return begun + BODY_SECONDS + came / BYTES_A_SECOND
