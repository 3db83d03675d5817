"""Single sessions: `study note`, `exclude`, `include` and `withdraw`; and what rules will delete: `study retention`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.participation.notes import TEST, exclude, include, withdraw_for, write_note
from app.participation.people import session_named
from app.participation.retention import planned


@click.command("note")
@click.argument("name")
@click.argument("rater")
@click.argument("text")
@with_data
def study_note(name: str, rater: str, text: str, data: Path | None) -> None:
    """Keep the note TEXT on the session of RATER (P001, ...) in the study NAME; an empty one removes it."""
    with open_installation(data) as here, here.database.writing() as db:
        write_note(db, find_study(db, name), rater, text)
    click.echo(f"The note on {rater} is {'kept' if text.strip() else 'removed'}.")


@click.command("exclude")
@click.argument("name")
@click.argument("rater")
@click.option("--reason", default=TEST, show_default=True, help="Why; it is exported with the session.")
@with_data
def study_exclude(name: str, rater: str, reason: str, data: Path | None) -> None:
    """Leave the session of RATER (P001, ...) out of the results of the study NAME; `study include` undoes it."""
    with open_installation(data) as here, here.database.writing() as db:
        exclude(db, find_study(db, name), rater, reason)
    click.echo(f"{rater} is left out of the results of {name}: {reason}.")


@click.command("include")
@click.argument("name")
@click.argument("rater")
@with_data
def study_include(name: str, rater: str, data: Path | None) -> None:
    """Take the session of RATER (P001, ...) into the results of the study NAME again."""
    with open_installation(data) as here, here.database.writing() as db:
        include(db, find_study(db, name), rater)
    click.echo(f"{rater} is in the results of {name} again.")


@click.command("withdraw")
@click.argument("name")
@click.argument("rater")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
def study_withdraw(name: str, rater: str, yes: bool, data: Path | None) -> None:
    """Withdraw RATER (P001, ...) from the study NAME, as the participant could; `study erase` also deletes the data."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            found = session_named(db, find_study(db, name), rater).rater
        if not yes:
            click.confirm(
                f"Withdraw {found} of {name}? The session ends for good, and is in no result and no export any more.",
                abort=True,
            )
        with here.database.writing() as db:
            withdraw_for(db, find_study(db, name), rater)
    click.echo(f"Withdrawn: {found}. To delete the data too: python3 run.py study erase {name} {found}")


@click.command("retention")
@click.argument("name")
@with_data
def study_retention(name: str, data: Path | None) -> None:
    """Print what the rules of the study NAME ([retention] of study.toml) will delete, and when. Nothing is deleted."""
    with open_installation(data) as here, here.database.reading() as db:
        plans = planned(db, find_study(db, name))
    for plan in plans:
        click.echo(plan.sentence)
    if not plans:
        click.echo("The study has no such rule: nothing is deleted by itself.")
