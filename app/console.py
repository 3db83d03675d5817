"""What the commands share: where they work, what they print, and how long work shows its progress."""

from __future__ import annotations

import os
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from app import create_app
from app.config import Settings, load_settings
from app.db import Database, open_database
from app.domain import ClipState
from app.models import Study
from app.schema import migrate
from app.server import serve, worker
from app.services.accounts import make_setup_link
from app.services.clips import Imported, convert_waiting_clips
from app.services.enrolment import find_study


@dataclass(frozen=True)
class Place:
    """Where a command works."""

    settings: Settings
    database: Database


@contextmanager
def open_place(data: Path | None, default: Path | None = None) -> Iterator[Place]:
    """The settings and the migrated database: of `data`, else of ASTERISM_DATA, else of `default`."""
    if data is None and not os.environ.get("ASTERISM_DATA"):
        data = default
    settings = load_settings() if data is None else load_settings(data=data)
    database = open_database(settings.database)
    try:
        migrate(database)
        yield Place(settings, database)
    finally:
        database.close()


def convert_clips(place: Place, name: str) -> Study:
    """Convert the study's waiting clips here and now, and name each that cannot be used."""
    with place.database.reading() as db:
        found = find_study(db, name)
    waiting = _unconverted(place, name)
    if waiting:
        with click.progressbar(length=waiting, label="Converting clips") as bar:
            while _unconverted(place, name):
                # A clip that another process has in hand is waited for: it ends there, or is taken up here.
                convert_waiting_clips(place.database, place.settings, found.id, on_clip=lambda: bar.update(1))
                time.sleep(0.2)
    with place.database.reading() as db:
        found = find_study(db, name)
        failed = [clip for clip in found.clips if clip.state == ClipState.FAILED]
    for clip in failed:
        click.echo(f"  not used: {clip.file_name}: {clip.reason}", err=True)
    return found


def _unconverted(place: Place, name: str) -> int:
    with place.database.reading() as db:
        return sum(clip.state in {ClipState.WAITING, ClipState.CONVERTING} for clip in find_study(db, name).clips)


def echo_same(imported: Imported) -> None:
    """Name the files whose content was a clip already."""
    for file, clip in imported.same:
        click.echo(f"  {file}: the same clip as {clip}; taken once")


def echo_setup_link(place: Place, address: str) -> bool:
    """Print the one-time link by which the first experimenter makes an account, as long as there is none."""
    with place.database.writing() as db:
        token = make_setup_link(db)
    if token is not None:
        click.echo(f"  Set-up link  {address}/setup/{token}   (works once: make your account)")
    return token is not None


def base_address(settings: Settings, host: str, port: int) -> str:
    """The address that people open: the configured one, or this machine's."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return settings.base_url.rstrip("/") or f"http://{shown}:{port}"


def serve_pages(settings: Settings, host: str, port: int, page: str, no_browser: bool) -> None:
    """Answer requests and work on jobs until the process is told to stop; open `page` in a browser if wanted."""
    app = create_app(settings)
    if not no_browser:
        threading.Timer(1.0, webbrowser.open, [page]).start()
    with worker(settings):
        serve(app, host, port)
