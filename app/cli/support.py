"""What the commands share: where they work, what they print, and how long work shows its progress."""

from __future__ import annotations

import os
import threading
import time
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app import create_app
from app.accounts.setup_links import make_setup_link
from app.backups.backup import Backup, make_backup
from app.clips.conversion import convert_waiting_clips
from app.clips.differences import differences
from app.clips.importing import Imported
from app.config import Settings, load_settings, read_settings
from app.db import Database, open_database
from app.definition.find import find_study
from app.domain import ClipState
from app.log_files import log_of
from app.logs import configure_logs
from app.models import Study
from app.results.chosen import ExportOptions
from app.results.export import bundle_choices
from app.results.work import ensure_results
from app.server import (
    announced,
    local_address,
    network_address,
    running_server,
    serve,
    serve_in_processes,
    worker,
)
from app.startup import (
    naming_the_database,
    open_checked,
    refuse_database_without_tables,
    refuse_lost_database,
    refuse_state,
    require_data,
    state_before_opening,
)


@dataclass(frozen=True)
class Installation:
    """What a command works on: the settings of an installation, and its database."""

    settings: Settings
    database: Database


@contextmanager
def open_installation(data: Path | None, default: Path | None = None, *, make: bool = False) -> Iterator[Installation]:
    """The settings and the migrated database: of `data`, else of ASTERISM_DATA, else of `default`.

    Parameters
    ----------
    make
        Whether a data folder that does not exist is made, and said to be new.

    Raises
    ------
    ConfigurationError
        When the data folder or the database is missing (without `make`) or cannot be used.
    """
    if data is None and not os.environ.get("ASTERISM_DATA"):
        data = default
    given = {} if data is None else {"data": data}
    settings = settings_of(data)
    if make:
        refuse_lost_database(settings)
    else:
        require_data(settings)
    # Before anything is made, so that a wrong database leaves nothing behind.
    state = state_before_opening(settings)
    refuse_state(settings, state)
    if state == "empty" and not make:
        refuse_database_without_tables(settings)
    is_new = not settings.data.exists()
    settings = load_settings(**given)
    if is_new:
        click.echo(f"  New data folder: {settings.data.resolve()}", err=True)
    configure_logs(log_of(settings))
    database = open_checked(settings, on_empty=_say_that_it_is_new if make else refuse_database_without_tables)
    try:
        with naming_the_database(settings):
            yield Installation(settings, database)
    finally:
        database.close()


def _say_that_it_is_new(settings: Settings) -> None:
    click.echo(f"  New database: {settings.database.render_as_string(hide_password=True)}", err=True)


def settings_of(data: Path | None) -> Settings:
    """The settings of the data folder `data`, else of ASTERISM_DATA or the usual one; nothing is made."""
    return read_settings(**({} if data is None else {"data": data}))


def back_up(data: Path | None, out: Path) -> tuple[Settings, Backup]:
    """Back up the installation as it is: one of an earlier version is not brought forward first.

    Raises
    ------
    ConfigurationError
        When there is no data folder, or no database of this program's that this version can read.
    """
    settings = settings_of(data)
    require_data(settings)
    state = state_before_opening(settings)
    refuse_state(settings, state)
    if state == "empty":
        refuse_database_without_tables(settings)
    with naming_the_database(settings):
        database = open_database(settings.database)
        try:
            return settings, make_backup(database, settings, out)
        finally:
            database.close()


def convert_clips(here: Installation, name: str) -> Study:
    """Convert the study's waiting clips here and now, and name each that cannot be used."""
    with here.database.reading() as db:
        study = find_study(db, name)
    waiting = _unconverted(here, name)
    if waiting:
        with click.progressbar(length=waiting, label="Converting clips") as bar:
            while _unconverted(here, name):
                # A clip that another process is converting is waited for: it ends there, or is taken up here.
                convert_waiting_clips(here.database, here.settings, study.id, on_clip=lambda: bar.update(1))
                time.sleep(0.2)
    with here.database.reading() as db:
        study = find_study(db, name)
        failed = [clip for clip in study.clips if clip.state == ClipState.FAILED]
    for clip in failed:
        click.echo(f"  not used: {clip.file_name}: {clip.reason}", err=True)
    for clip in study.clips:
        echo_notes(f"{clip.file_name}: {remark}" for remark in clip.remarks or [])
    echo_notes(f"note: {sentence}" for sentence in differences(study.clips))
    return study


