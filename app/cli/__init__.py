"""The commands: what the pages can do, and what a machine's operator needs. Each group has a module."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app.cli.accounts import user
from app.cli.activations import study_activations
from app.cli.answers_and_ratings import study_answers, study_ratings
from app.cli.clips import clips
from app.cli.controversial import study_controversial
from app.cli.figures import study_figure, study_rdms
from app.cli.maintenance import backup_command, doctor_command, restore_command
from app.cli.models import study_models
from app.cli.people import study_invite, study_log, study_people, study_role
from app.cli.pilots import study_delete_test_data, study_try
from app.cli.planning import study_plan
from app.cli.serving import demo_command, pages_command, serve_command, setup_link_command, work_command, worker_command
from app.cli.sessions import study_exclude, study_include, study_note, study_retention, study_withdraw
from app.cli.studies import study
from app.cli.study_life import study_archive, study_bring_back, study_delete, study_duplicate
from app.cli.tokens import token
from app.errors import AsterismError
from app.files import what_is_wrong
from app.logs import configure_logs


def main(arguments: list[str] | None = None) -> None:
    """Run a command (by default what was typed); an error is one sentence on standard error, never a traceback."""
    configure_logs()
    try:
        commands(arguments, prog_name="run.py", standalone_mode=True)
    except AsterismError as error:
        click.echo(f"Error: {error.message}", err=True)
        sys.exit(1)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        # As when the disk fills up, or the database goes away, while a command runs.
        if isinstance(error, OSError) and error.filename is not None:
            reason = what_is_wrong(error, Path(error.filename))
        else:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        click.echo(f"Error: {reason}", err=True)
        sys.exit(1)


@click.group()
@click.option("--data", type=click.Path(path_type=Path), default=None, help="The data folder.")
@click.pass_context
def commands(context: click.Context, data: Path | None) -> None:
    """Asterism: the multi-arrangement task for video clips."""
    context.obj = data


for _of_study in (study_people, study_invite, study_role, study_log, study_figure, study_rdms):
    study.add_command(_of_study)
for _command in (
    serve_command,
    demo_command,
    setup_link_command,
    work_command,
    pages_command,
    worker_command,
    backup_command,
    restore_command,
    doctor_command,
    study,
    clips,
    user,
    token,
):
    commands.add_command(_command)
for _command in (
    study_activations,
    study_models,
    study_controversial,
    study_plan,
    study_try,
    study_delete_test_data,
    study_duplicate,
    study_archive,
    study_bring_back,
    study_delete,
    study_note,
    study_exclude,
    study_include,
    study_withdraw,
    study_retention,
    study_ratings,
    study_answers,
):
    study.add_command(_command)
