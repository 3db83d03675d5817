"""What is looked at of an installation without reading its content: settings, rights, database, server, backups."""

from __future__ import annotations

import json
import os
import shlex
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from analysis.words import counted
from app.backups.backup import last_backup
from app.config import MIN_SECRET, Settings, read_settings, sqlite_file
from app.database_files import SUFFIXES
from app.db import open_database
from app.doctor.finding import Finding
from app.errors import ConfigurationError
from app.front.running import room_for_connections
from app.heartbeat import worker_state
from app.models import COUNTED, ParticipantSession, Submission, Trial
from app.startup import (
    UNUSABLE,
    in_words,
    refuse_lost_database,
    refuse_missing_columns,
    refuse_network_disk,
    state_before_opening,
)

OLD_BACKUP = timedelta(days=7)
FEW_CONNECTIONS = 1000


def data_folder(data: Path) -> tuple[Settings | None, list[Finding]]:
    """What the start would say of the settings, the data folder and the database (F30); no settings if none is there.

    Raises
    ------
    ConfigurationError
        When the start would refuse to run.
    """
    settings = read_settings(data=data)
    refuse_network_disk(settings)
    if not data.exists():
        return None, [Finding(True, "data folder", f"{data} does not exist yet; the first start makes it")]
    refuse_lost_database(settings)
    return settings, [_rights(settings), _secret(settings), _database(settings)]


def _rights(settings: Settings) -> Finding:
    """Whether others can read what participants gave, or the secret (F40)."""
    data = settings.data
    if os.name != "posix":
        return Finding(True, "data folder", str(data))
    file = sqlite_file(settings)
    files = [data]
    if file is not None and not file.resolve().is_relative_to(data.resolve()):
        files += [one for suffix in SUFFIXES if (one := Path(f"{file}{suffix}")).exists()]
    # As it is typed in a shell, whatever is in the name.
    open_to_others = " ".join(shlex.quote(str(one)) for one in files if one.stat().st_mode & 0o077)
    if open_to_others:
        return Finding(False, "data folder", f"others can read {open_to_others}: chmod go= {open_to_others}")
    owner = data.stat().st_uid
    lost = [one for one in data.iterdir() if one.is_symlink() and not one.exists()]
    if lost:
        return Finding(False, "data folder", f"{lost[0]} is a link to {lost[0].readlink()}, which is not there")
    foreign = [one for one in data.iterdir() if one.stat().st_uid not in {os.geteuid(), owner}]
    if foreign:
        return Finding(False, "data folder", f"another user owns {', '.join(map(str, foreign))}")
    return Finding(True, "data folder", f"{data} is its owner's alone")


def _secret(settings: Settings) -> Finding:
    """Whether the secret in the data folder can be used (F40)."""
    file = settings.data / "secret_key"
    if settings.secret_key:
        return Finding(True, "secret", "from ASTERISM_SECRET_KEY; keep a copy: backups do not hold it")
    if not file.exists():
        return Finding(True, "secret", "the first start makes it")
    if len(file.read_text(encoding="utf-8", errors="replace").strip()) < MIN_SECRET:
        return Finding(False, "secret", f"{file} is empty or too short: restore it from a backup, or delete it")
    return Finding(True, "secret", f"in {file}")


def _database(settings: Settings) -> Finding:
    """Whether the database is there, of this version (F30, F32), and keeps what it has confirmed (F25)."""
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        return Finding(True, "database", f"{file.name} does not exist yet; the first start makes it")
    kind = "PostgreSQL" if file is None else "SQLite"
    texts = {
        "empty": "is empty; the first start fills it",
        "current": "is there, and fits this version",
        "older": "is of an older version; the next start brings it forward, after a backup",
        **UNUSABLE,
    }
    lossy = []
    try:
        state = state_before_opening(settings)
        if state in UNUSABLE:
            # Opening it would change how SQLite keeps it.
            return Finding(False, "database", f"{kind} {texts[state]}")
        with in_words(settings):
            database = open_database(settings.database)
            try:
                if state == "current":
                    refuse_missing_columns(database)
                if file is None:
                    with database.engine.connect() as connection:
                        for name in ("fsync", "full_page_writes"):
                            if connection.exec_driver_sql(f"SHOW {name}").scalar_one() != "on":
                                lossy.append(name)
            finally:
                database.close()
    except ConfigurationError as error:
        return Finding(False, "database", error.message)
    if lossy:
        return Finding(False, "database", f"PostgreSQL runs with {', '.join(lossy)} off: a power cut loses trials")
    return Finding(True, "database", f"{kind} {texts[state]}")


