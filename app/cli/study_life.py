"""What becomes of a study: `study duplicate`, `archive`, `bring-back` and `delete`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.definition.study_toml import definition_of
from app.studies.archiving import archive_study, bring_back_study
from app.studies.deletion import check_deletable, delete_study, holdings_of
from app.studies.duplication import duplicate_study
from app.studies.naming import propose_name


@click.command("duplicate")
@click.argument("name")
@click.option(
    "--name", "new_name", default=None, help="The new study's name in links; by default made from this one's."
)
@click.option("--title", default=None, help="Its title; by default this one's with (copy).")
@with_data
def study_duplicate(name: str, new_name: str | None, title: str | None, data: Path | None) -> None:
    """Make a draft with the settings, clips and attributes of the study NAME, without anybody's data."""
    with open_installation(data) as here, here.database.writing() as db:
        study = find_study(db, name)
        title = title if title is not None else f"{definition_of(study).title} (copy)"[:200]
        made = duplicate_study(db, study, name=new_name or propose_name(db, study.name), title=title)
    click.echo(f"The study {made} is a draft, with the clips and settings of {name}.")


@click.command("archive")
@click.argument("name")
@with_data
def study_archive(name: str, data: Path | None) -> None:
    """Take the study NAME out of the list; it admits nobody, its data stay, and those at the task can finish."""
    with open_installation(data) as here, here.database.writing() as db:
        archive_study(db, find_study(db, name))
    click.echo(f"The study {name} is archived. Bring it back: python3 run.py study bring-back {name}")


@click.command("bring-back")
@click.argument("name")
@with_data
def study_bring_back(name: str, data: Path | None) -> None:
    """Bring the archived study NAME back into the list, as the draft or the closed study that it was."""
    with open_installation(data) as here, here.database.writing() as db:
        bring_back_study(db, find_study(db, name))
    click.echo(f"The study {name} is back.")


@click.command("delete")
@click.argument("name")
@click.option("--typed", default=None, help="The study's name once more, in place of the question.")
@with_data
def study_delete(name: str, typed: str | None, data: Path | None) -> None:
    """Delete the study NAME with its clips, sessions and trials; an open one must be closed first."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            study = find_study(db, name)
            check_deletable(study)
            held = holdings_of(db, here.settings, study)
        click.echo(f"The study {study.name} holds {held.text}.")
        if typed is None:
            click.echo(
                f"To keep what it holds, first run: python3 run.py study results {study.name} --out {study.name}.zip"
            )
            typed = click.prompt("All of it will be gone. Type the study's name to delete it")
        delete_study(here.database, here.settings, study.name, typed=typed)
    click.echo(f"Deleted: {study.name}. Backups and files that were exported before still hold what they held.")
