"""Participants of `faults`: they send what a page sends, over a line that delays, cuts, repeats and reorders it.

Each notes what it sent and what was acked; what the server answered and should not have goes to `Witness.wrong`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load_client import FAILURES, Client, join

# What the line does to a submit, and how often. "as it is" is the rest.
LINE = {
    "delayed": 0.08,
    "cut before its end": 0.05,
    "answer lost": 0.08,
    "sent twice at once": 0.05,
    "earlier trial again": 0.05,
    "other bytes for an earlier trial": 0.04,
    "draft of an earlier trial": 0.04,
}
PAUSE = 0.05
# After so many wrong answers there is nothing more to learn.
MAX_WRONG = 50


@dataclass
class Witness:
    """What all participants together saw. `goal` acks end the run; bytes go by their SHA-256."""

    goal: int
    sent: dict[str, set[str]] = field(default_factory=dict)
    acked: dict[str, str] = field(default_factory=dict)
    line: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    # While this is set, nothing that is sent may be acked: the database under the server is not the study's.
    is_replaced: bool = False

    @property
    def is_over(self) -> bool:
        """Whether enough was acked, or went wrong."""
        return len(self.acked) >= self.goal or len(self.wrong) > MAX_WRONG


async def take_part(port: int, witness: Witness, seed: int) -> None:
    """One session after the other until the witness has seen enough."""
    rng = random.Random(seed)
    while not witness.is_over:
        client = Client(port)
        try:
            token = await _join(client, witness)
            if token:
                await _session(client, token, port, witness, rng)
        finally:
            client.close()


async def _join(client: Client, witness: Witness) -> str:
    while not witness.is_over:
        try:
            status, token = await join(client, "faces")
            if status == 303:
                return token
            witness.refused[f"join {status}"] += 1
        except FAILURES:
            witness.refused["join without an answer"] += 1
        await asyncio.sleep(PAUSE)
    return ""


async def _session(client: Client, token: str, port: int, witness: Witness, rng: random.Random) -> None:
    view: dict[str, Any] | None = None
    earlier: list[tuple[str, bytes]] = []
    while not witness.is_over:
        if view is None:
            view = await _call(client, token, "POST", "/start", b"", witness)
            if view is None:
                await asyncio.sleep(PAUSE)
            continue
        trial = view["trial"]
        if trial is None:
            return
        raw = _body(trial, rng)
        view = await _submit(client, token, port, trial["key"], raw, witness, rng)
        if view is None:
            continue
        earlier.append((trial["key"], raw))
        await _annoy(client, token, earlier, witness, rng)


async def _submit(
    client: Client, token: str, port: int, key: str, raw: bytes, witness: Witness, rng: random.Random
) -> dict[str, Any] | None:
    """Send until it is acked, as a page's outbox does; the view that came with the ack."""
    digest = hashlib.sha256(raw).hexdigest()
    path = f"/trials/{key}"
    witness.sent.setdefault(key, set()).add(digest)
    while not witness.is_over:
        happens = rng.choices([*LINE, "as it is"], [*LINE.values(), 1 - sum(LINE.values())])[0]
        began_replaced = witness.is_replaced
        if happens == "delayed":
            await asyncio.sleep(rng.uniform(0.02, 0.3))
        elif happens == "cut before its end":
            await _send_and_hang_up(port, token, path, raw[: len(raw) // 2], len(raw))
        elif happens == "answer lost":
            await _send_and_hang_up(port, token, path, raw, len(raw))
        elif happens == "sent twice at once":
            other = Client(port)
            await asyncio.gather(_call(other, token, "PUT", path, raw, witness), asyncio.sleep(0))
            other.close()
        if happens in {"delayed", "cut before its end", "answer lost", "sent twice at once"}:
            witness.line[happens] += 1
        answer = await _call(client, token, "PUT", path, raw, witness)
        if answer is not None:
            if answer.get("ack") != {"trial_key": key, "sha256": digest}:
                witness.wrong.append(f"trial {key}: an ack of something else")
            elif began_replaced and witness.is_replaced:
                witness.wrong.append(f"trial {key}: acked by a database that had been replaced")
            else:
                witness.acked[key] = digest
            view: dict[str, Any] = answer["next"]
            return view
        await asyncio.sleep(PAUSE)
    return None


async def _annoy(
    client: Client, token: str, earlier: list[tuple[str, bytes]], witness: Witness, rng: random.Random
) -> None:
    """What comes late or out of order must change nothing, and be told apart from what is new."""
    key, raw = rng.choice(earlier)
    luck = rng.random()
    if luck < LINE["earlier trial again"]:
        happens, path, body, expected = "earlier trial again", f"/trials/{key}", raw, 200
    elif luck < LINE["earlier trial again"] + LINE["other bytes for an earlier trial"]:
        happens, path, body, expected = "other bytes for an earlier trial", f"/trials/{key}", raw + b" ", 409
    elif luck < sum(LINE[name] for name in list(LINE)[4:]):
        happens, path, body, expected = "draft of an earlier trial", f"/trials/{key}/draft", raw, 409
    else:
        return
    witness.line[happens] += 1
    try:
        status, _, _ = await client.ask("PUT", f"/api/v1/session{path}", body, token)
    except FAILURES:
        return
    if status < 500 and status != expected:
        witness.wrong.append(f"{happens}: {status}, not {expected}")


async def _call(
    client: Client, token: str, method: str, path: str, body: bytes, witness: Witness
) -> dict[str, Any] | None:
    """The answer's JSON, or None when there is none or the server could not."""
    try:
        status, _, answer = await client.ask(method, f"/api/v1/session{path}", body, token)
    except FAILURES:
        witness.refused["no answer"] += 1
        return None
    if status == 200:
        content: dict[str, Any] = json.loads(answer)
        return content
    witness.refused[str(status)] += 1
    if status < 500:
        witness.wrong.append(f"{method} {path}: {status} {answer[:120]!r}")
    return None


async def _send_and_hang_up(port: int, token: str, path: str, part: bytes, length: int) -> None:
    """Send a request or the first half of one, and close the line without waiting for an answer."""
    head = (
        f"PUT /api/v1/session{path} HTTP/1.1\r\nHost: faults\r\nAuthorization: Bearer {token}\r\n"
        f"X-Tab: faults\r\nContent-Length: {length}\r\n\r\n"
    )
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head.encode() + part)
        await writer.drain()
        writer.close()
    except OSError:
        pass


def _body(trial: dict[str, Any], rng: random.Random) -> bytes:
    places = [{"clip": clip["id"], "x": rng.uniform(-0.3, 0.3), "y": rng.uniform(-0.3, 0.3)} for clip in trial["clips"]]
    body = {
        "placements": places,
        "moves": [{**place, "t": 1000.0 * k, "how": "drag"} for k, place in enumerate(places)],
        "plays": [],
        "duration": 30_000.0,
        "hidden": 0.0,
        "viewport": {"width": 1280, "height": 720, "pixel_ratio": 1},
        "arena": {"x": 640, "y": 360, "diameter": 560, "item": 64},
    }
    return json.dumps(body).encode()
