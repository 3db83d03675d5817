"""How does a server with a crowd do? Joins, saves beside slow readers and idle connections, and a bare insert.

Everything runs on this machine, over the loopback: the server (`serve` on SQLite) in one process, the crowd in another.

* 300 people come within ten seconds for 100 places, each on a connection that stays open.
* 300 participants save a draft every two seconds and hand in a trial every sixty, while 40 clients pull a clip of 40 MB
  slowly, each from another place of it, and 100 connections do nothing. Times count from when a save was due.
* Eight participants without think time save as fast as they are answered; beside it, in the same run and by the same
  server, eight clients of a bare handler that stores the same bytes by one durable insert.

At the end each confirmed trial must be in the database once, with the bytes that were sent.

    python3 run.py bench load [--json FILE] [--seconds 120] [--active 300] [--slow 40] [--idle 100] [--server FOLDER]

`--server` measures another version of the program, in the folder of its sources.

Over 300 lines: one run from the first join to the tables, read from top to bottom; client and servers are beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load_client import FAILURES, Client, Measured, Participant, join, read_slowly, timed
from benchmarks.load_server import CLIP_BYTES

ROOT = Path(__file__).parent.parent
STORED = "SELECT trial.key, submission.body FROM submission JOIN trial ON trial.id = submission.trial_id"


@dataclass(frozen=True)
class Form:
    """How large the crowd is, and how long each part lasts."""

    joins: int = 300
    places: int = 100
    join_seconds: float = 10.0
    active: int = 300
    slow: int = 40
    slow_bytes_a_second: int = 64 * 1024
    idle: int = 100
    seconds: float = 120.0
    drag_seconds: float = 2.0
    trial_seconds: float = 60.0
    arrive_seconds: float = 30.0
    loop_seconds: float = 15.0
    workers: int = 8


@dataclass
class Result:
    """What was measured: times by kind, and counts."""

    kinds: dict[str, Measured] = field(default_factory=dict)
    joined: Counter[str] = field(default_factory=Counter)
    unsent: int = 0
    slow_bytes: int = 0
    idle_open: int = 0
    acked: int = 0
    stored: int = 0
    wrong: int = 0
    rates: dict[str, float] = field(default_factory=dict)
    processor_ms: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, float] = field(default_factory=dict)

    def kind(self, name: str) -> Measured:
        """The times of one kind."""
        return self.kinds.setdefault(name, Measured())

    def spent(self, name: str, kind: str, seconds: float) -> None:
        """Note what a save of this kind cost the server's processor."""
        self.processor_ms[name] = 1000 * seconds / max(1, len(self.kind(kind).seconds))

    @property
    def errors(self) -> int:
        """How many requests were not answered as they should be."""
        return sum(sum(kind.errors.values()) for kind in self.kinds.values())


def measure(form: Form, folder: Path, server: Path = ROOT) -> Result:
    """Run all parts against a server on a new data folder below `folder`."""
    result = Result()
    data = folder / "data"
    environment = {**os.environ, "PYTHONPATH": str(server), "ASTERISM_JOINS_PER_ADDRESS": "1000000"}
    tool = [sys.executable, str(ROOT / "benchmarks" / "load_server.py")]
    subprocess.run([*tool, "studies", str(data), str(form.places)], env=environment, cwd=server, check=True)
    port = free_port()
    acked: dict[str, str] = {}
    program = [sys.executable, "-m", "app", "serve", "--no-browser", "--data", str(data), "--port", str(port)]
    with running(program, environment, server, port) as process:
        result.memory_mb["start"] = _memory_mb(process.pid)
        asyncio.run(joins(form, port, result))
        acked |= asyncio.run(crowd(form, port, result))
        result.memory_mb["after the crowd"] = _memory_mb(process.pid)
        for name, save in (("draft", _draft), ("submit", _submit)):
            before = _processor_seconds(process.pid)
            acked |= asyncio.run(_closed_loop(form, port, result, name, save))
            result.spent(name, f"{name}, closed loop", _processor_seconds(process.pid) - before)
    bare_port = free_port()
    bare = [*tool, "bare", str(bare_port), str(folder / "bare.sqlite3")]
    with running(bare, environment, server, bare_port) as process:
        for name, share in (("draft", 0.5), ("submit", 1.0)):
            before = _processor_seconds(process.pid)
            asyncio.run(_bare(form, bare_port, result, name, share))
            result.spent(f"bare {name}", f"bare insert, as {name}", _processor_seconds(process.pid) - before)
    with closing(sqlite3.connect(data / "asterism.sqlite3")) as connection:
        compare(connection.execute(STORED), acked, result)
    return result


async def joins(form: Form, port: int, result: Result) -> None:
    clients = [Client(port) for _ in range(form.joins)]

    async def come(k: int, client: Client) -> None:
        await asyncio.sleep(form.join_seconds * k / form.joins)

        async def agree() -> None:
            status, _ = await join(client, "full")
            result.joined[{303: "in", 403: "full"}.get(status, str(status))] += 1
            if status not in {303, 403}:
                raise ValueError(f"join {status}")

        await timed(result.kind("join"), agree)

    await asyncio.gather(*(come(k, client) for k, client in enumerate(clients)))
    for client in clients:
        client.close()


