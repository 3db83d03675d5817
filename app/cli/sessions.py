"""Single sessions: `study note`, `exclude`, `include` and `withdraw`; and what rules will delete: `study retention`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation
from app.definition.find import find_study
from app.participation.decisions import TEST, exclude, include
from app.participation.notes import withdraw_for, write_note
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


a_trial = click.option(
    "--trial", type=click.IntRange(1), default=None, help="Number of a trial in its session, from 1, instead of all."
)


@click.command("exclude")
@click.argument("name")
@click.argument("rater")
@click.option("--reason", default=None, help=f"Why; it is exported with the session. '{TEST}' for a whole session.")
@a_trial
@with_data
def study_exclude(name: str, rater: str, reason: str | None, trial: int | None, data: Path | None) -> None:
    """Leave the session of RATER (P001, ...), or a trial of it, out of the results; `study include` undoes it."""
    why = (TEST if trial is None else "") if reason is None else reason
    with open_installation(data) as here, here.database.writing() as db:
        exclude(db, find_study(db, name), rater, why, trial=trial)
    click.echo(f"{_whose(rater, trial)} is left out of the results of {name}: {why}.")


@click.command("include")
@click.argument("name")
@click.argument("rater")
@click.option("--reason", default="", help="Why, if you want to say so.")
@a_trial
@with_data
def study_include(name: str, rater: str, reason: str, trial: int | None, data: Path | None) -> None:
    """Take the session of RATER (P001, ...), or a trial of it, into the results of the study NAME again."""
    with open_installation(data) as here, here.database.writing() as db:
        include(db, find_study(db, name), rater, reason, trial=trial)
    click.echo(f"{_whose(rater, trial)} is in the results of {name} again.")


def _whose(rater: str, trial: int | None) -> str:
    return rater if trial is None else f"Trial {trial} of {rater}"


@click.command("withdraw")
@click.argument("name")
@click.argument("rater")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
def study_withdraw(name: str, rater: str, yes: bool, data: Path | None) -> None:
    """Withdraw RATER (P001, ...) from the study NAME, as the participant could; `study erase` also deletes the data."""
    with open_installation(data) as here:
        with here.database.reading() as db:
            whose = session_named(db, find_study(db, name), rater).rater
        if not yes:
            click.confirm(
                f"Withdraw {whose} of {name}? The session ends for good, and no longer counts in any result or export.",
                abort=True,
            )
        with here.database.writing() as db:
            withdraw_for(db, find_study(db, name), rater)
    click.echo(f"Withdrawn: {whose}. To delete the data too: python3 run.py study erase {name} {whose}")


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
