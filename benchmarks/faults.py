"""Is anything lost that was acked? Participants at a real server that is killed, starved, and robbed of its database.

Scripted participants send trials until so many are acked, over a line that delays, cuts, repeats and reorders them.
Meanwhile the server is killed (SIGKILL) and restarted in order (SIGTERM), its disk refuses writes, its database server
is stopped (PostgreSQL), or the database's files are replaced under it (SQLite). At the end each acked trial must be
stored exactly once, with the bytes whose SHA-256 the ack named.

    python3 run.py bench faults [--database sqlite|postgresql] [--trials 10000] [--people 30] [--seed 0] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, make_url, select

from app.config import load_settings
from app.db import open_database
from app.models import Submission, Trial
from app.schema import migrate
from benchmarks.fault_participants import Witness, take_part
from benchmarks.recovery_tables import table
from tests.conftest import administer, postgres_server
from tests.factories import make_study
from tests.integration.live_server import LiveServer

STUDY = 'title = "Faults"\n[design]\nmethod = "random"\nmax_items = 5\n[stop]\nmin_evidence = 50\nmax_trials = 20\n'
MAX_SECONDS_A_TRIAL, PATIENCE = 2.0, 120.0
DATABASES = ("sqlite", "postgresql")


@dataclass
class Site:
    """The server under test, and the disk of its database."""

    server: LiveServer
    data: Path
    postgres: Any = None
    events: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Verdict:
    """How a run ended. All but `acked`, `stored` and `unacked` must be empty or zero."""

    database: str
    acked: int
    stored: int
    unacked: int
    lost: list[str]
    altered: list[str]
    doubled: int
    wrong: list[str]
    unfinished: bool
    line: dict[str, int]
    events: dict[str, int]
    refused: dict[str, int]
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether everything that was acked is there once, and nothing was answered that should not have been."""
        return not (self.lost or self.altered or self.doubled or self.wrong or self.unfinished)


async def kill(site: Site) -> None:
    """The machine loses its power, or the system ends the process."""
    await asyncio.to_thread(site.server.kill)
    await asyncio.to_thread(site.server.start)


async def restart(site: Site) -> None:
    """The operator restarts the server in order."""
    await asyncio.to_thread(site.server.stop)
    await asyncio.to_thread(site.server.start)


async def refuse_writes(site: Site) -> None:
    """No file may grow: what a full disk does to the database, and to it alone."""
    assert site.server.process is not None
    pid = site.server.process.pid
    largest = max(file.stat().st_size for file in site.data.glob("asterism.sqlite3*"))
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest // 2, hard))
    await asyncio.sleep(1.0)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


async def stop_postgres(site: Site) -> None:
    """The database's server is away for a second."""
    await asyncio.to_thread(site.postgres.stop)
    await asyncio.sleep(1.0)
    await asyncio.to_thread(site.postgres.ensure_postgres_running)


async def replace_files(site: Site, witness: Witness) -> None:
    """An older database is put in place of the running one; later the server is killed, and the right one put back."""
    away = site.data / "away"
    away.mkdir()
    files = list(site.data.glob("asterism.sqlite3*"))
    older = site.data / "older"
    for file in files:
        shutil.move(file, away / file.name)
    shutil.copyfile(older, site.data / "asterism.sqlite3")
    witness.is_replaced = True
    await asyncio.sleep(1.0)
    await asyncio.to_thread(site.server.kill)
    for file in site.data.glob("asterism.sqlite3*"):
        file.unlink()
    for file in away.iterdir():
        shutil.move(file, site.data / file.name)
    away.rmdir()
    witness.is_replaced = False
    await asyncio.to_thread(site.server.start)


async def _disturb(site: Site, witness: Witness, plan: list[tuple[str, Callable[[], Awaitable[None]]]]) -> None:
    """One event after the other, evenly over the trials."""
    for number, (name, event) in enumerate(plan, 1):
        due = witness.goal * number / (len(plan) + 1)
        while len(witness.acked) < due:
            if witness.is_over:
                return
            await asyncio.sleep(0.02)
        await event()
        site.events[name] += 1


async def _run(site: Site, witness: Witness, people: int, rounds: int, seed: int) -> bool:
    """Whether the goal was reached in time."""
    events: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        ("killed (SIGKILL)", lambda: kill(site)),
        ("restarted (SIGTERM)", lambda: restart(site)),
    ]
    if site.postgres is not None:
        events.append(("database's server stopped", lambda: stop_postgres(site)))
    else:
        events.append(("writes refused", lambda: refuse_writes(site)))
        events.append(("database's files replaced", lambda: replace_files(site, witness)))
    limit = PATIENCE + MAX_SECONDS_A_TRIAL * witness.goal
    try:
        async with asyncio.timeout(limit), asyncio.TaskGroup() as group:
            group.create_task(_disturb(site, witness, events * rounds))
            for number in range(people):
                group.create_task(take_part(site.server.port, witness, 1000 * seed + number))
    except TimeoutError:
        return False
    return True


