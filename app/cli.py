"""The commands: what the pages can do, and what a machine's operator needs."""

from __future__ import annotations

import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from sqlalchemy import func, select

from analysis.rdm import subset
from app import create_app
from app.config import LAB_DATA, Settings, load_settings
from app.db import Database, open_database
from app.demo import N_RATERS, simulate_rater_session
from app.doctor import examine
from app.domain import ClipState, StudyState
from app.errors import AsterismError, Invalid
from app.jobs import work
from app.models import ParticipantSession, Study
from app.schema import migrate
from app.server import free_port, serve, worker
from app.services.accounts import make_setup_link
from app.services.arrangements import clip_order
from app.services.clips import Imported, convert_waiting_clips
from app.services.enrolment import find_study
from app.services.export import export_bundle
from app.services.export_tables import ExportOptions
from app.services.studies import close_study, create_study, export_study, import_clips, open_study
from app.services.study_folder import StudyFolder, clip_files, read_study_folder

ROOT = Path(__file__).parent.parent
DEMO_FOLDER = ROOT / "demo"

DEMO_DATA = ROOT / "instance" / "demo"


@dataclass(frozen=True)
class Place:
    """Where a command works."""

    settings: Settings
    database: Database


def main() -> None:
    """Run a command; an error of the domain is one sentence on standard error, never a traceback."""
    try:
        commands(prog_name="run.py", standalone_mode=True)
    except AsterismError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)


@click.group()
@click.option("--data", type=click.Path(path_type=Path), default=None, help="The data folder.")
@click.pass_context
def commands(context: click.Context, data: Path | None) -> None:
    """Asterism: the multi-arrangement task for video clips."""
    context.obj = data


@contextmanager
def _place(data: Path | None, default: Path | None = None) -> Iterator[Place]:
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


def _with_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --data behind the command's name, as in `serve --data DIR`; it goes before that of the group."""

    def choose(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
        chosen: Path | None = value if value is not None else context.find_root().obj
        return chosen

    kind = click.Path(path_type=Path, file_okay=False)
    return click.option("--data", type=kind, default=None, callback=choose, help="The data folder.")(command)


def _serving(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--no-browser", is_flag=True, help="Do not open a browser."),
        click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        click.option("--port", type=click.IntRange(0, 65535), default=None, help="The port; by default from 8000 on."),
    ):
        command = option(command)
    return _with_data(command)


@commands.command("serve")
@_serving
def serve_command(data: Path | None, host: str, port: int | None, no_browser: bool) -> None:
    """Run the app for your own studies."""
    with _place(data) as place:
        port = free_port(host, port)
        address = _address(place.settings, host, port)
        click.echo(f"\n  Studies      {address}/studies")
        _echo_setup_link(place, address)
        click.echo(f"  Data folder  {place.settings.data.resolve()}\n\n  Stop with Ctrl+C.\n")
        _run(place.settings, host, port, f"{address}/studies", no_browser)


@commands.command("demo")
@click.option("--clips", type=click.Path(path_type=Path), default=None, help="A folder of your own clips to try with.")
@_serving
def demo_command(data: Path | None, clips: Path | None, host: str, port: int | None, no_browser: bool) -> None:
    """Show everything with a small study: drawn clips and simulated raters."""
    with _place(data, DEMO_DATA) as place:
        port = free_port(host, port)
        name = _demo_study(place, clips)
        address = _address(place.settings, host, port)
        click.echo(f"\n  Take part    {address}/join/{name}")
        click.echo(f"  Results      {address}/studies/{name}")
        _echo_setup_link(place, address)
        click.echo("\n  Stop with Ctrl+C.\n")
        _run(place.settings, host, port, f"{address}/join/{name}", no_browser)


@commands.command("setup-link")
@_with_data
def setup_link_command(data: Path | None) -> None:
    """Print a new one-time link for the first account; the older one stops working."""
    with _place(data) as place:
        if not _echo_setup_link(place, place.settings.base_url.rstrip("/")):
            click.echo("There is an account already: log in at /login.")


@commands.command("worker", hidden=True)
@_with_data
def worker_command(data: Path | None) -> None:
    """Run background jobs until standard input ends."""
    with _place(data) as place:
        work(place.settings)


@commands.command("doctor")
@_with_data
def doctor_command(data: Path | None) -> None:
    """Say in words what is wrong with this machine or the data folder."""
    findings = examine(data or Path(os.environ.get("ASTERISM_DATA", LAB_DATA)))
    for finding in findings:
        click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.subject}: {finding.text}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


@commands.group()
def study() -> None:
    """Make, open, close and export studies; get their results."""


@study.command("create")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default=None, help="The study's name in links; by default the folder's.")
@_with_data
def study_create(folder: Path, name: str | None, data: Path | None) -> None:
    """Make a study out of FOLDER: study.toml, clips/ and perhaps attributes.csv."""
    read = read_study_folder(folder, name=name)
    with _place(data) as place:
        with place.database.writing() as db:
            created, imported = create_study(db, place.settings, read)
        _echo_same(imported)
        made = _convert(place, created)
        ready = sum(clip.state == ClipState.READY for clip in made.clips)
        click.echo(f"The study {created} has {ready} clips. Let participants in: python3 run.py study open {created}")


@study.command("open")
@click.argument("name")
@_with_data
def study_open(name: str, data: Path | None) -> None:
    """Let participants in; the study's clips are fixed from now on."""
    with _place(data) as place, place.database.writing() as db:
        open_study(db, name)
    click.echo(f"The study {name} is open. Participants' link: {place.settings.base_url.rstrip('/')}/join/{name}")


