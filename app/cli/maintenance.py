"""What keeps an installation: `backup`, `restore`, `doctor`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from analysis.words import counted
from app.backups.backup import backup_name, prune
from app.backups.restore import restore_backup
from app.cli.options import with_data
from app.cli.support import back_up, settings_of
from app.config import LAB_DATA
from app.doctor import examine


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--keep", type=click.IntRange(1), default=None, help="In a folder: keep so many of its backups.")
@with_data
def backup_command(file: Path, keep: int | None, data: Path | None) -> None:
    """Write everything that is needed to run this installation to FILE, while the server keeps running.

    Into a folder it writes a file that is named by the time.
    """
    folder = file if file.is_dir() else None
    if keep is not None and folder is None:
        raise click.UsageError("--keep is for a folder, and FILE is none.")
    file = file if folder is None else backup_name(folder)
    settings, made = back_up(data, file)
    click.echo(
        f"{file}: {counted(made.files, 'file')}, {made.bytes / 1e6:,.1f} MB, read back and checked. Keep it secret."
    )
    if not made.has_secret:
        click.echo("ASTERISM_SECRET_KEY is set outside the data folder, so it is not in the backup: keep it as well.")
    for problem in made.problems:
        click.echo(f"PROBLEM  {settings.data}: {problem}", err=True)
    if made.problems:
        # What is missing may be in an earlier one: none is removed.
        sys.exit(1)
    if folder is not None and keep is not None:
        for gone in prune(folder, "asterism", keep):
            click.echo(f"{gone}: removed, the {keep} last are kept.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--database-only", is_flag=True, help="Restore the database alone, beside the clips that are there.")
@with_data
def restore_command(file: Path, database_only: bool, data: Path | None) -> None:
    """Restore the backup FILE into an empty data folder and an empty database."""
    settings = settings_of(data)
    files = restore_backup(file, settings, database_only=database_only)
    click.echo(f"{settings.data}: restored, {counted(files, 'file')}, each with the checksum that it had.")


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Do not read the content of clips and trials.")
@with_data
def doctor_command(quick: bool, data: Path | None) -> None:
    """Report what is wrong with this machine or the data folder."""
    findings = examine(Path(os.path.expanduser(data or os.environ.get("ASTERISM_DATA") or LAB_DATA)), quick=quick)
    for finding in findings:
        click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.subject}: {finding.text}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)
