"""Studies made and changed by commands as by pages: `study new`, `study edit`, `study versions`, `study import`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from analysis.words import counted
from app.cli.options import for_other_programs, hints_of_options, with_data
from app.cli.support import echo_notes, open_installation
from app.definition.find import find_study
from app.errors import NotAllowed
from app.studies.bringing_in import store
from app.studies.bundle_rows import read_data
from app.studies.editing import save_settings
from app.studies.lifecycle import create_draft
from app.studies.naming import propose_name
from app.studies.origin import origin_sentences
from app.studies.study_folder import read_text
from app.studies.versions import revision_of, revisions_of


@click.command("new")
@click.argument("title")
@click.option("--name", default=None, help="The study's name in links; by default made from the title.")
@with_data
def study_new(title: str, name: str | None, data: Path | None) -> None:
    """Create a draft study of that TITLE, without clips."""
    with open_installation(data, make=True) as here, here.database.writing() as db:
        chosen = name if name is not None else propose_name(db, title)
        created = create_draft(db, title=title, name=chosen)
    click.echo(f"The study {created} is a draft. Add clips: python3 run.py clips import {created} FOLDER")


@click.command("edit")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--new-version", is_flag=True, help="Allow a new version of a study that was opened.")
@with_data
def study_edit(name: str, file: Path, new_version: bool, data: Path | None) -> None:
    """Change the settings of the study NAME to those of FILE, a study.toml; nothing is saved while it has errors."""
    text = read_text(file)
    with open_installation(data) as here, here.database.writing() as db:
        try:
            after, changes = save_settings(db, name, text, may_make_version=new_version, file=str(file))
        except NotAllowed as error:
            more = " To do that, add --new-version." if error.code == "new_version" else ""
            raise NotAllowed(error.message + more) from error
    for change in changes:
        click.echo(f"  {change.sentence}")
    echo_notes(f"{problem.key}: {problem.sentence}" for problem in after.problems)
    click.echo(f"The study {name} is saved; {len(changes)} settings are different.")


@click.command("versions")
@click.argument("name")
@click.option(
    "--revision", type=click.IntRange(1, 2**31 - 1), default=None, help="Print the study.toml of this revision."
)
@with_data
def study_versions(name: str, revision: int | None, data: Path | None) -> None:
    """List the versions of the study NAME since it was opened, with who changed what and when."""
    with open_installation(data) as here, here.database.reading() as db:
        study = find_study(db, name)
        if revision is not None:
            click.echo(revision_of(db, study, revision).text, nl=False)
            return
        for one in revisions_of(db, study):
            told = "; ".join(change.sentence for change in one.changes)
            click.echo(f"{one.number}\tversion {one.version}\t{one.at:%Y-%m-%d %H:%M}\t{one.who}\t{told}")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("name")
@for_other_programs
@with_data
def study_import(files: tuple[Path, ...], name: str, data: Path | None, **hints: Any) -> None:
    """Make the closed study NAME of FILES: an export bundle of another installation, or another program's data."""
    given = hints_of_options(hints)
    with TemporaryDirectory() as folder:
        prepared = read_data([(file, file.name) for file in files], given, Path(folder))
        with open_installation(data, make=True) as here, here.database.writing() as db:
            made = store(db, name, prepared)
            sentences = origin_sentences(made)
    echo_notes(sentences)
    click.echo(
        f"The study {name} has {counted(len(prepared.sessions), 'rater')} and {len(prepared.clips)} clips, and "
        "stays closed."
    )
    click.echo(f"Its results: python3 run.py study results {name} --out {name}.zip")