def measure(kind: str, *, trials: int, people: int, rounds: int, seed: int) -> Verdict:
    """One run on a database of a kind; `rounds` is how often each event comes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asterism-faults-")))
        settings = load_settings(data=folder / "data", rate_limits=False)
        url, postgres = settings.database.render_as_string(hide_password=False), None
        if kind == "postgresql":
            postgres, address = stack.enter_context(postgres_server())
            administer(address, "CREATE DATABASE faults")
            url = address.set(database="faults").render_as_string(hide_password=False)
        database = open_database(url)
        migrate(database)
        make_study(database, settings, n_clips=12, toml=STUDY)
        database.close()
        if kind == "sqlite":
            shutil.copyfile(make_url(url).database or "", settings.data / "older")
        server = LiveServer(settings.data, worker=False, ASTERISM_DATABASE_URL=url, ASTERISM_RATE_LIMITS="false")
        # Of what happens to it here the server's own log would say very much.
        server.errors = stack.enter_context((folder / "log").open("wb"))
        site, witness = Site(server, settings.data, postgres), Witness(trials)
        began = time.monotonic()
        server.start()
        try:
            finished = asyncio.run(_run(site, witness, people, rounds, seed))
        finally:
            server.stop()
        return _judge(kind, url, witness, site, finished=finished, seconds=time.monotonic() - began)


def _judge(kind: str, url: str, witness: Witness, site: Site, *, finished: bool, seconds: float) -> Verdict:
    database = open_database(url)
    with database.reading() as db:
        rows = db.execute(select(Trial.key, Submission.sha256, Submission.body).join_from(Trial, Submission)).tuples()
        stored = {key: (sha256, hashlib.sha256(bytes(body)).hexdigest()) for key, sha256, body in rows}
        times = (
            select(func.count().label("times")).select_from(Trial).group_by(Trial.session_id, Trial.number).subquery()
        )
        doubled = db.scalar(select(func.count()).select_from(times).where(times.c.times > 1)) or 0
    database.close()
    altered = [key for key, digests in stored.items() if len(set(digests) | witness.sent.get(key, set())) != 1]
    altered += [key for key, digest in witness.acked.items() if key in stored and stored[key][0] != digest]
    return Verdict(
        kind,
        acked=len(witness.acked),
        stored=len(stored),
        unacked=len(stored.keys() - witness.acked.keys()),
        lost=sorted(witness.acked.keys() - stored.keys()),
        altered=sorted(set(altered)),
        doubled=doubled,
        wrong=witness.wrong,
        unfinished=not finished,
        line=dict(witness.line),
        events=dict(site.events),
        refused=dict(witness.refused),
        seconds=seconds,
    )


def report(verdict: Verdict) -> str:
    """The run as tables."""
    faults = [[name, str(count)] for name, count in {**verdict.events, **verdict.line}.items()]
    sums = [
        ["acked", str(verdict.acked)],
        ["stored", str(verdict.stored)],
        ["of these without an ack that arrived", str(verdict.unacked)],
        ["acked and lost", str(len(verdict.lost))],
        ["stored with other bytes", str(len(verdict.altered))],
        ["stored twice", str(verdict.doubled)],
        ["wrong answers", str(len(verdict.wrong))],
        *([f"{what}, and sent again", str(count)] for what, count in sorted(verdict.refused.items())),
        ["seconds", f"{verdict.seconds:.0f}"],
    ]
    lines = [f"## {verdict.database}", "", table(["fault", "times"], faults), "", table(["trials", "number"], sums)]
    lines += [f"* {problem}" for problem in [*verdict.lost, *verdict.altered, *verdict.wrong][:20]]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Print the tables; 1 if anything was lost, altered, doubled or wrongly answered, or the run did not end."""
    parser = argparse.ArgumentParser(prog="bench faults", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, help="only this one; both without it")
    parser.add_argument("--trials", type=int, default=10_000, help="acked trials, on each database")
    parser.add_argument("--people", type=int, default=30, help="participants at once")
    parser.add_argument("--rounds", type=int, default=5, help="how often each event comes")
    parser.add_argument("--seed", type=int, default=0, help="seed of what is sent and what the line does")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args(argv)
    verdicts = []
    for kind in [options.database] if options.database else DATABASES:
        verdict = measure(kind, trials=options.trials, people=options.people, rounds=options.rounds, seed=options.seed)
        verdicts.append(verdict)
        print(report(verdict) + "\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps([vars(verdict) for verdict in verdicts], indent=1), encoding="utf-8")
    return 0 if all(verdict.holds for verdict in verdicts) else 1
