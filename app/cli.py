"""The commands: what the pages can do, and what a machine's operator needs.

Over 300 lines: one short function a command, which all take the same options.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.accounts.experimenters import all_accounts, require_account, set_password
from app.backups.restore import restore_backup
from app.cli_support import (
    back_up,
    base_address,
    compute_results,
    convert_clips,
    echo_notes,
    echo_same,
    echo_setup_link,
    echo_who_can_open,
    open_installation,
    serve_pages,
    server_address,
    settings_of,
)
from app.clips.clip_files import clip_files, passed_over
from app.clips.differences import differences
from app.clips.reconversion import count_clips, reconvert_study
from app.config import LAB_DATA
from app.definition.find import find_study
from app.demo import DEMO_DATA, demo_study
from app.doctor import examine
from app.domain import ClipState, StudyState
from app.errors import AsterismError, Invalid
from app.jobs import work
from app.logs import configure_logs
from app.models import Study
from app.participation.erasure import erase_person, sessions_of_person
from app.recruiters.personal_links import ids_of_csv, person_links
from app.recruiters.signing import link_key
from app.results.export import export_bundle
from app.results.export_tables import ExportOptions
from app.server import free_port, running_server
from app.studies.lifecycle import (
    close_study,
    create_study,
    export_study,
    failed_clips,
    import_clips,
    open_study,
    study_warnings,
)
from app.studies.study_folder import read_study_folder


def main(arguments: list[str] | None = None) -> None:
    """Run a command (by default what was typed); an error is one sentence on standard error, never a traceback."""
    configure_logs()
    try:
        commands(arguments, prog_name="run.py", standalone_mode=True)
    except AsterismError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
    except (SQLAlchemyError, OSError) as error:
        # As when the disk fills up, or the database goes away, while a command runs.
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        click.echo(f"Error: {reason}", err=True)
        sys.exit(1)


@click.group()
@click.option("--data", type=click.Path(path_type=Path), default=None, help="The data folder.")
@click.pass_context
def commands(context: click.Context, data: Path | None) -> None:
    """Asterism: the multi-arrangement task for video clips."""
    context.obj = data


def _with_data(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --data behind the command's name, as in `serve --data DIR`; it goes before that of the group."""

    def choose(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
        """The folder given behind the command, else the group's, which is None when neither was given."""
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
    with open_installation(data, make=True) as here:
        port = free_port(host, port)
        link = base_address(here.settings, host, port)
        click.echo(f"\n  Studies      {link}/studies")
        echo_setup_link(here, link)
        click.echo(f"  Data folder  {here.settings.data.resolve()}\n")
        echo_who_can_open(here.settings, host, port)
        click.echo("\n  Stop with Ctrl+C.\n")
        serve_pages(here, host, port, f"{link}/studies", no_browser)


@commands.command("demo")
@click.option("--clips", type=click.Path(path_type=Path), default=None, help="A folder of your own clips to try with.")
@_serving
def demo_command(data: Path | None, clips: Path | None, host: str, port: int | None, no_browser: bool) -> None:
    """Show everything with a small study: drawn clips and simulated raters."""
    with open_installation(data, DEMO_DATA, make=True) as here:
        port = free_port(host, port)
        name = demo_study(here, clips)
        link = base_address(here.settings, host, port)
        click.echo(f"\n  Take part    {link}/join/{name}")
        click.echo(f"  Results      {link}/studies/{name}/results")
        echo_setup_link(here, link)
        click.echo()
        echo_who_can_open(here.settings, host, port)
        click.echo("\n  Stop with Ctrl+C.\n")
        serve_pages(here, host, port, f"{link}/join/{name}", no_browser)


@commands.command("setup-link")
@_with_data
def setup_link_command(data: Path | None) -> None:
    """Print another one-time link for the first account; earlier links keep working for a week."""
    with open_installation(data) as here:
        if not echo_setup_link(here, server_address(here.settings)):
            click.echo("There is an account already. For a lost password: python3 run.py user password E-MAIL")


@commands.command("worker", hidden=True)
@click.option("--restarts", type=int, default=0, help="How often it was started again; for /healthz.")
@_with_data
def worker_command(data: Path | None, restarts: int) -> None:
    """Run background jobs until standard input ends."""
    with open_installation(data) as here:
        work(here.settings, restarts=restarts)


@commands.group()
def user() -> None:
    """List the accounts; set a new password for one."""


@user.command("list")
@_with_data
def user_list(data: Path | None) -> None:
    """List the e-mail addresses of all accounts."""
    with open_installation(data) as here, here.database.reading() as db:
        for account in all_accounts(db):
            click.echo(account.email)


@user.command("password")
@click.argument("email")
@_with_data
def user_password(email: str, data: Path | None) -> None:
    """Set a new password for the account EMAIL, asked for twice; every browser is logged out of it."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            require_account(db, email)
        password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
        with here.database.writing() as db:
            account = set_password(db, email, password)
    click.echo(f"{account.email} has a new password, and is logged out everywhere.")


@commands.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_with_data
def backup_command(file: Path, data: Path | None) -> None:
    """Write everything that is needed to run this installation to FILE, while the server keeps running."""
    settings, made = back_up(data, file)
    click.echo(f"{file}: {made.files} files, {made.bytes / 1e6:,.1f} MB, read back and checked. Keep it secret.")
    if not made.has_secret:
        click.echo("ASTERISM_SECRET_KEY is set outside the data folder, so it is not in the backup: keep it as well.")
    for problem in made.problems:
        click.echo(f"PROBLEM  {settings.data}: {problem}", err=True)
    if made.problems:
        sys.exit(1)


@commands.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--database-only", is_flag=True, help="Restore the database alone, beside the clips that are there.")
@_with_data
def restore_command(file: Path, database_only: bool, data: Path | None) -> None:
    """Restore the backup FILE into an empty data folder and an empty database."""
    settings = settings_of(data)
    files = restore_backup(file, settings, database_only=database_only)
    click.echo(f"{settings.data}: restored, {files} files, each with the checksum that it had.")


@commands.command("doctor")
@_with_data
def doctor_command(data: Path | None) -> None:
    """Report what is wrong with this machine or the data folder."""
    findings = examine(data or Path(os.environ.get("ASTERISM_DATA", LAB_DATA)))
    for finding in findings:
        click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.subject}: {finding.text}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


@commands.group()
def study() -> None:
    """Create, open, close and export studies; get their results."""


@study.command("create")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default=None, help="The study's name in links; by default the folder's.")
@_with_data
def study_create(folder: Path, name: str | None, data: Path | None) -> None:
    """Create a study from FOLDER: study.toml, clips/ and optionally attributes.csv."""
    read = read_study_folder(folder, name=name)
    with open_installation(data, make=True) as here:
        with here.database.writing() as db:
            created, imported = create_study(db, here.settings, read)
        echo_notes(read.notes)
        echo_same(imported)
        made = convert_clips(here, created)
        ready = sum(clip.state == ClipState.READY for clip in made.clips)
        click.echo(f"The study {created} has {ready} clips. Let participants in: python3 run.py study open {created}")


@study.command("open")
@click.argument("name")
@click.option("--without-failed", is_flag=True, help="Do not ask whether to open without files that cannot be used.")
@_with_data
def study_open(name: str, without_failed: bool, data: Path | None) -> None:
    """Start admitting participants; the clips are fixed from then on. For an open study, print the link again."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            found = find_study(db, name)
            is_open = found.state == StudyState.OPEN
            failed = failed_clips(found) if found.state == StudyState.DRAFT else []
        echo_notes(f"without {clip.file_name}: {clip.reason}" for clip in failed)
        if failed and not without_failed and sys.stdin.isatty():
            click.confirm("Once the study is open its clips are fixed. Open it without these?", abort=True)
        if not is_open:
            with here.database.writing() as db:
                opened = open_study(db, name)
                echo_notes(f"note: {sentence}" for sentence in differences(opened.clips))
                echo_notes(f"{problem.key}: {problem.sentence}" for problem in study_warnings(db, name))
    running = running_server(here.settings)
    link = f"{running or server_address(here.settings)}/join/{name}"
    already = " already" if is_open else ""
    if running is None:
        click.echo(
            f"The study {name} is open{already}, but no server is running on this data folder: start it with "
            f"`python3 run.py serve`. The participants' link will then be {link}"
        )
    else:
        click.echo(f"The study {name} is open{already}. Participants' link: {link}")


@study.command("close")
@click.argument("name")
@_with_data
def study_close(name: str, data: Path | None) -> None:
    """Stop admitting participants; those who have started can finish."""
    with open_installation(data) as here, here.database.writing() as db:
        close_study(db, name)
    click.echo(f"The study {name} is closed.")


@study.command("erase")
@click.argument("name")
@click.argument("rater")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_with_data
def study_erase(name: str, rater: str, yes: bool, data: Path | None) -> None:
    """Erase all that the person behind RATER (P001, P002, ...) gave to the study NAME, in every visit."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            raters = [session.rater for session in sessions_of_person(db, find_study(db, name), rater)]
        if not yes:
            click.confirm(f"Erase {', '.join(raters)} of {name}? This cannot be undone.", abort=True)
        with here.database.writing() as db:
            erased = erase_person(db, find_study(db, name), rater)
    click.echo(f"Erased: {', '.join(erased)}. Backups and files that were exported before still hold what they held.")


@study.command("link")
@click.argument("name")
@click.option("--id", "ids", multiple=True, help="A person's id; may be given several times.")
@click.option(
    "--csv", "table", type=click.Path(path_type=Path, dir_okay=False), help="A table with the ids in a column id."
)
@click.option(
    "--address", default=None, help="Where participants reach the program; by default as `study open` prints it."
)
@click.option("--key", is_flag=True, help="Print the key of the study's signed links instead.")
@_with_data
def study_link(
    name: str, ids: tuple[str, ...], table: Path | None, address: str | None, key: bool, data: Path | None
) -> None:
    """Print a link for each person of the study NAME, signed where study.toml says so, as a table of id and link."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            found = find_study(db, name)
        if key:
            click.echo(link_key(here.settings.secret_key, found.name))
            return
        people = [*ids, *(ids_of_csv(table, found) if table is not None else [])]
        if not people:
            raise Invalid("No ids: give them with --id, or a table with --csv.")
        running = running_server(here.settings)
        base = (address or running or server_address(here.settings)).rstrip("/")
        if address is None and running is None:
            # Beside the table, which may go into a file.
            click.echo(
                "No server is running on this data folder: the links will work once `python3 run.py serve` runs.",
                err=True,
            )
        links = list(person_links(found, base, here.settings.secret_key, people))
    csv.writer(sys.stdout, lineterminator="\n").writerows([("id", "link"), *links])


@study.command("list")
@_with_data
def study_list(data: Path | None) -> None:
    """List all studies with their states."""
    with open_installation(data) as here, here.database.reading() as db:
        for one in db.scalars(select(Study).order_by(Study.name)):
            click.echo(f"{one.name}\t{one.state.value}\t{one.definition['title']}")


@study.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@_with_data
def study_export(name: str, folder: Path, data: Path | None) -> None:
    """Write the study NAME to FOLDER, as the folder that it was made from."""
    with open_installation(data) as here, here.database.reading() as db:
        export_study(db, here.settings, name, folder)
    click.echo(f"The study {name} is in {folder}.")


@study.command("results")
@click.argument("name")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The bundle to write (.zip)."
)
@click.option("--no-simulated", is_flag=True, help="Exclude simulated raters.")
@click.option("--with-unfinished", is_flag=True, help="Include unfinished sessions.")
# Scripts may still say what has become the default.
@click.option("--no-unfinished", is_flag=True, hidden=True, expose_value=False)
@click.option("--recruiter-ids", is_flag=True, help="Include the recruiters' ids of participants.")
@_with_data
def study_results(
    name: str, out: Path, no_simulated: bool, with_unfinished: bool, recruiter_ids: bool, data: Path | None
) -> None:
    """Write the export bundle of the study NAME: placements, RDMs, reliability, and what every column means."""
    options = ExportOptions(not no_simulated, with_unfinished, recruiter_ids)
    with open_installation(data) as here:
        compute_results(here, name, options)
        with here.database.reading() as db:
            manifest = _write_bundle(db, find_study(db, name), out, options)
    click.echo(f"{out}: {len(manifest['files'])} files of the study {name}.")
    if left_out := manifest["about"]["unfinished_sessions_left_out"]:
        sessions = "1 unfinished session is" if left_out == 1 else f"{left_out} unfinished sessions are"
        click.echo(f"{sessions} left out; --with-unfinished takes them in.")


