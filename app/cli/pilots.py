"""Trying a study: `study try` and `study delete-test-data`."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.options import with_data
from app.cli.support import open_installation, server_address
from app.definition.find import find_study
from app.participation.pilots import check_pilot, pilot_ticket
from app.participation.test_data import count_test_data, delete_test_data


@click.command("try")
@click.argument("name")
@with_data
def study_try(name: str, data: Path | None) -> None:
    """Print a link for walking through the task of the study NAME; nothing of it counts. It works for a week."""
    with open_installation(data) as here, here.database.reading() as db:
        study = find_study(db, name)
        check_pilot(db, study)
        ticket = pilot_ticket(here.settings.secret_key, study)
    click.echo(f"{server_address(here.settings)}/try/{study.name}/{ticket}")


@click.command("delete-test-data")
@click.argument("name")
@click.option("--simulated", is_flag=True, help="Delete the simulated raters, in place of the pilots.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_data
def study_delete_test_data(name: str, simulated: bool, yes: bool, data: Path | None) -> None:
    """Delete all pilots of the study NAME, or all its simulated raters; what participants gave is left alone."""
    what = "simulated raters" if simulated else "pilots"
    with open_installation(data) as here:
        with here.database.reading() as db:
            there = count_test_data(db, find_study(db, name), simulated=simulated)
        if there and not yes:
            click.confirm(f"Delete {there} {what} of {name}, with all their trials? This cannot be undone.", abort=True)
        with here.database.writing() as db:
            deleted = delete_test_data(db, find_study(db, name), simulated=simulated)
    click.echo(f"Deleted: {deleted} {what} of the study {name}.")