@study.command("close")
@click.argument("name")
@_with_data
def study_close(name: str, data: Path | None) -> None:
    """Let no new participants in; those at the task go on."""
    with _place(data) as place, place.database.writing() as db:
        close_study(db, name)
    click.echo(f"The study {name} is closed.")


@study.command("list")
@_with_data
def study_list(data: Path | None) -> None:
    """List all studies with their states."""
    with _place(data) as place, place.database.reading() as db:
        for one in db.scalars(select(Study).order_by(Study.name)):
            click.echo(f"{one.name}\t{one.state.value}\t{one.definition['title']}")


@study.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@_with_data
def study_export(name: str, folder: Path, data: Path | None) -> None:
    """Write the study NAME to FOLDER, as the folder that it was made from."""
    with _place(data) as place, place.database.reading() as db:
        export_study(db, place.settings, name, folder)
    click.echo(f"The study {name} is in {folder}.")


@study.command("results")
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The bundle to write (.zip)."
)
@click.option("--no-simulated", is_flag=True, help="Leave simulated raters out.")
@click.option("--no-unfinished", is_flag=True, help="Leave sessions that are not finished out.")
@click.option("--recruiter-ids", is_flag=True, help="Include the recruiter's ids of people.")
@_with_data
def study_results(
    name: str, out: Path, no_simulated: bool, no_unfinished: bool, recruiter_ids: bool, data: Path | None
) -> None:
    """Write the export bundle of the study NAME: placements, RDMs, reliability, and what every column means."""
    options = ExportOptions(not no_simulated, not no_unfinished, recruiter_ids)
    with _place(data) as place, place.database.reading() as db:
        found = find_study(db, name)
        part = out.with_name(out.name + ".part")
        try:
            with part.open("wb") as file:
                manifest = export_bundle(db, found, file, options)
        except OSError as error:
            raise Invalid(f"{error.filename or out}: cannot be written: {error.strerror}") from error
        part.replace(out)
    click.echo(f"{out}: {len(manifest['files'])} files of the study {name}.")


@commands.group()
def clips() -> None:
    """Add clips to a study."""


@clips.command("import")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@_with_data
def clips_import(name: str, folder: Path, data: Path | None) -> None:
    """Add the clips of FOLDER to the draft study NAME, and convert them."""
    files = clip_files(folder)
    with _place(data) as place:
        with place.database.writing() as db:
            imported = import_clips(db, place.settings, name, files)
        _echo_same(imported)
        made = _convert(place, name)
        ready = sum(clip.state == ClipState.READY for clip in made.clips)
        click.echo(f"{len(imported.added)} new clips; the study {name} has {ready} that can be shown.")


def _demo_study(place: Place, clips: Path | None) -> str:
    """The name of the demo's study. Each step is left out when an earlier start has done it."""
    folder = read_study_folder(DEMO_FOLDER, name="faces")
    if clips is not None:
        definition = folder.definition.model_copy(update={"title": "Your own clips"})
        toml = folder.toml.replace(folder.definition.title, definition.title, 1)
        folder = StudyFolder("own-clips", definition, toml, clip_files(clips), {})
    with place.database.writing() as db:
        known = {study.name: study for study in db.scalars(select(Study))}
        if folder.name not in known:
            _, imported = create_study(db, place.settings, folder)
            _echo_same(imported)
        elif clips is not None:
            click.echo("This data folder holds a study of your own clips already; it is shown as it is.")
    study = _convert(place, folder.name)
    if study.state == StudyState.DRAFT:
        with place.database.writing() as db:
            open_study(db, study.name)
    if clips is None:
        _simulate(place, study)
    return study.name


def _simulate(place: Place, study: Study) -> None:
    from demo.geometry import read_attributes, true_rdm

    with place.database.reading() as db:
        query = select(func.count()).select_from(ParticipantSession)
        there = db.scalar(query.where(ParticipantSession.study_id == study.id, ParticipantSession.is_simulated)) or 0
        files = [clip.file_name for clip in clip_order(db, study.id)]
    row = {attributes["clip"]: number for number, attributes in enumerate(read_attributes())}
    truth = subset(true_rdm(), np.array([row[file] for file in files]))
    if there < N_RATERS:
        with click.progressbar(range(there, N_RATERS), label="Simulated raters take part") as raters:
            for rater in raters:
                simulate_rater_session(place.database, study.name, study.id, truth, rater)


def _convert(place: Place, name: str) -> Study:
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


def _echo_same(imported: Imported) -> None:
    for file, clip in imported.same:
        click.echo(f"  {file}: the same clip as {clip}; taken once")


def _echo_setup_link(place: Place, address: str) -> bool:
    """Print the one-time link by which the first experimenter makes an account, as long as there is none."""
    with place.database.writing() as db:
        token = make_setup_link(db)
    if token is not None:
        click.echo(f"  Set-up link  {address}/setup/{token}   (works once: make your account)")
    return token is not None


def _address(settings: Settings, host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return settings.base_url.rstrip("/") or f"http://{shown}:{port}"


def _run(settings: Settings, host: str, port: int, page: str, no_browser: bool) -> None:
    app = create_app(settings)
    if not no_browser:
        threading.Timer(1.0, webbrowser.open, [page]).start()
    with worker(settings):
        serve(app, host, port)
