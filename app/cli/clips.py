"""Clips of a study: `clips import`, `rename`, `remove`, `attributes`, `reconvert`."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.words import counted
from app.cli.options import with_data
from app.cli.support import convert_clips, echo_notes, echo_same, open_installation
from app.clips.clip_files import clip_files, passed_over
from app.clips.reconversion import count_clips, reconvert_study
from app.definition.find import find_study
from app.domain import ClipState
from app.studies.board import clip_named, remove_from_draft, rename_clip, take_table
from app.studies.lifecycle import import_clips


@click.group()
def clips() -> None:
    """Add clips to a study, rename, describe or remove them, or convert them again."""


@clips.command("import")
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path))
@with_data
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
        click.echo(f"{counted(len(imported.added), 'new clip')}; the study {name} has {ready} that can be shown.")


@clips.command("rename")
@click.argument("name")
@click.argument("file")
@click.argument("new")
@with_data
def clips_rename(name: str, file: str, new: str, data: Path | None) -> None:
    """Call the clip FILE of the draft study NAME by a NEW name, without the ending of its file."""
    with open_installation(data) as here, here.database.writing() as db:
        study = find_study(db, name)
        rename_clip(db, study, clip_named(study, file), new)
        click.echo(f"{file} of the study {name} has its new name.")


@clips.command("remove")
@click.argument("name")
@click.argument("files", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
def clips_remove(name: str, files: tuple[str, ...], yes: bool, data: Path | None) -> None:
    """Take the clips FILES out of the draft study NAME."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            clips = [clip_named(find_study(db, name), file) for file in files]
        if not yes:
            click.confirm(f"Remove {counted(len(files), 'clip')} of {name} with their attributes?", abort=True)
        with here.database.writing() as db:
            remove_from_draft(db, here.settings, find_study(db, name), clips)
        click.echo(f"Removed {counted(len(files), 'clip')} of the study {name}.")


@clips.command("attributes")
@click.argument("name")
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@with_data
def clips_attributes(name: str, table: Path, data: Path | None) -> None:
    """Take the attributes of the draft study NAME from TABLE, a CSV, TSV or XLSX file."""
    with open_installation(data) as here, here.database.writing() as db:
        clips, columns = take_table(db, here.settings, find_study(db, name), table.name, table.read_bytes())
        click.echo(f"{counted(clips, 'clip')} of the study {name}: new values of {', '.join(columns)}.")


@clips.command("reconvert")
@click.argument("name")
@click.option("--although-seen", is_flag=True, help="Even if participants have already seen the clips.")
@with_data
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
    click.echo(
        f"{changed} of {counted(len(results), 'clip')} of the study {name} {'is' if changed == 1 else 'are'} "
        "new; the others are as they were."
    )
