"""What `load` sends: a small HTTP client over asyncio, participants who arrange, slow readers, and idle connections.

The client shares the machine with the server, so it does as little as it can: no library of HTTP, one body for a trial.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 30.0
Answer = tuple[int, dict[bytes, bytes], bytes]
FAILURES = (OSError, EOFError, TimeoutError, ValueError, KeyError)


@dataclass
class Measured:
    """Seconds that answers of one kind took, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float:
        """Nearest rank; NaN without an answer."""
        ranked = sorted(self.seconds)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] if ranked else float("nan")


class Client:
    """One keep-alive connection. An answer is (status, headers, body)."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", token: str = "") -> Answer:
        """One request; a connection that the server has closed in the meantime is opened again.

        Raises
        ------
        OSError, EOFError, TimeoutError, ValueError
            When there is no whole answer within 30 s.
        """
        async with asyncio.timeout(TIMEOUT):
            if self.streams is None or self.streams[0].at_eof():
                self.close()
                self.streams = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                return await self._ask(method, path, body, token)
            except BaseException:
                self.close()
                raise

    async def _ask(self, method: str, path: str, body: bytes, token: str) -> Answer:
        assert self.streams is not None
        reader, writer = self.streams
        bearer = f"Authorization: Bearer {token}\r\nX-Tab: load\r\n" if token else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: load\r\n{bearer}Content-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        return int(first[9:12]), headers, await reader.readexactly(int(headers[b"content-length"]))

    def close(self) -> None:
        """Hang up."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def join(client: Client, study: str) -> tuple[int, str]:
    """Agree to take part: the status, and the session's token when it is 303."""
    status, headers, _ = await client.ask("POST", f"/join/{study}")
    return status, headers.get(b"location", b"").decode().rsplit("/", 1)[-1]


class Participant:
    """Somebody at the task: drafts and submits what a page would."""

    def __init__(self, port: int, study: str, seed: int) -> None:
        self.client = Client(port)
        self.study = study
        self.random = random.Random(seed)
        self.token = ""
        self.view: dict[str, Any] = {}
        # SHA-256 of the bytes of each trial that was acked, by its key.
        self.acked: dict[str, str] = {}

    async def begin(self) -> None:
        """Join and read the instructions.

        Raises
        ------
        As `Client.ask`; ValueError when the answer is another than admission.
        """
        status, self.token = await join(self.client, self.study)
        if status != 303:
            raise ValueError(f"join {status}")
        status, _, body = await self.client.ask("POST", "/api/v1/session/start", token=self.token)
        if status != 200:
            raise ValueError(f"start {status}")
        self.view = json.loads(body)

    def body(self, share: float = 1.0) -> bytes:
        """The trial with the first clips placed, three drags for each, and some plays."""
        clips = [clip["id"] for clip in self.view["trial"]["clips"]]
        placed = clips[: max(1, round(share * len(clips)))]
        places = [{"clip": c, "x": self.random.uniform(-0.3, 0.3), "y": self.random.uniform(-0.3, 0.3)} for c in placed]
        moves = [{**place, "t": 1000.0 * k, "how": "drag"} for k, place in enumerate(places * 3)]
        plays = [{"clip": c, "t": 900.0 * k, "ms": 500.0, "how": "hover", "ended": False} for k, c in enumerate(placed)]
        return json.dumps(
            {
                "placements": places, "moves": moves, "plays": plays, "duration": 60_000.0, "hidden": 0.0,
                "viewport": {"width": 1280, "height": 720, "pixel_ratio": 1},
                "arena": {"x": 640, "y": 360, "diameter": 560, "item": 64},
            }
        ).encode()  # fmt: skip

    async def draft(self, share: float) -> None:
        """Save what is placed so far.

        Raises
        ------
        As `Client.ask`; ValueError when it is not saved.
        """
        path = f"/api/v1/session/trials/{self.view['trial']['key']}/draft"
        status, _, body = await self.client.ask("PUT", path, self.body(share), self.token)
        if status != 200 or not json.loads(body)["saved"]:
            raise ValueError(f"draft {status}")

    async def submit(self) -> None:
        """Hand in the trial; the next one is shown afterwards. At the end of the session somebody else begins.

        Raises
        ------
        As `Client.ask`; ValueError when the answer is no ack of these bytes.
        """
        key, raw = self.view["trial"]["key"], self.body()
        status, _, body = await self.client.ask("PUT", f"/api/v1/session/trials/{key}", raw, self.token)
        answer = json.loads(body) if status == 200 else {}
        sha256 = hashlib.sha256(raw).hexdigest()
        if answer.get("ack") != {"trial_key": key, "sha256": sha256}:
            raise ValueError(f"submit {status}")
        self.acked[key] = sha256
        self.view = answer["next"]

    @property
    def is_finished(self) -> bool:
        """Whether the session has no trial more."""
        return self.view.get("trial") is None


async def timed(kind: Measured, do: Callable[[], Awaitable[Any]], due: float | None = None) -> bool:
    """Do it, and note the seconds since it was due (or since now), or the error; whether it went well."""
    began = time.monotonic() if due is None else due
    try:
        await do()
    except FAILURES as error:
        kind.errors[str(error) or type(error).__name__] += 1
        return False
    kind.seconds.append(time.monotonic() - began)
    return True


async def read_slowly(port: int, path: str, start: int, until: float, bytes_a_second: int) -> int:
    """Pull a clip from `start` on at that pace until it is there or the time is over; how many bytes came.

    Raises
    ------
    OSError, EOFError, ValueError
        When it is refused or cut off.
    """
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    plain.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(plain, ("127.0.0.1", port))
        await loop.sock_sendall(plain, f"GET {path} HTTP/1.1\r\nHost: load\r\nRange: bytes={start}-\r\n\r\n".encode())
        async with asyncio.timeout(TIMEOUT):
            first = await loop.sock_recv(plain, 8192)
        if not first.startswith(b"HTTP/1.1 206"):
            raise ValueError(f"part of a clip: {first[9:12].decode(errors='replace')}")
        head, _, _ = first.partition(b"\r\n\r\n")
        whole = len(head) + 4 + int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])  # type: ignore[index]
        total, step = len(first), bytes_a_second // 4
        while total < whole and time.monotonic() < until:
            await asyncio.sleep(0.25)
            async with asyncio.timeout(TIMEOUT):
                piece = await loop.sock_recv(plain, step)
            if not piece:
                raise EOFError("a clip was cut off")
            total += len(piece)
        return total
    finally:
        plain.close()