def compute_results(here: Installation, name: str, options: ExportOptions) -> None:
    """Compute the study's results for an export here and now, as far as they are not there, and store them."""
    with here.database.reading() as db:
        study = find_study(db, name)
        study_id, wanted = study.id, bundle_choices(db, study, options)
    for choice in wanted:
        of_set = "" if choice.clip_set is None else f", set {choice.clip_set}"
        with click.progressbar(length=1, label=f"Results by {choice.method.replace('_', ' ')}{of_set}") as bar:

            def show(done: int, of: int, bar: Any = bar) -> None:
                """Move the bar to where the work is."""
                bar.length = of
                bar.update(done - bar.pos)

            ensure_results(here.database, study_id, choice, on_rater=show)


def _unconverted(here: Installation, name: str) -> int:
    with here.database.reading() as db:
        return sum(clip.state in {ClipState.WAITING, ClipState.CONVERTING} for clip in find_study(db, name).clips)


def echo_notes(notes: Iterable[str]) -> None:
    """Say what was passed over, or is worth a look."""
    for note in notes:
        click.echo(f"  {note}")


def echo_same(imported: Imported) -> None:
    """Name the files whose content was a clip already."""
    for file, clip in imported.same:
        click.echo(f"  {file}: the same clip as {clip}; taken once")


def echo_setup_link(here: Installation, address: str) -> bool:
    """Print the one-time link for creating the first account, as long as there is none."""
    with here.database.writing() as db:
        token = make_setup_link(db)
    if token is not None:
        click.echo(f"  Set-up link  {address}/setup/{token}   (works once: make your account)")
    return token is not None


def base_address(settings: Settings, host: str, port: int) -> str:
    """The address that people open: the configured one, or this machine's (in the network, if it is open to that)."""
    return settings.base_url or network_address(host, port) or local_address(host, port)


def server_address(settings: Settings) -> str:
    """The address of the server that runs on this data folder, else where `serve` would listen by default."""
    return running_server(settings) or base_address(settings, "127.0.0.1", 8000)


def echo_who_can_open(settings: Settings, host: str, port: int) -> None:
    """Say in words who can reach the server, and how to let others in."""
    if settings.base_url:
        click.echo(f"  Who can open it: whoever can reach {settings.base_url}.")
    elif network_address(host, port):
        click.echo("  Who can open it: every device in this machine's network, unless a firewall is in the way.")
    else:
        click.echo(
            "  Who can open it: this computer alone. For the other devices of your network, start it with\n"
            "                   python3 run.py serve --host 0.0.0.0   (for the internet: docs/deployment.md)"
        )


def serve_pages(
    here: Installation,
    host: str,
    port: int,
    page: str,
    no_browser: bool,
    *,
    processes: int | None = None,
    alone: bool = True,
) -> None:
    """Answer requests and work on jobs until the process is told to stop; open `page` in a browser if wanted.

    `processes` is how many answer; by default as many as the settings say. One that is not `alone` has no worker of its
    own, and leaves it to others to be the server of the data folder.
    """
    settings = here.settings
    here.database.start_generation()
    if not no_browser:
        threading.Timer(1.0, webbrowser.open, [page]).start()
    link, local = base_address(settings, host, port), local_address(host, port)
    with ExitStack() as beside:
        if alone:
            beside.enter_context(worker(settings))
            beside.enter_context(announced(settings, link, local))
        processes = processes or settings.processes
        if processes > 1:
            serve_in_processes(settings, host, port, processes)
        else:
            serve(create_app(settings), host, port, settings)
