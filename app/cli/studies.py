"""Studies: `study create`, `open`, `close`, `erase`, `link`, `list`, `export`, `results`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from analysis.words import counted
from app.accounts.audit import note
from app.cli.editing import study_edit, study_import, study_new, study_versions
from app.cli.options import with_data
from app.cli.support import (
    compute_results,
    convert_clips,
    echo_notes,
    echo_same,
    open_installation,
    server_address,
)
from app.clips.differences import differences
from app.clips.text_files import prepare
from app.definition.find import find_study
from app.definition.study_toml import definition_of
from app.domain import ClipState, StudyState
from app.errors import Invalid
from app.models import Study
from app.participation.erasure import erase_person, sessions_of_person
from app.recruiters.personal_links import id_parameter, ids_of_table, links_table, person_links, read_people
from app.recruiters.qr import qr_svg
from app.recruiters.signing import link_key
from app.results.chosen import ExportOptions
from app.results.export import export_bundle
from app.server import running_server
from app.studies.checking import failed_clips
from app.studies.lifecycle import (
    close_study,
    create_study,
    export_study,
    open_study,
    study_warnings,
)
from app.studies.study_folder import read_study_folder


@click.group()
def study() -> None:
    """Create, open, close and export studies; get their results."""


study.add_command(study_new)
study.add_command(study_edit)
study.add_command(study_versions)
study.add_command(study_import)


@study.command("create")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default=None, help="The study's name in links; by default the folder's.")
@with_data
def study_create(folder: Path, name: str | None, data: Path | None) -> None:
    """Create a study from FOLDER: study.toml, clips/ and optionally attributes.csv and texts/."""
    read = read_study_folder(folder, name=name)
    with open_installation(data, make=True) as here:
        texts = [prepare(here.settings, file, file.name) for file in read.text_files]
        with here.database.writing() as db:
            created, imported = create_study(db, here.settings, read, texts=texts)
        echo_notes(read.notes)
        echo_same(imported)
        made = convert_clips(here, created)
        ready = sum(clip.state == ClipState.READY for clip in made.clips)
        click.echo(
            f"The study {created} has {counted(ready, 'clip')}. Let participants in: python3 run.py study open "
            f"{created}"
        )


@study.command("open")
@click.argument("name")
@click.option("--without-failed", is_flag=True, help="Do not ask whether to open without files that cannot be used.")
@with_data
def study_open(name: str, without_failed: bool, data: Path | None) -> None:
    """Start admitting participants; the clips are fixed from then on. For an open study, print the link again."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
            is_open = study.state == StudyState.OPEN
            failed = failed_clips(study) if study.state == StudyState.DRAFT else []
        echo_notes(f"without {clip.file_name}: {clip.reason}" for clip in failed)
        if failed and not without_failed and sys.stdin.isatty():
            click.confirm("Once the study is open its clips are fixed. Open it without these?", abort=True)
        if not is_open:
            with here.database.writing() as db:
                opened = open_study(db, name)
                echo_notes(f"note: {sentence}" for sentence in differences(opened.clips))
                echo_notes(f"{problem.key}: {problem.sentence}" for problem in study_warnings(db, name))
    running = running_server(here.settings)
    link = f"{server_address(here.settings)}/join/{name}"
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
@with_data
def study_close(name: str, data: Path | None) -> None:
    """Stop admitting participants; those who have started can finish."""
    with open_installation(data) as here, here.database.writing() as db:
        close_study(db, name)
    click.echo(f"The study {name} is closed.")


@study.command("erase")
@click.argument("name")
@click.argument("rater")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
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
@click.option("--new-ids", is_flag=True, help="Give each line of the table an id that nobody can guess.")
@click.option(
    "--qr",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the participants' link, or that of one --id, as a QR code to this SVG file instead.",
)
@click.option("--key", is_flag=True, help="Print the key of the study's signed links instead.")
@with_data
def study_link(
    name: str,
    ids: tuple[str, ...],
    table: Path | None,
    address: str | None,
    new_ids: bool,
    qr: Path | None,
    key: bool,
    data: Path | None,
) -> None:
    """Print a link for each person of the study NAME, signed where study.toml says so: with --csv the table with a
    column link, else a table of id and link.
    """
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
        if key:
            click.echo(link_key(here.settings.secret_key, study.name))
            return
        given = None if table is None else read_people(_content(table), str(table))
        if given is None and not ids and qr is None:
            raise Invalid("No ids: give them with --id, or a table with --csv.")
        if qr is not None and (given is not None or len(ids) > 1):
            raise Invalid("A QR code holds one link: give one --id, or none for the participants' link.")
        if new_ids and (given is None or ids):
            raise Invalid("--new-ids is for a table, given with --csv and without --id.")
        running = running_server(here.settings)
        base = (address or running or server_address(here.settings)).rstrip("/")
        if address is None and running is None:
            # Beside the table, which may go into a file.
            click.echo(
                "No server is running on this data folder: the links will work once `python3 run.py serve` runs.",
                err=True,
            )
        secret = here.settings.secret_key
        if given is not None and not ids:
            click.echo(links_table(study, given, base, secret, new_ids=new_ids), nl=False)
            return
        known = [] if given is None else ids_of_table(given, id_parameter(definition_of(study).recruitment))
        links = list(person_links(study, base, secret, [*ids, *known]))
        if qr is not None:
            link = links[0][1] if links else f"{base}/join/{study.name}"
            _write(qr, qr_svg(link, title=f"Link to the study {study.name}"))
            click.echo(f"{qr}: {link}")
            return
    csv.writer(sys.stdout, lineterminator="\n").writerows([("id", "link"), *links])


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file}: cannot be read as a table in UTF-8: {error.strerror}") from error


def _write(file: Path, content: bytes) -> None:
    if file.suffix.lower() != ".svg":
        raise Invalid(f"{file}: a QR code is written as SVG: give a name that ends in .svg.")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{file}: cannot be written: {error.strerror}") from error


@study.command("list")
@with_data
def study_list(data: Path | None) -> None:
    """List all studies with their states."""
    with open_installation(data) as here, here.database.reading() as db:
        for one in db.scalars(select(Study).order_by(Study.name)):
            click.echo(f"{one.name}\t{one.state.value}\t{one.definition['title']}")


@study.command("export")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@with_data
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
@click.option("--with-excluded", is_flag=True, help="RDMs and reliability of all, also of what was left out.")
@click.option("--recruiter-ids", is_flag=True, help="Include the recruiters' ids of participants.")
@click.option("--uncertainty", is_flag=True, help="Add standard errors (takes seconds to minutes for each rater).")
@with_data
def study_results(
    name: str,
    out: Path,
    no_simulated: bool,
    with_unfinished: bool,
    with_excluded: bool,
    recruiter_ids: bool,
    uncertainty: bool,
    data: Path | None,
) -> None:
    """Write the export bundle of the study NAME: placements, RDMs, reliability, and what every column means."""
    options = ExportOptions(not no_simulated, with_unfinished, recruiter_ids, with_excluded, uncertainty)
    with open_installation(data) as here:
        compute_results(here, name, options)
        with here.database.reading() as db:
            manifest = _write_bundle(db, find_study(db, name), out, options)
        if recruiter_ids:
            with here.database.writing() as db:
                note(db, None, "recruiters' ids exported", find_study(db, name))
                db.commit()
    click.echo(f"{out}: {counted(len(manifest['files']), 'file')} of the study {name}.")
    if left_out := manifest["about"]["unfinished_sessions_left_out"]:
        sessions = counted(left_out, "unfinished session is", "unfinished sessions are")
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