async def crowd(form: Form, port: int, result: Result) -> dict[str, str]:
    """The participants' think time, with slow readers and idle connections beside them; what was acked."""
    paths = await _paths_of_large_clips(port, result)
    idle = await _open_idle(form, port)
    begin = time.monotonic() + form.arrive_seconds
    until = begin + form.seconds
    slow = [asyncio.ensure_future(_slow(form, port, paths, k, until, result)) for k in range(form.slow if paths else 0)]
    people = [Participant(port, "task", seed) for seed in range(form.active)]
    await asyncio.gather(*(_take_part(form, one, k, begin, until, result) for k, one in enumerate(people)))
    await asyncio.gather(*slow)
    result.idle_open = sum(not reader.at_eof() for reader, _ in idle)
    for _, writer in idle:
        writer.close()
    for one in people:
        one.client.close()
    return {key: sha256 for one in people for key, sha256 in one.acked.items()}


async def _open_idle(form: Form, port: int) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connections that were used once, as a browser leaves them; those that get no answer are left out."""
    clients = [Client(port) for _ in range(form.idle)]

    async def use(client: Client) -> None:
        with suppress(*FAILURES):
            async with asyncio.timeout(10):
                await client.ask("GET", "/healthz")

    await asyncio.gather(*(use(client) for client in clients))
    return [client.streams for client in clients if client.streams is not None]


async def _paths_of_large_clips(port: int, result: Result) -> list[str]:
    one = Participant(port, "large", 0)
    if not await timed(result.kind("join"), one.begin):
        return []
    one.client.close()
    return [
        source["src"] for clip in one.view["trial"]["clips"] for source in clip["sources"] if ".mp4" in source["src"]
    ]


async def _slow(form: Form, port: int, paths: list[str], k: int, until: float, result: Result) -> None:
    async def pull() -> None:
        start = k * CLIP_BYTES // (2 * form.slow)
        while time.monotonic() < until:
            path = paths[k % len(paths)]
            result.slow_bytes += await read_slowly(port, path, start, until, form.slow_bytes_a_second)

    await timed(result.kind("slow reader"), pull)


async def _take_part(form: Form, one: Participant, k: int, begin: float, until: float, result: Result) -> None:
    await asyncio.sleep(form.arrive_seconds * 0.8 * k / form.active)
    if not await timed(result.kind("begin"), one.begin):
        return
    # Not all hand in at the same moment: each is somewhere in the middle of a trial.
    chance = random.Random(k)
    due = max(begin, time.monotonic()) + chance.uniform(0, form.drag_seconds)
    end = due + chance.uniform(form.drag_seconds, form.trial_seconds)
    placed = 0
    while due < until:
        if time.monotonic() > until:
            result.unsent += int((until - due) / form.drag_seconds) + 1
            return
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if due >= end:
            await timed(result.kind("submit"), one.submit, due)
            end, placed = due + form.trial_seconds, 0
        else:
            placed += 1
            share = min(placed * form.drag_seconds / form.trial_seconds, 0.99)
            await timed(result.kind("draft"), lambda share=share: one.draft(share), due)  # type: ignore[misc]
        if one.is_finished and not await timed(result.kind("begin"), one.begin):
            return
        due += form.drag_seconds


async def _draft(one: Participant) -> None:
    await one.draft(0.5)


async def _submit(one: Participant) -> None:
    await one.submit()


async def _closed_loop(
    form: Form, port: int, result: Result, name: str, save: Callable[[Participant], Awaitable[None]]
) -> dict[str, str]:
    """Saves a second without think time; sessions that end are begun anew, outside the measured time of a save."""
    people = [Participant(port, "task", 10_000 + seed) for seed in range(form.workers)]
    kind = result.kind(f"{name}, closed loop")
    spent = 0.0

    async def work(one: Participant) -> None:
        nonlocal spent
        if not await timed(result.kind("begin"), one.begin):
            return
        until = time.monotonic() + form.loop_seconds
        while time.monotonic() < until:
            if not await timed(kind, lambda: save(one)):
                return
            if one.is_finished:
                began = time.monotonic()
                if not await timed(result.kind("begin"), one.begin):
                    return
                spent += time.monotonic() - began

    await asyncio.gather(*(work(one) for one in people))
    for one in people:
        one.client.close()
    busy = form.workers * form.loop_seconds - spent
    result.rates[name] = len(kind.seconds) * form.workers / busy
    return {key: sha256 for one in people for key, sha256 in one.acked.items()}


async def _bare(form: Form, port: int, result: Result, name: str, share: float) -> None:
    """The bare handler, with bodies as large as those of drafts or of trials."""
    template = Participant(port, "", 0)
    template.view = {"trial": {"clips": [{"id": f"C-{k:016}"} for k in range(12)]}}
    body = template.body(share)
    kind = result.kind(f"bare insert, as {name}")

    async def work() -> None:
        client = Client(port)

        async def put() -> None:
            status, _, _ = await client.ask("PUT", "/", body)
            if status != 200:
                raise ValueError(f"bare {status}")

        until = time.monotonic() + form.loop_seconds
        while time.monotonic() < until:
            await timed(kind, put)
        client.close()

    await asyncio.gather(*(work() for _ in range(form.workers)))
    result.rates[f"bare {name}"] = len(kind.seconds) / form.loop_seconds


def compare(rows: Iterable[tuple[str, bytes]], acked: dict[str, str], result: Result) -> None:
    """Each confirmed trial is there once, with its bytes. One may be stored whose ack did not arrive.

    `rows` are those of `STORED`.
    """
    figures: dict[str, list[str]] = {}
    for key, body in rows:
        figures.setdefault(key, []).append(hashlib.sha256(body).hexdigest())
    result.acked = len(acked)
    result.stored = sum(len(bodies) for bodies in figures.values())
    result.wrong = sum(figures.get(key) != [sha256] for key, sha256 in acked.items())


@contextmanager
def running(
    command: list[str], environment: dict[str, str], folder: Path, port: int, *, quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """A server for as long as the block lasts, which begins when it answers on the port; `quiet` without its log."""
    log = subprocess.DEVNULL if quiet else None
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _memory_mb(pid: int) -> float:
    """The memory that a process has in use, on Linux; NaN elsewhere."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def _processor_seconds(pid: int) -> float:
    """The processor's time that a process has taken, on Linux; NaN elsewhere."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(form: Form, result: Result) -> str:
    """The tables that are printed."""
    lines = [f"{'':<26}{'answers':>9}{'errors':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"]
    for name, kind in result.kinds.items():
        times = (
            "".join(f"{1000 * kind.percentile(p):>9.0f}" for p in (50, 95, 99))
            if name != "slow reader"
            else "".ljust(27)
        )
        lines.append(f"{name:<26}{len(kind.seconds):>9}{sum(kind.errors.values()):>8}{times}")
    lines += ["", f"{'':<26}{'saves a second':>24}{'':>9}{'processor ms a save':>24}"]
    lines += [f"{'':<26}{'program':>12}{'bare':>12}{'ratio':>9}{'program':>12}{'bare':>12}{'ratio':>9}"]
    for name in ("draft", "submit"):
        ours, bare = result.rates[name], result.rates[f"bare {name}"]
        cost, least = result.processor_ms[name], result.processor_ms[f"bare {name}"]
        lines.append(
            f"{name:<26}{ours:>12.0f}{bare:>12.0f}{ours / bare:>9.2f}{cost:>12.1f}{least:>12.1f}{least / cost:>9.2f}"
        )
    lines += [
        "",
        f"joins: {dict(result.joined)} (places: {form.places}); idle connections open at the end: {result.idle_open} "
        f"of {form.idle}; slow readers took {result.slow_bytes / 1e6:.0f} MB",
        f"saves that were due and not sent, because those before them took too long: {result.unsent}",
        f"confirmed trials: {result.acked}; stored: {result.stored}; missing, doubled or changed: {result.wrong}",
        "memory of the server: " + ", ".join(f"{value:.0f} MB {name}" for name, value in result.memory_mb.items()),
    ]
    for name, kind in result.kinds.items():
        lines += [f"errors of {name}: {text}: {count}" for text, count in kind.errors.most_common(5)]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Measure, print the tables, write the figures; 1 when something was lost, not answered, or not sent in time."""
    parser = argparse.ArgumentParser(prog="run.py bench load", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--server", type=Path, default=ROOT)
    for name, default in asdict(Form()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    given = parser.parse_args(argv)
    form = Form(**{name: getattr(given, name) for name in asdict(Form())})
    with tempfile.TemporaryDirectory(prefix="asterism-load-") as folder:
        result = measure(form, Path(folder), given.server.resolve())
    print(report(form, result))
    if given.json:
        given.json.write_text(json.dumps(_figures(form, result), indent=1) + "\n", encoding="utf-8")
    return 1 if result.errors or result.wrong or result.unsent else 0


def _figures(form: Form, result: Result) -> dict[str, Any]:
    kinds = {
        name: {
            "answers": len(kind.seconds),
            "errors": dict(kind.errors),
            **{f"p{p}_ms": 1000 * kind.percentile(p) for p in (50, 95, 99)},
        }
        for name, kind in result.kinds.items()
    }
    counts = {
        name: getattr(result, name)
        for name in ("unsent", "slow_bytes", "idle_open", "acked", "stored", "wrong", "errors")
    }
    measured = {"joined": dict(result.joined), "rates": result.rates, "processor_ms": result.processor_ms}
    measured |= {"memory_mb": result.memory_mb}
    return {"form": asdict(form), "kinds": kinds, **measured, **counts}
