"""The people of a study: `study log`."""

from __future__ import annotations

from pathlib import Path

import click

from app.accounts.audit import entries_named
from app.cli.options import with_data
from app.cli.support import open_installation
from app.errors import NotFound


@click.command("log")
@click.argument("name")
@with_data
def study_log(name: str, data: Path | None) -> None:
    """Print who did what with the study NAME, oldest first, also after it was deleted."""
    with open_installation(data) as here, here.database.reading() as db:
        entries = entries_named(db, name)
    if not entries:
        raise NotFound(f"The log has nothing about a study {name}.")
    for entry in entries:
        click.echo("\t".join([f"{entry.at:%Y-%m-%d %H:%M:%S} UTC", entry.who, entry.action, entry.text]).rstrip())
