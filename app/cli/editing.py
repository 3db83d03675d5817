"""What the pages of a study's settings do, as commands: `study new`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation
from app.studies.lifecycle import create_draft
from app.studies.naming import propose_name


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