def settings_of_a_server(settings: Settings) -> Iterator[Finding]:
    """Settings that do not fit together, or leave a door open (F39, F41, F42, F45)."""
    wrong = []
    https = settings.base_url.startswith("https://")
    if https and not settings.secure_cookies:
        wrong.append("ASTERISM_SECURE_COOKIES is not set although people come by https")
    if https and not settings.proxy_hops:
        wrong.append("ASTERISM_PROXY_HOPS is 0 although a proxy gives https: all visitors count as one address")
    if settings.proxy_hops and not settings.base_url:
        wrong.append("ASTERISM_BASE_URL is not set although a proxy is in front: printed links lead past it")
    if not settings.rate_limits:
        wrong.append("ASTERISM_RATE_LIMITS is off: passwords can be guessed without a limit")
    room = room_for_connections()
    if room < FEW_CONNECTIONS:
        wrong.append(f"the system allows {room} connections at once: raise the limit on open files (ulimit -n)")
    yield Finding(not wrong, "settings", "; ".join(wrong) or "fit together")


def server(settings: Settings) -> Iterator[Finding]:
    """Whether a server runs on this data folder, and what it says of itself (F05, F46, F47)."""
    try:
        local = json.loads((settings.data / "server.json").read_text(encoding="utf-8"))["local"]
    except FileNotFoundError:
        yield Finding(True, "server", "none runs on this data folder from here")
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield Finding(False, "server", f"{settings.data / 'server.json'} cannot be read: delete it, and restart")
        return
    try:
        answer = _asked(f"{local}/healthz")
    except OSError as error:
        text = f"it was started and not stopped in order, and {local} does not answer ({error}): start it again"
        yield Finding(False, "server", text)
        return
    if "error" in answer:
        yield Finding(False, "server", f"{local} runs, but: {answer['error'].get('message')}")
        return
    problems = answer.get("problems", [])
    yield Finding(not problems, "server", f"{local} runs" + "".join(f"; {problem}" for problem in problems))
    state = worker_state(settings)
    yield Finding(state == "running", "worker", {"running": "runs"}.get(state, f"is {state}: restart the server"))


def _asked(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the address that the server wrote
            reply: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            reply = json.load(error)
        except ValueError:
            reply = {"error": {"message": f"it answers {error.code}"}}
    except ValueError as error:
        raise OSError("something else answers there") from error
    return reply if "error" not in reply or isinstance(reply["error"], dict) else {"error": {"message": "?"}}


def backups(settings: Settings, *, at: datetime | None = None) -> Iterator[Finding]:
    """Whether what participants gave is in a backup that is not old (F31)."""
    now = at or datetime.now(UTC)
    database = open_database(settings.database)
    try:
        with database.reading() as db:
            of_people = select(func.min(Submission.received_at)).join(Trial).join(ParticipantSession)
            real = COUNTED & ParticipantSession.is_simulated.is_(False)
            last = last_backup(settings)
            since = of_people.where(real) if last is None else of_people.where(real, Submission.received_at > last.at)
            unsaved = db.scalar(since)
    finally:
        database.close()
    kept = len(list((settings.data / "backups").glob("before-update-*.zip")))
    beside = f"; {kept} of updates in {settings.data / 'backups'}" if kept else ""
    if last is None:
        text = "none was made of this data folder yet"
    else:
        days = (now - last.at).days
        text = f"the last was made {counted(days, 'day')} ago: {last.file}"
        if not Path(last.file).exists():
            text += ", which is no longer there"
    late = unsaved is not None and now - unsaved > OLD_BACKUP
    if late:
        text += f"; trials from {unsaved:%Y-%m-%d} on are in none (`run.py backup`)"
    yield Finding(not late, "backups", text + beside)