def _write_bundle(db: Session, study: Study, out: Path, options: ExportOptions) -> dict[str, Any]:
    part = out.with_name(out.name + ".part")
    try:
        with part.open("wb") as file:
            manifest = export_bundle(db, study, file, options)
    except OSError as error:
        raise Invalid(f"{error.filename or out}: cannot be written: {error.strerror}") from error
    part.replace(out)
    return manifest


@commands.group()
def clips() -> None:
    """Add clips to a study, or convert them again."""


@clips.command("import")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@_with_data
def clips_import(name: str, folder: Path, data: Path | None) -> None:
    """Add the clips of FOLDER to the draft study NAME, and convert them."""
    files = clip_files(folder)
    echo_notes(passed_over(folder))
    with open_installation(data) as here:
        with here.database.writing() as db:
            imported = import_clips(db, here.settings, name, files)
        echo_same(imported)
        made = convert_clips(here, name)
        ready = sum(clip.state == ClipState.READY for clip in made.clips)
        click.echo(f"{len(imported.added)} new clips; the study {name} has {ready} that can be shown.")


@clips.command("reconvert")
@click.argument("name")
@click.option("--although-seen", is_flag=True, help="Even if participants have already seen the clips.")
@_with_data
def clips_reconvert(name: str, although_seen: bool, data: Path | None) -> None:
    """Convert the clips of the study NAME again from the imported files."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            count = count_clips(db, name)
        with click.progressbar(length=count, label="Converting clips again") as bar:
            results = reconvert_study(
                here.database, here.settings, name, although_seen=although_seen, on_clip=lambda: bar.update(1)
            )
    for result in results:
        if result.changed or result.kept:
            click.echo(f"  {result.file}: {result.text}")
    changed = sum(result.changed for result in results)
    click.echo(f"{changed} of {len(results)} clips of the study {name} are new; the others are as they were.")
